"""All tables. Current state beside append-only history; amounts are integer minor units; instants are UTC."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from connector.store.columns import Blob, Instant, Json, Key, Minor, Word

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts up by itself only for a plain INTEGER primary key.
Serial = BigInteger().with_variant(Integer(), "sqlite")


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
        # Gone at the source (deleted, or missing from a snapshot): perhaps paid, never taken for paid.
        Column("gone", Boolean, nullable=False),
        Column("hash", Blob, nullable=False),
        Column("since", Instant, nullable=False),
    ]


# One row of the source as it stands now; the rows of one claim add up to its invoice.
open_item = Table(
    "open_item",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    *_item_columns(),
    Index("ix_open_item_ledger_claim", "ledger", "claim"),
    Index("ix_open_item_ledger_debtor_id", "ledger", "debtor_id"),
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

# A debtor as the source last sent it; `body` is the whole record.
debtor = Table(
    "debtor",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("code", Key, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Word, nullable=False),
    Column("country", Word, nullable=False),
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

# One run of one verb: when, how it ended, what it counted.
run = Table(
    "run",
    metadata,
    Column("id", Key, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("verb", Word, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Word, nullable=False),
    Column("message", Text, nullable=False),
    Column("counts", Json, nullable=False),
    Index("ix_run_ledger_started_at", "ledger", "started_at"),
)

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

# One row per debtor who moves, or whose standing changed; a debtor for whom nothing changed keeps the row of
# the plan in which it last did.
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
    Index("ix_decision_ledger_debtor_id_plan_id", "ledger", "debtor_id", "plan_id"),
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

# Who asked to leave a ledger, a debtor or a claim alone, and until which day.
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

# A case at an agency, on its axes: hand-over, phase, activity, closure, each with the instant of its last word.
collection_case = Table(
    "collection_case",
    metadata,
    Column("case_ref", Key, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("connection", Key, nullable=False),
    Column("debtor_id", Key, nullable=False),
    Column("currency", Word, nullable=False),
    Column("plan_id", Serial, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("handover", Word, nullable=False),
    Column("handover_at", Instant, nullable=False),
    Column("phase", Word, nullable=False),
    Column("phase_at", Instant),
    Column("activity", Word, nullable=False),
    Column("activity_at", Instant),
    Column("closure", Word, nullable=False),
    Column("closure_at", Instant),
    Column("closure_why", Text, nullable=False),
    Column("agency_ref", Key, nullable=False),
    Column("raw_status", Text, nullable=False),
    Column("merged_into", Key, nullable=False),
    # The agency was asked to rest because the debtor has unallocated money at the creditor.
    Column("credit_hold", Boolean, nullable=False),
    Column("next_seq", Integer, nullable=False),
    # Fingerprint of what the ledger was last told of this case.
    Column("reported", Key, nullable=False),
    Index("ix_collection_case_ledger_debtor_id", "ledger", "debtor_id"),
    Index("ix_collection_case_connection", "connection"),
)

# A claim inside a case. `base_*` is what had been settled when it was handed over, `told_*` what the agency
# has been told since: both cumulative, so that what is still to tell follows from the present state alone.
case_line = Table(
    "case_line",
    metadata,
    Column("case_ref", Key, ForeignKey("collection_case.case_ref"), primary_key=True),
    Column("line_id", Key, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("claim", Key, nullable=False),
    Column("number", Text, nullable=False),
    Column("handed_minor", Minor, nullable=False),
    Column("base_paid", Minor, nullable=False),
    Column("base_other", Minor, nullable=False),
    Column("told_paid", Minor, nullable=False),
    Column("told_credited", Minor, nullable=False),
    Column("told_corrected", Minor, nullable=False),
    Column("live", Boolean, nullable=False),
    Index("ix_case_line_ledger_claim", "ledger", "claim"),
)
# One claim has one live hand-over over all agencies: the database refuses the second, whoever asks.
Index(
    "uq_case_line_live",
    case_line.c.ledger,
    case_line.c.claim,
    unique=True,
    sqlite_where=text("live"),
    postgresql_where=text("live"),
)

# What has to reach an agency, written with the decision. `state`: see the delivery protocol in the architecture.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("connection", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("case_ref", Key, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("payload", Blob, nullable=False),
    Column("payload_sha256", Key, nullable=False),
    Column("key", Key, nullable=False, unique=True),
    Column("state", Word, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("settle_until", Instant),
    Column("next_at", Instant, nullable=False),
    Column("reference", Text, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("connection", "case_ref", "seq"),
    Index("ix_outbox_ledger_state_next_at", "ledger", "state", "next_at"),
)

# Every event an agency told, once each, however often it was told.
agency_event = Table(
    "agency_event",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("case_ref", Key, nullable=False),
    Column("kind", Word, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_agency_event_case_ref", "case_ref", "occurred_at"),
)

# What the agency received from the debtor, split as it was allocated. A reversal is a row of its own, so that
# payment and reversal may arrive in either order.
agency_payment = Table(
    "agency_payment",
    metadata,
    Column("case_ref", Key, primary_key=True),
    Column("payment_id", Key, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("component", Word, nullable=False),
    Column("line_id", Key, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("currency", Word, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("at", Instant, nullable=False),
)
# A payment that was undone; the payment's own row stays.
agency_reversal = Table(
    "agency_reversal",
    metadata,
    Column("case_ref", Key, primary_key=True),
    Column("payment_id", Key, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Costs the agency charges, and who bears them.
agency_cost = Table(
    "agency_cost",
    metadata,
    Column("case_ref", Key, primary_key=True),
    Column("cost_id", Key, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("net_minor", Minor, nullable=False),
    Column("vat_minor", Minor, nullable=False),
    Column("currency", Word, nullable=False),
    Column("borne_by", Word, nullable=False),
    Column("at", Instant, nullable=False),
)

# Pay-outs of an agency: gross collected, minus costs and VAT on them, is the net on the bank account.
remittance = Table(
    "remittance",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("paid_on", Date, nullable=False),
    Column("currency", Word, nullable=False),
    Column("gross_minor", Minor, nullable=False),
    Column("costs_minor", Minor, nullable=False),
    Column("vat_minor", Minor, nullable=False),
    Column("net_minor", Minor, nullable=False),
    Column("bank_reference", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
# The parts of a pay-out, per payment and claim line: what of it is the agency's own money coming in.
remittance_item = Table(
    "remittance_item",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("remittance_id", Key, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("case_ref", Key, nullable=False),
    Column("line_id", Key, nullable=False),
    Column("payment_id", Key, nullable=False),
    Column("gross_minor", Minor, nullable=False),
    Column("principal_minor", Minor, nullable=False),
    Index("ix_remittance_item_case_ref", "case_ref"),
)

# What waits for a person: questions of the agency, parked deliveries, brakes, unmapped statuses.
task = Table(
    "task",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("kind", Word, nullable=False),
    Column("key", Key, nullable=False),
    Column("case_ref", Key, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("deadline", Date),
    Column("opened_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("outcome", Text, nullable=False),
    UniqueConstraint("ledger", "kind", "key"),
)

# Invoices and proofs that go to an agency.
document = Table(
    "document",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("id", Key, primary_key=True),
    Column("claim", Key, nullable=False),
    Column("kind", Word, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mime", Text, nullable=False),
    Column("sha256", Key, nullable=False),
    Column("content", Blob, nullable=False),
    Column("at", Instant, nullable=False),
)

# Who did what, when: persons and the program. Rows are only ever added.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("ledger", Key, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Key, nullable=False),
    Column("subject", Key, nullable=False),
    Column("detail", Json, nullable=False),
    Index("ix_audit_ledger_subject", "ledger", "subject"),
)

# Log-ins; `key_id` tells under which key of the ring.
token = Table(
    "token",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("name", Key, primary_key=True),
    Column("blob", Blob, nullable=False),
    Column("key_id", Key, nullable=False),
    Column("at", Instant, nullable=False),
)

# Small facts that a plugin keeps between runs; no secrets.
plugin_state = Table(
    "plugin_state",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("value", Json, nullable=False),
    Column("at", Instant, nullable=False),
)

# How a connection stood after it was last used, so that the status can say what to do.
connection_state = Table(
    "connection_state",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("state", Word, nullable=False),
    Column("message", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Calls counted in the running clock minute and day; instants in milliseconds since 1970, UTC. `day_left` is what
# the server said is left of the day, minus what was taken since; null while it has said nothing.
budget = Table(
    "budget",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("company", Key, primary_key=True),
    Column("minute_until", BigInteger, nullable=False),
    Column("minute_used", Integer, nullable=False),
    Column("day_until", BigInteger, nullable=False),
    Column("day_used", Integer, nullable=False),
    Column("day_left", Integer),
    Column("paused_until", BigInteger, nullable=False),
)
