"""Whether a case can be written down in the agency's words at all: nothing is cut, nothing is guessed."""

import re
from collections.abc import Iterator

from connector.errors import RejectedError
from connector.model import Address, Case, ClaimLine, Finding, Preflight

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,49}")
_LINE_ID = re.compile(r"[ -~]{1,100}")
_EMAIL = re.compile(r"[!-?A-~]{1,64}@[!-?A-~]{1,189}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def case_findings(case: Case) -> Iterator[Finding]:
    """What keeps this case at home (blocking), and what is left out of it (a warning). Asks nobody."""
    yield from _about_case(case)
    yield from _about_creditor(case)
    yield from _about_debtor(case)
    for index, line in enumerate(case.lines):
        yield from _about_line(line, f"lines.{index}")
    for field, text, limit in _lengths(case):
        if len(text) > limit:
            yield _block("too_long", f"{len(text)} characters where the agency takes {limit}.", field)


def refuse_unfit(case: Case) -> None:
    """Raise RejectedError with every finding that keeps this case at home."""
    blocking = Preflight(findings=tuple(case_findings(case))).blocking
    if blocking:
        reasons = tuple(f"{finding.code}: {finding.field}: {finding.message}" for finding in blocking)
        raise RejectedError("The case cannot be handed over as it is.", reasons=reasons)


def email_or_none(text: str) -> str:
    """An e-mail address that can be written to, or nothing: ledgers hold several in one field, and remarks."""
    return text.strip() if _EMAIL.fullmatch(text.strip()) else ""


def phone_or_none(text: str) -> str:
    """A telephone number, or nothing for what is too short or too long to be one."""
    return text.strip() if 3 <= len(text.strip()) <= 50 else ""


def language_or_none(text: str) -> str:
    """The two-letter code of a language, or nothing."""
    short = text.strip().lower()[:2]
    return short if _LANGUAGE.fullmatch(short) else ""


def compact_iban(text: str) -> str:
    """An IBAN without spaces, in capitals."""
    return re.sub(r"\s", "", text).upper()


def is_complete(address: Address) -> bool:
    """Whether a letter would arrive: a street, a city, a country."""
    street = any(line.strip() for line in address.lines)
    return bool(street and address.city.strip() and _COUNTRY.fullmatch(address.country.strip()))


def _about_case(case: Case) -> Iterator[Finding]:
    if not REFERENCE.fullmatch(case.case_ref):
        yield _block("case_ref_form", "The reference must be 1 to 50 letters, digits and . _ : -", "case_ref")
    if not 1 <= len(case.lines) <= 500:
        yield _block("lines_count", "A case has 1 to 500 claim lines.", "lines")
    if len(case.prior_steps) > 100:
        yield _block("prior_steps_count", "A case tells at most 100 earlier steps.", "prior_steps")


def _about_creditor(case: Case) -> Iterator[Finding]:
    creditor = case.creditor
    if not creditor.name.strip():
        yield _block("name_missing", "The creditor has no name.", "creditor.name")
    if not creditor.company_number.strip():
        yield _block("company_number_missing", "The creditor has no company number.", "creditor.company_number")
    if not _IBAN.fullmatch(compact_iban(creditor.iban)):
        yield _block("iban_form", "The creditor's IBAN cannot be read.", "creditor.iban")
    if not is_complete(creditor.address):
        yield _block("address_incomplete", "The creditor's address is not complete.", "creditor.address")


def _about_debtor(case: Case) -> Iterator[Finding]:
    debtor = case.debtor
    if debtor.kind == "unknown":
        yield _block("debtor_kind_unknown", "State whether the debtor is a consumer or a business.", "debtor.kind")
    if not debtor.name.strip():
        yield _block("name_missing", "The debtor has no name.", "debtor.name")
    if debtor.email and not email_or_none(debtor.email):
        yield _warn("email_unreadable", "This is not one e-mail address; it is left out.", "debtor.email")
    if debtor.phone and not phone_or_none(debtor.phone):
        yield _warn("phone_unreadable", "This is not a telephone number; it is left out.", "debtor.phone")
    for index, address in enumerate(debtor.addresses):
        if not is_complete(address):
            message = "The address is not complete; it is left out."
            yield _warn("address_incomplete", message, f"debtor.addresses.{index}")
    if len(debtor.addresses) > 10 or len(debtor.contacts) > 10:
        yield _block("parts_count", "A debtor has at most 10 addresses and 10 contact persons.", "debtor")


def _about_line(line: ClaimLine, where: str) -> Iterator[Finding]:
    if not _LINE_ID.fullmatch(line.line_id):
        yield _block("line_id_form", "A line id must be 1 to 100 ASCII characters.", f"{where}.line_id")
    if line.open.minor < 1 or line.original.minor < 1:
        yield _block("line_amount", "A line's amounts must be above zero.", f"{where}.open")
    if not line.number.strip():
        yield _block("line_number_missing", "The line has no invoice number.", f"{where}.number")


def _lengths(case: Case) -> Iterator[tuple[str, str, int]]:
    """Field, its text, and how many characters the API takes."""
    creditor, debtor = case.creditor, case.debtor
    yield from (
        ("description", case.description, 4000),
        ("creditor.name", creditor.name, 200),
        ("creditor.company_number", creditor.company_number, 30),
        ("creditor.vat_number", creditor.vat_number, 20),
        ("creditor.agency_client_number", creditor.agency_client_number, 50),
        ("debtor.id", debtor.id, 100),
        ("debtor.code", debtor.code, 50),
        ("debtor.name", debtor.name, 200),
        ("debtor.company_number", debtor.company_number, 30),
        ("debtor.vat_number", debtor.vat_number, 20),
    )
    for index, contact in enumerate(debtor.contacts):
        yield f"debtor.contacts.{index}.name", contact.name, 200
    for where, address in [("creditor.address", creditor.address), *_numbered("debtor.addresses", debtor.addresses)]:
        yield from _address_lengths(where, address)
    for index, line in enumerate(case.lines):
        yield f"lines.{index}.number", line.number, 100
        yield f"lines.{index}.description", line.description, 500
        yield f"lines.{index}.payment_reference", line.payment_reference, 100
    for index, step in enumerate(case.prior_steps):
        yield f"prior_steps.{index}.step", step.step, 100
        yield f"prior_steps.{index}.channel", step.channel, 50


def _address_lengths(where: str, address: Address) -> Iterator[tuple[str, str, int]]:
    yield f"{where}.postcode", address.postcode, 20
    yield f"{where}.city", address.city, 100
    for index, text in enumerate(address.lines):
        # A sixth line has no room at all.
        yield f"{where}.lines.{index}", text, 200 if index < 5 else 0


def _numbered(where: str, addresses: tuple[Address, ...]) -> list[tuple[str, Address]]:
    return [(f"{where}.{index}", address) for index, address in enumerate(addresses)]


def _block(code: str, message: str, field: str) -> Finding:
    return Finding(blocking=True, code=code, message=message, field=field)


def _warn(code: str, message: str, field: str) -> Finding:
    return Finding(blocking=False, code=code, message=message, field=field)
