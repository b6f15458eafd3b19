"""What was decided, and what people said that decisions rest on."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from connector.store.columns import Instant, Json, Key, Minor, Word
from connector.store.tables.schema import Serial, metadata

# A stored set of decisions; `facts` is the fingerprint of everything they were made on.
plan = Table(
    "plan",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("day", Date, nullable=False),
    Column("policy", Key, nullable=False),
    Column("policy_version", Key, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("facts", Key, nullable=False),
    Column("counts", Json, nullable=False),
    Column("state", Word, nullable=False),
    Column("applied_at", Instant),
    Index("ix_plan_ledger_id", "ledger", "id"),
)

# One row per debtor who moves, is held or undecided, or whose standing changed; any other keeps the row of the plan in
# which it last did. `change` is the state against the plan before, `change_why` what differs from it, `amount_minor`
# what the step asks, or would ask where it is held. Where nothing at all had changed, `same_as` is the plan whose row
# has the body, and `body` is empty here: a ledger is planned many times a day.
decision = Table(
    "decision",
    metadata,
    Column("plan_id", Serial, ForeignKey("plan.id"), primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("action", Word, nullable=False),
    Column("step", Key, nullable=False),
    Column("change", Word, nullable=False),
    Column("change_why", Text, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("currency", Word, nullable=False),
    Column("facts", Key, nullable=False),
    Column("body", Text, nullable=False),
    Column("outcome", Word, nullable=False),
    Column("outcome_why", Text, nullable=False),
    Column("case_ref", Key, nullable=False),
    Column("same_as", Serial),
    Index("ix_decision_ledger_debtor_id_plan_id", "ledger", "debtor_id", "plan_id"),
)

# What the newest decision on each debtor was made of, by digests: `read` of all that is stored of him, `rules` of what
# is the same for all. It was made on `day`, is kept in `plan_id` or says no more than the one there, and is sure to
# come out the same on the days before `until` as long as the digests are the same. `said` is a digest of what it says,
# its reasons left out: where that is the same, nothing differs.
decided = Table(
    "decided",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("plan_id", Serial, ForeignKey("plan.id"), nullable=False),
    Column("read", Word, nullable=False),
    Column("rules", Word, nullable=False),
    Column("said", Word, nullable=False),
    Column("day", Date, nullable=False),
    Column("until", Date, nullable=False),
)

# Reminders, notices and calls that were carried out, as recorded. Waiting times run from `taken_on`.
step_taken = Table(
    "step_taken",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("debtor_id", Key, nullable=False),
    Column("step", Key, nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("channel", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("ledger", "debtor_id", "step", "taken_on"),
)

# Who asked to leave a ledger, a debtor or a claim alone, and until which day. `before` is `escalate` for a veto on the
# hand-over alone, else `every step`.
hold = Table(
    "hold",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("scope", Word, nullable=False),
    Column("key", Key, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("reason", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("before", Word, nullable=False),
    Index("ix_hold_ledger_key", "ledger", "key"),
)

# What a debtor disputes; open while `settled_on` is null.
dispute = Table(
    "dispute",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("debtor_id", Key, nullable=False),
    Column("claim", Key, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("settled_on", Date),
    Column("reason", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_dispute_ledger_debtor_id", "ledger", "debtor_id"),
)

# Letters as evidence. The same kind of letter sent on the same day again replaces what was known of it.
letter = Table(
    "letter",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("debtor_id", Key, primary_key=True),
    Column("kind", Word, primary_key=True),
    Column("sent_on", Date, primary_key=True),
    Column("channel", Word, nullable=False),
    Column("delivered_on", Date),
    Column("disputed", Boolean, nullable=False),
    Column("days", Integer),
    Column("valid", Word, nullable=False),
    Column("document", Text, nullable=False),
    Column("claims", Json, nullable=False),
    Column("origin", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
