"""A run and its report: every verb notes that it began, how it ended and what it did."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from connector import trace
from connector.errors import AuthError, ConfigError, ConnectorError, QuotaError
from connector.flow.workspace import Workspace
from connector.log import mask
from connector.store import journal

Progress = Callable[[str, int], None]


def quiet(_what: str, _count: int) -> None:
    """A progress that shows nothing."""


class StoppedError(ConnectorError):
    """The process was asked to end: what was done so far is kept, the next run goes on from there."""


@dataclass(frozen=True)
class Remark:
    """A sentence for a person, about a debtor or, without one, about the run."""

    text: str
    debtor_id: str = ""


@dataclass
class Report:
    """What one run of one verb did. `counts` by word ("items new", "calls"); `remarks` are for a person."""

    verb: str
    ledger: str
    id: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = "running"
    message: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)


@contextmanager
def running(workspace: Workspace, ledger: str, verb: str) -> Iterator[Report]:
    """Note the run, and how it ended, also when an error comes out of it."""
    now = workspace.clock.now()
    # The machine's own time orders runs that a standing test clock puts at one instant.
    report = Report(verb, ledger, f"{now:%Y%m%dT%H%M%S}-{time.time_ns():x}-{secrets.token_hex(2)}", now)
    with workspace.store.write() as tx:
        journal.start_run(tx, report.id, ledger, verb, at=now)
    with workspace.closing() as calls, trace.span(verb, ledger=ledger, run=report.id) as note:
        try:
            yield report
        except BaseException as error:
            report.outcome = type(error).__name__
            report.message = mask(str(error))
            raise
        else:
            report.outcome = "ok"
        finally:
            report.counts["calls"] = calls()
            report.ended_at = workspace.clock.now()
            _end(workspace, report)
            note(outcome=report.outcome, calls=report.counts["calls"])


def note_connection(workspace: Workspace, connection: str, error: ConnectorError | None) -> None:
    """Remember how a connection stands after it was used, so that `status` can say what to do."""
    state = "ok"
    if error is not None:
        words = {AuthError: "login", ConfigError: "config", QuotaError: "quota"}
        state = next((word for kind, word in words.items() if isinstance(error, kind)), "trouble")
    with workspace.store.write() as tx:
        message = mask(str(error)) if error else ""
        journal.write_connection_state(tx, connection, state, message, at=workspace.clock.now())


@contextmanager
def noting(workspace: Workspace, connection: str) -> Iterator[None]:
    """Remember how a connection stood at the end of the block."""
    try:
        yield
    except StoppedError:
        raise
    except ConnectorError as error:
        note_connection(workspace, connection, error)
        raise
    note_connection(workspace, connection, None)


def _end(workspace: Workspace, report: Report) -> None:
    assert report.ended_at is not None
    workspace.observed.count(report.ledger, report.verb, report.counts)
    with workspace.store.write() as tx:
        journal.end_run(
            tx,
            report.id,
            at=report.ended_at,
            outcome=report.outcome,
            message=report.message,
            counts=+report.counts,
        )
