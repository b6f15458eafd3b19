"""The requests of the open agency API as strict records, field by field as in openapi.yaml."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,49}$"
CaseRef = Annotated[str, Field(pattern=_ID)]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
OwnId = Annotated[str, Field(pattern=r"^[ -~]{1,64}$")]
LineId = Annotated[str, Field(pattern=r"^[ -~]{1,100}$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Email = Annotated[str, Field(pattern=r"^[!-?A-~]{1,64}@[!-?A-~]{1,189}$")]
Phone = Annotated[str, Field(min_length=3, max_length=50)]
Reason = Annotated[str, Field(min_length=1, max_length=1000)]
Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Text20 = Annotated[str, Field(min_length=1, max_length=20)]
Text30 = Annotated[str, Field(min_length=1, max_length=30)]
Text50 = Annotated[str, Field(min_length=1, max_length=50)]
Text100 = Annotated[str, Field(min_length=1, max_length=100)]
Text200 = Annotated[str, Field(min_length=1, max_length=200)]
Text4000 = Annotated[str, Field(min_length=1, max_length=4000)]
Product = Literal["amicable", "amicable_legal", "ios", "monitoring"]
DocumentKind = Literal[
    "invoice", "statement", "contract", "terms", "delivery_proof", "notice", "correspondence",
    "mandate", "judgment", "other",
]  # fmt: skip


class Wire(BaseModel):
    """Strict, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Amount(Wire):
    """Money above zero."""

    minor: Annotated[int, Field(ge=1, le=1_000_000_000_000)]
    currency: Currency


class Address(Wire):
    """A postal address."""

    kind: Literal["visit", "postal", "invoice", "delivery", "other"] = "postal"
    lines: Annotated[tuple[Text200, ...], Field(min_length=1, max_length=5)]
    postcode: Annotated[str, Field(max_length=20)]
    city: Text100
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Creditor(Wire):
    """Who is owed."""

    name: Text200
    company_number: Text30
    vat_number: Text20 = ""
    vat_recoverable: bool
    iban: Annotated[str, Field(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")]
    address: Address
    email: Email = ""
    phone: Phone = ""
    language: Language = ""
    client_number: Text50 = ""


class Contact(Wire):
    """A person at the debtor."""

    name: Text200
    email: Email = ""
    phone: Phone = ""
    main: bool = False


class Debtor(Wire):
    """Who owes."""

    debtor_id: Text100
    code: Text50 = ""
    name: Text200
    kind: Literal["consumer", "business", "sole_trader", "public_body"]
    company_number: Text30 = ""
    vat_number: Text20 = ""
    language: Language = ""
    email: Email = ""
    phone: Phone = ""
    addresses: Annotated[tuple[Address, ...], Field(max_length=10)]
    contacts: Annotated[tuple[Contact, ...], Field(max_length=10)] = ()


class ClaimLine(Wire):
    """One claim."""

    line_id: LineId
    kind: Literal["principal", "interest", "collection_cost", "reminder_fee", "vat", "other"]
    number: Text100
    invoice_date: date
    due_date: date
    original: Amount
    open: Amount
    description: Annotated[str, Field(min_length=1, max_length=500)] = ""
    payment_reference: Text100 = ""


class PriorStep(Wire):
    """A step before hand-over."""

    step: Text100
    taken_on: date
    channel: Text50 = ""


class CaseSubmission(Wire):
    """A case as it is handed over."""

    case_ref: CaseRef
    creditor: Creditor
    debtor: Debtor
    product: Product
    currency: Currency
    language: Language
    description: Text4000 = ""
    disputed: bool
    is_test: bool = False
    total: Amount
    lines: Annotated[tuple[ClaimLine, ...], Field(min_length=1, max_length=500)]
    prior_steps: Annotated[tuple[PriorStep, ...], Field(max_length=100)] = ()
    tags: Annotated[tuple[CaseRef, ...], Field(max_length=20)] = ()


class LineAmount(Wire):
    """An amount of one line."""

    line_id: LineId
    amount: Amount


Lines = Annotated[tuple[LineAmount, ...], Field(min_length=1, max_length=500)]


class _Mutation(Wire):
    mutation_id: OwnId
    effective_date: date


class DirectPayment(_Mutation):
    kind: Literal["direct_payment"]
    lines: Lines
    bank_reference: Text100 = ""


class ReversePayment(_Mutation):
    kind: Literal["reverse_payment"]
    lines: Lines
    original_mutation_id: OwnId = ""


class CreditNote(_Mutation):
    kind: Literal["credit_note"]
    lines: Lines
    number: Text100 = ""


class CorrectClaim(_Mutation):
    kind: Literal["correct_claim"]
    direction: Literal["down", "up"]
    lines: Lines
    reason: Reason


class Hold(_Mutation):
    kind: Literal["hold"]
    reason: Reason
    until: date | None = None


class Resume(_Mutation):
    kind: Literal["resume"]
    reason: Reason = ""


class Withdraw(_Mutation):
    kind: Literal["withdraw"]
    reason: Reason
    fee_ack: Amount | None = None


class DisputeReport(_Mutation):
    kind: Literal["dispute_report"]
    position: Literal["disputed", "settled"]
    text: Text = ""


MoneyMutation = DirectPayment | ReversePayment | CreditNote | CorrectClaim
Mutation = Annotated[
    DirectPayment | ReversePayment | CreditNote | CorrectClaim | Hold | Resume | Withdraw | DisputeReport,
    Field(discriminator="kind"),
]


class DocumentUpload(Wire):
    """A document, its content in base64."""

    document_id: Text100
    kind: DocumentKind
    file_name: Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f]{1,200}$")]
    mime: Literal["application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv", "application/xml"]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    content: Annotated[str, Field(min_length=4, max_length=13_400_000)]
    claim: Text100 = ""


class MessageSubmission(Wire):
    """Free text from the creditor."""

    message_id: OwnId
    effective_date: date
    text: Text


class AnsweredQuestion(Wire):
    """One answer."""

    question_id: Text50
    value: Text4000


class Answers(_Mutation):
    """Answers to a structured question."""

    kind: Literal["answers"]
    answers: Annotated[tuple[AnsweredQuestion, ...], Field(min_length=1, max_length=50)]


class ApprovalDecision(_Mutation):
    """Yes or no to a step of the agency."""

    kind: Literal["approval"]
    approved: bool
    terms: Text4000 = ""


RequestAnswer = Annotated[Answers | ApprovalDecision, Field(discriminator="kind")]


class WebhookSubmission(Wire):
    """A subscription."""

    url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")]
    payload: Literal["thin", "full"] = "thin"
