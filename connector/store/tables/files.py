"""Cases at agencies: what was handed over, what is on its way, what the agency told and paid."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from connector.store.columns import Blob, Instant, Key, Minor, Word
from connector.store.tables.schema import Serial, metadata

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
    # Unallocated money of the debtor that was known when the case was handed over.
    Column("base_credit", Minor, nullable=False),
    Column("next_seq", Integer, nullable=False),
    # Fingerprint of what the ledger was last told of this case, and whether anything happened since.
    Column("reported", Key, nullable=False),
    Column("report_due", Boolean, nullable=False),
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
    # Since when nobody knows whether it was processed: the first attempt that no answer and no look-up has settled.
    Column("doubtful_since", Instant),
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
