"""Collections inside rows: `$expand`, and the addresses behind `__deferred` (reference 2.2)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from connector_exact.sandbox.catalogue import Endpoint, Field, endpoints
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger_records import Entry, SalesInvoice
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.registry import Ask, open_view
from connector_exact.sandbox.render_json import Shape, rows_to_json


def expanded(ask: Ask, names: Iterable[str]) -> dict[str, Callable[[Any], list[dict[str, Any]]]]:
    """For each name to expand, what gives a row's inner rows. Raises Refusal (400) for what cannot be expanded."""

    def inner(name: str) -> Callable[[Any], list[dict[str, Any]]]:
        return lambda row: navigate(ask, name, row)

    for name in names:
        if ask.endpoint.fields[name].kind != "c":
            raise bad_request(f"'{name}' on type '{ask.endpoint.type_name}' is not a navigation property.")
    return {name: inner(name) for name in names}


def navigate(ask: Ask, name: str, row: Any) -> list[dict[str, Any]]:
    """The rows of the collection `name` of one row. Raises Refusal (404) when there is no such collection."""
    field: Field | None = ask.endpoint.fields.get(name)
    if field is None or field.kind != "c":
        raise Refusal(404, f"Resource not found for the segment '{name}'.")
    if name == "BankAccounts":
        return _bank_accounts(ask, row)
    if name in ("SalesInvoiceLines", "SalesEntryLines"):
        return list(_lines(ask.division, row.entry if isinstance(row, SalesInvoice) else row, name))
    return []


def _bank_accounts(ask: Ask, row: Any) -> list[dict[str, Any]]:
    endpoint: Endpoint = endpoints()["crm/bankaccounts"]
    view = open_view(Ask(ask.division, endpoint, ask.toggles, ask.base, {}))
    rows = [bank for bank in ask.division.rows["bank_accounts"] if bank.values.get("Account") == row.id]
    base = f"{ask.base}/api/v1/{ask.division.code}/{endpoint.path}"
    return rows_to_json(rows, Shape(endpoint, view, base, tuple(endpoint.fields), {}))


def _lines(division: Division, entry: Entry, name: str) -> Iterator[dict[str, Any]]:
    """The revenue lines, named as the invoice or the entry names them."""
    parent = {"InvoiceID": entry.invoice} if name == "SalesInvoiceLines" else {"EntryID": entry.id}
    for line in division.lines_of[entry.id]:
        if line.number:
            yield {
                "ID": line.id,
                **parent,
                "LineNumber": line.number,
                "AmountDC": -line.dc / 100,
                "AmountFC": -line.fc / 100,
                "Description": entry.description,
                "Division": division.code,
            }
