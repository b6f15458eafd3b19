"""Relations, people and addresses as debtors and their parts (Exact Online reference 4.6)."""

import re
from datetime import date
from typing import Literal

from connector.model import Address, ContactPerson, Debtor, DebtorAddress, DebtorContact, DebtorKind
from connector_exact.rows import AccountRow, AddressRow, ContactRow

_CUSTOMER = "C"
_AddressKind = Literal["visit", "postal", "invoice", "delivery", "other"]
_ADDRESS_KINDS: dict[int | None, _AddressKind] = {
    1: "visit",
    2: "postal",
    3: "invoice",
    4: "delivery",
}
_COMPANY = re.compile(
    r"\b(b\.?v\.?b\.?a|b\.?v|n\.?v|v\.?o\.?f|c\.?v|gmbh|ltd|inc|s\.?a|s\.?r\.?l|s\.?p\.?r\.?l|stichting|vereniging|vzw|"
    r"coöperatie|holding|groep|group)\b",
    re.IGNORECASE,
)
_SOLE_TRADER = re.compile(r"\b(eenmanszaak|e\.?m\.?z|zzp|zelfstandige)\b", re.IGNORECASE)
_PUBLIC = re.compile(r"\b(gemeente|provincie|ministerie|waterschap|ocmw|commune|ville de|stad)\b", re.IGNORECASE)


def debtor(row: AccountRow, *, today: date, group: str = "") -> Debtor:
    """A relation as debtor. Exact Online knows no field for person or company: the kind is only suggested.

    `group`: the customer group, empty for none.
    """
    ended = row.get("EndDate")
    return Debtor(
        id=row["ID"],
        code=_text(row.get("Code")),
        name=_text(row.get("Name")) or _text(row.get("Code")) or row["ID"],
        suggested_kind=suggest_kind(row),
        company_number=_text(row.get("ChamberOfCommerce")),
        vat_number=_text(row.get("VATNumber")),
        language=_text(row.get("Language")),
        email=_text(row.get("Email")),
        phone=_text(row.get("Phone")),
        addresses=(_address(row, kind="visit"),) if _has_address(row) else (),
        parent_id=row.get("Parent") or "",
        blocked=bool(row.get("Blocked")),
        inactive=ended is not None and ended < today,
        customer_group=group,
    )


def suggest_kind(row: AccountRow) -> DebtorKind:
    """A guess from identification numbers and name, for a person to confirm: the law treats consumers differently.

    Without any sign of a business the guess is a consumer, the side on which the law is stricter.
    """
    name = _text(row.get("Name"))
    if _text(row.get("OINNumber")) or _PUBLIC.search(name):
        return "public_body"
    if _SOLE_TRADER.search(name):
        return "sole_trader"
    if _text(row.get("ChamberOfCommerce")) or _text(row.get("VATNumber")) or _COMPANY.search(name):
        return "business"
    return "consumer" if name else "unknown"


def is_customer(row: AccountRow) -> bool:
    """Whether the relation has the status customer (reference 4.6)."""
    return _text(row.get("Status")) == _CUSTOMER


def contact(row: ContactRow) -> DebtorContact | None:
    """A person at a relation; None for one who belongs to no relation."""
    account = row.get("Account")
    if not account:
        return None
    names = (row.get("FirstName"), row.get("MiddleName"), row.get("LastName"))
    person = ContactPerson(
        name=" ".join(_text(part) for part in names if _text(part)) or "?",
        email=_text(row.get("BusinessEmail")) or _text(row.get("Email")),
        phone=_first(row.get("BusinessMobile"), row.get("BusinessPhone"), row.get("Mobile"), row.get("Phone")),
        language=_text(row.get("Language")),
        main=bool(row.get("IsMainContact")),
    )
    return DebtorContact(id=row["ID"], debtor_id=account, contact=person)


def has_left(row: ContactRow, *, today: date) -> bool:
    """Whether the person is no longer at the relation."""
    ended = row.get("EndDate")
    return ended is not None and ended < today


def address(row: AddressRow) -> DebtorAddress | None:
    """An address of a relation; None for one that belongs to none."""
    account = row.get("Account")
    if not account:
        return None
    kind = _ADDRESS_KINDS.get(row.get("Type"), "other")
    return DebtorAddress(id=row["ID"], debtor_id=account, address=_address(row, kind=kind))


def _address(row: AccountRow | AddressRow, *, kind: _AddressKind) -> Address:
    lines = (_text(row.get("AddressLine1")), _text(row.get("AddressLine2")), _text(row.get("AddressLine3")))
    return Address(
        kind=kind,
        lines=tuple(line for line in lines if line),
        postcode=_text(row.get("Postcode")),
        city=_text(row.get("City")),
        country=_text(row.get("Country")).upper(),
    )


def _has_address(row: AccountRow) -> bool:
    return bool(_text(row.get("AddressLine1")) or _text(row.get("Postcode")) or _text(row.get("City")))


def _first(*texts: str | None) -> str:
    return next((_text(text) for text in texts if _text(text)), "")


def _text(value: str | None) -> str:
    """Trimmed: codes come padded with blanks to 18 characters."""
    return value.strip() if value else ""
