"""From our words to the agency's JSON: the declared fields, and nothing else leaves."""

import base64
import hashlib
import re
from typing import Any

from connector.errors import PluginError, RejectedError
from connector.model import (
    Address,
    ApprovalDecision,
    Case,
    ClaimLine,
    ContactPerson,
    CorrectClaim,
    CreditNote,
    DirectPayment,
    DisputeReport,
    Document,
    Hold,
    Message,
    Money,
    Mutation,
    PriorStep,
    RequestAnswer,
    Resume,
    ReversePayment,
    Withdraw,
)
from connector_agency_api.fitness import (
    REFERENCE,
    compact_iban,
    email_or_none,
    is_complete,
    language_or_none,
    phone_or_none,
)

Json = dict[str, Any]

SENDS: frozenset[str] = frozenset({
    "case_ref", "product", "currency", "language", "disputed", "is_test", "description",
    "prior_steps.step", "prior_steps.taken_on", "prior_steps.channel",
    "creditor.name", "creditor.company_number", "creditor.vat_recoverable", "creditor.iban", "creditor.address",
    "creditor.vat_number", "creditor.email", "creditor.phone", "creditor.language", "creditor.agency_client_number",
    "debtor.id", "debtor.name", "debtor.kind", "debtor.addresses", "debtor.code", "debtor.company_number",
    "debtor.vat_number", "debtor.language", "debtor.email", "debtor.phone",
    "debtor.contacts.name", "debtor.contacts.email", "debtor.contacts.phone", "debtor.contacts.main",
    "lines.line_id", "lines.kind", "lines.number", "lines.invoice_date", "lines.due_date", "lines.original",
    "lines.open", "lines.description", "lines.payment_reference",
})  # fmt: skip
"""What leaves of a case, as dotted paths of `connector.model.Case`; a path covers all beneath it."""

# Withheld as a whole: half a contact person, or half a step, is of no use to anybody.
WITHHOLDABLE: frozenset[str] = frozenset({
    "description", "prior_steps",
    "creditor.vat_number", "creditor.email", "creditor.phone", "creditor.language", "creditor.agency_client_number",
    "debtor.code", "debtor.company_number", "debtor.vat_number", "debtor.language", "debtor.email", "debtor.phone",
    "debtor.contacts", "lines.description", "lines.payment_reference",
})  # fmt: skip
DOCUMENT_KINDS: frozenset[str] = frozenset({
    "invoice", "statement", "contract", "terms", "delivery_proof", "notice", "correspondence", "mandate", "judgment",
    "other",
})  # fmt: skip
"""What a document can be."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_RENAMED = {
    "debtor.debtor_id": "debtor.id",
    "creditor.client_number": "creditor.agency_client_number",
    "total": "lines.open",
}


def sent_fields(withhold: frozenset[str]) -> frozenset[str]:
    """The paths that leave when some are withheld."""
    return frozenset(path for path in SENDS if not _covered(path, withhold))


def case_json(case: Case, *, client_number: str, product: str, withhold: frozenset[str]) -> Json:
    """A case as `POST /v1/cases` takes it, without the withheld fields.

    Only for a case without blocking findings. Raises PluginError for a field that is not declared in `SENDS`.
    """
    body = _present({
        "case_ref": case.case_ref,
        "creditor": _creditor(case, client_number),
        "debtor": _debtor(case),
        "product": product or case.product,
        "currency": case.currency,
        "language": language_or_none(case.language) or "nl",
        "description": case.description,
        "disputed": case.disputed,
        "is_test": case.is_test,
        "total": money_json(case.open),
        "lines": [_line(line) for line in case.lines],
        "prior_steps": [_step(step) for step in case.prior_steps],
    })  # fmt: skip
    kept: Json = _declared_only("", body, withhold)
    return kept


def mutation_json(mutation: Mutation) -> tuple[str, Json]:
    """The path under the case, and the body, of a mutation. Raises RejectedError for a request id of nobody."""
    base: Json = {"effective_date": mutation.effective_date.isoformat()}
    own: Json = {"mutation_id": mutation.mutation_id} | base
    if isinstance(mutation, Message):
        return "messages", {"message_id": mutation.mutation_id, "text": mutation.text} | base
    if isinstance(mutation, RequestAnswer):
        answers = [{"question_id": given.question_id, "value": given.value} for given in mutation.answers]
        return _answer_path(mutation.request_id), {"kind": "answers", "answers": answers} | own
    if isinstance(mutation, ApprovalDecision):
        decision = _present({"kind": "approval", "approved": mutation.approved, "terms": mutation.terms})
        return _answer_path(mutation.request_id), decision | own
    return "mutations", _present({"kind": mutation.kind} | own | _particulars(mutation))


def document_json(document: Document) -> Json:
    """A document as the agency takes it: its content in base64, with a digest."""
    return _present({
        "document_id": document.id,
        "kind": document.kind,
        "file_name": re.sub(r"[/\\\x00-\x1f]", "_", document.file_name),
        "mime": document.mime,
        "sha256": hashlib.sha256(document.content).hexdigest(),
        "content": base64.b64encode(document.content).decode("ascii"),
        "claim": document.claim,
    })  # fmt: skip


def checked_key(key: str) -> str:
    """The key, when it can be one. Raises RejectedError."""
    if not _KEY.fullmatch(key):
        raise RejectedError("A delivery key must be 1 to 128 letters, digits and . _ : -", detail=repr(key))
    return key


def money_json(money: Money) -> Json:
    """An amount in integer minor units."""
    return {"minor": money.minor, "currency": money.currency}


def _particulars(
    mutation: DirectPayment | ReversePayment | CreditNote | CorrectClaim | Hold | Resume | Withdraw | DisputeReport,
) -> Json:
    if isinstance(mutation, Hold):
        return {"reason": mutation.reason, "until": mutation.until.isoformat() if mutation.until else ""}
    if isinstance(mutation, Resume):
        return {"reason": mutation.reason}
    if isinstance(mutation, Withdraw):
        return {"reason": mutation.reason, "fee_ack": money_json(mutation.fee_ack) if mutation.fee_ack else None}
    if isinstance(mutation, DisputeReport):
        return {"position": mutation.position, "text": mutation.text}
    lines = [{"line_id": line.line_id, "amount": money_json(line.amount)} for line in mutation.lines]
    if isinstance(mutation, DirectPayment):
        return {"lines": lines, "bank_reference": mutation.bank_reference}
    if isinstance(mutation, ReversePayment):
        return {"lines": lines, "original_mutation_id": mutation.original_mutation_id}
    if isinstance(mutation, CreditNote):
        return {"lines": lines, "number": mutation.number}
    return {"lines": lines, "direction": mutation.direction, "reason": mutation.reason}


def _answer_path(request_id: str) -> str:
    if not REFERENCE.fullmatch(request_id):
        raise RejectedError("This is not a request id of the agency.", detail=repr(request_id))
    return f"requests/{request_id}/answer"


def _creditor(case: Case, client_number: str) -> Json:
    creditor = case.creditor
    return _present({
        "name": creditor.name.strip(),
        "company_number": creditor.company_number.strip(),
        "vat_number": creditor.vat_number.strip(),
        "vat_recoverable": creditor.vat_recoverable,
        "iban": compact_iban(creditor.iban),
        "address": _address(creditor.address),
        "email": email_or_none(creditor.email),
        "phone": phone_or_none(creditor.phone),
        "language": language_or_none(creditor.language),
        "client_number": client_number or creditor.agency_client_number,
    })  # fmt: skip


def _debtor(case: Case) -> Json:
    debtor = case.debtor
    # Contact persons are people: those of a consumer are nobody's business.
    contacts = () if debtor.kind == "consumer" else debtor.contacts
    shown = _present({
        "debtor_id": debtor.id,
        "code": debtor.code.strip(),
        "name": debtor.name.strip(),
        "kind": debtor.kind,
        "company_number": debtor.company_number.strip(),
        "vat_number": debtor.vat_number.strip(),
        "language": language_or_none(debtor.language),
        "email": email_or_none(debtor.email),
        "phone": phone_or_none(debtor.phone),
        "contacts": [_contact(contact) for contact in contacts if contact.name.strip()],
    })  # fmt: skip
    return shown | {"addresses": [_address(address) for address in debtor.addresses if is_complete(address)]}


def _contact(contact: ContactPerson) -> Json:
    return _present({
        "name": contact.name.strip(),
        "email": email_or_none(contact.email),
        "phone": phone_or_none(contact.phone),
        "main": contact.main,
    })  # fmt: skip


def _line(line: ClaimLine) -> Json:
    return _present({
        "line_id": line.line_id,
        "kind": line.kind,
        "number": line.number.strip(),
        "invoice_date": line.invoice_date.isoformat(),
        "due_date": line.due_date.isoformat(),
        "original": money_json(line.original),
        "open": money_json(line.open),
        "description": line.description,
        "payment_reference": line.payment_reference,
    })  # fmt: skip


def _step(step: PriorStep) -> Json:
    return _present({"step": step.step, "taken_on": step.taken_on.isoformat(), "channel": step.channel})


def _address(address: Address) -> Json:
    lines = [line.strip() for line in address.lines if line.strip()]
    place = {"postcode": address.postcode.strip(), "city": address.city.strip(), "country": address.country.strip()}
    return {"kind": address.kind, "lines": lines} | place


def _present(body: Json) -> Json:
    return {name: value for name, value in body.items() if value not in ("", None, [])}


def _declared_only(path: str, value: Any, withhold: frozenset[str]) -> Any:
    """The value without what is withheld; None when nothing of it may leave."""
    if path and _covered(path, withhold):
        return None
    if path and _covered(path, SENDS):
        return value
    if isinstance(value, list):
        return [_declared_only(path, entry, withhold) for entry in value]
    if not isinstance(value, dict):
        raise PluginError(f"the field {path} is not declared and does not leave", plugin="agency_api")
    inner = {name: _declared_only(_path(path, name), held, withhold) for name, held in value.items()}
    return {name: held for name, held in inner.items() if held is not None}


def _path(path: str, name: str) -> str:
    full = f"{path}.{name}" if path else name
    return _RENAMED.get(full, full)


def _covered(path: str, paths: frozenset[str]) -> bool:
    return path in paths or any(path.startswith(f"{known}.") for known in paths)
