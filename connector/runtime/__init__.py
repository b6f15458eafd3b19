"""The running service: visits of ledgers, the daemon's clock, health, figures, and the doctor."""
