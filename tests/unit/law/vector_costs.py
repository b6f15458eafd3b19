"""What we answer to the vectors on costs, flat sums and letters."""

from datetime import date
from decimal import Decimal
from typing import Any

from connector.law.answers import Undecided
from connector.law.debtor import debtor_of
from connector.law.law import Law
from connector.law.lines import Itemised
from connector.law.netherlands.collection_costs import CostClaim, collection_costs, commercial_minimum, scale_costs
from connector.law.netherlands.vat_on_costs import VatFacts, with_vat
from connector.model import minor_units

LAW = Law()
DAY = date(2026, 11, 1)
IN_DEFAULT = date(2026, 10, 1)
ALL_THREE = VatFacts(taxed_service="yes", cannot_deduct="yes", declared="yes")


def cents(text: str) -> int:
    return minor_units(text, "EUR")


def euro(answer: Itemised | Undecided) -> str:
    """The total as the vectors print it. The lines must say where it comes from."""
    assert isinstance(answer, Itemised), answer
    assert answer.article
    assert all(line.what and line.source for line in answer.lines)
    return str(Decimal(answer.amount_minor).scaleb(-2))


def bik(given: dict[str, Any]) -> dict[str, Any]:
    costs = scale_costs(LAW, cents(given["principal_eur"]), IN_DEFAULT)
    if not given.get("creditor_cannot_recover_vat"):
        return {"bik_eur": euro(costs)}
    raised = with_vat(LAW, costs, ALL_THREE, DAY)
    assert raised.lines[-1].percent == Decimal(given["vat_percent"])
    return {"bik_incl_vat_eur": euro(raised)}


def bik_aggregation(given: dict[str, Any]) -> dict[str, Any]:
    claims = [
        CostClaim(principal_minor=cents(one), default_since=IN_DEFAULT, instalment="no")
        for one in given["principals_eur"]
    ]
    return {"bik_eur": euro(collection_costs(LAW, claims, debtor_of("consumer"), DAY))}


def dutch_flat_sum(given: dict[str, Any]) -> dict[str, Any]:
    minimum = commercial_minimum(LAW, DAY)
    return {"minimum_bik_eur": euro(minimum), "reminder_needed": "no reminder needed" not in minimum.lines[0].what}
