"""The demonstration: a ledger lives through some months of test-clock time between two stand-in servers."""
