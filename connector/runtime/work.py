"""What a run does, by its kind. Every handler may be run at any time, again, by any machine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from connector.config import Ledger
from connector.errors import ConnectorError, TransientError
from connector.flow.follow import follow
from connector.flow.runs import StoppedError
from connector.flow.workspace import Workspace
from connector.log import bound, mask
from connector.runtime import grid
from connector.runtime.engine import USUAL, Engine, Handler, Run
from connector.runtime.poison import refuse
from connector.runtime.visit import alone, visit
from connector.store import workers

VISIT, FOLLOW, HOUSEKEEPING = "visit", "follow", "housekeeping"

_PAUSE = timedelta(seconds=30)
# Somebody types commands on the ledger, or a machine is just being given up. After that, the next slot comes.
_MOST_TRIES = 20
_KEPT = timedelta(days=14)
_SILENT = timedelta(hours=1)


class Work:
    """The handlers of one process."""

    def __init__(self, workspace: Workspace, engine: Engine) -> None:
        self._workspace = workspace
        self._engine = engine
        self._log = workspace.log

    @property
    def handlers(self) -> dict[str, Handler]:
        """By kind."""
        return {VISIT: self._visit, FOLLOW: self._follow, HOUSEKEEPING: self._housekeeping}

    def _visit(self, run: Run) -> None:
        self._on_ledger(run, lambda ledger: visit(self._workspace, ledger))

    def _follow(self, run: Run) -> None:
        """What an agency's call or the sweeper asked for."""

        def act(ledger: Ledger) -> None:
            with alone(self._workspace, ledger):
                self._guard(ledger)

        self._on_ledger(run, act)

    def _on_ledger(self, run: Run, act: Callable[[Ledger], object]) -> None:
        if self._workspace.stop.is_set():
            self._again(run, timedelta())
            return
        with bound(ledger=run.key):
            ledger = self._workspace.settings.ledgers.get(run.key)
            if ledger is None:
                self._log.warning("a run for a ledger that is not configured here", run=run.id)
                return
            try:
                act(ledger)
            except TransientError as error:
                self._log.info("put off", run=run.id, why=error.message)
                self._again(run, _PAUSE)
                return
        if self._workspace.stop.is_set():
            # Whoever lives goes on from the last commit; without others, the next start does.
            self._again(run, timedelta())

    def _guard(self, ledger: Ledger) -> None:
        try:
            refuse(self._workspace, ledger, "follow")
            follow(self._workspace, ledger)
        except StoppedError:
            self._log.info("stopped in the middle", ledger=ledger.name)
        except ConnectorError as error:
            self._log.warning("follow failed", error=type(error).__name__, why=mask(error.message))

    def _again(self, run: Run, pause: timedelta) -> None:
        if grid.tries(run.slot) >= _MOST_TRIES:
            return
        not_before = datetime.now(UTC) + pause if pause else None
        self._engine.submit(run.kind, run.key, grid.again(run.slot), not_before=not_before, priority=USUAL)

    def _housekeeping(self, _run: Run) -> None:
        pruned = self._engine.prune(datetime.now(UTC) - _KEPT)
        with self._workspace.store.write() as tx:
            forgotten = workers.forget(tx, silent=_SILENT)
        self._log.info("kept house", runs_forgotten=pruned, workers_forgotten=forgotten)
