"""All tables. Current state beside append-only history; amounts are integer minor units; instants are UTC."""

from connector.store.tables.books import (
    cursor,
    debtor,
    debtor_kind,
    debtor_part,
    dirty_claim,
    ledger_state,
    open_item,
    open_item_history,
    record_fault,
)
from connector.store.tables.decisions import decision, dispute, hold, plan, step_taken
from connector.store.tables.files import (
    agency_cost,
    agency_event,
    agency_payment,
    agency_reversal,
    case_line,
    collection_case,
    document,
    outbox,
    remittance,
    remittance_item,
)
from connector.store.tables.machinery import audit, budget, connection_state, plugin_state, run, task, token
from connector.store.tables.schema import metadata

__all__ = [
    "agency_cost",
    "agency_event",
    "agency_payment",
    "agency_reversal",
    "audit",
    "budget",
    "case_line",
    "collection_case",
    "connection_state",
    "cursor",
    "debtor",
    "debtor_kind",
    "debtor_part",
    "decision",
    "dirty_claim",
    "dispute",
    "document",
    "hold",
    "ledger_state",
    "metadata",
    "open_item",
    "open_item_history",
    "outbox",
    "plan",
    "plugin_state",
    "record_fault",
    "remittance",
    "remittance_item",
    "run",
    "step_taken",
    "task",
    "token",
]
