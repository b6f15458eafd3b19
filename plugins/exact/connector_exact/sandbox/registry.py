"""Which endpoint shows what: one table of names, one function that opens a view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.odata_filter import Compare, parse_filter
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.views import View
from connector_exact.sandbox.views_ledger import entry_view, invoice_view, line_view
from connector_exact.sandbox.views_lists import ageing_list, ageing_overview, outstanding_overview, receivables_list
from connector_exact.sandbox.views_rows import row_view
from connector_exact.sandbox.views_system import sync_timestamp_view
from connector_exact.sandbox.views_terms import term_view

ROW_ENDPOINTS: Mapping[str, str] = {
    "crm/accounts": "accounts", "bulk/crm/accounts": "accounts", "sync/crm/accounts": "accounts",
    "crm/contacts": "contacts", "bulk/crm/contacts": "contacts", "sync/crm/contacts": "contacts",
    "crm/addresses": "addresses", "bulk/crm/addresses": "addresses", "sync/crm/addresses": "addresses",
    "crm/bankaccounts": "bank_accounts",
    "crm/accountclassifications": "classifications", "crm/accountclassificationnames": "classification_names",
    "documents/documents": "documents", "bulk/documents/documents": "documents",
    "sync/documents/documents": "documents",
    "documents/documentattachments": "attachments", "bulk/documents/documentattachments": "attachments",
    "sync/documents/documentattachments": "attachments",
    "documents/documenttypes": "document_types", "documents/documentcategories": "document_categories",
    "cashflow/paymentconditions": "payment_conditions", "financial/journals": "journals",
    "financial/glaccounts": "gl_accounts", "webhooks/webhooksubscriptions": "subscriptions",
    "activities/tasks": "tasks", "activities/communicationnotes": "notes", "sync/deleted": "deleted",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """What a view is opened with: `base` is this server's address, `arguments` the parameters of a function."""

    division: Division
    endpoint: Endpoint
    toggles: Toggles
    base: str
    arguments: Mapping[str, Any]


_BUILDERS: Mapping[str, Callable[[Ask], View]] = {
    "sync/cashflow/paymentterms": lambda ask: term_view(ask.division, ask.toggles, sync=True),
    "cashflow/receivables": lambda ask: term_view(ask.division, ask.toggles, sync=False),
    "bulk/cashflow/receivables": lambda ask: term_view(ask.division, ask.toggles, sync=False),
    "financialtransaction/transactionlines": lambda ask: line_view(ask.division, ask.toggles, sync=False),
    "bulk/financial/transactionlines": lambda ask: line_view(ask.division, ask.toggles, sync=False),
    "sync/financial/transactionlines": lambda ask: line_view(ask.division, ask.toggles, sync=True),
    "salesentry/salesentries": lambda ask: entry_view(ask.division, ask.toggles),
    "salesinvoice/salesinvoices": lambda ask: invoice_view(ask.division, ask.toggles),
    "bulk/salesinvoice/salesinvoices": lambda ask: invoice_view(ask.division, ask.toggles),
    "read/financial/receivableslist": lambda ask: receivables_list(ask.division, ask.toggles),
    "read/financial/receivableslistbyaccount": lambda ask: receivables_list(
        ask.division, ask.toggles, account=ask.arguments["accountId"]
    ),
    "read/financial/receivableslistbyagegroup": lambda ask: receivables_list(
        ask.division, ask.toggles, age_group=ask.arguments["ageGroup"]
    ),
    "read/financial/receivableslistbyaccountandagegroup": lambda ask: receivables_list(
        ask.division, ask.toggles, account=ask.arguments["accountId"], age_group=ask.arguments["ageGroup"]
    ),
    "read/financial/agingreceivableslist": lambda ask: ageing_list(ask.division, ask.toggles),
    "read/financial/agingreceivableslistbyagegroup": lambda ask: ageing_list(
        ask.division, ask.toggles, age_group=ask.arguments["ageGroup"]
    ),
    "read/financial/agingoverview": lambda ask: ageing_overview(ask.division, ask.toggles),
    "read/financial/agingoverviewbyaccount": lambda ask: ageing_overview(
        ask.division, ask.toggles, account=ask.arguments["accountId"]
    ),
    "read/financial/outstandinginvoicesoverview": lambda ask: outstanding_overview(ask.division, ask.toggles),
    "read/sync/sync/synctimestamp": lambda ask: sync_timestamp_view(
        ask.division, modified=ask.arguments["modified"], endpoint=ask.arguments["endPoint"]
    ),
}


def open_view(ask: Ask) -> View:
    """The view of an endpoint. Raises Refusal (404) for one that is not served."""
    path = ask.endpoint.path.lower()
    if builder := _BUILDERS.get(path):
        return builder(ask)
    if table := ROW_ENDPOINTS.get(path):
        if table == "deleted":
            ask.division.forget_old_deletes()
        return row_view(ask.division, ask.endpoint, table, base=ask.base)
    raise Refusal(404, "Resource not found for the segment.")


_KINDS = {"accountId": "guid", "ageGroup": "number", "modified": "datetime"}


def read_arguments(params: Mapping[str, str], endpoint: Endpoint) -> dict[str, Any]:
    """The required parameters of a function. Raises Refusal (400) when one is missing or odd (reference 4.2)."""
    found: dict[str, Any] = {}
    for name in endpoint.parameters:
        if name not in params:
            raise bad_request("Error in query syntax")
        node = parse_filter(f"{name} eq {params[name]}")
        if not isinstance(node, Compare) or node.literal.kind != _KINDS.get(name, "string"):
            raise bad_request("Error in query syntax")
        found[name] = node.literal.value
    return found
