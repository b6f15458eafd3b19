"""What an agency tells, applied to the case: on axes kept apart, in any order, once each."""

from datetime import datetime

from connector.flow.returned import bring_back, take_up_again
from connector.model import (
    Accepted,
    ActivityChanged,
    ApprovalRequested,
    Closed,
    CostAdded,
    Event,
    InfoRequested,
    LineRejected,
    Merged,
    MessageReceived,
    PaymentReceived,
    PaymentReversed,
    PhaseChanged,
    Received,
    Rejected,
    RemittancePaid,
    Reopened,
    RequestSettled,
    UnderReview,
    Unmapped,
)
from connector.store import Tx, agency, cases, items, people
from connector.store.cases import CaseRow


def apply(tx: Tx, connection: str, event: Event, *, at: datetime) -> bool:
    """Keep an event and draw its consequences. False when it was known, or belongs to no case of ours."""
    if not agency.add_event(tx, connection, event, at=at):
        return False
    if isinstance(event, RemittancePaid):
        return True  # concerns no single case: the pay-out itself is read from the agency's list
    row = cases.read_case(tx, event.case_ref)
    if row is None or row.connection != connection:
        text = f"The agency tells of a case that is not ours: {event.case_ref} ({event.kind})"
        people.open_task(tx, "", "foreign_case", event.case_ref, subject=text, at=at)
        return False
    _standing(tx, row, event)
    _consequences(tx, row, event, at=at)
    cases.touch(tx, [row.case_ref])
    if event.raw:
        cases.change_case(tx, row.case_ref, raw_status=event.raw)
    return True


def _standing(tx: Tx, row: CaseRow, event: Event) -> None:
    """Move an axis, unless a later event moved it already."""
    when = event.occurred_at
    match event:
        case Received(agency_ref=agency_ref) | Accepted(agency_ref=agency_ref):
            word = "accepted" if isinstance(event, Accepted) else "received"
            if when >= row.handover_at:
                cases.change_case(tx, row.case_ref, handover=word, handover_at=when, agency_ref=agency_ref)
        case UnderReview() if when >= row.handover_at:
            cases.change_case(tx, row.case_ref, handover="under_review", handover_at=when)
        case InfoRequested() if row.handover != "accepted" and when >= row.handover_at:
            cases.change_case(tx, row.case_ref, handover="needs_info", handover_at=when)
        case PhaseChanged(phase=phase) if row.phase_at is None or when >= row.phase_at:
            cases.change_case(tx, row.case_ref, phase=phase, phase_at=when)
        case ActivityChanged(activity=activity) if row.activity_at is None or when >= row.activity_at:
            cases.change_case(tx, row.case_ref, activity=activity, activity_at=when)
        case _:
            pass


def _consequences(tx: Tx, row: CaseRow, event: Event, *, at: datetime) -> None:
    match event:
        case Rejected(reasons=reasons):
            closure = "rejected_late" if row.handover == "accepted" else ""
            _end(tx, row, event, closure=closure, why="; ".join(reasons), at=at)
            _tell_person(tx, row, event, f"The agency refused case {row.case_ref}: {'; '.join(reasons)}", at=at)
        case LineRejected(line_id=line_id, reason=reason):
            bring_back(tx, row, reason=reason, at=at, line_ids=[line_id])
            _tell_person(tx, row, event, f"The agency refused line {line_id} of case {row.case_ref}: {reason}", at=at)
        case Merged(into_agency_ref=into):
            cases.change_case(tx, row.case_ref, merged_into=into)
        case Closed(closure=closure, reason=reason):
            _end(tx, row, event, closure=closure, why=reason, at=at)
        case Reopened():
            _reopen(tx, row, event, at=at)
        case PaymentReceived():
            agency.add_payment(tx, event, at=at)
        case PaymentReversed(payment_id=payment_id, reason=reason):
            agency.add_reversal(tx, row.case_ref, payment_id, reason, at=at)
        case CostAdded():
            agency.add_cost(
                tx,
                row.case_ref,
                event.cost_id,
                event.cost_kind,
                net=event.net.minor,
                vat=event.vat.minor,
                currency=event.net.currency,
                borne_by=event.borne_by,
                at=at,
            )
        case _:
            _for_a_person(tx, row, event, at=at)


def _for_a_person(tx: Tx, row: CaseRow, event: Event, *, at: datetime) -> None:
    match event:
        case InfoRequested() | ApprovalRequested():
            kind = "question" if isinstance(event, InfoRequested) else "approval"
            body = event.model_dump(mode="json", exclude={"id", "raw"})
            people.open_task(
                tx,
                row.ledger,
                kind,
                event.request_id,
                case_ref=row.case_ref,
                subject=event.subject,
                body=body,
                deadline=event.deadline,
                at=at,
            )
        case RequestSettled(request_id=request_id, outcome=outcome):
            for kind in ("question", "approval"):
                people.finish_task(tx, row.ledger, kind, request_id, at=at, outcome=outcome or "settled")
        case MessageReceived(message_id=message_id):
            subject = f"The agency wrote about case {row.case_ref}"
            people.open_task(tx, row.ledger, "message", message_id, case_ref=row.case_ref, subject=subject, at=at)
        case Unmapped(text=text):
            _tell_person(tx, row, event, f"The agency reports something we have no word for: {event.raw} {text}", at=at)
        case _:
            pass


def _end(tx: Tx, row: CaseRow, event: Closed | Rejected, *, closure: str, why: str, at: datetime) -> None:
    """The agency works the case no more: its claims come back. A later reopening is not undone."""
    if row.closure_at is not None and event.occurred_at < row.closure_at:
        return
    bring_back(tx, row, reason=why or closure, at=at)
    cases.change_case(tx, row.case_ref, closure=closure, closure_at=event.occurred_at, closure_why=why)
    if isinstance(event, Rejected):
        cases.change_case(tx, row.case_ref, handover="rejected", handover_at=event.occurred_at)


def _reopen(tx: Tx, row: CaseRow, event: Reopened, *, at: datetime) -> None:
    if row.closure_at is not None and event.occurred_at < row.closure_at:
        return
    cases.change_case(tx, row.case_ref, closure="", closure_at=event.occurred_at, closure_why="")
    elsewhere = take_up_again(tx, row, at=at)
    # What happened at the creditor while the case was closed is told now.
    items.mark_dirty(tx, row.ledger, [line.claim for line in cases.lines(tx, row.case_ref) if line.live], at)
    if elsewhere:
        text = f"Case {row.case_ref} is open again, but {', '.join(elsewhere)} went to another agency meanwhile"
        _tell_person(tx, row, event, text, at=at)


def _tell_person(tx: Tx, row: CaseRow, event: Event, subject: str, *, at: datetime) -> None:
    people.open_task(tx, row.ledger, event.kind, event.id, case_ref=row.case_ref, subject=subject, at=at)
