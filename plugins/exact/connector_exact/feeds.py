"""The feeds beside the terms: what each row version endpoint brings, and what a page of it means to the host."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from connector_exact import parties
from connector_exact.config import ExactConfig
from connector_exact.cursor import Stream
from connector_exact.groups import CustomerGroups
from connector_exact.pages import RowReader
from connector_exact.rows import AccountRow, AddressRow, ContactRow, DeletedRow

R = TypeVar("R")

_ACCOUNTS, _ADDRESSES, _CONTACTS, _TERMS = 2, 3, 5, 10
"""Entity types in the log of deletes (reference 4.7)."""

_DELETED: RowReader[DeletedRow] = RowReader(DeletedRow, "sync/Deleted", entity="deletes")
_PEOPLE: RowReader[ContactRow] = RowReader(ContactRow, "sync/CRM/Contacts", entity="people")
_PLACES: RowReader[AddressRow] = RowReader(AddressRow, "sync/CRM/Addresses", entity="addresses")


@dataclass(frozen=True)
class Feed(Generic[R]):
    """One endpoint with a row-version cursor. `content` turns rows into fields of a `connector.model.Page`."""

    stream: Stream
    reader: RowReader[R]
    content: Callable[[list[R]], dict[str, Any]]


def deletes() -> Feed[DeletedRow]:
    """The log of deletes. A deleted term is no payment: splits and un-matching delete rows and make others."""
    return Feed("deleted", _DELETED, _gone)


def debtor_feeds(
    config: ExactConfig, today: date, groups: CustomerGroups
) -> tuple[Feed[AccountRow], Feed[ContactRow], Feed[AddressRow]]:
    """Relations, people and addresses. `today` tells who is still active."""

    def relations(rows: list[AccountRow]) -> dict[str, Any]:
        wanted = (row for row in rows if config.debtors == "all" or parties.is_customer(row))
        return {"debtors": tuple(parties.debtor(row, today=today, group=groups.of(row)) for row in wanted)}

    def people(rows: list[ContactRow]) -> dict[str, Any]:
        left = tuple(row["ID"] for row in rows if parties.has_left(row, today=today))
        found = (parties.contact(row) for row in rows if not parties.has_left(row, today=today))
        return {"contacts": tuple(person for person in found if person), "gone_parts": left}

    return (
        Feed("accounts", groups.reader, relations),
        Feed("contacts", _PEOPLE, people),
        Feed("addresses", _PLACES, _places),
    )


def _gone(rows: list[DeletedRow]) -> dict[str, Any]:
    keys: dict[int, list[str]] = {}
    for row in rows:
        keys.setdefault(row["EntityType"], []).append(row["EntityKey"])
    return {
        "gone": tuple(keys.get(_TERMS, ())),
        "gone_debtors": tuple(keys.get(_ACCOUNTS, ())),
        "gone_parts": (*keys.get(_CONTACTS, ()), *keys.get(_ADDRESSES, ())),
    }


def _places(rows: list[AddressRow]) -> dict[str, Any]:
    return {"addresses": tuple(address for address in map(parties.address, rows) if address)}
