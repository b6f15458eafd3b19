"""How far the clocks of servers are from ours, by the `Date` of their answers."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Offset:
    """How many seconds the clock of `host` is ahead of ours: surely between `least` and `most`; negative is behind."""

    host: str
    least: float
    most: float

    @property
    def sure(self) -> float:
        """The seconds that it is surely off, 0 when it may be right."""
        return self.least if self.least > 0 else min(self.most, 0.0)

    @property
    def likely(self) -> int:
        """The likeliest number of seconds, to the nearest."""
        return round((self.least + self.most) / 2)


class Offsets:
    """The narrowest offset of each host that a session called. Safe for threads."""

    def __init__(self) -> None:
        self._found: dict[str, Offset] = {}
        self._lock = threading.Lock()

    def hear(self, host: str, headers: Mapping[str, str], *, before: datetime, after: datetime) -> None:
        """Take note of an answer; `before` and `after` are our clock around the call. One without a date is skipped."""
        at = _read(headers)
        if at is None:
            return
        # It was cut to a second, and written at any moment between.
        heard = Offset(host, (at - after).total_seconds(), (at + _SECOND - before).total_seconds())
        with self._lock:
            known = self._found.get(host)
            if known is None or heard.most - heard.least < known.most - known.least:
                self._found[host] = heard

    def rows(self) -> tuple[Offset, ...]:
        """One offset for each host that told its time."""
        with self._lock:
            return tuple(self._found.values())


def _read(headers: Mapping[str, str]) -> datetime | None:
    """The instant at which the server wrote the answer; `Age` is how long a cache has kept it since (RFC 9111, 5.1)."""
    try:
        written = parsedate_to_datetime(headers.get("Date", ""))
        kept = timedelta(seconds=int(headers.get("Age") or 0))
        return (written if written.tzinfo else written.replace(tzinfo=UTC)) + kept
    except (ValueError, OverflowError):
        return None
