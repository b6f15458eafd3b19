"""Me, divisions and the row-version start value (reference 4.1 and 4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from connector_exact.sandbox.clock import Clock, wall_time
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.refusal import bad_request
from connector_exact.sandbox.store import Table
from connector_exact.sandbox.views import Computed, Getter, View

_LANGUAGES = {"NL": "nl-NL", "BE": "nl-BE", "DE": "de-DE", "FR": "fr-FR"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in."""

    name: str

    @property
    def id(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"sandbox/users/{self.name}"))


def me_view(person: Person, division: Division, clock: Clock) -> View:
    """current/Me: one row. The current division may lie outside the consent (reference 1.2)."""
    getters: dict[str, Getter] = {
        "UserID": lambda row: row.id,
        "UserName": lambda row: row.name,
        "FullName": lambda row: row.name.capitalize(),
        "FirstName": lambda row: row.name.capitalize(),
        "Email": lambda row: f"{row.name}@example.com",
        "CurrentDivision": lambda row: division.code,
        "AccountingDivision": lambda row: division.code,
        "Language": lambda row: _LANGUAGES.get(division.country, "en-GB"),
        "LanguageCode": lambda row: _LANGUAGES.get(division.country, "en-GB"),
        "ServerTime": lambda row: wall_time(clock.now).isoformat(timespec="seconds"),
        "ServerUtcOffset": lambda row: (wall_time(clock.now) - clock.now.replace(tzinfo=None)).total_seconds() / 3600,
        "IsClientUser": lambda row: False,
        "IsMyFirmPortalUser": lambda row: False,
    }
    return View(source=Computed([person], key=getters["UserID"]), getters=getters, key=getters["UserID"])


def divisions_view(divisions: Iterable[Division], current: Division) -> View:
    """The divisions that the consent covers."""
    getters: dict[str, Getter] = {
        "Code": lambda row: row.code,
        "Hid": lambda row: row.code,
        "HID": lambda row: row.code,
        "Description": lambda row: row.description,
        "Country": lambda row: row.country,
        "Legislation": lambda row: row.country,
        "Currency": lambda row: row.currency,
        "Customer": lambda row: str(uuid5(NAMESPACE_URL, "sandbox/licence")),
        "CustomerName": lambda row: "Voorbeeldlicentie",
        "CustomerCode": lambda row: "1".rjust(18),
        "Status": lambda row: row.standing.status,
        "BlockingStatus": lambda row: row.standing.blocking,
        "DivisionMoveDate": lambda row: row.standing.moved,
        "Created": lambda row: row.created,
        "Modified": lambda row: row.created,
        "Current": lambda row: row is current,
        "Main": lambda row: row is current,
        "IsMainDivision": lambda row: row is current,
    }
    return View(source=Computed(list(divisions), key=getters["Code"]), getters=getters, key=getters["Code"])


@dataclass(frozen=True, slots=True)
class _Start:
    modified: datetime
    api: str
    version: int


def sync_timestamp_view(division: Division, *, modified: datetime, endpoint: str) -> View:
    """SyncTimestamp: the row version from which rows changed since `modified`.

    Offered for a few endpoints only; PaymentTerms, Accounts, Contacts, Addresses and Documents are not among
    them (reference 4.4). Raises Refusal (400) for those.
    """
    tables: dict[str, Table[Any]] = {"transactionlines": division.lines, "salesinvoices": division.invoices}
    table = tables.get(endpoint.lower())
    if table is None:
        raise bad_request(f"The endpoint '{endpoint}' is not supported for this resource")
    first = next((row for row in table.changed() if wall_time(row.modified) >= modified), None)
    version = first.version - 1 if first else division.versions.last
    row = _Start(modified=modified, api=endpoint, version=version)
    getters: dict[str, Getter] = {
        "Modified": lambda row: row.modified,
        "API": lambda row: row.api,
        "TimeStampAsBigInt": lambda row: row.version,
    }
    return View(source=Computed([row], key=getters["API"]), getters=getters, key=getters["API"])
