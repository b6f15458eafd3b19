"""What was known before of what people said, what agencies are told on a later day, and private reasons."""

from sqlalchemy import Column, Date, Index, Table, Text

from connector.store.columns import Blob, Instant, Key, Word
from connector.store.tables.schema import Serial, metadata

# A version of something that a person said, as it was known from `since` up to, not including, `until`; the newest
# stands in its own table. `kind` is that table's name, `key` the row's own key, `about` its debtor (of a hold: what it
# holds), `body` the facts as JSON.
said_before = Table(
    "said_before",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("kind", Word, nullable=False),
    Column("about", Key, nullable=False),
    Column("key", Key, nullable=False),
    Column("body", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Index("ix_said_before_ledger_kind_about", "ledger", "kind", "about"),
)

# A day on which agencies are told how a debtor stands then: a hold that begins, or what befell him that is over. A row
# is gone once they were.
told_on = Table(
    "told_on",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("kind", Word, primary_key=True),
)

# Why a debtor is vulnerable, encrypted: of a person's health or family. Erased by removing the row; `about` names what
# was recorded, which stays.
private_reason = Table(
    "private_reason",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("about", Key, primary_key=True),
    Column("blob", Blob, nullable=False),
    Column("at", Instant, nullable=False),
)
