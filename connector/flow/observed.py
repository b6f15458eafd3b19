"""What the work of this process has counted and heard since it began: for the metrics, gone with the process."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

from connector.http import Offset


class Observed:
    """Counts by ledger, verb and word, and how far the clocks of servers are off. Safe for threads."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._offsets: dict[str, Offset] = {}
        self._lock = threading.Lock()

    def count(self, ledger: str, verb: str, counts: Mapping[str, int]) -> None:
        """Add what one run of a verb counted."""
        with self._lock:
            self._counts.update({(ledger, verb, word): number for word, number in counts.items()})

    def hear(self, offsets: Iterable[Offset]) -> None:
        """What servers told of their clocks last."""
        with self._lock:
            self._offsets.update({one.host: one for one in offsets})

    def counts(self) -> dict[tuple[str, str, str], int]:
        """How many, by (ledger, verb, word)."""
        with self._lock:
            return dict(self._counts)

    def offsets(self) -> tuple[Offset, ...]:
        """How far off each server's clock is."""
        with self._lock:
            return tuple(self._offsets.values())
