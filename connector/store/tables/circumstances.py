"""What befell debtors: what stops collecting by law, and where they were looked up."""

from sqlalchemy import Boolean, Column, Date, Table, Text

from connector.store.columns import Instant, Key, Word
from connector.store.tables.schema import metadata

# Insolvency, death, vulnerability. The same recorded again replaces what was known of it; it is ended, never removed.
circumstance = Table(
    "circumstance",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("kind", Word, primary_key=True),
    # Empty but for an insolvency.
    Column("regime", Word, primary_key=True),
    Column("country", Word, nullable=False),
    Column("since", Date, primary_key=True),
    Column("until", Date),
    Column("reference", Text, nullable=False),
    Column("administrator", Text, nullable=False),
    # Empty: it is kept encrypted in `private_reason`. Only an older release wrote it here.
    Column("reason", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Look-ups of debtors in public registers.
register_lookup = Table(
    "register_lookup",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("register", Word, primary_key=True),
    Column("looked_up", Date, primary_key=True),
    Column("found", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
