"""What the agency does with a case: one function per act of a scenario. The control surface uses the same."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from connector_agency_api.sandbox.books import LineBook, collection_costs
from connector_agency_api.sandbox.desk import Desk
from connector_agency_api.sandbox.dossier import AgencyRequest, Dossier
from connector_agency_api.sandbox.options import percent_of
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.scenarios import Step

Act = Callable[[Desk, Dossier, Step, datetime], None]


def perform(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    """Carry out one act. Raises Problem (409) when the state of the case does not allow it."""
    told = len(desk.feed.events)
    _ACTS[step.act](desk, dossier, step, at)
    if step.silent:
        desk.feed.swallow(told)
    elif step.late:
        desk.feed.slip_in(told)


def _require(allowed: bool, message: str) -> None:
    if not allowed:
        raise Problem("conflict", "act_not_possible", message)


def _require_working(dossier: Dossier) -> None:
    _require(dossier.handover == "accepted" and not dossier.closure, "The case is not being worked.")


def _review(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(dossier.handover == "received" and not dossier.closure, "The case is past its review.")
    dossier.handover = "under_review"
    desk.feed.tell(at, dossier.case_ref, "under_review", raw=dossier.raw_status)


def _accept(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(dossier.handover not in ("accepted", "rejected"), "The case is decided already.")
    _require(not dossier.closure, "The case is closed.")
    dossier.handover = "accepted"
    dossier.activity = "running"
    dossier.interest_until = at.date()
    desk.feed.tell(at, dossier.case_ref, "accepted", agency_ref=dossier.agency_ref, raw=dossier.raw_status)
    desk.set_phase(dossier, "amicable", at)
    _charge_costs(desk, dossier, at)


def _charge_costs(desk: Desk, dossier: Dossier, at: datetime) -> None:
    book = dossier.book
    principal = sum(line.open for line in book.lines.values() if line.component == "principal")
    charged_by_creditor = any(line.kind == "collection_cost" for line in book.lines.values())
    if desk.options.debtor_costs == "wik" and principal and not charged_by_creditor:
        book.costs.charged += collection_costs(principal)
        _tell_cost(desk, dossier, at, kind="collection_costs", net=book.costs.charged, vat=0, borne_by="debtor")


def _reject(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(dossier.handover != "rejected" and not dossier.closure, "The case is decided already.")
    late = dossier.handover == "accepted"
    dossier.handover = "rejected"
    dossier.closure = "rejected_late" if late else ""
    dossier.book.waive()
    desk.drop_plan(dossier)
    desk.feed.tell(at, dossier.case_ref, "rejected", reasons=list(step.reasons), raw=dossier.raw_status)


def _reject_line(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(dossier.handover != "rejected" and not dossier.closure, "The case is not being worked.")
    _require(0 <= step.line < len(dossier.book.lines), "There is no such line.")
    line = list(dossier.book.lines.values())[step.line]
    line.lower("corrected", line.open)
    reason = step.reason or "not_plausible"
    desk.feed.tell(at, dossier.case_ref, "line_rejected", line_id=line.line_id, reason=reason)
    desk.settle(dossier, at)


def _ask(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(dossier.handover != "rejected" and not dossier.closure, "The case is not being worked.")
    deadline = at.date() + timedelta(days=step.deadline_days)
    request = AgencyRequest(desk.number("req"), "info", step.subject, deadline, step.questions)
    desk.ask(dossier, request, at)
    desk.feed.tell(
        at,
        dossier.case_ref,
        "info_requested",
        request_id=request.request_id,
        subject=step.subject,
        questions=[question.model_dump(mode="json") for question in step.questions],
        deadline=deadline.isoformat(),
        raw=dossier.raw_status,
    )


def _ask_approval(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require_working(dossier)
    deadline = at.date() + timedelta(days=step.deadline_days)
    request = AgencyRequest(desk.number("req"), "approval", step.subject, deadline)
    desk.ask(dossier, request, at)
    estimate = None if step.estimate_minor is None else dossier.money(step.estimate_minor)
    desk.feed.tell(
        at,
        dossier.case_ref,
        "approval_requested",
        request_id=request.request_id,
        subject=step.subject,
        estimate=estimate,
        deadline=deadline.isoformat(),
        raw=dossier.raw_status,
    )


def _phase(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require_working(dossier)
    desk.set_phase(dossier, step.phase, at)


def _activity(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require_working(dossier)
    desk.set_activity(dossier, step.activity, at, reason=step.reason)


def _merge(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require_working(dossier)
    target = next((other for other in desk.dossiers.values() if _can_join(dossier, other, step.into)), None)
    if target is None:
        raise Problem("conflict", "act_not_possible", "There is no open file of this debtor to join.")
    dossier.agency_ref = target.agency_ref
    dossier.merged_into = target.case_ref
    dossier.closure = "merged"
    desk.drop_plan(dossier)
    into = {"into_agency_ref": target.agency_ref, "into_case_ref": target.case_ref}
    desk.feed.tell(at, dossier.case_ref, "merged", raw=dossier.raw_status, **into)


def _can_join(dossier: Dossier, other: Dossier, into: str) -> bool:
    same_debtor = other.submission.debtor.debtor_id == dossier.submission.debtor.debtor_id
    same_currency = other.submission.currency == dossier.submission.currency
    working = other.handover == "accepted" and not other.closure
    return other is not dossier and same_debtor and same_currency and working and into in ("", other.case_ref)


def _pay(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(dossier.handover == "accepted", "The case is not accepted.")
    _require(dossier.closure in ("", "merged"), "The case is closed.")
    members = desk.worked_with(dossier)
    for member in members:
        _charge_interest(desk, member, at)
    owed = sum(member.book.open for member in members)
    minor = step.minor if step.minor is not None else percent_of(owed, step.percent or Decimal(100))
    _require(0 < minor <= owed, f"The debtor owes {owed} minor units: never more than that is collected.")
    left = minor
    for member in members:
        part = min(left, member.book.open)
        if part:
            _book_payment(desk, member, part, at)
            left -= part
    desk.settle(dossier, at)


def _charge_interest(desk: Desk, dossier: Dossier, at: datetime) -> None:
    since, dossier.interest_until = dossier.interest_until or at.date(), at.date()
    principal = sum(line.open for line in dossier.book.lines.values() if line.component == "principal")
    days = (at.date() - since).days
    dossier.book.interest.charged += percent_of(principal * days, desk.options.interest_percent / 365)


def _book_payment(desk: Desk, dossier: Dossier, gross: int, at: datetime) -> None:
    payment = dossier.book.receive(desk.number("pay"), at.date(), gross)
    desk.payouts.collected(dossier, payment)
    allocation = [
        {"component": part.component, "amount": dossier.money(part.minor)}
        | ({"line_id": part.line_id} if part.line_id else {})
        for part in payment.parts
    ]
    desk.feed.tell(
        at,
        dossier.case_ref,
        "payment_received",
        payment_id=payment.payment_id,
        received_on=at.date().isoformat(),
        gross=dossier.money(gross),
        allocation=allocation,
    )


def _reverse(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    standing = [paid for paid in dossier.book.payments.values() if not paid.reversed]
    chosen = [paid for paid in standing if step.payment_id in ("", paid.payment_id)]
    _require(bool(chosen), "There is no such payment to undo.")
    payment = dossier.book.reverse(chosen[-1].payment_id)
    desk.payouts.undone(dossier, payment)
    reason = step.reason or None
    desk.feed.tell(at, dossier.case_ref, "payment_reversed", payment_id=payment.payment_id, reason=reason)
    desk.settle(dossier, at)


def _cost(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require_working(dossier)
    _require(step.net_minor > 0, "A cost needs net_minor.")
    vat = 0
    if step.borne_by == "debtor":
        dossier.book.costs.charged += step.net_minor
    else:
        dossier.book.creditor_costs += step.net_minor
        desk.payouts.charge(dossier.submission.currency, step.net_minor)
        vat = percent_of(step.net_minor, desk.options.vat_percent)
    _tell_cost(desk, dossier, at, kind=step.cost_kind, net=step.net_minor, vat=vat, borne_by=step.borne_by)


def _tell_cost(desk: Desk, dossier: Dossier, at: datetime, *, kind: str, net: int, vat: int, borne_by: str) -> None:
    facts = {"cost_id": desk.number("cost"), "cost_kind": kind, "borne_by": borne_by}
    amounts = {"net": dossier.money(net), "vat": dossier.money(vat)}
    desk.feed.tell(at, dossier.case_ref, "cost_added", **facts, **amounts)


def _message(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    text = step.text or "Please call us about this case."
    desk.feed.tell(at, dossier.case_ref, "message_received", message_id=desk.number("msg"), text=text)


def _close(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require_working(dossier)
    owes = sum(member.book.open for member in desk.worked_with(dossier))
    _require(step.closure != "paid" or not owes, f"The debtor still owes {owes} minor units: this is not paid.")
    desk.close(dossier, step.closure, at, reason=step.reason)


def _reopen(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(bool(dossier.closure) and dossier.handover == "accepted", "The case is not closed.")
    desk.reopen(dossier, at, reason=step.reason)


def _remit(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(bool(desk.remit(at)), "There is nothing to pay out.")


def _odd_event(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    desk.feed.tell(at, dossier.case_ref, "file_photographed", text=step.text, raw="DOSSIER_GEFOTOGRAFEERD")


def _give_back(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(bool(dossier.asked_back), "The case was not asked back.")
    desk.give_back(dossier, at)


def _keep(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(bool(dossier.asked_back), "The case was not asked back.")
    desk.keep(dossier, at, reason=step.reason)


def _forget(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    desk.drop_plan(dossier)
    del desk.dossiers[dossier.case_ref]


def _alter_line(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(0 <= step.line < len(dossier.book.lines) and step.minor is not None, "Name a line and an amount.")
    list(dossier.book.lines.values())[step.line].raise_by(step.minor or 0)


def _add_line(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    _require(step.minor is not None, "Name an amount.")
    line_id = f"{dossier.case_ref}/strange-{len(dossier.book.lines) + 1}"
    dossier.book.lines[line_id] = LineBook(line_id, "principal", at.date(), step.minor or 0)


def _stranger(desk: Desk, dossier: Dossier, step: Step, at: datetime) -> None:
    desk.feed.tell(at, step.into or "NOBODYS-CASE", "phase_changed", phase=step.phase)


_ACTS: dict[str, Act] = {
    "review": _review,
    "accept": _accept,
    "reject": _reject,
    "reject_line": _reject_line,
    "ask": _ask,
    "ask_approval": _ask_approval,
    "phase": _phase,
    "activity": _activity,
    "merge": _merge,
    "pay": _pay,
    "reverse": _reverse,
    "cost": _cost,
    "message": _message,
    "close": _close,
    "reopen": _reopen,
    "remit": _remit,
    "odd_event": _odd_event,
    "give_back": _give_back,
    "keep": _keep,
    "forget": _forget,
    "alter_line": _alter_line,
    "add_line": _add_line,
    "stranger": _stranger,
}
