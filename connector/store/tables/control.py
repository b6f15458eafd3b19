"""What keeps both sides honest: differences between them, cases that were asked back, places in a feed."""

from sqlalchemy import Column, Date, Index, Table, Text, text

from connector.store.columns import Instant, Key, Minor, Word
from connector.store.tables.schema import Serial, metadata

# What the nightly comparison found: one row from the night in which it was seen first until it is closed. An amount
# is what that side says is still to be collected, in minor units; null where that side does not know the claim.
difference = Table(
    "difference",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("kind", Word, nullable=False),
    Column("case_ref", Key, nullable=False),
    # What it is about inside the case: a line, a payment, an axis; empty for the case as a whole.
    Column("about", Key, nullable=False),
    Column("number", Text, nullable=False),
    Column("currency", Word, nullable=False),
    Column("source_minor", Minor),
    Column("store_minor", Minor),
    Column("agency_minor", Minor),
    Column("seen", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("owner", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Text, nullable=False),
    Column("closed_why", Text, nullable=False),
    Index("ix_difference_ledger_closed_at", "ledger", "closed_at"),
    Index("ix_difference_case_ref", "case_ref"),
)
# A difference stands on the list once, however many nights see it. At PostgreSQL the migration gives the condition:
# naming that database here would load it in every process, 20 ms and two megabytes.
Index(
    "uq_difference_open",
    difference.c.ledger,
    difference.c.kind,
    difference.c.case_ref,
    difference.c.about,
    unique=True,
    sqlite_where=text("closed_at IS NULL"),
)

# Since when the night's questions about a case were last answered: the one that waits longest is asked first.
case_check = Table(
    "case_check",
    metadata,
    Column("case_ref", Key, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_case_check_ledger", "ledger"),
)

# A case that was asked back: it stands until the agency confirms or refuses. `fee_minor` is what was agreed to.
withdrawal = Table(
    "withdrawal",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("case_ref", Key, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fee_minor", Minor),
    Column("ended_at", Instant),
    Column("outcome", Word, nullable=False),
    Column("why", Text, nullable=False),
    Index("ix_withdrawal_ledger_ended_at", "ledger", "ended_at"),
)
# A case is asked back once at a time.
Index(
    "uq_withdrawal_standing",
    withdrawal.c.case_ref,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
)

# Where a feed stood when it was first read on a day, so that it can be read again from there.
cursor_mark = Table(
    "cursor_mark",
    metadata,
    Column("scope", Key, primary_key=True),
    Column("day", Date, primary_key=True),
    # Null: the beginning of the feed.
    Column("value", Text),
)
