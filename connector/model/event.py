"""Agency to creditor: what happened to a case. Events may come twice, late and out of order."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from connector.model.case import Activity, Closure, Phase
from connector.model.money import Money
from connector.model.record import Record


class _Event(Record):
    """`id` is the agency's event id, unique per connection; `occurred_at` UTC; `raw` the agency's own word."""

    id: str
    case_ref: str
    occurred_at: datetime
    raw: str = ""


class Received(_Event):
    """The agency has the case, and has not yet decided."""

    kind: Literal["received"] = "received"
    agency_ref: str


class UnderReview(_Event):
    """The agency looks at the case before accepting."""

    kind: Literal["under_review"] = "under_review"


class Accepted(_Event):
    """The agency works the case under its own number."""

    kind: Literal["accepted"] = "accepted"
    agency_ref: str


class Rejected(_Event):
    """The agency refuses the case, perhaps after having accepted it. Its claim lines are free again."""

    kind: Literal["rejected"] = "rejected"
    reasons: tuple[str, ...]


class LineRejected(_Event):
    """The agency refuses one claim line and works the others."""

    kind: Literal["line_rejected"] = "line_rejected"
    line_id: str
    reason: str


class Merged(_Event):
    """The agency joined the case with another one of the same debtor."""

    kind: Literal["merged"] = "merged"
    into_agency_ref: str
    into_case_ref: str = ""


class PhaseChanged(_Event):
    """The case is in another phase; it may go back."""

    kind: Literal["phase_changed"] = "phase_changed"
    phase: Phase


class ActivityChanged(_Event):
    """The case runs, rests, or waits for somebody. `until` is a day."""

    kind: Literal["activity_changed"] = "activity_changed"
    activity: Activity
    reason: str = ""
    until: date | None = None


class Question(Record):
    """One question of a request: its type tells how `Answer.value` is read."""

    question_id: str
    label: str
    type: Literal["text", "yes_no", "date", "amount", "choice", "document"] = "text"
    options: tuple[str, ...] = ()
    required: bool = True


class InfoRequested(_Event):
    """The agency asks the creditor structured questions, to be answered by `deadline` (a day)."""

    kind: Literal["info_requested"] = "info_requested"
    request_id: str
    subject: str
    questions: tuple[Question, ...]
    deadline: date | None = None


class ApprovalRequested(_Event):
    """The agency asks permission for a step that costs money or is irrevocable (a summons, an attachment)."""

    kind: Literal["approval_requested"] = "approval_requested"
    request_id: str
    subject: str
    estimate: Money | None = None
    deadline: date | None = None


class RequestSettled(_Event):
    """A request of the agency needs no answer any more."""

    kind: Literal["request_settled"] = "request_settled"
    request_id: str
    outcome: str = ""


class Allocation(Record):
    """What part of a payment went where. `line_id` is given for principal."""

    component: Literal["principal", "interest", "costs", "vat"]
    amount: Money
    line_id: str = ""


class PaymentReceived(_Event):
    """The agency received money from the debtor. The allocations add up to `gross`."""

    kind: Literal["payment_received"] = "payment_received"
    payment_id: str
    received_on: date
    gross: Money
    allocation: tuple[Allocation, ...]


class PaymentReversed(_Event):
    """An earlier payment was undone. Appended, never an edit of the payment."""

    kind: Literal["payment_reversed"] = "payment_reversed"
    payment_id: str
    reason: str = ""


class CostAdded(_Event):
    """A cost of the agency, with VAT apart and who bears it."""

    kind: Literal["cost_added"] = "cost_added"
    cost_id: str
    cost_kind: str
    net: Money
    vat: Money
    borne_by: Literal["debtor", "creditor"]


class MessageReceived(_Event):
    """Free text from the agency."""

    kind: Literal["message_received"] = "message_received"
    message_id: str
    text: str


class RemittancePaid(_Event):
    """The agency paid out; the remittance itself comes from `Sink.remittances`."""

    kind: Literal["remittance_paid"] = "remittance_paid"
    remittance_id: str


class Closed(_Event):
    """The agency closed the case, with its reason in our words and in its own."""

    kind: Literal["closed"] = "closed"
    closure: Closure
    reason: str = ""


class Reopened(_Event):
    """A closed case is open again."""

    kind: Literal["reopened"] = "reopened"
    reason: str = ""


class WithdrawalRefused(_Event):
    """The agency does not give the case back that was asked back, and works it on."""

    kind: Literal["withdrawal_refused"] = "withdrawal_refused"
    reason: str = ""


class Unmapped(_Event):
    """An event or status that has no place in our words. Goes to a person and changes nothing."""

    kind: Literal["unmapped"] = "unmapped"
    text: str = ""


Event = Annotated[
    Received
    | UnderReview
    | Accepted
    | Rejected
    | LineRejected
    | Merged
    | PhaseChanged
    | ActivityChanged
    | InfoRequested
    | ApprovalRequested
    | RequestSettled
    | PaymentReceived
    | PaymentReversed
    | CostAdded
    | MessageReceived
    | RemittancePaid
    | Closed
    | Reopened
    | WithdrawalRefused
    | Unmapped,
    Field(discriminator="kind"),
]


class EventPage(Record):
    """One page of an agency's changes. The host stores it, and its `cursor`, in one transaction."""

    events: tuple[Event, ...] = ()
    cursor: str
    complete: bool = False


class RemittanceItem(Record):
    """One payment's part in a pay-out: `gross` collected, of which `principal` belongs to `line_id`."""

    case_ref: str
    payment_id: str
    line_id: str
    gross: Money
    principal: Money


class Remittance(Record):
    """A pay-out of the agency: gross collected, minus costs and VAT on them, is the net on the bank account."""

    remittance_id: str
    paid_on: date
    gross: Money
    costs: Money
    vat: Money
    net: Money
    payer_iban: str = ""
    bank_reference: str = ""
    items: tuple[RemittanceItem, ...] = ()
