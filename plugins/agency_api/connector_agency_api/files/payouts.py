"""Pay-outs from the agency's files."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from connector.api import Context
from connector.errors import TransientError
from connector.model import Remittance
from connector_agency_api.files import naming
from connector_agency_api.files.book import Book
from connector_agency_api.files.inbox import Inbox
from connector_agency_api.files.place import Denied, Place
from connector_agency_api.files.returns import TOLD_LATER
from connector_agency_api.incoming import read_remittance

_TOLD_AHEAD = timedelta(days=31)
"""A pay-out is put into the folder at most so long before it is paid."""


class Payouts:
    """Reads the pay-out files that wait, and again those that were read since a day."""

    def __init__(self, place: Place, inbox: Inbox, book: Book, context: Context, *, payer_iban: str) -> None:
        self._place = place
        self._inbox = inbox
        self._book = book
        self._log = context.log
        self._payer_iban = payer_iban

    def since(self, day: date | None) -> Iterator[Remittance]:
        """Every pay-out that waits, whatever its day: a late one is not lost. Of those read before, from `day` on."""
        kept = self._inbox.kept()
        new = [name for name in self._inbox.settled() if naming.kind_of(name) == "remittance"]
        number = max(kept, default=0)
        found: list[Remittance] = []
        good: list[str] = []
        for name in new:
            try:
                found += _remittances(self._inbox.read(name))
                good.append(name)
            except Denied:
                continue
            except TransientError as error:
                number += 1
                self._set_aside(name, number, f"{error.message} {error.detail}".strip())
        for it in kept.values():
            if naming.kind_of(it.name) == "remittance" and _may_be_since(it.changed_at, day):
                found += [one for one in self._read_again(it.path) if day is None or one.paid_on >= day]
        for remittance in sorted(found, key=lambda one: (one.paid_on, one.remittance_id)):
            payer = remittance.payer_iban or self._payer_iban
            yield remittance.model_copy(update={"payer_iban": payer})
        # Only here, after the host asked on: it has stored them all.
        for place, name in enumerate(good, start=number + 1):
            self._inbox.keep(name, place)

    def _read_again(self, path: str) -> list[Remittance]:
        try:
            return _remittances(self._place.read(path))
        except TransientError:
            return []

    def _set_aside(self, name: str, number: int, why: str) -> None:
        """Out of the way of the others; a person hears of it with the next events."""
        self._log.warning("a pay-out file cannot be read", file=name, why=why)
        self._book.remember(TOLD_LATER, [*(self._book.recall(TOLD_LATER) or []), [name, why]])
        self._inbox.keep(name, number, why=f"{name}: {why}\n")


def _remittances(content: bytes) -> list[Remittance]:
    try:
        told = json.loads(content.removeprefix(b"\xef\xbb\xbf"))
        entries = told["remittances"]
    except (ValueError, KeyError, TypeError) as error:
        raise TransientError("The file is not JSON with a list remittances.", detail=type(error).__name__) from error
    if not isinstance(entries, list):
        raise TransientError("The file is not JSON with a list remittances.")
    return [read_remittance(entry) for entry in entries]


def _may_be_since(changed_at: int, day: date | None) -> bool:
    return day is None or datetime.fromtimestamp(changed_at, UTC).date() >= day - _TOLD_AHEAD
