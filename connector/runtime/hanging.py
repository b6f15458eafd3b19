"""Runs of this process that do not end: a thread cannot be stopped from outside, a process can be started again."""

from time import monotonic

from connector.runtime.engine import Engine

# A run over its budget is shown as stuck and raises an alarm; one that goes on for so many budgets hangs.
_BUDGETS = 3


class Hanging:
    """Watches what `engine` runs in this process. `budget`: seconds that a run may take."""

    def __init__(self, engine: Engine, *, budget: float) -> None:
        self._engine = engine
        self._limit = _BUDGETS * budget
        self._since: dict[str, float] = {}

    def look(self) -> list[str]:
        """The runs that hang, by their ids. To be called now and then: a run counts from the first look that saw it."""
        now = monotonic()
        self._since = {run.id: self._since.get(run.id, now) for run in self._engine.running()}
        return sorted(id_ for id_, since in self._since.items() if now - since > self._limit)
