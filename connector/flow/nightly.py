"""Once a night per ledger: read the agency's events again, ask about its cases, and keep the difference list."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connector.api import Sink
from connector.config import Ledger, Link
from connector.errors import ConfigError, QuotaError
from connector.flow import differences as found_by
from connector.flow.agencies import Troubles
from connector.flow.compare import Comparison, comparable, compare_case
from connector.flow.differences import Known
from connector.flow.events import apply
from connector.flow.feeds import feed_alone, feed_scope
from connector.flow.messages import ledger_of_reference
from connector.flow.paid_twice import look
from connector.flow.runs import Progress, Remark, Report, StoppedError, quiet, running
from connector.flow.workspace import Workspace
from connector.model import CaseView, PaymentReceived
from connector.store import BusyError, Tx, agency, cases, claim_rows, differences, journal, outbox
from connector.store.cases import CaseRow

# A case is asked about for so long after it was closed: a payment may be undone after the closing.
_AFTER_CLOSING = timedelta(days=60)


def is_due(workspace: Workspace, ledger: Ledger) -> bool:
    """Whether this local day's comparison is still to be made, and its hour has come."""
    slot = _slot(workspace, ledger)
    with workspace.store.read() as tx:
        last = journal.read_cursor(tx, _scope(ledger))
    return workspace.clock.now() >= slot and (last is None or last.at < slot)


def nightly(
    workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet, without: Collection[str] = ()
) -> Report:
    """Hold source, store and agencies against each other; what differs stands on the list, what agrees again leaves it.

    Asks an agency about `nightly_cases` cases at most and ends early without complaint when it takes no more calls: the
    next night begins with the cases that wait longest. Nothing is sent, and nothing is changed at the source.

    `without`: connections of agencies that cannot be compared now. They, and one at which something goes wrong, keep
    the others from nothing, and the night stays due until they had their turn.
    """
    with running(workspace, ledger.name, "nightly") as report:
        troubles = Troubles()
        for link in ledger.sinks:
            if link.connection not in without and not _had_its_turn(workspace, ledger, link):
                with troubles.at(workspace, link.connection):
                    _one_agency(workspace, ledger, link, report=report, progress=progress)
                    _note_done(workspace, ledger, _turn(ledger, link))
        if ledger.sinks:
            _list_strangers(workspace, ledger, report)
        troubles.tell(ledger)
        if without:
            report.remarks.append(Remark(f"to be compared when they can be asked again: {', '.join(sorted(without))}"))
        else:
            _note_done(workspace, ledger, _scope(ledger))
    return report


def _one_agency(workspace: Workspace, ledger: Ledger, link: Link, *, report: Report, progress: Progress) -> None:
    sink = workspace.sink(link)
    who = link.connection if len(ledger.sinks) > 1 else "the agency"
    try:
        _read_again(workspace, ledger, link, sink, report)
        _ask_about_cases(workspace, ledger, link, sink, report=report, progress=progress)
    except QuotaError:
        report.remarks.append(Remark(f"{who} takes no more calls today; the next night goes on"))
    except BusyError:
        report.remarks.append(Remark(f"another ledger is reading the feed of {who}; the next night goes on"))


def _had_its_turn(workspace: Workspace, ledger: Ledger, link: Link) -> bool:
    """Whether this agency was compared in a night that is due still, for another one's sake."""
    slot = _slot(workspace, ledger)
    with workspace.store.read() as tx:
        night, turn = journal.read_cursor(tx, _scope(ledger)), journal.read_cursor(tx, _turn(ledger, link))
    return turn is not None and turn.at >= slot and (night is None or night.at < slot)


def _note_done(workspace: Workspace, ledger: Ledger, scope: str) -> None:
    with workspace.store.write() as tx:
        day = workspace.clock.today(ledger.timezone)
        journal.write_cursor(tx, scope, day.isoformat(), at=workspace.clock.now(), complete=True)


def _slot(workspace: Workspace, ledger: Ledger) -> datetime:
    """The instant from which this local day's comparison is due."""
    zone = ZoneInfo(ledger.timezone)
    local = datetime.combine(workspace.clock.today(ledger.timezone), time.fromisoformat(ledger.nightly_at), zone)
    return local.astimezone(UTC)


def _scope(ledger: Ledger) -> str:
    return f"nightly:{ledger.name}"


def _turn(ledger: Ledger, link: Link) -> str:
    return f"nightly:{ledger.name}:{link.connection}"


def _read_again(workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, report: Report) -> None:
    """The events of the last days once more: one that was written late may stand before where we are.

    Once a day per agency, however many ledgers share it. The feed's own cursor stays where it is.
    """
    scope = feed_scope(link.connection)
    day = workspace.clock.today(ledger.timezone)
    with feed_alone(workspace, link.connection):
        with workspace.store.write() as tx:
            again = journal.read_cursor(tx, f"reread:{link.connection}")
            if again is not None and again.value == day.isoformat():
                return
            start = journal.marked_cursor(tx, scope, day - timedelta(days=ledger.reread_days))
        for page in sink.changes(start):
            at = workspace.clock.now()
            with workspace.store.write() as tx:
                late = [event for event in page.events if apply(tx, link.connection, event, at=at)]
            report.counts["events read again"] += len(page.events) - len(late)
            report.counts["events found late"] += len(late)
            for event in late:
                workspace.plugins.on_event(event)
            _stop_here(workspace)
        with workspace.store.write() as tx:
            at = workspace.clock.now()
            journal.write_cursor(tx, f"reread:{link.connection}", day.isoformat(), at=at, complete=True)


def _ask_about_cases(
    workspace: Workspace, ledger: Ledger, link: Link, sink: Sink, *, report: Report, progress: Progress
) -> None:
    slot = _slot(workspace, ledger)
    with workspace.store.read() as tx:
        rows = differences.to_check(
            tx,
            ledger.name,
            link.connection,
            since=slot,
            closed_after=slot - _AFTER_CLOSING,
            limit=ledger.nightly_cases + 1,
        )
    for row in rows[: ledger.nightly_cases]:
        if comparable(row) and not _under_way(workspace, row):
            try:
                view = sink.snapshot(row.case_ref)
            except ConfigError as error:
                # An agency that tells no standings: a person reads it once a night, and nothing else waits for it.
                report.remarks.append(Remark(error.message))
                return
            _check(workspace, ledger, row, view, report)
            progress("cases", 1)
        else:
            report.counts["cases not compared"] += 1
        with workspace.store.write() as tx:
            differences.note_checked(tx, ledger.name, row.case_ref, at=workspace.clock.now())
        _stop_here(workspace)
    if len(rows) > ledger.nightly_cases:
        said = f"the night stops after {ledger.nightly_cases:,} cases; the next one goes on with the others"
        report.remarks.append(Remark(said))


def _under_way(workspace: Workspace, row: CaseRow) -> bool:
    """A message that has not arrived explains a difference by itself."""
    with workspace.store.read() as tx:
        sent = outbox.of_case(tx, row.case_ref)
    return any(one.state not in outbox.ENDED and one.kind != outbox.DOCUMENT for one in sent)


def _check(workspace: Workspace, ledger: Ledger, row: CaseRow, view: CaseView | None, report: Report) -> None:
    known = _known(workspace, ledger, row)
    compared = list(compare_case(workspace, row, view))
    if view is not None:
        taken = found_by.untold(row, view, compared, known)
        if taken:
            _take_in(workspace, row, taken, report)
            known = _known(workspace, ledger, row)
            compared = list(compare_case(workspace, row, view))
    with workspace.store.write() as tx:
        _settle(workspace, tx, ledger, row, view, compared=compared, known=known, report=report)
        for line in cases.lines(tx, row.case_ref):
            look(workspace, tx, ledger, row, line)
    report.counts["cases compared"] += 1


def _settle(
    workspace: Workspace,
    tx: Tx,
    ledger: Ledger,
    row: CaseRow,
    view: CaseView | None,
    *,
    compared: Sequence[Comparison],
    known: Known,
    report: Report,
) -> None:
    found = found_by.find(row, view, compared, known)
    at = workspace.clock.now()
    new, gone = differences.settle(tx, ledger.name, found, of_cases=[row.case_ref], at=at)
    report.counts.update({"differences": len(found), "differences new": new, "differences gone": gone})


def _known(workspace: Workspace, ledger: Ledger, row: CaseRow) -> Known:
    day = workspace.clock.today(ledger.timezone)
    with workspace.store.read() as tx:
        lines = cases.lines(tx, row.case_ref)
        present = claim_rows.claims_named(tx, ledger.name, row.debtor_id, [line.claim for line in lines], day)
        paid: dict[str, dict[str, int]] = {}
        for payment_id, _, _, line_id, minor in agency.payments(tx, row.case_ref):
            parts = paid.setdefault(payment_id, {})
            parts[line_id] = parts.get(line_id, 0) + minor
        undone = agency.reversed_payments(tx, row.case_ref)
    whole = {claim for claim, one in present.items() if one.whole}
    return Known(paid, frozenset(undone), frozenset(line.line_id for line in lines if line.claim not in whole))


def _take_in(workspace: Workspace, row: CaseRow, taken: Sequence[PaymentReceived], report: Report) -> None:
    """A payment that no event told is a fact all the same: it reaches the ledger as one."""
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        for event in taken:
            apply(tx, row.connection, event, at=at)
            journal.note(tx, "payment.from_snapshot", row.case_ref, at=at, ledger=row.ledger, payment=event.payment_id)
    for event in taken:
        workspace.plugins.on_event(event)
    report.counts["payments found"] += len(taken)
    report.remarks.append(Remark(f"case {row.case_ref}: a payment that no event had told was taken in", row.debtor_id))


def _list_strangers(workspace: Workspace, ledger: Ledger, report: Report) -> None:
    """Cases of which an agency tells and that are not ours: in the list of the ledger whose name they bear."""
    with workspace.store.write() as tx:
        strange = [
            one
            for link in ledger.sinks
            for one in agency.strangers(tx, link.connection)
            if _belongs(workspace, ledger, link, one)
        ]
        listed = [one.case_ref for one in differences.differences(tx, ledger.name) if one.kind == "foreign_case"]
        found = [found_by.stranger(one) for one in dict.fromkeys(strange)]
        at = workspace.clock.now()
        new, gone = differences.settle(tx, ledger.name, found, of_cases={*strange, *listed}, at=at)
        report.counts.update({"differences": len(found), "differences new": new, "differences gone": gone})


def _belongs(workspace: Workspace, ledger: Ledger, link: Link, case_ref: str) -> bool:
    """A reference that no ledger's name begins goes to the agency's first ledger."""
    sharing = workspace.ledgers_at(link.connection)
    return ledger.name == (ledger_of_reference(case_ref, sharing) or sharing[0])


def _stop_here(workspace: Workspace) -> None:
    if workspace.stop.is_set():
        raise StoppedError("stopped in the night's comparison; the next run goes on from there")
