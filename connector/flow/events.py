"""What an agency tells, applied to the case: in any order, once each, with one outcome.

Every event is kept. Where the case stands is read off all of them (`connector.flow.standing`); what an event brings
besides (a payment, a cost, a question) is booked by its newest version.
"""

from collections.abc import Iterator
from datetime import datetime

from connector.flow.returned import bring_back, take_up_again
from connector.flow.standing import SNAPSHOT, Standing, in_order, newest, stand
from connector.model import (
    ApprovalRequested,
    CostAdded,
    Event,
    InfoRequested,
    LineRejected,
    MessageReceived,
    PaymentReceived,
    PaymentReversed,
    Rejected,
    RemittancePaid,
    RequestSettled,
    Unmapped,
    WithdrawalRefused,
)
from connector.store import Tx, agency, cases, items, people, withdrawals
from connector.store.cases import CaseRow


def apply(tx: Tx, connection: str, event: Event, *, at: datetime) -> bool:
    """Keep an event and draw its consequences. False when it was known, or belongs to no case of ours."""
    if not agency.add_event(tx, connection, event, at=at):
        return False
    if isinstance(event, RemittancePaid):
        return True  # concerns no single case: the pay-out itself is read from the agency's list
    if isinstance(event, Unmapped) and not event.case_ref:
        people.open_task(tx, "", event.kind, event.id, subject=_no_word_for(event), at=at)
        return True
    row = cases.read_case(tx, event.case_ref)
    if row is None or row.connection != connection:
        text = f"The agency tells of a case that is not ours: {event.case_ref} ({event.kind})"
        people.open_task(tx, "", "foreign_case", event.case_ref, subject=text, at=at)
        return False
    _draw(tx, row, event, agency.events(tx, row.case_ref), at=at)
    return True


def _task_key(tx: Tx, row: CaseRow, kind: str, named: str) -> str:
    """The key of a task about what an agency gave a name: two agencies of a ledger may call two things the same."""
    known = people.read_task(tx, row.ledger, kind, named)
    about = cases.read_case(tx, known.case_ref) if known else None
    return named if about is None or about.connection == row.connection else f"{named} at {row.connection}"


def catch_up(tx: Tx, case_ref: str, *, at: datetime) -> list[Event]:
    """Draw the consequences of what was told of a case before it was known here. Returns it, as it happened."""
    told = in_order(agency.events(tx, case_ref))
    for event in told:
        row = cases.read_case(tx, case_ref)
        assert row is not None
        _draw(tx, row, event, told, at=at)
    return told


def _draw(tx: Tx, row: CaseRow, event: Event, told: list[Event], *, at: datetime) -> None:
    if row.handover != "draft":  # one that was taken back before it was sent stays at home, whatever is told of it
        _stand(tx, row, event, stand(row, told), at=at)
    _consequences(tx, row, event, told, at=at)
    cases.touch(tx, [row.case_ref])


def _stand(tx: Tx, row: CaseRow, event: Event, now: Standing, *, at: datetime) -> None:
    """Keep where the case stands, and bring its claims home or out again when that has changed."""
    was_away = not row.closure and row.handover != "rejected"
    cases.change_case(tx, row.case_ref, **now.columns())
    if isinstance(event, LineRejected):
        bring_back(tx, row, reason=event.reason, at=at, line_ids=[event.line_id])
    if was_away and not now.is_away:
        bring_back(tx, row, reason=now.closure_why or now.closure, at=at)
    elif now.is_away and not was_away:
        _reopen(tx, row, event, now, at=at)
    if not now.is_away:
        withdrawals.end(tx, row.case_ref, "confirmed", at=at, why=now.closure_why or now.closure)


def _reopen(tx: Tx, row: CaseRow, event: Event, now: Standing, *, at: datetime) -> None:
    elsewhere = take_up_again(tx, row, without=now.refused, at=at)
    # What happened at the creditor while the case was closed is told now.
    items.mark_dirty(tx, row.ledger, [line.claim for line in cases.lines(tx, row.case_ref) if line.live], at)
    if elsewhere:
        text = f"Case {row.case_ref} is open again, but invoice {', '.join(elsewhere)} went out again meanwhile"
        key = _task_key(tx, row, "reopened", event.id)
        people.open_task(tx, row.ledger, "reopened", key, case_ref=row.case_ref, subject=text, at=at)


def _consequences(tx: Tx, row: CaseRow, event: Event, told: list[Event], *, at: datetime) -> None:
    match event:
        case Rejected(reasons=reasons):
            _tell_person(tx, row, event, f"The agency refused case {row.case_ref}: {'; '.join(reasons)}", at=at)
        case LineRejected(line_id=line_id, reason=reason):
            _tell_person(tx, row, event, f"The agency refused line {line_id} of case {row.case_ref}: {reason}", at=at)
        case PaymentReceived(payment_id=payment_id):
            _book(tx, row, [one for one in _payments(told) if one.payment_id == payment_id], at=at)
        case PaymentReversed(payment_id=payment_id, reason=reason):
            agency.add_reversal(tx, row.case_ref, payment_id, reason, at=at)
        case CostAdded(cost_id=cost_id):
            counts = newest(one for one in told if isinstance(one, CostAdded) and one.cost_id == cost_id)
            _charge(tx, row, counts)
        case WithdrawalRefused(reason=reason):
            _keep(tx, row, event, reason, at=at)
        case _:
            _for_a_person(tx, row, event, told, at=at)


def _payments(told: list[Event]) -> Iterator[PaymentReceived]:
    return (one for one in told if isinstance(one, PaymentReceived))


def _book(tx: Tx, row: CaseRow, versions: list[PaymentReceived], *, at: datetime) -> None:
    """A payment counts once. Where it was told in two ways the later word counts, and a person looks."""
    counts = newest(versions)
    agency.put_payment(tx, counts, at=at)
    from_events = [one for one in versions if not one.id.startswith(SNAPSHOT)]
    amounts = {(one.gross, one.allocation, one.received_on) for one in from_events}
    if len(amounts) > 1:
        text = f"The agency told payment {counts.payment_id} of case {row.case_ref} in {len(amounts)} ways"
        subject = f"{text}: the last word counts, {counts.gross} on {counts.received_on}"
        key = _task_key(tx, row, "contradiction", counts.payment_id)
        people.open_task(tx, row.ledger, "contradiction", key, case_ref=row.case_ref, subject=subject, at=at)


def _charge(tx: Tx, row: CaseRow, cost: CostAdded) -> None:
    agency.add_cost(
        tx,
        row.case_ref,
        cost.cost_id,
        cost.cost_kind,
        net=cost.net.minor,
        vat=cost.vat.minor,
        currency=cost.net.currency,
        borne_by=cost.borne_by,
        at=cost.occurred_at,
    )


def _keep(tx: Tx, row: CaseRow, event: WithdrawalRefused, reason: str, *, at: datetime) -> None:
    """The case was asked back, and the agency works it on."""
    withdrawals.end(tx, row.case_ref, "refused", at=at, why=reason)
    _tell_person(tx, row, event, f"The agency does not give case {row.case_ref} back: {reason or 'no reason'}", at=at)


def _for_a_person(tx: Tx, row: CaseRow, event: Event, told: list[Event], *, at: datetime) -> None:
    match event:
        case InfoRequested() | ApprovalRequested():
            _ask(tx, row, event, told, at=at)
        case RequestSettled(request_id=request_id, outcome=outcome):
            for kind in ("question", "approval"):
                key = _task_key(tx, row, kind, request_id)
                people.finish_task(tx, row.ledger, kind, key, at=at, outcome=outcome or "settled")
        case MessageReceived(message_id=message_id):
            subject = f"The agency wrote about case {row.case_ref}"
            key = _task_key(tx, row, "message", message_id)
            people.open_task(tx, row.ledger, "message", key, case_ref=row.case_ref, subject=subject, at=at)
        case Unmapped():
            _tell_person(tx, row, event, _no_word_for(event), at=at)
        case _:
            pass


def _ask(tx: Tx, row: CaseRow, event: InfoRequested | ApprovalRequested, told: list[Event], *, at: datetime) -> None:
    """Put the agency's request before a person, unless it was settled: that may be told first."""
    request_id = event.request_id
    if any(isinstance(one, RequestSettled) and one.request_id == request_id for one in told):
        return
    asked = [one for one in told if isinstance(one, InfoRequested | ApprovalRequested) and one.kind == event.kind]
    counts = newest(one for one in asked if one.request_id == request_id)
    kind = "question" if isinstance(event, InfoRequested) else "approval"
    people.open_task(
        tx,
        row.ledger,
        kind,
        _task_key(tx, row, kind, request_id),
        case_ref=row.case_ref,
        subject=counts.subject,
        body=counts.model_dump(mode="json", exclude={"id", "raw"}),
        deadline=counts.deadline,
        at=at,
    )


def _no_word_for(event: Unmapped) -> str:
    return f"The agency reports something we have no word for: {event.raw} {event.text}"


def _tell_person(tx: Tx, row: CaseRow, event: Event, subject: str, *, at: datetime) -> None:
    key = _task_key(tx, row, event.kind, event.id)
    people.open_task(tx, row.ledger, event.kind, key, case_ref=row.case_ref, subject=subject, at=at)
