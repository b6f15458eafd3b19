"""Follow: both ways with an agency: what it did comes in, what happened at the creditor goes out."""

from connector.api import Sink
from connector.config import Ledger, Link
from connector.flow.delay import watch
from connector.flow.delivery import deliver
from connector.flow.events import apply
from connector.flow.feeds import feed_alone, feed_scope
from connector.flow.mutations import tell_changes
from connector.flow.paid_twice import flag
from connector.flow.pull import noting
from connector.flow.recovery import begin, recover
from connector.flow.runs import Progress, Remark, Report, StoppedError, quiet, running
from connector.flow.withdrawing import settle_refused
from connector.flow.workspace import Workspace
from connector.model import Event, EventPage
from connector.store import BusyError, agency, cases, journal


def follow(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet) -> Report:
    """Bring in the agency's events and pay-outs, then tell it what changed at the creditor.

    In this order, because the agency's own pay-out in the ledger must not be told back to it as a direct payment.
    A ledger without a sink has nothing to follow. In a restored store it is first found out what the agency has.
    """
    with running(workspace, ledger.name, "follow") as report:
        if ledger.sink is None:
            return report
        try:
            with noting(workspace, ledger.sink.connection):
                sink = workspace.sink(ledger)
                begin(workspace, ledger, sink)
                # What was left over from before does not wait for the agency's news.
                deliver(workspace, ledger, sink, report)
                if _bring_in(workspace, ledger, ledger.sink, sink, report=report, progress=progress):
                    recover(workspace, ledger, ledger.sink, sink, report)
                    tell_changes(workspace, ledger, report)
                    flag(workspace, ledger)
                deliver(workspace, ledger, sink, report)
            settle_refused(workspace, ledger)
        finally:
            watch(workspace, ledger)
    return report


def take_in(workspace: Workspace, connection: str, events: tuple[Event, ...]) -> int:
    """Apply events that came by themselves (a webhook); returns how many were new. The feed brings them again."""
    with workspace.store.write() as tx:
        new = [event for event in events if apply(tx, connection, event, at=workspace.clock.now())]
    for event in new:
        workspace.plugins.on_event(event)
    return len(new)


def _bring_in(
    workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, *, report: Report, progress: Progress
) -> bool:
    """One reader of an agency's feed at a time; several ledgers share it.

    False when another ledger read it all the while: without its pay-outs nothing is told, the next run does.
    """
    try:
        with feed_alone(workspace, link.connection):
            _mark_place(workspace, ledger, link.connection)
            _read_changes(workspace, link.connection, sink, report=report, progress=progress)
            _read_remittances(workspace, link.connection, sink, report=report)
    except BusyError:
        report.remarks.append(Remark("another ledger is reading the agency's feed"))
        return False
    return True


def _mark_place(workspace: Workspace, ledger: Ledger, connection: str) -> None:
    """Remember where the feed stood at the day's first reading, for the night that reads the last days again."""
    scope = feed_scope(connection)
    with workspace.store.write() as tx:
        cursor = journal.read_cursor(tx, scope)
        day = workspace.clock.today(ledger.timezone)
        journal.mark_cursor(tx, scope, day, cursor.value if cursor else None)


def _read_changes(workspace: Workspace, connection: str, sink: Sink, *, report: Report, progress: Progress) -> None:
    scope = feed_scope(connection)
    with workspace.store.read() as tx:
        cursor = journal.read_cursor(tx, scope)
    for page in sink.changes(cursor.value if cursor else None):
        new = _store_page(workspace, connection, scope, page)
        report.counts["events"] += len(new)
        report.counts["events repeated"] += len(page.events) - len(new)
        report.counts.update(f"event {event.kind}" for event in new)
        for event in new:
            workspace.plugins.on_event(event)
        progress("events", len(page.events))
        if workspace.stop.is_set():
            raise StoppedError("stopped between two pages of events; the next run goes on from there")


def _store_page(workspace: Workspace, connection: str, scope: str, page: EventPage) -> list[Event]:
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        new = [event for event in page.events if apply(tx, connection, event, at=at)]
        journal.write_cursor(tx, scope, page.cursor, at=at, complete=page.complete)
    return new


def _read_remittances(workspace: Workspace, connection: str, sink: Sink, *, report: Report) -> None:
    with workspace.store.read() as tx:
        since = agency.last_remittance_day(tx, connection)
    for paid in sink.remittances(since):
        with workspace.store.write() as tx:
            report.counts["remittances"] += agency.store_remittance(tx, connection, paid, at=workspace.clock.now())
            cases.touch(tx, sorted({item.case_ref for item in paid.items}))
