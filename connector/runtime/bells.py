"""The clock on every machine: it only rings. The slot names the run, and the engine lets one of the rings through.

A bell that was lost is made up for by the sweeper, which reads from the store what is due.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from connector.clock import FileClock
from connector.config import Ledger
from connector.errors import TransientError
from connector.flow.workspace import Workspace
from connector.runtime import grid
from connector.runtime.engine import URGENT, Engine
from connector.runtime.work import FOLLOW, HOUSEKEEPING, VISIT
from connector.store import due

_SWEEP_MINUTES = 5
_HOUSEKEEPING_MINUTES = 60
# Calls of an agency within so many seconds ask for one follow, which begins after the last of them.
_GATHER_SECONDS = 2


class Bells:
    """Rings for each of `ledgers` at its slots, and sweeps."""

    def __init__(self, workspace: Workspace, ledgers: Sequence[Ledger], engine: Engine) -> None:
        self._workspace = workspace
        self._ledgers = tuple(ledgers)
        self._engine = engine
        self._log = workspace.log
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(6)},
            # However many rings were missed (the machine slept): one makes up for all of them.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

        # A call that takes long is not begun a second time: that is meant, and no warning.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

    def every(self, seconds: float, act: Callable[[], None]) -> None:
        """Call `act` now and then every so many seconds, never twice at once."""
        now = datetime.now(UTC)
        self._scheduler.add_job(self._safely, "interval", args=[act], seconds=seconds, next_run_time=now)

    def start(self) -> None:
        """Begin to ring; what is overdue is rung for at once."""
        for ledger in self._ledgers:
            minutes = ledger.every_minutes
            trigger = IntervalTrigger(minutes=minutes, start_date=grid.first_slot(ledger.name, minutes), timezone=UTC)
            self._scheduler.add_job(self._safely, trigger, args=[lambda one=ledger: self._ring(one)])
        self.every(60 * _SWEEP_MINUTES, self.sweep)
        self._scheduler.start()

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)

    def agency_called(self, connection: str) -> None:
        """Bring in what an agency has just told, for every ledger that hands over to it."""
        mark = grid.next_mark(datetime.now(UTC), _GATHER_SECONDS)
        meant = [one.name for one in self._ledgers if one.sink_at(connection) is not None]

        def ring() -> None:
            for name in meant:
                self._submit(FOLLOW, name, grid.slot_text(mark), not_before=mark)

        self._safely(ring)

    def sweep(self) -> None:
        """Ring for every visit that is overdue and every message that is due, where nothing waits or runs."""
        now = datetime.now(UTC)
        busy = self._engine.inspect().keys
        agencies = {one.name: {link.connection for link in one.sinks} for one in self._ledgers}
        with self._workspace.store.read() as tx:
            began = due.last_visits(tx)
            waiting = due.ledgers_with_messages(tx, agencies, at=self._workspace.clock.now())
        for ledger in self._ledgers:
            if ledger.name in busy:
                continue
            slot = grid.last_slot(ledger.name, ledger.every_minutes, now)
            if self._is_test or ledger.name not in began or began[ledger.name] < slot:
                self._submit(VISIT, ledger.name, grid.slot_text(slot))
            if ledger.name in waiting:
                mark = grid.last_slot("sweep", _SWEEP_MINUTES, now)
                self._submit(FOLLOW, ledger.name, f"sweep-{grid.slot_text(mark)}")
        slot = grid.last_slot(HOUSEKEEPING, _HOUSEKEEPING_MINUTES, now)
        self._submit(HOUSEKEEPING, HOUSEKEEPING, grid.slot_text(slot))

    @property
    def _is_test(self) -> bool:
        """A test clock's instants cannot be held against slots, which are of the machine's clock."""
        return isinstance(self._workspace.clock, FileClock)

    def _ring(self, ledger: Ledger) -> None:
        # The scheduled instant, also when the ring comes late or is one for many.
        slot = grid.last_slot(ledger.name, ledger.every_minutes, datetime.now(UTC))
        self._submit(VISIT, ledger.name, grid.slot_text(slot))

    def _submit(self, kind: str, key: str, slot: str, *, not_before: datetime | None = None) -> None:
        if kind == FOLLOW:
            new = self._engine.submit(kind, key, slot, not_before=not_before, priority=URGENT)
        else:
            new = self._engine.submit(kind, key, slot)
        self._log.debug("rang", kind=kind, ledger=key, slot=slot, new=new)

    def _safely(self, act: Callable[[], None]) -> None:
        """A bell that fails is told in a line: the sweeper makes up for it."""
        try:
            act()
        except TransientError as error:
            self._log.warning("a bell was lost; the sweeper makes up for it", why=error.message)
        except Exception:
            self._log.error("a bell failed", exc_info=True)
