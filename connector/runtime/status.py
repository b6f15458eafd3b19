"""How every ledger and agency stands, at a glance: collected once, for the command line, the server and the metrics."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from connector import __version__
from connector.clock import FileClock
from connector.config import Ledger
from connector.flow.agencies import missing
from connector.flow.workspace import Workspace
from connector.model import Money
from connector.model.record import Record
from connector.runtime import health
from connector.runtime.workforce import Workforce, read_workforce
from connector.store import Tx, differences, figures, items, journal, outbox, plans, quarantine, withdrawals
from connector.store.agency_figures import AgencyCount, count_by_agency
from connector.store.figures import CaseCount, DayBudget
from connector.store.journal import Run

Standing = Literal["ok", "running", "attention", "failed", "new"]
_MOVES = ("remind", "notice", "call", "escalate", "undecided")
_MENDS = {
    "login": "Run: incasso connect {name}",
    "config": "Mend {file}, then run: incasso doctor",
    "quota": "Nothing to do: it goes on when there are calls again.",
    "trouble": "It is tried again at every run. If it stays: incasso doctor",
    "new": "It was not used yet. Try it: incasso doctor",
}


class Count(Record):
    """How many of something, by its word."""

    word: str
    count: int


class RunStatus(Record):
    """The last run of one verb. `seconds` is None while it runs."""

    verb: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    message: str
    seconds: float | None
    counts: tuple[Count, ...]


class PlanStatus(Record):
    """The last complete plan; `moves` by step action."""

    id: int
    created_at: datetime
    state: str
    moves: tuple[Count, ...]


class OutboxStatus(Record):
    """Messages to the agency that have not arrived. `oldest` is when the longest-waiting one was written."""

    waiting: int
    sending: int
    unknown: int
    parked: int
    oldest: datetime | None

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.sending + self.unknown + self.parked


class AgencyStatus(Record):
    """What a ledger has at one agency: live cases, what it asked and nobody has answered, messages not arrived.

    `waiting` messages go by themselves, `parked` ones want a person; `oldest` is when the first of both was written.
    `mend` says what to do where the ledger's file does not name the agency any more, and is empty else.
    """

    connection: str
    cases: int
    questions: int
    waiting: int
    parked: int
    oldest: datetime | None
    mend: str = ""


class LedgerStatus(Record):
    """How one ledger stands. `pulled_at` is when a pull last saw everything; `fresh` that this is not overdue.

    `set_aside` counts malformed records, `tasks` what waits for a person by kind, `cases` by where they stand,
    `differences` what the sides do not agree on, `asked_back` the cases whose withdrawal the agency has not confirmed.
    `agencies`: each by itself, those with cases that the ledger's file does not name any more too.
    `payment_waits_since` is when the oldest message was written that stops or shrinks a collection and has not arrived.
    """

    name: str
    title: str
    standing: Standing
    pulled_at: datetime | None
    fresh: bool
    open: tuple[Money, ...]
    open_items: int
    debtors: int
    plan: PlanStatus | None
    cases: tuple[Count, ...]
    agencies: tuple[AgencyStatus, ...]
    outbox: OutboxStatus
    tasks: tuple[Count, ...]
    set_aside: int
    differences: int
    asked_back: int
    payment_waits_since: datetime | None
    brake: str
    brake_since: datetime | None
    runs: tuple[RunStatus, ...]
    last_error: str

    @property
    def open_tasks(self) -> int:
        """All tasks of the ledger."""
        return sum(one.count for one in self.tasks)


class CallsLeft(Record):
    """Calls of the running day for one company; `left` is None while the server has not said."""

    company: str
    used: int
    left: int | None


class ConnectionStatus(Record):
    """How a connection stood when it was last used, and what to do about it."""

    name: str
    plugin: str
    state: Literal["ok", "login", "config", "quota", "trouble", "new"]
    message: str
    mend: str
    at: datetime | None
    calls: tuple[CallsLeft, ...]


class RunTotal(Record):
    """How many runs of a verb ended in the same way, ever."""

    ledger: str
    verb: str
    outcome: str
    count: int


class QuarantineStatus(Record):
    """The store was restored at `at`, and has forgotten what happened after `backup_at` (None: nobody knows when)."""

    at: datetime
    backup_at: datetime | None

    @property
    def said(self) -> str:
        """What it means, in a sentence."""
        since = f"{self.backup_at:%Y-%m-%d %H:%M} UTC" if self.backup_at else "an instant that nobody knows"
        return (
            f"the store was restored on {self.at:%Y-%m-%d %H:%M} UTC and knows nothing since {since}: "
            "the agency is asked what left since then, and before that is known no new case leaves "
            "(incasso quarantine show)"
        )


class Status(Record):
    """The installation at the instant `at`. `stray_tasks` belong to no ledger."""

    at: datetime
    version: str
    test_clock: bool
    ledgers: tuple[LedgerStatus, ...]
    connections: tuple[ConnectionStatus, ...]
    stray_tasks: tuple[Count, ...]
    quarantine: QuarantineStatus | None = None
    workforce: Workforce = Workforce()
    run_totals: tuple[RunTotal, ...]


def collect(workspace: Workspace) -> Status:
    """Read how everything stands, in one short transaction, from the store alone: nobody is called."""
    settings, now = workspace.settings, workspace.clock.now()
    with workspace.store.read() as tx:
        tasks = figures.count_tasks(tx)
        messages = outbox.counts(tx)
        states = journal.connection_states(tx)
        budgets = figures.day_budgets(tx, now)
        held = quarantine.read(tx)
        agencies = count_by_agency(tx)
        return Status(
            at=now,
            version=__version__,
            test_clock=isinstance(workspace.clock, FileClock),
            ledgers=tuple(
                _ledger(
                    tx,
                    one,
                    now=now,
                    tasks=_of(tasks, one.name),
                    messages=dict(_of(messages, one.name)),
                    agencies=_agencies(one, agencies),
                )
                for one in settings.ledgers.values()
            ),
            connections=tuple(
                _connection(one.name, one.plugin, one.shown, states.get(one.name), budgets=budgets)
                for one in settings.connections.values()
            ),
            stray_tasks=_counts(_of(tasks, "")),
            quarantine=QuarantineStatus(at=held.at, backup_at=held.backup_at) if held else None,
            workforce=read_workforce(tx),
            run_totals=tuple(RunTotal(**vars(one)) for one in figures.count_runs(tx)),
        )


def _ledger(
    tx: Tx,
    ledger: Ledger,
    *,
    now: datetime,
    tasks: list[tuple[str, int]],
    messages: dict[str, int],
    agencies: tuple[AgencyStatus, ...],
) -> LedgerStatus:
    name = ledger.name
    cursor = journal.read_cursor(tx, f"pull:{name}")
    pulled_at = cursor.completed_at if cursor else None
    state = journal.read_ledger_state(tx, name)
    runs = figures.last_run_of_each(tx, name)
    failed = next((run for run in reversed(runs) if _failed(run)), None)
    plan = plans.last_plan(tx, name)
    box = OutboxStatus(
        waiting=messages.get("READY", 0),
        sending=messages.get("SENDING", 0),
        unknown=messages.get("UNKNOWN", 0),
        parked=messages.get("PARKED", 0),
        oldest=outbox.oldest_waiting(tx, name),
    )
    fresh = pulled_at is not None and health.late_by(ledger, pulled_at, now).total_seconds() <= 0
    return LedgerStatus(
        name=name,
        title=ledger.title,
        standing=_standing(runs, failed, attention=bool(state.brake_reason or tasks or box.parked)),
        pulled_at=pulled_at,
        fresh=fresh,
        open=tuple(Money(minor=minor, currency=code) for code, minor in sorted(items.open_total(tx, name).items())),
        open_items=items.count_open(tx, name),
        debtors=figures.count_debtors(tx, name),
        plan=plan
        and PlanStatus(
            id=plan.id,
            created_at=plan.created_at,
            state=plan.state,
            moves=_counts((word, plan.counts.get(word, 0)) for word in _MOVES),
        ),
        cases=_cases(figures.count_cases(tx, name)),
        agencies=agencies,
        outbox=box,
        tasks=_counts(tasks),
        set_aside=figures.count_faults(tx, name),
        differences=differences.count(tx).get(name, 0),
        asked_back=len(withdrawals.standing(tx, name)),
        payment_waits_since=figures.first_waiting(tx, name),
        brake=state.brake_reason,
        brake_since=state.brake_since,
        runs=tuple(run_status(run) for run in runs),
        last_error=f"{failed.verb}: {failed.message or failed.outcome}" if failed else "",
    )


def _agencies(ledger: Ledger, counted: dict[tuple[str, str], AgencyCount]) -> tuple[AgencyStatus, ...]:
    """Those that the ledger's file names, in its order, and those of before that still have something of it."""
    named = [link.connection for link in ledger.sinks]
    before = sorted(
        connection
        for (owner, connection), one in counted.items()
        if owner == ledger.name and connection not in named and (one.cases or one.oldest)
    )
    return tuple(
        AgencyStatus(
            connection=connection,
            mend="" if connection in named else missing(ledger, connection).message,
            **vars(counted.get((ledger.name, connection), AgencyCount())),
        )
        for connection in (*named, *before)
    )


def run_status(run: Run) -> RunStatus:
    """A run as it is shown."""
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return RunStatus(
        verb=run.verb,
        started_at=run.started_at,
        ended_at=run.ended_at,
        outcome=run.outcome,
        message=run.message,
        seconds=seconds,
        counts=_counts(run.counts.items()),
    )


def _standing(runs: list[Run], failed: Run | None, *, attention: bool) -> Standing:
    if not runs:
        return "new"
    if any(run.outcome == "running" for run in runs):
        return "running"
    if failed:
        return "failed"
    return "attention" if attention else "ok"


def _failed(run: Run) -> bool:
    return run.outcome not in ("ok", "running", "stopped", "StoppedError")


def _connection(
    name: str, plugin: str, file: str, known: tuple[str, str, datetime] | None, *, budgets: list[DayBudget]
) -> ConnectionStatus:
    state, message, at = known or ("new", "", None)
    return ConnectionStatus.model_validate(
        {
            "name": name,
            "plugin": plugin,
            "state": state,
            "message": message,
            "mend": _MENDS.get(state, "").format(name=name, file=file),
            "at": at,
            "calls": tuple(
                CallsLeft(company=b.company, used=b.used, left=b.left) for b in budgets if b.connection == name
            ),
        }
    )


def place_of(count: CaseCount) -> str:
    """Where a case stands, in one word: its axes folded to the one that matters now."""
    if count.closure:
        return "closed"
    return count.activity if count.handover == "accepted" else count.handover


def _cases(counted: Iterable[CaseCount]) -> tuple[Count, ...]:
    folded: dict[str, int] = {}
    for one in counted:
        folded[place_of(one)] = folded.get(place_of(one), 0) + one.count
    return _counts(folded.items())


def _of(counted: dict[tuple[str, str], int], ledger: str) -> list[tuple[str, int]]:
    return [(word, count) for (owner, word), count in counted.items() if owner == ledger]


def _counts(pairs: Iterable[tuple[str, int]]) -> tuple[Count, ...]:
    return tuple(Count(word=word, count=count) for word, count in pairs if count)
