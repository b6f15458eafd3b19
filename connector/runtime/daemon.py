"""The daemon: visits every ledger at its interval, serves health and figures, and stops when it is asked to."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from time import monotonic

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import ConflictingIdError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from connector.clock import FileClock
from connector.config import Ledger
from connector.errors import ConnectorError, TransientError
from connector.flow.follow import follow
from connector.flow.runs import StoppedError
from connector.flow.workspace import Workspace
from connector.log import mask
from connector.runtime.notify import Notifier
from connector.runtime.server import Server, Service, build_app
from connector.runtime.visit import alone, visit

_TICK_SECONDS = 10
_MOST_AT_ONCE = 8
_APART = timedelta(seconds=2)
_SOON = timedelta(seconds=1)
_AGAIN = timedelta(seconds=30)


class Daemon:
    """One process of the service. `run` blocks until a signal asks it to stop.

    Several may run on one database: a ledger is worked on by one of them at a time.
    """

    def __init__(self, workspace: Workspace, ledgers: Sequence[Ledger]) -> None:
        self._workspace = workspace
        self._ledgers = tuple(ledgers)
        self._log = workspace.log
        self._ticked = monotonic()
        self._work = _Work()
        self._stopping = False
        self._manager = Notifier(os.environ)
        # The one queue that may be fed from a signal handler.
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            # One thread more than there are ledgers, so that the tick never waits for work.
            executors={"default": ThreadPoolExecutor(min(len(self._ledgers), _MOST_AT_ONCE) + 1)},
            # However many runs were missed (the machine slept): one makes up for all of them.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def run(self, say: Callable[[str], None]) -> bool:
        """Work until SIGTERM or SIGINT; `say` tells where it listens.

        False when work was still going on after the grace: the caller ends the process, and the next run goes on
        from the last commit.
        """
        settings = self._workspace.settings.daemon
        service = Service(self._workspace, self._silent, self._agency_called)
        server = Server(build_app(service), host=settings.host, port=settings.port)
        with _on_signals(self._stop):
            server.start()
            self._schedule()
            say(f"listening on {server.url}")
            self._log.info("started", ledgers=len(self._ledgers), test_clock=self._is_test)
            self._manager.ready(f"listening on {server.url}")
            self._signals.get()
            finished = self._finish(settings.grace_seconds)
            server.stop()
        return finished

    @property
    def _is_test(self) -> bool:
        return isinstance(self._workspace.clock, FileClock)

    def _schedule(self) -> None:
        now = datetime.now(UTC)
        self._scheduler.add_job(self._tick, "interval", seconds=_TICK_SECONDS, id="tick", next_run_time=now)
        for place, ledger in enumerate(self._ledgers):
            minutes = ledger.every_minutes
            self._scheduler.add_job(
                self._visit,
                "interval",
                args=[ledger],
                minutes=minutes,
                jitter=min(30, minutes * 6),
                id=f"visit:{ledger.name}",
                next_run_time=now + place * _APART,
            )
        self._scheduler.start()

    def _tick(self) -> None:
        self._ticked = monotonic()
        self._manager.alive()

    def _silent(self) -> float:
        return monotonic() - self._ticked

    def _visit(self, ledger: Ledger) -> None:
        with self._work.going_on():
            self._guard(ledger, lambda: visit(self._workspace, ledger))

    def _follow(self, ledger: Ledger) -> None:
        """What an agency's call asked for; put off while the ledger is being visited."""
        with self._work.going_on():
            try:
                with alone(self._workspace, ledger):
                    self._guard(ledger, lambda: follow(self._workspace, ledger))
            except TransientError:
                self._follow_at(ledger, _AGAIN)

    def _guard(self, ledger: Ledger, work: Callable[[], object]) -> None:
        """Whatever goes wrong in one visit is told, and the next one comes."""
        try:
            work()
        except StoppedError:
            self._log.info("stopped in the middle", ledger=ledger.name)
        except ConnectorError as error:
            self._log.warning("visit failed", ledger=ledger.name, error=type(error).__name__, why=mask(error.message))
        except Exception:
            self._log.error("visit crashed", ledger=ledger.name, exc_info=True)

    def _agency_called(self, connection: str) -> None:
        for ledger in self._ledgers:
            if ledger.sink is not None and ledger.sink.connection == connection:
                self._follow_at(ledger, _SOON)

    def _follow_at(self, ledger: Ledger, delay: timedelta) -> None:
        """Many calls in a row ask for one follow: the first that waits does for all of them."""
        if self._stopping:
            return
        try:
            self._scheduler.add_job(
                self._follow, "date", args=[ledger], run_date=datetime.now(UTC) + delay, id=f"follow:{ledger.name}"
            )
        except ConflictingIdError:
            self._log.debug("a follow is waiting already", ledger=ledger.name)

    def _stop(self, number: int) -> None:
        if self._stopping:
            os._exit(128 + number)
        self._stopping = True
        self._signals.put(number)

    def _finish(self, grace_seconds: int) -> bool:
        self._workspace.stop.set()
        self._manager.stopping()
        self._log.info("stopping", grace_seconds=grace_seconds)
        self._scheduler.shutdown(wait=False)
        finished = self._work.wait_until_done(grace_seconds)
        if not finished:
            self._log.warning("stopped before the work was done; the next run goes on from its last commit")
        else:
            self._log.info("stopped")
        return finished


class _Work:
    """How many visits are going on, and waiting for the last of them."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def wait_until_done(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count == 0, timeout=seconds)


@contextmanager
def _on_signals(stop: Callable[[int], None]) -> Iterator[None]:
    before = {
        number: signal.signal(number, lambda received, _frame: stop(received))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_now() -> None:
    """End the process without waiting for threads that are still in a call."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
