"""What the creditor tells after hand-over, booked on the dossier."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from connector_agency_api.sandbox.books import BookingError, LineBook
from connector_agency_api.sandbox.desk import Desk
from connector_agency_api.sandbox.dossier import AgencyRequest, Dossier
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.scenarios import ScriptedQuestion
from connector_agency_api.sandbox.wire import (
    Answers,
    ApprovalDecision,
    CorrectClaim,
    CreditNote,
    DirectPayment,
    DisputeReport,
    Hold,
    LineAmount,
    MoneyMutation,
    Mutation,
    Resume,
    ReversePayment,
    Withdraw,
)


def book(desk: Desk, dossier: Dossier, mutation: Mutation, at: datetime) -> list[dict[str, Any]]:
    """Book a mutation. Returns per line what was applied and what was surplus.

    Raises Problem (409, 422); then nothing was booked.
    """
    if dossier.handover == "rejected":
        raise Problem("conflict", "case_not_here", "The case was refused and is not worked here.")
    if isinstance(mutation, (DirectPayment, ReversePayment, CreditNote, CorrectClaim)):
        return _book_money(desk, dossier, mutation, at)
    if isinstance(mutation, Hold):
        _hold(desk, dossier, mutation, at)
    elif isinstance(mutation, Resume):
        _resume(desk, dossier, at)
    elif isinstance(mutation, Withdraw):
        _withdraw(desk, dossier, mutation, at)
    else:
        _dispute(desk, dossier, mutation, at)
    return []


def _book_money(desk: Desk, dossier: Dossier, mutation: MoneyMutation, at: datetime) -> list[dict[str, Any]]:
    _check_lines(dossier, mutation)
    applied = [_book_line(dossier, mutation, change) for change in mutation.lines]
    desk.settle(dossier, at)
    return applied


def _check_lines(dossier: Dossier, mutation: MoneyMutation) -> None:
    seen: set[str] = set()
    for index, change in enumerate(mutation.lines):
        where = f"lines.{index}"
        if change.line_id in seen:
            raise Problem("business", "line_repeated", "A line id is there twice.", field=f"{where}.line_id")
        seen.add(change.line_id)
        if change.amount.currency != dossier.submission.currency:
            message = "The amount is not in the currency of the case."
            raise Problem("business", "currency_mixed", message, field=f"{where}.amount.currency")
        try:
            line = dossier.book.line(change.line_id)
        except BookingError as error:
            raise Problem("business", "line_unknown", str(error), field=f"{where}.line_id") from None
        reported = line.applied["direct"] + line.surplus["direct"]
        if isinstance(mutation, ReversePayment) and change.amount.minor > reported:
            message = f"More is undone than the {reported} minor units that were reported."
            raise Problem("business", "reverse_exceeds", message, field=f"{where}.amount.minor")


def _book_line(dossier: Dossier, mutation: MoneyMutation, change: LineAmount) -> dict[str, Any]:
    line, minor = dossier.book.line(change.line_id), change.amount.minor
    applied = _apply(line, mutation, minor)
    return {
        "line_id": line.line_id,
        "applied": dossier.money(applied),
        "surplus": dossier.money(minor - applied),
        "open": dossier.money(line.open),
    }


def _apply(line: LineBook, mutation: MoneyMutation, minor: int) -> int:
    if isinstance(mutation, DirectPayment):
        return line.lower("direct", minor)
    if isinstance(mutation, ReversePayment):
        return line.undo("direct", minor)
    if isinstance(mutation, CreditNote):
        return line.lower("credited", minor)
    return line.lower("corrected", minor) if mutation.direction == "down" else line.raise_by(minor)


def _hold(desk: Desk, dossier: Dossier, mutation: Hold, at: datetime) -> None:
    _require_open(dossier)
    desk.rest(dossier, "hold", at)
    desk.agenda.cancel(dossier.resume_ticket)
    until = mutation.until
    if until:
        day = datetime.combine(until, time(), tzinfo=UTC)
        dossier.resume_ticket = desk.agenda.add(max(day, at), lambda when: _resume(desk, dossier, when))
    desk.show_activity(dossier, at, reason=mutation.reason, until=until.isoformat() if until else "")


def _resume(desk: Desk, dossier: Dossier, at: datetime) -> None:
    desk.agenda.cancel(dossier.resume_ticket)
    for why in ("no_answer", "hold"):
        desk.go_on(dossier, why, at)
    if not dossier.closure:
        desk.show_activity(dossier, at)


def _withdraw(desk: Desk, dossier: Dossier, mutation: Withdraw, at: datetime) -> None:
    _require_open(dossier)
    fee = desk.withdrawal_cost(dossier)
    if fee and (mutation.fee_ack is None or mutation.fee_ack.minor < fee):
        message = f"Withdrawing an accepted case costs {fee} minor units: accept that with fee_ack."
        raise Problem("business", "fee_ack_required", message, field="fee_ack", extra={"price": dossier.money(fee)})
    dossier.asked_back = mutation.reason
    if desk.options.withdrawals == "at_once":
        desk.give_back(dossier, at)
    elif desk.options.withdrawals == "refused":
        desk.keep(dossier, at, reason="the case is worked on")


def _dispute(desk: Desk, dossier: Dossier, mutation: DisputeReport, at: datetime) -> None:
    _require_open(dossier)
    if mutation.position == "disputed":
        desk.rest(dossier, "dispute", at)
    else:
        desk.go_on(dossier, "dispute", at)
    desk.show_activity(dossier, at, reason=f"the creditor reports: {mutation.position}")


def _require_open(dossier: Dossier) -> None:
    if dossier.closure and dossier.closure != "merged":
        raise Problem("conflict", "case_closed", f"The case is closed: {dossier.closure}.")


def answer(desk: Desk, dossier: Dossier, request_id: str, reply: Answers | ApprovalDecision, *, at: datetime) -> None:
    """Take the answer to a request. Raises Problem (404, 409, 422)."""
    request = dossier.requests.get(request_id)
    if request is None:
        raise Problem("not_found", "request_unknown", "There is no such request.", field="request_id")
    if request.outcome:
        raise Problem("conflict", "request_settled", f"The request is settled: {request.outcome}.")
    if (request.kind == "approval") != isinstance(reply, ApprovalDecision):
        raise Problem("business", "wrong_kind", f"This request is of the kind {request.kind}.", field="kind")
    if isinstance(reply, Answers):
        _check_answers(dossier, request, reply)
        desk.answered(dossier, request, at, outcome="answered")
    else:
        _decide(desk, dossier, request, reply, at=at)


def _decide(desk: Desk, dossier: Dossier, request: AgencyRequest, reply: ApprovalDecision, *, at: datetime) -> None:
    if not reply.approved:
        # What was refused is not done: the case is only watched from here on.
        desk.drop_plan(dossier)
        desk.set_phase(dossier, "monitoring", at)
    desk.answered(dossier, request, at, outcome="approved" if reply.approved else "refused")


def _check_answers(dossier: Dossier, request: AgencyRequest, reply: Answers) -> None:
    questions = {question.question_id: question for question in request.questions}
    given = {item.question_id: item.value for item in reply.answers}
    for index, item in enumerate(reply.answers):
        question = questions.get(item.question_id)
        where = f"answers.{index}"
        if question is None:
            raise Problem("business", "question_unknown", "There is no such question.", field=f"{where}.question_id")
        if not _readable(dossier, question, item.value):
            message = f"This question wants an answer of the type {question.type}."
            raise Problem("business", "answer_unreadable", message, field=f"{where}.value")
    missing = [
        question.question_id
        for question in request.questions
        if question.required and question.question_id not in given
    ]
    if missing:
        message = f"Answers are missing: {', '.join(missing)}."
        raise Problem("business", "answer_missing", message, field="answers")


def _readable(dossier: Dossier, question: ScriptedQuestion, value: str) -> bool:
    if question.type == "date":
        return _is_day(value)
    if question.type == "yes_no":
        return value in ("yes", "no")
    if question.type == "amount":
        return re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,3})?", value) is not None
    if question.type == "choice":
        return value in question.options
    return value in dossier.documents if question.type == "document" else True


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
