"""Follow: both ways with each agency: what it did comes in, what happened at the creditor goes out."""

from connector.api import Sink
from connector.config import Ledger, Link
from connector.flow.agencies import Troubles, tell_of_missing
from connector.flow.delay import watch
from connector.flow.delivery import deliver
from connector.flow.events import apply
from connector.flow.feeds import feed_alone, feed_scope
from connector.flow.mutations import tell_changes
from connector.flow.on_the_day import tell_today
from connector.flow.paid_twice import flag
from connector.flow.recovery import begin, leave, recover
from connector.flow.runs import Progress, Remark, Report, StoppedError, quiet, running
from connector.flow.withdrawing import settle_refused
from connector.flow.workspace import Workspace
from connector.model import Event, EventPage
from connector.store import BusyError, agency, cases, journal


def follow(
    workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet, troubles: Troubles | None = None
) -> Report:
    """Bring in each agency's events and pay-outs, then tell it what changed at the creditor.

    In this order, because an agency's own pay-out in the ledger must not be told back to it as a direct payment. In a
    restored store it is first found out what the agencies have. A ledger without a sink has nothing to follow.

    What goes wrong at one agency keeps the others from nothing, and is raised at the end; `troubles` then holds the
    error of each. An agency that the ledger's file does not name, although it has cases there, is a task and no error.
    """
    troubles = troubles if troubles is not None else Troubles()
    with running(workspace, ledger.name, "follow") as report:
        try:
            lacking = tell_of_missing(workspace, ledger, report)
            report.counts["mutations"] += tell_today(workspace, ledger)
            _both_ways(workspace, ledger, lacking=lacking, troubles=troubles, report=report, progress=progress)
            settle_refused(workspace, ledger)
        finally:
            watch(workspace, ledger)
        troubles.tell(ledger)
    return report


def _both_ways(
    workspace: Workspace, ledger: Ledger, *, lacking: bool, troubles: Troubles, report: Report, progress: Progress
) -> None:
    known = []
    for link in ledger.sinks:
        with troubles.at(workspace, link.connection):
            sink = workspace.sink(link)
            begin(workspace, ledger, link, sink)
            # What was left over from before does not wait for the agency's news.
            deliver(workspace, ledger, link, sink, report)
            if _bring_in(workspace, ledger, link, sink, report=report, progress=progress):
                if recover(workspace, ledger, link, sink, report):
                    known.append((link, sink))
                tell_changes(workspace, ledger, link.connection, report)
                flag(workspace, ledger, link.connection)
            deliver(workspace, ledger, link, sink, report)
    # What an agency is not asked for, it may have: then no new case leaves to another one.
    everywhere = len(known) == len(ledger.sinks) and not troubles.at_agency and not lacking
    if ledger.sinks and everywhere and leave(workspace, ledger, report):
        for link, sink in known:
            with troubles.at(workspace, link.connection):
                deliver(workspace, ledger, link, sink, report)


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
