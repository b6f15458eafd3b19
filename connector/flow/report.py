"""Report: the state of each case goes back into the ledger, as one note per case that is kept up to date."""

from hashlib import sha256

from connector.api import Source
from connector.config import Ledger
from connector.errors import RejectedError
from connector.flow.runs import Progress, Remark, Report, StoppedError, noting, quiet, running
from connector.flow.workspace import Workspace
from connector.model import BookedPayment, Money, SourceUpdate
from connector.store import Tx, agency, cases, people
from connector.store.cases import CaseRow, LineRow

_UNTOLD = ("draft", "queued", "sending", "unknown")


def report_back(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet) -> Report:
    """Write back the cases whose state changed since they were last written back.

    Money the agency collected is listed for the bookkeeper; nothing is booked here.
    """
    with running(workspace, ledger.name, "report") as report:
        if not workspace.source_provides(ledger, "report"):
            report.remarks.append(Remark("this source takes nothing back"))
            return report
        with workspace.store.read() as tx:
            rows = [row for row in cases.due_for_report(tx, ledger.name) if row.handover not in _UNTOLD]
        if not rows:
            return report
        with noting(workspace, ledger.source.connection):
            source = workspace.source(ledger)
            for row in rows:
                _write_back(workspace, source, row, report)
                progress("notes", 1)
                if workspace.stop.is_set():
                    raise StoppedError("stopped between two notes; the next run goes on from there")
    return report


def _write_back(workspace: Workspace, source: Source, row: CaseRow, report: Report) -> None:
    """Send the case's note if it says anything new. A refused one goes to a person and is not sent again as it is."""
    with workspace.store.read() as tx:
        update = _update(tx, row)
    mark = _mark(update)
    if mark != row.reported:
        try:
            source.report(update, key=mark)
            report.counts["notes"] += 1
        except RejectedError as error:
            _ask_person(workspace, row, error)
            report.counts["refused"] += 1
    with workspace.store.write() as tx:
        # Another ledger's run may have read an event of this case meanwhile: then it stays due.
        still_due = _mark(_update(tx, row)) != mark
        cases.change_case(tx, row.case_ref, reported=mark, report_due=still_due)


def _mark(update: SourceUpdate) -> str:
    return sha256(update.model_dump_json().encode()).hexdigest()[:40]


def _ask_person(workspace: Workspace, row: CaseRow, error: RejectedError) -> None:
    subject = f"The note on case {row.case_ref} was refused by the accounting package: {'; '.join(error.reasons)}"
    with workspace.store.write() as tx:
        at = workspace.clock.now()
        people.open_task(tx, row.ledger, "note", row.case_ref, case_ref=row.case_ref, subject=subject, at=at)


def _update(tx: Tx, row: CaseRow) -> SourceUpdate:
    lines = cases.lines(tx, row.case_ref)
    payments = _payments(tx, row, lines)
    state = "rejected" if row.handover == "rejected" else "closed" if row.closure else "running"
    words = row.closure or row.activity.replace("_", " ") if state != "rejected" else "refused by the agency"
    return SourceUpdate(
        marker=f"[incasso {row.case_ref}]",
        case_ref=row.case_ref,
        debtor_id=row.debtor_id,
        claims=tuple(line.claim for line in lines),
        subject=f"Collection file {row.agency_ref or row.case_ref}: {words}",
        body=_body(tx, row, lines, payments),
        state=state,
        payments=payments,
    )


def _payments(tx: Tx, row: CaseRow, lines: list[LineRow]) -> tuple[BookedPayment, ...]:
    claims = {line.line_id: line.claim for line in lines}
    paid_out = {(one.payment_id, one.line_id): one.remittance_id for one in agency.remitted(tx, [row.case_ref])}
    return tuple(
        BookedPayment(
            payment_id=payment_id,
            claim=claims[line_id],
            received_on=received_on,
            amount=Money(minor=minor, currency=row.currency),
            remittance_id=paid_out.get((payment_id, line_id), ""),
        )
        for payment_id, received_on, component, line_id, minor in agency.payments(tx, row.case_ref)
        if component == "principal" and line_id in claims
    )


def _body(tx: Tx, row: CaseRow, lines: list[LineRow], payments: tuple[BookedPayment, ...]) -> str:
    """Plain text for the person who opens the debtor in the accounting package."""

    def money(minor: int) -> str:
        return str(Money(minor=minor, currency=row.currency))

    collected = agency.collected(tx, [row.case_ref])
    text = [
        f"Our reference {row.case_ref}, the agency's {row.agency_ref or '-'}.",
        f"Handed over on {row.opened_at:%Y-%m-%d}. Phase: {row.phase or '-'}. {row.closure_why}".strip(),
        "",
    ]
    for line in lines:
        got = collected.get((row.case_ref, line.line_id), 0)
        text.append(
            f"Invoice {line.number}: handed over {money(line.handed_minor)}, paid to you {money(line.told_paid)}, "
            f"credited or corrected {money(line.told_credited + line.told_corrected)}, "
            f"collected by the agency {money(got)}, left {money(line.at_agency_minor - got)}."
        )
    if payments:
        text += ["", "To book when the pay-out arrives:"]
        text += [f"{one.received_on} {one.amount}, pay-out {one.remittance_id or 'still to come'}" for one in payments]
    for kind, net, vat, borne_by in agency.costs(tx, row.case_ref):
        text.append(f"Cost {kind}: {money(net)} and VAT {money(vat)}, borne by the {borne_by}.")
    return "\n".join(text)
