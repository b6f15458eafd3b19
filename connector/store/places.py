"""Where a debtor is: the country and the postcode among his addresses, and those that came apart from him."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select

from connector.model import Address
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.tables import debtor_part

# Where a debtor can be, the surest first; invoices and goods go to others as well.
_HIS_OWN = ("visit", "postal")


class Place(NamedTuple):
    """A country by its ISO code and a postcode of it; empty where no address has one."""

    country: str
    postcode: str


def place_of(addresses: Iterable[Address], country: str = "") -> Place:
    """The first country, unless one is given, and the first postcode that is not of another country."""
    known = list(addresses)
    country = country or next((one.country for one in known if one.country), "")
    here = (one.postcode.strip() for one in known if one.country in ("", country))
    return Place(country, next((postcode for postcode in here if postcode), ""))


def addresses_apart(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Address]]:
    """The visiting and postal addresses that came apart from these debtors, in this order."""
    if not ids:
        return {}
    columns = debtor_part.c
    where = (columns.ledger == ledger, columns.part == "address", among(tx, columns.debtor_id, ids))
    found: dict[str, list[Address]] = {}
    for debtor_id, body in tx.execute(select(columns.debtor_id, columns.body).where(*where).order_by(columns.id)):
        address = Address.model_validate_json(body)
        if address.kind in _HIS_OWN:
            found.setdefault(debtor_id, []).append(address)
    for addresses in found.values():
        addresses.sort(key=lambda one: _HIS_OWN.index(one.kind))
    return found
