"""What the plugin remembers of what it sent, in the host's store: it survives every crash of ours."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from connector.api import Context
from connector.model import Case, LineView, Money

_SHELVES = tuple(f"{number:02x}" for number in range(256))
_MOST_ON_A_SHELF = 500
_MOST_LINES = 500


@dataclass(frozen=True)
class Sent:
    """One message. `sequence` counts the messages of a case from 1, for the order in which the agency works them.

    `begun`: it has its number; `whole`: its part lay complete in the agency's folder; `arrived`: it got its final name.
    """

    kind: str
    case_ref: str
    sequence: int
    stage: Literal["begun", "whole", "arrived"]
    name: str = ""


@dataclass(frozen=True)
class Given:
    """The claim lines of a case as they were handed over."""

    at: datetime
    lines: tuple[LineView, ...]


@dataclass(frozen=True)
class Missing:
    """A message for which no receipt came in time."""

    tag: str
    name: str
    at: datetime


class Book:
    """Notes of one connection. The state knows no deleting: a note is small, one a message."""

    def __init__(self, context: Context) -> None:
        self._state = context.state
        self._clock = context.clock
        self._lock = context.secrets.lock

    def sent(self, tag: str) -> Sent | None:
        """What is noted of a message."""
        note = self._state.get(f"sent:{tag}")
        return Sent(**note) if note else None

    def note_sent(self, tag: str, sent: Sent) -> None:
        """Note how far a message has come."""
        self._state.put(f"sent:{tag}", asdict(sent))

    def begin(self, tag: str, kind: str, case_ref: str) -> Sent:
        """The note of a message that is about to be sent. One that was begun before keeps its number."""
        noted = self.sent(tag)
        if noted is None:
            sequence = int(self._state.get(f"sequence:{case_ref}") or 0) + 1
            noted = Sent(kind, case_ref, sequence, "begun")
            # The number is taken first: a crash in between leaves a gap, and never two messages of one number.
            self._state.put(f"sequence:{case_ref}", sequence)
            self.note_sent(tag, noted)
        return noted

    def given(self, case_ref: str) -> Given | None:
        """The lines of a case as handed over, or None for one that was not, or has too many of them."""
        note = self._state.get(f"given:{case_ref}")
        if not note:
            return None
        lines = tuple(
            LineView(line_id=line_id, open=Money(minor=minor, currency=note["currency"]))
            for line_id, minor in note["lines"]
        )
        return Given(datetime.fromisoformat(note["at"]), lines)

    def note_given(self, case: Case) -> None:
        """Note the lines of a case that is being handed over."""
        lines = [[line.line_id, line.open.minor] for line in case.lines[:_MOST_LINES]]
        self._state.put(
            f"given:{case.case_ref}",
            {"at": self._clock.now().isoformat(), "currency": case.currency, "lines": lines},
        )

    def await_receipt(self, tag: str, name: str) -> None:
        """From now on a receipt is missed."""

        def add(shelf: dict[str, Any]) -> None:
            if tag not in shelf and len(shelf) < _MOST_ON_A_SHELF:
                shelf[tag] = [name, self._clock.now().isoformat()]

        self._change_shelf(tag, add)

    def close(self, tag: str) -> None:
        """The receipt came, or its absence was told."""
        if tag in (self._state.get(f"awaiting:{tag[:2]}") or {}):
            self._change_shelf(tag, lambda shelf: shelf.pop(tag, None))

    def missing(self, days: int) -> Iterator[Missing]:
        """The messages whose receipt is missing for so many days."""
        before = self._clock.now() - timedelta(days=days)
        for shelf in _SHELVES if self._state.get("awaiting") else ():
            for tag, (name, text) in sorted((self._state.get(f"awaiting:{shelf}") or {}).items()):
                at = datetime.fromisoformat(text)
                if at <= before:
                    yield Missing(tag, name, at)

    def remember(self, key: str, value: Any) -> None:
        """Keep a small fact about the agency's files."""
        self._state.put(f"files:{key}", value)

    def recall(self, key: str) -> Any:
        """What `remember` kept."""
        return self._state.get(f"files:{key}")

    def _change_shelf(self, tag: str, change: Any) -> None:
        """Spread over shelves, because a value of the state holds 64 kB; under a lock, because ledgers share them."""
        with self._lock("awaiting"):
            shelf = self._state.get(f"awaiting:{tag[:2]}") or {}
            change(shelf)
            self._state.put(f"awaiting:{tag[:2]}", shelf)
            if not self._state.get("awaiting"):
                self._state.put("awaiting", "yes")
