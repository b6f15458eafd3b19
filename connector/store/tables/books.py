"""The ledger as its source tells it: open items with their history, debtors, how far it was read."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, Text

from connector.store.columns import Blob, Instant, Key, Minor, Word
from connector.store.tables.schema import Serial, metadata


def _item_columns() -> list[Column]:  # type: ignore[type-arg]
    return [
        Column("claim", Key, nullable=False),
        Column("debtor_id", Key, nullable=False),
        Column("kind", Word, nullable=False),
        Column("state", Word, nullable=False),
        Column("currency", Word, nullable=False),
        Column("amount_minor", Minor, nullable=False),
        Column("open_minor", Minor, nullable=False),
        Column("original_minor", Minor, nullable=False),
        Column("number", Text, nullable=False),
        Column("invoice_date", Date),
        Column("due_date", Date),
        Column("settled_on", Date),
        Column("closed_reason", Word, nullable=False),
        Column("reference", Text, nullable=False),
        Column("payment_reference", Text, nullable=False),
        Column("description", Text, nullable=False),
        Column("reversal", Boolean, nullable=False),
        Column("product_group", Text, nullable=False, server_default=""),
        # Gone at the source (deleted, or missing from a snapshot): perhaps paid, never taken for paid.
        Column("gone", Boolean, nullable=False),
        Column("since", Instant, nullable=False),
    ]


# One row of the source as it stands now; the rows of one claim add up to its invoice.
open_item = Table(
    "open_item",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    *_item_columns(),
    # What the index knows a debtor by, see `item_rows.debtor_number`. Keys are random: an index over the debtor's and
    # the claim's own would cost a page as much as everything else that is done with it, and with the ledger in front
    # this one would cost half as much again.
    Column("debtor_number", Integer, nullable=False),
    Index("ix_open_item_debtor_number", "debtor_number"),
)

# Every superseded version of an open item, from `since` to `until`; with the current row it tells what was
# known on any day. Rows are only ever added.
open_item_history = Table(
    "open_item_history",
    metadata,
    # Two versions may end at one instant: a test clock stands still.
    Column("version", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("id", Key, nullable=False),
    Column("until", Instant, nullable=False),
    *_item_columns(),
    Index("ix_open_item_history_ledger_claim", "ledger", "claim"),
)

# A debtor as the source last sent it; `body` is the whole record. `country` and `postcode` are of his own addresses,
# and empty where all of them came apart; `language` is two small letters, or empty.
debtor = Table(
    "debtor",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("code", Key, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Word, nullable=False),
    Column("country", Word, nullable=False),
    Column("language", Word, nullable=False, server_default=""),
    Column("postcode", Text, nullable=False, server_default=""),
    Column("customer_group", Text, nullable=False, server_default=""),
    Column("blocked", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("hash", Blob, nullable=False),
    Column("since", Instant, nullable=False),
)

# Addresses and contact persons that a source delivers apart from their debtor.
debtor_part = Table(
    "debtor_part",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("part", Word, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("debtor_id", Key, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_debtor_part_ledger_debtor_id", "ledger", "debtor_id"),
)

# What a person confirmed of a debtor; overrides what the source says.
debtor_kind = Table(
    "debtor_kind",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Records that could not be read: set aside, and seen again or not in later runs.
record_fault = Table(
    "record_fault",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("entity", Key, primary_key=True),
    Column("record_id", Key, primary_key=True),
    Column("field", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("run_id", Key, nullable=False),
)

# How far a source was pulled and an agency's feed was read; written in the transaction of the page it belongs to.
cursor = Table(
    "cursor",
    metadata,
    Column("scope", Key, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("completed_at", Instant),
)

# What is known of a ledger as a whole: the sign of its amounts, the source's own total, the brake.
ledger_state = Table(
    "ledger_state",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("calibrated", Boolean, nullable=False),
    Column("control_minor", Minor),
    Column("control_currency", Word),
    Column("control_at", Instant),
    # A pull closed or lost so much at once that a person has to look before anything is concluded from it.
    Column("brake_reason", Text, nullable=False),
    Column("brake_since", Instant),
)

# Claims whose rows changed since their live hand-over was last compared with them.
dirty_claim = Table(
    "dirty_claim",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("claim", Key, primary_key=True),
    Column("since", Instant, nullable=False),
)

# While a source starts again from its beginning: since when, and which rows it has shown.
resync = Table(
    "resync",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("since", Instant, nullable=False),
)
resync_seen = Table(
    "resync_seen",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("seen", Boolean, nullable=False),
)
