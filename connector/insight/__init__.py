"""What the past tells: a policy replayed over a ledger's own history, and the figures of it. Pure arithmetic."""
