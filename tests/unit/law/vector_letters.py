"""What we answer to the vectors on the fourteen-day letter and on limitation."""

from datetime import date
from typing import Any

from vector_costs import LAW
from vector_interest import day

from connector.law.answers import Undecided
from connector.law.belgium import limitation as belgium
from connector.law.limitation import Interruption, Limitation
from connector.law.netherlands import limitation as netherlands
from connector.law.netherlands.fourteen_day_letter import LetterPeriod, LetterSent, fourteen_days
from connector.law.netherlands.letter_text import APPROVED, LetterText, check_text

SENT = date(2026, 11, 3)
GOOD = LetterText(
    wording=APPROVED[0],
    default_since=date(2026, 10, 1),
    sent_on=SENT,
    amounts_minor=(100_000,),
    accounts=("NL91ABNA0417164300",),
    costs_named_minor=15_000,
    costs_due_minor=15_000,
    costs_on_interest="no",
)
SITUATIONS: dict[str, dict[str, Any]] = {
    "onjuiste brief gevolgd door extra week": {"repairs_earlier": "yes"},
    "two different amounts demanded in one letter": {"amounts_minor": (100_000, 115_000)},
    "BIK amount above the scale": {"costs_named_minor": 20_000},
    "BIK also computed over interest": {"costs_on_interest": "yes"},
}
"""What some vectors describe in words; the others quote the wording of the letter itself."""

CLAIMS: dict[tuple[str, str], str] = {
    ("NL", "contract_performance"): "contract",
    ("NL", "consumer sale price"): "consumer sale",
    ("BE", "electricity invoice"): "utilities",
    ("BE", "general contractual, b2b"): "general",
}


def validity(given: dict[str, Any]) -> dict[str, Any]:
    said = given["wording"]
    found = check_text(GOOD.model_copy(update=SITUATIONS.get(said, {"wording": said})), _period(SENT))
    assert found.valid != "unknown", found
    reason, _, _ = found.defects[0].partition(":") if found.defects else ("wording approved", "", "")
    return {"valid": found.valid == "yes", "reason": reason}


def letter(given: dict[str, Any]) -> dict[str, Any]:
    assert given["delivery_not_disputed"]
    found = _period(day(given["sent"]), channel=given["channel"])
    return {
        "deemed_delivered": str(found.delivered_on),
        "day_1": str(found.day_one),
        "last_day": str(found.last_day),
        "last_day_with_atw_extension": str(found.extended_to),
        "bik_due_from": str(found.costs_from),
    }


def dutch_limitation(given: dict[str, Any]) -> dict[str, Any]:
    found = netherlands.limitation(LAW, CLAIMS["NL", given["claim"]], date(2024, 1, 1))
    return {"years": _term(found).years}


def belgian_limitation(given: dict[str, Any]) -> dict[str, Any]:
    found = belgium.limitation(LAW, CLAIMS["BE", given["claim"]], date(2024, 1, 1))
    return {"years": _term(found).years}


def interrupted(given: dict[str, Any]) -> dict[str, Any]:
    demand = Interruption(kind="written demand", on=day(given["written_demand_received"]))
    found = netherlands.limitation(LAW, CLAIMS["NL", given["claim"]], day(given["due"]), [demand])
    return {"time_barred_from": str(_term(found).barred_from)}


def _period(sent_on: date, channel: str = "post") -> LetterPeriod:
    found = fourteen_days(LAW, LetterSent(sent_on=sent_on, channel=channel, disputed="no"))
    assert isinstance(found, LetterPeriod), found
    return found


def _term(found: Limitation | Undecided) -> Limitation:
    assert isinstance(found, Limitation), found
    return found
