"""The port to the engine: it says when and where a unit of work runs, and that no two run on one key at a time.

An engine is a bell, never the truth: what has to happen is always read from the store's own tables. Its memory may be
lost at any moment; whoever rings again makes up for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

USUAL = 10
URGENT = 1


@dataclass(frozen=True)
class Run:
    """One unit of work: what (`kind`), on what (`key`), for which moment (`slot`). Ids only, never personal data."""

    kind: str
    key: str
    slot: str

    @property
    def id(self) -> str:
        """What makes it one run: submitted twice, it is done once."""
        return f"{self.kind}:{self.key}:{self.slot}"


@dataclass(frozen=True)
class Going:
    """A run under way: since when (UTC), and in which worker."""

    run: Run
    since: datetime
    worker: str


@dataclass(frozen=True)
class Load:
    """What the engine has in hand, over all machines.

    `waiting` has not begun, nor may all of it yet. `stuck` goes on for longer than its budget, or was lost by a worker
    that lives. `lag` is how many seconds the longest-waiting run that might begin has waited.
    """

    waiting: tuple[Run, ...] = ()
    going: tuple[Going, ...] = ()
    stuck: tuple[Run, ...] = ()
    lag: float = 0.0

    @property
    def keys(self) -> frozenset[str]:
        """The keys for which something waits or goes on."""
        return frozenset(run.key for run in (*self.waiting, *(one.run for one in self.going)))


Handler = Callable[[Run], None]
"""Does the work. It may be run at any time, again, by any machine. What it raises ends its run and nothing else."""


class Engine(Protocol):
    """Runs handlers. Runs of one key never overlap, whatever their kind; lower `priority` goes first."""

    def submit(
        self, kind: str, key: str, slot: str, *, not_before: datetime | None = None, priority: int = USUAL
    ) -> bool:
        """Ask for a run. False when it was asked for before, even if it has ended since.

        Raises TransientError when the engine's memory cannot be reached.
        """

    def start(self, handlers: Mapping[str, Handler]) -> None:
        """Begin to take work. `handlers` by kind."""

    def stop(self, grace: float) -> bool:
        """Take no new work and wait `grace` seconds for what goes on. False when some of it still does."""

    def running(self) -> tuple[Run, ...]:
        """What goes on in this process."""

    def inspect(self) -> Load:
        """What is in hand over all machines. Raises TransientError when the engine's memory cannot be reached."""

    def tend(self) -> None:
        """Called every few seconds: take over from dead machines, free stuck runs, mend what was lost."""

    def prune(self, before: datetime) -> int:
        """Forget runs that ended before an instant; returns how many."""
