"""After a restore: what left the house after the back-up is found out at the agency before anything leaves again.

Per agency of a ledger, in stages (`connector.store.quarantine`): what had not ended is in doubt; the agency's feed is
read to its end, cases that are not known here are adopted, and of the others it is asked what it was told; then
payments and corrections go out to it again. New cases go out, to whichever agency, as soon as no stranger is left at
any: what was forgotten may be at another one than it would go to now. The stages are kept: a visit that was cut goes on
there.
"""

from collections.abc import Sequence
from datetime import timedelta

from connector.api import Sink
from connector.config import Ledger, Link
from connector.errors import ConfigError
from connector.flow.adoption import FOREIGN, UnclearError, adopt, bring_forward, payments_differ, strangers
from connector.flow.feeds import feed_scope
from connector.flow.messages import OPEN
from connector.flow.protocol import SEND_BY
from connector.flow.runs import Remark, Report, StoppedError
from connector.flow.workspace import Workspace
from connector.model import Capabilities, CaseView
from connector.store import Tx, cases, journal, outbox, people, quarantine
from connector.store.cases import CaseRow
from connector.store.quarantine import Quarantine

# Before a file is there, or after it was taken back unsent, the agency has nothing to show.
_NOT_THERE = ("draft", "queued")


def begin(workspace: Workspace, ledger: Ledger, link: Link, sink: Sink) -> None:
    """Put in doubt what had not ended when the back-up was made: it may have been sent since. Once a quarantine.

    Of what goes to one agency.
    """
    with workspace.store.write() as tx:
        standing = quarantine.read(tx)
        if standing is None or quarantine.stage(tx, ledger.name, link.connection, standing):
            return
        settled = standing.at + _settle_time(sink.capabilities())
        for state in ("READY", *outbox.IN_DOUBT):
            for message in outbox.in_state(tx, ledger.name, state, connection=link.connection):
                if message.created_at > standing.at:
                    continue
                # The first attempt that is forgotten can have been made at once after the back-up.
                since = standing.backup_at or message.created_at
                doubt = min(since, message.doubtful_since) if message.doubtful_since else since
                facts = {"doubtful_since": doubt, "settle_until": settled, "next_at": settled}
                outbox.move(tx, message, "UNKNOWN", **facts, last_error="the store was restored from a back-up")
                if message.kind == OPEN:
                    cases.change_case(tx, message.case_ref, handover="unknown")
        quarantine.reach(tx, ledger.name, link.connection, standing, "doubted", at=workspace.clock.now())


def recover(workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, report: Report) -> bool:
    """Go on with the recovery at one agency as far as it goes now; does nothing without a quarantine.

    Called after the agency's feed was read. What keeps the ledger in, is said once, as a remark. Returns whether
    nothing at this agency does: when that is so of all of them, `leave` lets the ledger out.
    """
    with workspace.store.read() as tx:
        standing = quarantine.read(tx)
        is_out = standing is None or quarantine.is_out(tx, ledger.name, standing)
        why = _too_early(workspace, tx, ledger, link, sink.capabilities(), standing) if standing else ""
    if standing is None:
        return True
    if not is_out:
        why = why or _go_on(workspace, ledger, link, sink, standing=standing, report=report)
    if why:
        at_which = f" at {link.connection}" if len(ledger.sinks) > 1 else ""
        report.counts["in quarantine"] = 1
        report.remarks.append(Remark(f"in quarantine since the restore{at_which}: {why}"))
    return not why


def leave(workspace: Workspace, ledger: Ledger, report: Report) -> bool:
    """Let a ledger out of the quarantine: at all of its agencies everything is known again. False when it was out."""
    with workspace.store.write() as tx:
        standing = quarantine.read(tx)
        if standing is None:
            return False
        at = workspace.clock.now()
        was_in = not quarantine.is_out(tx, ledger.name, standing)
        if was_in:
            quarantine.leave(tx, ledger.name, standing, at=at)
            journal.note(tx, "quarantine.left", ledger.name, at=at, ledger=ledger.name)
            report.remarks.append(Remark("out of quarantine: what left after the back-up is known again"))
        if not inside(workspace, tx, standing) and quarantine.end(tx):
            journal.note(tx, "quarantine.ended", "store", at=at)
            report.remarks.append(Remark("the quarantine is over"))
    return was_in


def _settle_time(promise: Capabilities) -> timedelta:
    """From then on the agency shows whatever an attempt may have caused."""
    return SEND_BY + promise.max_processing + promise.read_lag


def _too_early(
    workspace: Workspace, tx: Tx, ledger: Ledger, link: Link, promise: Capabilities, standing: Quarantine
) -> str:
    """What has to be known before anything is concluded: empty when it is."""
    ready = standing.at + _settle_time(promise)
    if workspace.clock.now() < ready:
        return f"the agency can be asked from {ready:%H:%M:%S} UTC on"
    read = journal.read_cursor(tx, feed_scope(link.connection))
    if read is None or read.completed_at is None or read.completed_at < ready:
        return "the agency's feed was not read to its end yet"
    pulled = journal.read_cursor(tx, f"pull:{ledger.name}")
    if pulled is None or pulled.completed_at is None or pulled.completed_at <= standing.at:
        return "the ledger was not read to its end yet"
    return ""


def _go_on(
    workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, *, standing: Quarantine, report: Report
) -> str:
    """Returns what keeps the ledger in at this agency, empty when nothing does."""
    left = [
        case_ref
        for case_ref in strangers(workspace, ledger, link, standing)
        if not _adopt(workspace, ledger, link, sink, case_ref, standing=standing, report=report)
    ]
    with workspace.store.read() as tx:
        stage = quarantine.stage(tx, ledger.name, link.connection, standing)
    if stage == "doubted":
        why = _bring_all_forward(workspace, ledger, link, sink, standing=standing, report=report)
        if why:
            return why
    if left:
        return f"{len(left)} cases at the agency are not known here: incasso quarantine show"
    with workspace.store.read() as tx:
        asked = outbox.IN_DOUBT if sink.capabilities().lookup else ()
        doubtful = sum(len(outbox.in_state(tx, ledger.name, one, connection=link.connection)) for one in asked)
    return f"of {doubtful} messages it is not known yet whether they arrived" if doubtful else ""


def _adopt(
    workspace: Workspace,
    ledger: Ledger,
    link: Link,
    sink: Sink,
    case_ref: str,
    *,
    standing: Quarantine,
    report: Report,
) -> bool:
    try:
        events = adopt(workspace, ledger, link, case_ref, sink.snapshot(case_ref), standing=standing)
    except UnclearError as unclear:
        text = f"Case {case_ref} was handed over after the back-up, and {unclear}: incasso quarantine adopt {case_ref}"
        with workspace.store.write() as tx:
            at = workspace.clock.now()
            people.open_task(tx, ledger.name, FOREIGN, case_ref, subject=text, at=at)
            people.finish_task(tx, "", FOREIGN, case_ref, at=at, outcome=f"asked in ledger {ledger.name}")
        return False
    for event in events:
        workspace.plugins.on_event(event)
    report.counts["cases adopted"] += 1
    report.remarks.append(Remark(f"case {case_ref} was handed over after the back-up, and is known again"))
    return True


def _bring_all_forward(
    workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, *, standing: Quarantine, report: Report
) -> str:
    with workspace.store.read() as tx:
        place = quarantine.place(tx, ledger.name, link.connection, standing)
        rows = cases.cases(tx, ledger=ledger.name, connection=link.connection)
    ahead = sorted((row for row in rows if _may_have_been_told(row, standing)), key=lambda row: row.case_ref)
    for row in (one for one in ahead if one.case_ref > place):
        try:
            view = sink.snapshot(row.case_ref)
        except ConfigError as error:
            return f"the agency cannot say what it was told ({error.message})"
        why = _bring_one_forward(workspace, ledger, row, view, standing=standing, promise=sink.capabilities())
        if why:
            return why
        report.counts["cases asked about"] += 1
        if workspace.stop.is_set():
            raise StoppedError("stopped while the agency was asked about the cases; the next run goes on from there")
    with workspace.store.write() as tx:
        quarantine.reach(tx, ledger.name, link.connection, standing, "told", at=workspace.clock.now())
    return ""


def _may_have_been_told(row: CaseRow, standing: Quarantine) -> bool:
    """What was closed before the back-up, and still is, was told nothing since."""
    if row.handover in _NOT_THERE:
        return False
    since = standing.backup_at
    return not row.closure or since is None or row.closure_at is None or row.closure_at >= since


def _bring_one_forward(
    workspace: Workspace,
    ledger: Ledger,
    row: CaseRow,
    view: CaseView | None,
    *,
    standing: Quarantine,
    promise: Capabilities,
) -> str:
    with workspace.store.write() as tx:
        if view is not None:
            if view.as_of < standing.at + SEND_BY + promise.max_processing:
                return f"what the agency shows is as of {view.as_of:%Y-%m-%d %H:%M} UTC, before the restore"
            if payments_differ(tx, row.case_ref, view):
                return f"the payments of case {row.case_ref} are not told yet as the agency shows them"
            bring_forward(workspace, tx, ledger, row, view)
        at = workspace.clock.now()
        quarantine.reach(tx, ledger.name, row.connection, standing, "doubted", at=at, place=row.case_ref)
    return ""


def inside(workspace: Workspace, tx: Tx, standing: Quarantine) -> Sequence[str]:
    """The ledgers that hand something over and are not out yet."""
    names = sorted(one.name for one in workspace.settings.ledgers.values() if one.sinks)
    return [name for name in names if not quarantine.is_out(tx, name, standing)]
