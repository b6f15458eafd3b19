"""The daemon: works every ledger at its interval, serves health and figures, and stops when it is asked to."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic

from connector.clock import FileClock
from connector.config import Ledger
from connector.errors import ConnectorError, TransientError
from connector.flow.workspace import Workspace
from connector.policy.check import check_used
from connector.runtime.bells import Bells
from connector.runtime.engine.opening import open_engine
from connector.runtime.engine.presence import Presence
from connector.runtime.hanging import Hanging
from connector.runtime.notify import Notifier
from connector.runtime.pulse import Pulse
from connector.runtime.server import Server, Service, build_app
from connector.runtime.work import Work

_TICK_SECONDS = 10
_TEND_SECONDS = 5


class Daemon:
    """One process of the service. `run` blocks until a signal asks it to stop.

    Any number may run on one PostgreSQL database, and one on an SQLite file: a ledger is worked on by one at a time.
    """

    def __init__(self, workspace: Workspace, ledgers: Sequence[Ledger]) -> None:
        self._workspace = workspace
        self._ledgers = tuple(ledgers)
        self._log = workspace.log
        self._ticked = monotonic()
        self._stopping = False
        self._manager = Notifier(os.environ)
        # The one queue that may be fed from a signal handler.
        self._signals: SimpleQueue[int] = SimpleQueue()
        settings = workspace.settings
        self._presence = Presence(workspace.store, lost_after=settings.engine.lost_after_seconds)
        self._engine = open_engine(settings, workspace.store, self._presence)
        self._pulse = Pulse(workspace.store, self._engine, self._presence)
        self._bells = Bells(workspace, self._ledgers, self._engine)
        self._hanging = Hanging(self._engine, budget=60.0 * settings.engine.budget_minutes)

    def run(self, say: Callable[[str], None]) -> bool:
        """Work until SIGTERM or SIGINT; `say` tells where it listens.

        False when work was still going on after the grace: the caller ends the process, and the next run goes on
        from the last commit. Raises TransientError when another process works on the same SQLite file.
        """
        settings = self._workspace.settings.daemon
        service = Service(self._workspace, self._silent, self._bells.agency_called)
        server = Server(build_app(service), host=settings.host, port=settings.port)
        with _on_signals(self._stop), self._presence.held():
            self._pulse.first()
            self._engine.start(Work(self._workspace, self._engine).handlers)
            server.start()
            self._ring()
            say(f"listening on {server.url}")
            self._log.info("started", ledgers=len(self._ledgers), test_clock=self._is_test)
            self._manager.ready(f"listening on {server.url}")
            self._look_at_policies()
            self._wait()
            finished = self._finish(settings.grace_seconds)
            server.stop()
        return finished

    @property
    def _is_test(self) -> bool:
        return isinstance(self._workspace.clock, FileClock)

    def _ring(self) -> None:
        self._bells.every(_TICK_SECONDS, self._tick)
        self._bells.every(_TICK_SECONDS, self._pulse.beat)
        self._bells.every(_TEND_SECONDS, self._engine.tend)
        self._bells.start()

    def _look_at_policies(self) -> None:
        """Say what is wrong with them in the log; what keeps a policy from being looked at, its ledger's run tells."""
        with suppress(ConnectorError):
            for one in check_used(self._workspace.settings, self._workspace.clock.now().date()):
                for wrong in one.errors:
                    self._log.error("a policy is wrong", at=wrong.place, said=wrong.said, mend=wrong.mend)

    def _tick(self) -> None:
        """A sign of life, unless work hangs: then whoever watches this process has to start it again."""
        if hanging := self._hanging.look():
            self._log.error("runs hang; the process waits to be started again", runs=hanging)
            return
        self._ticked = monotonic()
        self._manager.alive()

    def _wait(self) -> None:
        """Until a signal. A signal that comes right before a wait begins does not end it: none lasts for long."""
        while True:
            with suppress(Empty):
                self._signals.get(timeout=1)
                return

    def _silent(self) -> float:
        return monotonic() - self._ticked

    def _stop(self, number: int) -> None:
        if self._stopping:
            os._exit(128 + number)
        self._stopping = True
        self._signals.put(number)

    def _finish(self, grace_seconds: int) -> bool:
        self._workspace.stop.set()
        self._manager.stopping()
        self._log.info("stopping", grace_seconds=grace_seconds)
        self._bells.stop()
        finished = self._engine.stop(grace_seconds)
        if not finished:
            self._log.warning("stopped before the work was done; the next run goes on from its last commit")
            return False
        # A row that stays is removed by whoever finds it silent.
        with suppress(TransientError):
            self._pulse.last()
        self._log.info("stopped")
        return True


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
