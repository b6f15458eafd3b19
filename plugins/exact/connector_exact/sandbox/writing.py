"""Writes: POST 201, PUT and DELETE 204; only fields flagged writable (reference 2.7 and 4.12)."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger import touch
from connector_exact.sandbox.oauth import Access
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.registry import ROW_ENDPOINTS, Ask
from connector_exact.sandbox.store import Row
from connector_exact.sandbox.views_system import Person
from connector_exact.sandbox.webhooks import subscribe
from connector_exact.sandbox.world import World

_PROCESSED = frozenset({"salesinvoice/SalesInvoices", "salesentry/SalesEntries"})
_REFERENCES = {
    "Account": "accounts", "Document": "documents", "Contact": "contacts", "MainContact": "contacts",
    "InvoiceAccount": "accounts", "Parent": "accounts",
}  # fmt: skip
_CODE_WIDTH = 18


async def write(ask: Ask, method: str, key: Any, body: bytes, *, access: Access, world: World) -> Row | None:
    """Carry out a write and return the new row of a POST. Raises Refusal for what the service refuses."""
    endpoint = ask.endpoint
    if endpoint.path in _PROCESSED:
        raise bad_request("The invoice has been processed and cannot be changed.")
    if method == "POST":
        values = _checked(_parse(body), ask, method)
        if endpoint.path == "webhooks/WebhookSubscriptions":
            return await subscribe(world, ask.division, access, values, base=ask.base)
        return _create(ask, values, user=Person(access.chain.user).id)
    if key is None:
        raise bad_request("Error in query syntax")
    if method == "DELETE":
        _delete(ask.division, ROW_ENDPOINTS[endpoint.path.lower()], key)
        return None
    values = _checked(_parse(body), ask, method)
    if endpoint.path == "cashflow/Receivables":
        _change_term(ask.division, key, values)
    elif endpoint.path == "webhooks/WebhookSubscriptions":
        raise Refusal(500, "Data already exists")
    else:
        _change(ask.division, ROW_ENDPOINTS[endpoint.path.lower()], key, values)
    return None


def _parse(body: bytes) -> Mapping[str, Any]:
    try:
        values = json.loads(body)
    except ValueError:
        raise bad_request("Error processing request stream. The request content is not valid JSON.") from None
    if not isinstance(values, dict):
        raise bad_request("Error processing request stream. An object is expected.")
    return values


def _checked(values: Mapping[str, Any], ask: Ask, method: str) -> dict[str, Any]:
    """The writable fields, in the kinds they have; unknown, read-only and missing ones are refused."""
    taken: dict[str, Any] = {}
    for name, value in values.items():
        field = ask.endpoint.fields.get(name)
        if field is None:
            raise bad_request(f"The property '{name}' does not exist on type '{ask.endpoint.type_name}'.")
        if not (field.on_post if method == "POST" else field.on_put):
            if ask.toggles.readonly_fields == "refuse":
                raise bad_request(f"The property '{name}' cannot be written.")
            continue
        taken[name] = _fit(name, value, field.kind)
        _check_reference(ask, name, taken[name])
    if method == "POST":
        _check_mandatory(taken, ask.endpoint)
    return taken


def _check_reference(ask: Ask, name: str, value: Any) -> None:
    table = _REFERENCES.get(name)
    if table and value is not None and ask.division.rows[table].get(value) is None:
        raise bad_request(f"Invalid reference: {name}")


def _check_mandatory(values: Mapping[str, Any], endpoint: Endpoint) -> None:
    missing = [field.name for field in endpoint.fields.values() if field.mandatory and values.get(field.name) is None]
    if endpoint.path == "crm/Contacts" and {"FirstName", "LastName"} & set(values):
        missing = [name for name in missing if name not in ("FirstName", "LastName")]
    if missing:
        raise bad_request(f"Mandatory: {', '.join(missing)}")


_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "g": (str,), "s": (str,), "h": (int,), "i": (int,), "l": (int, str), "y": (int,), "d": (int, float),
    "b": (bool,), "t": (str,), "x": (str,), "c": (list,),
}  # fmt: skip


def _fit(name: str, value: Any, kind: str) -> Any:
    if value is None:
        return None
    wrong = not isinstance(value, _JSON_TYPES[kind]) or (isinstance(value, bool) and kind not in ("b", "y"))
    if wrong:
        raise bad_request(f"Error converting the value of property '{name}'.")
    if kind == "g":
        return str(value).lower()
    if kind == "t":
        return _time(name, str(value))
    if kind == "x":
        return _binary(name, str(value))
    return value


def _time(name: str, text: str) -> datetime:
    try:
        if text.startswith("/Date("):
            return datetime.fromtimestamp(int(text[6:].partition(")")[0]) / 1000, tz=UTC).replace(tzinfo=None)
        return datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=None)
    except ValueError:
        raise bad_request(f"Error converting the value of property '{name}'.") from None


def _binary(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise bad_request(f"Error converting the value of property '{name}'.") from None


def _create(ask: Ask, values: dict[str, Any], *, user: str) -> Row:
    division, table = ask.division, ROW_ENDPOINTS[ask.endpoint.path.lower()]
    key = values.pop("ID", None) or ""
    if key and division.rows[table].get(key):
        raise Refusal(500, "Data already exists")
    content = values.pop("Attachment", None) if table == "attachments" else None
    if table == "accounts" and values.get("Code"):
        values["Code"] = padded_code(values["Code"])
    row = division.add_row(table, {**defaults(division, table, values), **values, "Creator": user}, key=key)
    if content is not None:
        division.files[row.id] = content
        row.values["FileSize"] = float(len(content))
    return row


def defaults(division: Division, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a new row holds where the writer said nothing."""
    if table == "accounts":
        code = str(values.get("Code") or division.number("account", 10_001))
        return {
            "Code": padded_code(code),
            "Type": "A",
            "Status": "C",
            "Blocked": False,
            "IsSales": True,
            "IsSupplier": False,
            "Country": division.country,
            "Language": division.country,
        }
    if table == "documents":
        return {"HID": division.number("document", 1), "DocumentDate": division.clock.today}
    if table == "tasks":
        return {"HID": division.number("task", 1), "Status": 10, "StatusDescription": "Open"}
    if table == "notes":
        return {"HID": division.number("note", 1), "Status": 50, "StatusDescription": "Verwerkt"}
    return {}


def padded_code(code: str) -> str:
    """An account's code as it is kept: padded on the left to 18 (reference 2.3)."""
    return code.strip().rjust(_CODE_WIDTH)


def _change(division: Division, table: str, key: str, values: dict[str, Any]) -> None:
    row = division.rows[table].get(key)
    if row is None:
        raise Refusal(404, "Resource not found for the segment.")
    if table == "accounts" and values.get("Code"):
        values = {**values, "Code": padded_code(values["Code"])}
    values.pop("ID", None)
    row.values.update(values)
    division.put_row(table, row)


def _delete(division: Division, table: str, key: str) -> None:
    if table == "accounts" and any(entry.account == key for entry in division.entries):
        raise bad_request("The account is in use and cannot be deleted.")
    if division.remove_row(table, key) is None:
        raise Refusal(404, "Resource not found for the segment.")
    division.files.pop(key, None)


def _change_term(division: Division, key: str, values: dict[str, Any]) -> None:
    term = division.terms.get(key)
    if term is None:
        raise Refusal(404, "Resource not found for the segment.")
    term.description = values.get("Description", term.description) or ""
    term.payment_method = values.get("PaymentMethod", term.payment_method)
    term.payment_reference = values.get("PaymentReference", term.payment_reference)
    touch(division, [term])
