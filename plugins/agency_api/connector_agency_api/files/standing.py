"""How cases stand at the agency, from its newest status file."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connector.errors import ConfigError, TransientError
from connector.model import CaseView
from connector_agency_api.files import naming
from connector_agency_api.files.book import Book
from connector_agency_api.files.inbox import Inbox
from connector_agency_api.incoming import read_view

NOT_YET = "handed over, not in the agency's status yet"


@dataclass(frozen=True)
class _Status:
    as_of: datetime
    cases: dict[str, Any]


class Standing:
    """Answers from one status file, read once: a comparison holds everything against the same moment."""

    def __init__(self, inbox: Inbox, book: Book) -> None:
        self._inbox = inbox
        self._book = book
        self._status: _Status | None = None

    def view(self, case_ref: str) -> CaseView | None:
        """How a case stands; None when the agency's status, which is newer than the hand-over, does not name it.

        A case that is younger than the status stands as it was handed over, and says so in `raw_status`. Raises
        ConfigError when the agency gives no status: that it does not know the case cannot be concluded from nothing.
        """
        status = self._status = self._status or self._newest()
        if case_ref in status.cases:
            return read_view({"as_of": status.as_of} | status.cases[case_ref])
        given = self._book.given(case_ref)
        if given is None or given.at <= status.as_of:
            return None
        return CaseView(
            case_ref=case_ref,
            agency_ref="",
            handover="received",
            raw_status=NOT_YET,
            lines=given.lines,
            as_of=given.at,
        )

    def _newest(self) -> _Status:
        names = [name for name in self._inbox.settled() if naming.kind_of(name) == "status"]
        if not names:
            raise ConfigError(
                "this agency gives no status files, so that nothing can be compared with it.",
                mend="Ask it for a status file every night: status_*.json, all cases that are not closed.",
            )
        return _read_status(names[-1], self._inbox.read(names[-1]))


def _read_status(name: str, content: bytes) -> _Status:
    try:
        told = json.loads(content.removeprefix(b"\xef\xbb\xbf"))
        as_of = datetime.fromisoformat(told["as_of"])
        cases = {entry["case_ref"]: entry for entry in told["cases"]}
    except (ValueError, KeyError, TypeError) as error:
        raise TransientError(f"The agency's status file {name} cannot be read.", detail=repr(error)[:200]) from error
    if as_of.tzinfo is None:
        raise TransientError(f"The agency's status file {name} cannot be read: as_of has no zone.")
    return _Status(as_of.astimezone(UTC), cases)
