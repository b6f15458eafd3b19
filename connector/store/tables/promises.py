"""What debtors promised to pay, and payment plans that were agreed with them."""

from sqlalchemy import Column, Date, Index, Table, Text

from connector.store.columns import Instant, Json, Key, Minor, Word
from connector.store.tables.schema import Serial, metadata

# A promise to pay an amount by a day. `claims` holds what was open of each claim when it was made, in minor units.
promise = Table(
    "promise",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("debtor_id", Key, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("pay_by", Date, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("currency", Word, nullable=False),
    Column("claims", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("ended_on", Date),
    Column("ended_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_promise_ledger_debtor_id", "ledger", "debtor_id"),
)

# A payment plan. `instalments` are pairs of a day and minor units; `claims` as those of a promise.
payment_plan = Table(
    "payment_plan",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("debtor_id", Key, nullable=False),
    Column("agreed_on", Date, nullable=False),
    Column("instalments", Json, nullable=False),
    Column("currency", Word, nullable=False),
    Column("claims", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("ended_on", Date),
    Column("ended_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_payment_plan_ledger_debtor_id", "ledger", "debtor_id"),
)
