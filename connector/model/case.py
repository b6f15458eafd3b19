"""What is handed over, and how it stands at the agency."""

from datetime import date, datetime
from typing import Literal

from connector.model.money import Currency, Money
from connector.model.party import Creditor, Debtor
from connector.model.record import Record

Handover = Literal[
    "draft", "queued", "sending", "unknown", "received", "under_review", "needs_info", "accepted", "rejected",
]  # fmt: skip
Phase = Literal["", "amicable", "pre_judicial", "judicial", "title", "enforcement", "monitoring"]
Activity = Literal["running", "on_hold", "awaiting_creditor", "plan_active", "disputed", "insolvency_wait"]
Closure = Literal[
    "", "paid", "settled", "partly_recovered", "uncollectable", "withdrawn", "disputed", "credited", "merged",
    "statute_barred", "uneconomic", "rejected_late", "error", "other",
]  # fmt: skip
MoneyState = Literal["unpaid", "partly_paid", "paid", "overpaid"]
Product = Literal["amicable", "amicable_legal", "ios", "monitoring"]


class ClaimLine(Record):
    """One claim inside a case. `line_id` is ours and immutable: the agency refers to it in every event.

    `open` is what was open on the day of hand-over; `original` the amount as invoiced.
    """

    line_id: str
    claim: str
    kind: Literal["principal", "interest", "collection_cost", "reminder_fee", "vat", "other"] = "principal"
    number: str
    invoice_date: date
    due_date: date
    original: Money
    open: Money
    description: str = ""
    payment_reference: str = ""


class PriorStep(Record):
    """A step that was taken before hand-over: a reminder, a formal notice, a call."""

    step: str
    taken_on: date
    channel: str = ""
    origin: str = ""


class Case(Record):
    """A debtor's claim lines, handed to one agency. `case_ref` is ours: at most 50 ASCII characters, never reused."""

    case_ref: str
    ledger: str
    creditor: Creditor
    debtor: Debtor
    lines: tuple[ClaimLine, ...]
    currency: Currency
    product: Product = "amicable"
    language: str = "nl"
    description: str = ""
    disputed: bool = False
    prior_steps: tuple[PriorStep, ...] = ()
    is_test: bool = False

    @property
    def open(self) -> Money:
        """The sum of what is open over all lines."""
        return Money(minor=sum(line.open.minor for line in self.lines), currency=self.currency)


class LineView(Record):
    """One claim line as the agency sees it. `open` is the principal the agency still has to collect.

    The rest is optional, and what a restored store needs to know again what it told: `number` of the invoice,
    `handed_over`, and all that the creditor told so far, net of what it took back, also what was more than was open.
    `told_corrected` is what was taken off the claim less what was added.
    """

    line_id: str
    open: Money
    number: str = ""
    handed_over: Money | None = None
    told_direct: Money | None = None
    told_credited: Money | None = None
    told_corrected: Money | None = None


class PaymentView(Record):
    """A payment as the agency lists it now. A payment that vanished from the list was undone."""

    payment_id: str
    received_on: date
    gross: Money


class CaseView(Record):
    """How a case stands at the agency, on four axes kept apart; money is computed from bookings.

    `debtor_id`: whose case it is, by the id we handed over; optional, for a restored store.
    """

    case_ref: str
    agency_ref: str
    debtor_id: str = ""
    handover: Handover
    phase: Phase = ""
    activity: Activity = "running"
    closure: Closure = ""
    raw_status: str = ""
    lines: tuple[LineView, ...] = ()
    payments: tuple[PaymentView, ...] = ()
    costs: Money | None = None
    as_of: datetime


class Receipt(Record):
    """What a receiver answered: its own reference and whether it has merely received or already accepted.

    `raw` is the receiver's own status word. A replay of an earlier answer under the same key has `replayed` set.
    """

    reference: str
    state: Literal["received", "accepted", "done"] = "received"
    raw: str = ""
    replayed: bool = False


class Finding(Record):
    """A result of a pre-flight check. A blocking one keeps the case at home; `field` names what to mend."""

    blocking: bool
    code: str
    message: str
    field: str = ""


class Preflight(Record):
    """All findings, and the price where the agency tells it."""

    findings: tuple[Finding, ...] = ()
    price: Money | None = None

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that keep the case at home."""
        return tuple(finding for finding in self.findings if finding.blocking)
