"""Creditor to agency after hand-over: what happened at the creditor, and answers to the agency."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from connector.model.money import Money
from connector.model.record import Record


class LineAmount(Record):
    """An amount of one claim line. Positive."""

    line_id: str
    amount: Money


class _Mutation(Record):
    mutation_id: str = Field(description="ours, immutable, at most 64 ASCII characters")
    case_ref: str
    effective_date: date


class DirectPayment(_Mutation):
    """The debtor paid the creditor, not the agency."""

    kind: Literal["direct_payment"] = "direct_payment"
    lines: tuple[LineAmount, ...]
    bank_reference: str = ""


class ReversePayment(_Mutation):
    """An earlier direct payment turned out undone: bounced, or un-matched in the ledger."""

    kind: Literal["reverse_payment"] = "reverse_payment"
    lines: tuple[LineAmount, ...]
    original_mutation_id: str = ""


class CreditNote(_Mutation):
    """The creditor credited (part of) a claim line."""

    kind: Literal["credit_note"] = "credit_note"
    lines: tuple[LineAmount, ...]
    number: str = ""


class CorrectClaim(_Mutation):
    """A claim line changed for another reason: a write-off, a correction of the booking. New open amounts."""

    kind: Literal["correct_claim"] = "correct_claim"
    direction: Literal["down", "up"]
    lines: tuple[LineAmount, ...]
    reason: str


class Hold(_Mutation):
    """Stop working the case until `until` (a day), or until resumed."""

    kind: Literal["hold"] = "hold"
    reason: str
    until: date | None = None


class Resume(_Mutation):
    """Go on with a case on hold."""

    kind: Literal["resume"] = "resume"
    reason: str = ""


class Withdraw(_Mutation):
    """Give the case back. `fee_ack` is the cost the creditor has been shown and accepts, if there is one."""

    kind: Literal["withdraw"] = "withdraw"
    reason: str
    fee_ack: Money | None = None


class DisputeReport(_Mutation):
    """The debtor disputes at the creditor, or that dispute was settled."""

    kind: Literal["dispute_report"] = "dispute_report"
    position: Literal["disputed", "settled"]
    text: str = ""


class Answer(Record):
    """The answer to one question of a request."""

    question_id: str
    value: str


class RequestAnswer(_Mutation):
    """The creditor answers a structured request of the agency."""

    kind: Literal["request_answer"] = "request_answer"
    request_id: str
    answers: tuple[Answer, ...]


class ApprovalDecision(_Mutation):
    """The creditor approves or refuses what the agency asked permission for."""

    kind: Literal["approval_decision"] = "approval_decision"
    request_id: str
    approved: bool
    terms: str = ""


class Message(_Mutation):
    """Free text to the agency, for people to read."""

    kind: Literal["message"] = "message"
    text: str


Mutation = Annotated[
    DirectPayment
    | ReversePayment
    | CreditNote
    | CorrectClaim
    | Hold
    | Resume
    | Withdraw
    | DisputeReport
    | RequestAnswer
    | ApprovalDecision
    | Message,
    Field(discriminator="kind"),
]

MutationKind = Literal[
    "direct_payment", "reverse_payment", "credit_note", "correct_claim", "hold", "resume", "withdraw",
    "dispute_report", "request_answer", "approval_decision", "message",
]  # fmt: skip
