"""Relations, documents and the other tables of plain rows as the service shows them (4.6, 4.7, 4.9)."""

from typing import Any

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.store import Row
from connector_exact.sandbox.views import ByKey, ByVersion, Getter, View, account_getters, row_getters

DOCUMENT_TYPES = {10: "Verkoopfactuur", 20: "Inkoopfactuur", 55: "Diversen"}


def row_view(division: Division, endpoint: Endpoint, table: str, *, base: str) -> View:
    """An endpoint over a table of plain rows, by key, or by row version for sync."""
    getters = row_getters(division, endpoint.fields.values())
    getters |= _shared(division, endpoint)
    if table == "contacts":
        getters["FullName"] = _full_name
        getters["IsMainContact"] = lambda row: _is_main(division, row)
    elif table == "documents":
        getters |= _document_getters(base, division)
    elif table == "attachments":
        getters["Url"] = lambda row: attachment_url(base, division.code, row.id)
    elif table == "document_types":
        getters["ID"] = lambda row: int(row.id)
    by_version = endpoint.key == "Timestamp"
    source = ByVersion(division.rows[table]) if by_version else ByKey(division.rows[table])
    return View(source=source, getters=getters, key=getters[endpoint.key])


def attachment_url(base: str, division: int, key: str) -> str:
    """Where an attachment is downloaded (reference 4.9)."""
    return f"{base}/docs/SysAttachment.aspx?ID={key}&_Division_={division}"


def _shared(division: Division, endpoint: Endpoint) -> dict[str, Getter]:
    """What most tables show of others: the account's name and code, who made the row."""
    names = {"AccountName": "Name", "AccountCode": "Code"}
    shown = {name: field for name, field in names.items() if name in endpoint.fields}
    getters = account_getters(division, shown, lambda row: row.values.get("Account"))
    for name in ("CreatorFullName", "ModifierFullName"):
        if name in endpoint.fields:
            getters[name] = lambda row: "Beheer"
    return getters


def _full_name(row: Row) -> str:
    parts = (row.values.get(name) for name in ("FirstName", "MiddleName", "LastName"))
    return " ".join(part for part in parts if part)


def _is_main(division: Division, row: Row) -> bool:
    return bool(division.account_values(row.values.get("Account") or "").get("MainContact") == row.id)


def _document_getters(base: str, division: Division) -> dict[str, Getter]:
    def kind(row: Row) -> Any:
        return DOCUMENT_TYPES.get(row.values.get("Type", 0))

    return {
        "TypeDescription": kind,
        "HasEmptyBody": lambda row: not row.values.get("Body"),
        "DocumentViewUrl": lambda row: f"{base}/docs/DocView.aspx?DocumentID={row.id}&_Division_={division.code}",
    }
