"""What groups customers and sales: classifications of accounts, further sales journals (reference 4.6, 4.10)."""

from connector_exact.sandbox.control_models import Classify, NewJournal
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.store import Row

_SALES = 20


def add_journal(division: Division, order: NewJournal) -> Row:
    """A further sales journal. Raises Refusal (409) for a code that is taken."""
    if any(row.values["Code"] == order.code for row in division.rows["journals"]):
        raise Refusal(409, f"journal {order.code} is there already")
    values = {"Code": order.code, "Description": order.description, "Type": _SALES, "IsBlocked": False}
    return division.add_row("journals", values)


def sales_journal(division: Division, code: str | None) -> tuple[str, str] | None:
    """Code and description of a sales journal; None where none is named. Raises Refusal (404) for another journal."""
    if code is None:
        return None
    for row in division.rows["journals"]:
        if row.values["Code"] == code and row.values["Type"] == _SALES:
            return code, row.values["Description"]
    raise Refusal(404, f"there is no sales journal {code}")


def classify(division: Division, order: Classify, account: str | None) -> str | None:
    """Make or rename a value, and give it to `account`; returns its id, None where it was taken away."""
    if not order.code and account is None:
        raise bad_request("name a code, or an account to take its value from")
    value = _value(division, order) if order.code else None
    key = value.id if value else None
    row = division.rows["accounts"].get(account or "")
    if row is not None:
        row.values[f"Classification{order.slot}"] = key
        division.put_row("accounts", row)
    return key


def _value(division: Division, order: Classify) -> Row:
    """The value with the order's code, changed from what it was, or new. Its accounts keep their row versions."""
    heading = _heading(division, order.slot)
    known = {
        row.values["Code"]: row
        for row in division.rows["classifications"]
        if row.values["AccountClassificationName"] == heading.id
    }
    row = known.get(order.was or order.code)
    if row is None and order.was:
        raise Refusal(404, f"classification {order.slot} has no value {order.was}")
    if row is None:
        shown = {
            "AccountClassificationName": heading.id,
            "AccountClassificationNameDescription": heading.values["Description"],
        }
        return division.add_row("classifications", {**shown, "Code": order.code, "Description": order.description})
    row.values["Code"] = order.code
    row.values["Description"] = order.description or row.values["Description"]
    division.put_row("classifications", row)
    return row


def _heading(division: Division, slot: int) -> Row:
    names = division.rows["classification_names"]
    found = next((row for row in names if row.values["SequenceNumber"] == slot), None)
    values = {"Description": f"Classificatie {slot}", "SequenceNumber": slot}
    return found or division.add_row("classification_names", values)
