"""Whether this process can do its work, and whether work gets done: asked every few seconds, from the store alone.

A stalled process (`/livez`) is mended by starting it again; a stalled ledger (`/healthz`) seldom is: a log-in, the
other side or a person is what it waits for.
"""

from datetime import datetime, timedelta
from typing import Literal

from connector.config import Ledger
from connector.errors import ConnectorError
from connector.flow.workspace import Workspace
from connector.law.freshness import Freshness, ending
from connector.model.record import Record
from connector.store import Tx, figures, health, journal, schema

# A pull that takes long is not yet a pull that is missing.
STALE_PERIODS = 2
# The scheduler ticks every ten seconds.
_SILENT_SECONDS = 60.0


class LedgerHealth(Record):
    """Whether a ledger is worked on in time: `late_seconds` over what two periods allow, 0 while it is not late.

    `seen_at`: when a pull last saw all of it. `doing` is the verb under way; `why` what ended the last one that failed.
    """

    name: str
    state: Literal["ok", "new", "stalled"]
    seen_at: datetime | None
    period_seconds: int
    late_seconds: int
    doing: str
    why: str


class Health(Record):
    """Everything at the instant `at`. `state`: `failing`: this process cannot work; `stalled`: a ledger is.

    `silent_seconds`: since the scheduler last ticked. `problems`: what keeps the process from working. `law`: the
    tables of the law that end soon or have ended, the soonest first; they change nothing of the state.
    """

    at: datetime
    state: Literal["ok", "stalled", "failing"]
    ticking: bool
    silent_seconds: int
    up_seconds: int
    problems: tuple[str, ...]
    ledgers: tuple[LedgerHealth, ...]
    law: tuple[Freshness, ...] = ()


def problems(workspace: Workspace) -> list[str]:
    """What keeps the service from working, in short sentences; empty when it is ready. Calls nobody outside."""
    found = []
    try:
        health.reach(workspace.store)
        schema.check(workspace.store)
    except ConnectorError as error:
        found.append(error.message)
    try:
        workspace.keys.seal(b"", purpose="health")
    except ConnectorError as error:
        found.append(error.message)
    return found


def is_ticking(silent: float) -> bool:
    """Whether a scheduler that ticked `silent` seconds ago still does."""
    return silent < _SILENT_SECONDS


def examine(workspace: Workspace, *, since: datetime, silent: float) -> Health:
    """The detail. `since`: when this process began; `silent`: seconds since its scheduler ticked."""
    now, ticking = workspace.clock.now(), is_ticking(silent)
    found = problems(workspace)
    ledgers: tuple[LedgerHealth, ...] = ()
    if not found:
        with workspace.store.read() as tx:
            ledgers = tuple(_ledger(tx, one, since=since, now=now) for one in workspace.settings.ledgers.values())
    failing = bool(found) or not ticking
    stalled = any(one.state == "stalled" for one in ledgers)
    return Health(
        at=now,
        state="failing" if failing else "stalled" if stalled else "ok",
        ticking=ticking,
        silent_seconds=int(silent),
        up_seconds=max(0, int((now - since).total_seconds())),
        problems=tuple(found),
        ledgers=ledgers,
        law=tuple(ending(workspace.law.tables, now.date())),
    )


def late_by(ledger: Ledger, seen_at: datetime, now: datetime) -> timedelta:
    """By how much two periods are over since the whole ledger was seen; negative while they are not."""
    return now - seen_at - STALE_PERIODS * timedelta(minutes=ledger.every_minutes)


def _ledger(tx: Tx, ledger: Ledger, *, since: datetime, now: datetime) -> LedgerHealth:
    cursor = journal.read_cursor(tx, f"pull:{ledger.name}")
    seen_at = cursor.completed_at if cursor else None
    late = late_by(ledger, seen_at or since, now).total_seconds()
    runs = figures.last_run_of_each(tx, ledger.name)
    failed = next(
        (run for run in reversed(runs) if run.outcome not in ("running", "ok", "stopped", "StoppedError")), None
    )
    return LedgerHealth(
        name=ledger.name,
        state="stalled" if late > 0 else "ok" if seen_at else "new",
        seen_at=seen_at,
        period_seconds=60 * ledger.every_minutes,
        late_seconds=max(0, int(late)),
        doing=next((run.verb for run in runs if run.outcome == "running"), ""),
        why=f"{failed.verb}: {failed.message or failed.outcome}" if failed else "",
    )
