"""Records with sensible values, for tests that care about one field: `make_item(open_minor=0)`.

Every text differs from every other, so that a test can search for one; identifiers are valid and invented.
"""

from datetime import date
from typing import Any

from pydantic import TypeAdapter

from connector.model import (
    Account,
    Address,
    Answer,
    Case,
    Claim,
    ClaimLine,
    ContactPerson,
    Creditor,
    Debtor,
    Document,
    LineAmount,
    Money,
    Mutation,
    MutationKind,
    OpenItem,
    PriorStep,
    SourceUpdate,
)

INVOICE_DATE = date(2026, 1, 5)
DUE_DATE = date(2026, 2, 4)
EFFECTIVE_DATE = date(2026, 3, 2)


def euros(amount: str | int) -> Money:
    """Money in euros from major units: `euros("12.34")`."""
    return Money.of(amount, "EUR")


def make_debtor(**changes: Any) -> Debtor:
    """A business in Utrecht with one address and one contact person."""
    values: dict[str, Any] = {
        "id": "debtor-1",
        "code": "10023",
        "name": "Bakkerij De Gouden Korst B.V.",
        "kind": "business",
        "company_number": "68750110",
        "vat_number": "NL123456782B90",
        "language": "nl",
        "email": "administratie@goudenkorst.example",
        "phone": "+31301234567",
        "iban": "NL02ABNA0123456789",
        "addresses": (Address(lines=("Oudegracht 112",), postcode="3511 AV", city="Utrecht", country="NL"),),
        "contacts": (
            ContactPerson(name="Renée de Wit", email="renee@goudenkorst.example", phone="+31612345678", main=True),
        ),
    }
    return Debtor(**(values | changes))


def make_creditor(**changes: Any) -> Creditor:
    """A wholesaler in Rotterdam."""
    values: dict[str, Any] = {
        "name": "Groothandel Meelfabriek N.V.",
        "company_number": "24001234",
        "vat_number": "NL004495445B01",
        "iban": "NL91ABNA0417164300",
        "address": Address(lines=("Maashaven 8",), postcode="3081 AE", city="Rotterdam", country="NL"),
        "email": "debiteuren@meelfabriek.example",
        "phone": "+31107654321",
        "agency_client_number": "CL-4711",
    }
    return Creditor(**(values | changes))


def make_item(**changes: Any) -> OpenItem:
    """An open invoice of EUR 1,234.56. `claim` follows `id`, and `open_minor` follows `amount_minor`, unless given."""
    values: dict[str, Any] = {
        "id": "item-1",
        "debtor_id": "debtor-1",
        "kind": "invoice",
        "state": "open",
        "currency": "EUR",
        "amount_minor": 123456,
        "number": "2026-0017",
        "invoice_date": INVOICE_DATE,
        "due_date": DUE_DATE,
    } | changes
    values.setdefault("claim", values["id"])
    values.setdefault("open_minor", values["amount_minor"])
    values.setdefault("original_minor", values["amount_minor"])
    return OpenItem(**values)


def make_line(**changes: Any) -> ClaimLine:
    """A claim line of EUR 1,234.56 principal, of which nothing was paid. `open` follows `original` unless given."""
    values: dict[str, Any] = {
        "line_id": "line-1",
        "claim": "item-1",
        "number": "2026-0017",
        "invoice_date": INVOICE_DATE,
        "due_date": DUE_DATE,
        "original": euros("1234.56"),
        "description": "Levering tarwebloem januari",
        "payment_reference": "1234567890123456",
    } | changes
    values.setdefault("open", values["original"])
    return ClaimLine(**values)


def make_case(**changes: Any) -> Case:
    """A case of two lines, EUR 1,234.56 and a half-paid one of EUR 0.29, after a reminder and a formal notice."""
    values: dict[str, Any] = {
        "case_ref": "IC-2026-000001",
        "ledger": "administratie-7",
        "creditor": make_creditor(),
        "debtor": make_debtor(),
        "lines": (
            make_line(),
            make_line(
                line_id="line-2",
                claim="item-2",
                number="2026-0018",
                original=euros("0.58"),
                open=euros("0.29"),
                description="Restant pallets",
                payment_reference="6543210987654321",
            ),
        ),
        "currency": "EUR",
        "description": "Onbetaalde leveringen eerste kwartaal",
        "prior_steps": (
            PriorStep(step="reminder", taken_on=date(2026, 2, 9), channel="email", origin="dunning"),
            PriorStep(step="notice", taken_on=date(2026, 2, 16), channel="post", origin="dunning"),
        ),
    }
    return Case(**(values | changes))


def make_account(**changes: Any) -> Account:
    """A debtor with one claim of EUR 1,234.56 that is overdue on 2 March 2026."""
    values: dict[str, Any] = {
        "ledger": "administratie-7",
        "debtor_id": "debtor-1",
        "debtor_kind": "business",
        "debtor_country": "NL",
        "day": EFFECTIVE_DATE,
        "claims": (
            Claim(
                claim="item-1",
                number="2026-0017",
                currency="EUR",
                open_minor=123456,
                overdue_minor=123456,
                original_minor=123456,
                invoice_date=INVOICE_DATE,
                due_date=DUE_DATE,
            ),
        ),
    }
    return Account(**(values | changes))


def make_document(**changes: Any) -> Document:
    """The smallest thing that calls itself a PDF, named as the invoice of `make_item`."""
    values: dict[str, Any] = {
        "id": "document-1",
        "kind": "invoice",
        "file_name": "2026-0017.pdf",
        "mime": "application/pdf",
        "content": b"%PDF-1.4\n%%EOF\n",
        "claim": "item-1",
    }
    return Document(**(values | changes))


def make_update(**changes: Any) -> SourceUpdate:
    """A running case, as written back to the ledger."""
    values: dict[str, Any] = {
        "marker": "[IC-2026-000001]",
        "case_ref": "IC-2026-000001",
        "debtor_id": "debtor-1",
        "claims": ("item-1",),
        "subject": "[IC-2026-000001] In behandeling bij het incassobureau",
        "body": "Het bureau heeft het dossier aangenomen.",
        "state": "running",
    }
    return SourceUpdate(**(values | changes))


def make_mutation(kind: MutationKind = "direct_payment", *, case: Case | None = None, **changes: Any) -> Mutation:
    """A mutation of `kind` about the first line of `case` (default `make_case()`): EUR 0.10 where it has an amount."""
    case = case or make_case()
    values: dict[str, Any] = {
        "kind": kind,
        "mutation_id": f"mutation-{kind}",
        "case_ref": case.case_ref,
        "effective_date": EFFECTIVE_DATE,
    }
    if kind in _WITH_LINES:
        amount = Money(minor=10, currency=case.currency)
        values["lines"] = (LineAmount(line_id=case.lines[0].line_id, amount=amount),)
    return _MUTATION.validate_python(values | _OWN_FIELDS[kind] | changes)


_MUTATION: TypeAdapter[Mutation] = TypeAdapter(Mutation)
_WITH_LINES = frozenset({"direct_payment", "reverse_payment", "credit_note", "correct_claim"})
_OWN_FIELDS: dict[MutationKind, dict[str, Any]] = {
    "direct_payment": {"bank_reference": "CAMT-77"},
    "reverse_payment": {"original_mutation_id": "mutation-direct_payment"},
    "credit_note": {"number": "CN-2026-0003"},
    "correct_claim": {"direction": "down", "reason": "Boekingscorrectie"},
    "hold": {"reason": "De debiteur wil overleggen", "until": date(2026, 3, 16)},
    "resume": {"reason": "Het overleg is klaar"},
    "withdraw": {"reason": "Onderling geregeld"},
    "dispute_report": {"position": "disputed", "text": "De levering zou onvolledig zijn"},
    "request_answer": {"request_id": "request-1", "answers": (Answer(question_id="question-1", value="ja"),)},
    "approval_decision": {"request_id": "request-2", "approved": True},
    "message": {"text": "De debiteur is verhuisd"},
}
