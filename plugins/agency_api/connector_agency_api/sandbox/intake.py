"""What the agency looks at before it takes a case, and its price."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connector_agency_api.sandbox.desk import Desk
from connector_agency_api.sandbox.options import percent_of
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.wire import CaseSubmission


@dataclass(frozen=True)
class Objection:
    """Something about a case. A blocking one keeps it out."""

    code: str
    message: str
    field: str
    blocking: bool = True

    def body(self) -> dict[str, Any]:
        """As the answer of a pre-flight check holds it."""
        return {"blocking": self.blocking, "code": self.code, "message": self.message, "field": self.field}


def objections(desk: Desk, case: CaseSubmission) -> Iterator[Objection]:
    """Everything the agency has to say about a case, blocking or not."""
    yield from _about_money(desk, case)
    yield from _about_debtor(desk, case)
    if case.disputed:
        yield Objection("disputed", "A disputed claim is not taken.", "disputed")
    if case.product == "ios" and not (case.debtor.company_number and case.description):
        yield Objection("ios_incomplete", "IOS needs the debtor's company number and a description.", "product")
    if not case.prior_steps:
        yield Objection("no_prior_steps", "No reminder or notice is on record.", "prior_steps", blocking=False)


def _about_money(desk: Desk, case: CaseSubmission) -> Iterator[Objection]:
    if case.currency not in desk.options.currencies:
        yield Objection("currency_not_served", f"Cases in {case.currency} are not taken.", "currency")
    for index, line in enumerate(case.lines):
        if {line.original.currency, line.open.currency} != {case.currency}:
            yield Objection("currency_mixed", "A line is in another currency.", f"lines.{index}.open.currency")
    if len({line.line_id for line in case.lines}) < len(case.lines):
        yield Objection("line_repeated", "A line id is there twice.", "lines")
    if (case.total.minor, case.total.currency) != (sum(line.open.minor for line in case.lines), case.currency):
        yield Objection("total_mismatch", "The total is not the sum of the lines.", "total")
    if case.total.minor < desk.options.minimum_minor:
        least = desk.options.minimum_minor
        yield Objection("below_minimum", f"Cases under {least} minor units are not taken.", "total.minor")


def _about_debtor(desk: Desk, case: CaseSubmission) -> Iterator[Objection]:
    debtor, served = case.debtor, desk.options.countries
    if not debtor.addresses and not debtor.email:
        yield Objection("address_missing", "The debtor needs an address or an e-mail address.", "debtor.addresses")
    if served and any(address.country not in served for address in debtor.addresses):
        yield Objection("country_not_served", f"Debtors are taken in {', '.join(served)}.", "debtor.addresses")
    if debtor.kind == "business" and not debtor.company_number:
        message = "A company number makes the case faster."
        yield Objection("company_number_missing", message, "debtor.company_number", blocking=False)


def price(desk: Desk, case: CaseSubmission) -> int:
    """The commission when everything is collected, in minor units, without VAT."""
    return percent_of(sum(line.open.minor for line in case.lines), desk.options.commission_percent)


def refuse_known(desk: Desk, case: CaseSubmission) -> None:
    """Raise Problem (409) with the existing file when the reference is taken."""
    known = desk.dossiers.get(case.case_ref)
    if known is None:
        return
    existing = {
        "case_ref": known.case_ref,
        "agency_ref": known.agency_ref,
        "debtor_id": known.submission.debtor.debtor_id,
        "total": known.money(known.submission.total.minor),
        "handover": known.handover,
    }
    message = "This case reference is taken."
    raise Problem("duplicate", "reference_exists", message, field="case_ref", extra={"existing": existing})


def refuse_objectionable(desk: Desk, case: CaseSubmission) -> None:
    """Raise Problem (422) for the first blocking objection."""
    for objection in objections(desk, case):
        if objection.blocking:
            raise Problem("business", objection.code, objection.message, field=objection.field)
