"""One visit of a ledger: pull, plan, hand over, follow, report back; nobody else works the ledger meanwhile.

The first visit of a day after the ledger's `nightly_at` also compares source, store and agency.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic

from connector.config import Ledger
from connector.errors import AuthError, ConfigError, ConnectorError, QuotaError, TransientError
from connector.flow.agencies import Troubles
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.nightly import is_due, nightly
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.report import report_back
from connector.flow.runs import Progress, Report, StoppedError, quiet
from connector.flow.workspace import Workspace
from connector.log import bound, mask
from connector.runtime.poison import refuse
from connector.store import BusyError, deaths, quarantine
from connector.trace import span


@dataclass(frozen=True)
class Turn:
    """What became of one verb: its report, or the error that ended it. `seconds` on the machine's clock."""

    verb: str
    ledger: str
    report: Report | None
    error: ConnectorError | None
    seconds: float

    @property
    def outcome(self) -> str:
        """`ok`, `stopped`, or the class of the error."""
        if isinstance(self.error, StoppedError):
            return "stopped"
        return type(self.error).__name__ if self.error else "ok"

    @property
    def told(self) -> str:
        """The error in a sentence, masked; empty without one."""
        return mask(self.error.message) if self.error else ""


@contextmanager
def alone(workspace: Workspace, ledger: Ledger) -> Iterator[None]:
    """Work a ledger with nobody else in it. Raises TransientError when somebody is."""
    with ExitStack() as held:
        try:
            held.enter_context(workspace.store.lock(f"ledger:{ledger.name}"))
        except BusyError as error:
            raise TransientError(
                f"ledger {ledger.name} is being worked on by another process; try again when it has finished.",
                detail=error.message,
            ) from error
        with workspace.store.write() as tx:
            deaths.note(tx, ledger.name, at=workspace.clock.now())
        yield


def visit(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet) -> list[Turn]:
    """Do the verbs of one ledger in order; returns what became of each that was tried.

    Without a pull nothing is decided: no plan, no hand-over. An agency that fails keeps the ledger's own verbs and
    its other agencies from nothing, and the other way round. A verb that keeps ending its process is left out. The
    source is left alone for the rest of the visit once it wants a log-in, another configuration or a pause. A plan
    is handed over here only where the ledger says `automatic`.

    Raises TransientError when somebody else works the ledger.
    """
    with bound(ledger=ledger.name), alone(workspace, ledger), span("visit", ledger=ledger.name):
        visiting = _Visit(workspace, ledger, progress)
        visiting.go()
        return visiting.turns


class _Visit:
    def __init__(self, workspace: Workspace, ledger: Ledger, progress: Progress) -> None:
        self.turns: list[Turn] = []
        self._workspace = workspace
        self._ledger = ledger
        self._progress = progress

    def go(self) -> None:
        pulled = self._try("pull", lambda: pull(self._workspace, self._ledger, progress=self._progress))
        if pulled is None:
            self._decide()
        if self._stopped:
            return
        failed = Troubles()
        followed = self._try(
            "follow", lambda: follow(self._workspace, self._ledger, progress=self._progress, troubles=failed)
        )
        if not self._stopped and not isinstance(pulled, AuthError | ConfigError | QuotaError):
            self._try("report", lambda: report_back(self._workspace, self._ledger, progress=self._progress))
        # What could not be read on both sides, or is not known again after a restore, would all differ.
        comparable = pulled is None and (followed is None or failed.at_agency)
        if comparable and not self._stopped and is_due(self._workspace, self._ledger):
            self._compare({*failed.at_agency, *self._held})

    def _compare(self, without: set[str]) -> None:
        """The night's comparison, but for agencies that cannot be compared now; without any left there is none."""
        mine = {one.connection for one in self._ledger.sinks}
        without &= mine
        if without != mine or not mine:
            self._try(
                "nightly",
                lambda: nightly(self._workspace, self._ledger, progress=self._progress, without=without),
            )

    @property
    def _stopped(self) -> bool:
        return self._workspace.stop.is_set()

    @property
    def _held(self) -> list[str]:
        """Agencies to which the quarantine after a restore lets nothing out; following the ledger says why."""
        with self._workspace.store.read() as tx:
            asked = [one.connection for one in self._ledger.sinks]
            return [one for one in asked if quarantine.held(tx, self._ledger.name, one) == "all"]

    @property
    def _keeps_cases(self) -> bool:
        with self._workspace.store.read() as tx:
            return quarantine.keeps_cases(tx, self._ledger.name)

    def _decide(self) -> None:
        numbers: list[int] = []

        def _plan() -> Report:
            report, plan = make_plan(self._workspace, self._ledger, progress=self._progress)
            if report.counts["escalate"]:
                numbers.append(plan.id)
            return report

        self._try("plan", _plan)
        if numbers and self._ledger.handover == "automatic" and not self._stopped and not self._keeps_cases:
            self._try(
                "handover",
                lambda: hand_over(self._workspace, self._ledger, numbers[0], progress=self._progress),
            )

    def _try(self, verb: str, act: Callable[[], Report]) -> ConnectorError | None:
        began = monotonic()
        report: Report | None = None
        failed: ConnectorError | None = None
        try:
            refuse(self._workspace, self._ledger, verb)
            report = act()
        except ConnectorError as error:
            failed = error
        turn = Turn(verb, self._ledger.name, report, failed, monotonic() - began)
        self.turns.append(turn)
        self._tell(turn)
        return failed

    def _tell(self, turn: Turn) -> None:
        facts = {"verb": turn.verb, "outcome": turn.outcome, "seconds": round(turn.seconds, 3)}
        if turn.error is not None and turn.outcome != "stopped":
            self._workspace.log.warning("verb failed", **facts, why=turn.told)
        else:
            self._workspace.log.info("verb done", **facts, **_counted(turn.report))


def _counted(report: Report | None) -> dict[str, int]:
    return {word.replace(" ", "_"): count for word, count in (report.counts if report else {}).items() if count}
