"""Time in the stand-in: the clock it reads, and what is due when."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

Action = Callable[[datetime], object]


class AgencyClock:
    """The machine's clock, or a test clock: a file that holds one ISO 8601 instant with a zone.

    Time never runs backwards here: a clock that was set back stands still until it has caught up.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.restart()

    def restart(self) -> None:
        """Forget how late it was: the clock may be set back now."""
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The present instant in UTC. A clock file that cannot be read is an OSError or a ValueError."""
        read = datetime.now(UTC)
        if self._path:
            read = datetime.fromisoformat(self._path.read_text(encoding="utf-8").strip()).astimezone(UTC)
        self._latest = max(self._latest, read)
        return self._latest


class Agenda:
    """Actions with an instant, carried out in the order of their instants, never before."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int]] = []
        self._actions: dict[int, Action] = {}
        self._tickets = count(1)

    def add(self, due: datetime, action: Action) -> int:
        """Carry out `action` once `due` has come. Returns a ticket to cancel it with."""
        ticket = next(self._tickets)
        self._actions[ticket] = action
        heapq.heappush(self._heap, (due, ticket))
        return ticket

    def cancel(self, ticket: int) -> None:
        """Forget an action; one that was carried out already is none of our business."""
        self._actions.pop(ticket, None)

    def work(self, now: datetime) -> None:
        """Carry out all that is due up to `now`, each at its own instant, also what is added meanwhile."""
        while self._heap and self._heap[0][0] <= now:
            due, ticket = heapq.heappop(self._heap)
            action = self._actions.pop(ticket, None)
            if action:
                action(due)
