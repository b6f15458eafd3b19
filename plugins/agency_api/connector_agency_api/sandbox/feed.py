"""The change feed: events in the order in which they happened, and places in it."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from connector_agency_api.sandbox.problem import Problem


def instant(moment: datetime) -> str:
    """An instant as the API writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def place(name: str, index: int) -> str:
    """An opaque cursor for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps([name, index]).encode()).decode().rstrip("=")


def read_place(name: str, cursor: str | None, length: int) -> int:
    """The place behind a cursor of this list. Raises Problem (410) for one that this agency does not know."""
    if cursor is None:
        return 0
    try:
        list_name, index = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        known = list_name == name and isinstance(index, int) and 0 <= index <= length
    except (ValueError, TypeError):
        known = False
    if not known:
        raise Problem("not_found", "cursor_unknown", "This cursor is not known: start without one.", status=410)
    return int(index)


@dataclass(frozen=True)
class Slice:
    """A part of a list, the place behind it, and whether there is more."""

    entries: list[Any]
    next_cursor: str
    has_more: bool


def cut(name: str, entries: list[Any], cursor: str | None, *, limit: int) -> Slice:
    """The page of `entries` after `cursor`."""
    start = read_place(name, cursor, len(entries))
    end = min(start + limit, len(entries))
    return Slice(entries[start:end], place(name, end), end < len(entries))


class Feed:
    """All events of one creditor."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._numbers = count(1)

    def tell(self, at: datetime, case_ref: str, kind: str, **facts: Any) -> None:
        """Append an event. A fact that is None is left out."""
        known = {name: value for name, value in facts.items() if value is not None}
        head = {"id": f"evt_{next(self._numbers):08}", "kind": kind, "case_ref": case_ref, "occurred_at": instant(at)}
        self.events.append(head | known)

    def swallow(self, since: int) -> None:
        """Take back what was told after the first `since` events: nobody hears of it."""
        del self.events[since:]

    def slip_in(self, since: int) -> None:
        """Move what was told after the first `since` events to the head, where nobody looks again."""
        self.events[:] = self.events[since:] + self.events[:since]
