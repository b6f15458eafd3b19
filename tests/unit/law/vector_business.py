"""What we answer to the vectors on payment terms, the recovery without a court, and insolvency."""

from datetime import date, timedelta
from typing import Any

from vector_costs import LAW, cents, euro
from vector_interest import day

from connector.law.answers import Undecided
from connector.law.belgium import payment_terms as belgium
from connector.law.belgium.ios import IosFacts, ios_days, ios_eligibility, ios_surcharge
from connector.law.calendars import add_months
from connector.law.debtor import debtor_of
from connector.law.insolvency import RegimeEffect, belgian_effect, dutch_effect
from connector.law.netherlands import payment_terms as netherlands
from connector.law.payment_term import PaymentTerm

TODAY = date(2026, 11, 2)
ALL_YES = IosFacts(**dict.fromkeys(IosFacts.model_fields, "yes"))


def longest_term(given: dict[str, Any]) -> dict[str, Any]:
    assert (given["debtor"], given["creditor"]) == ("large company", "sme")
    found = netherlands.payment_term(
        LAW,
        debtor_of("business"),
        day(given["contract_date"]),
        TODAY,
        agreed_days=given["agreed_days"],
        large_to_small="yes",
    )
    assert isinstance(found, PaymentTerm)
    return {"agreed_term_valid": found.valid, "applies_days": found.days}


def large(given: dict[str, Any]) -> dict[str, Any]:
    figures = netherlands.CompanyFigures(
        balance_euro=given["balance_total_meur"] * 1_000_000,
        turnover_euro=given["turnover_meur"] * 1_000_000,
        staff=given["employees"],
    )
    return {"large": netherlands.is_large(LAW, figures)}


def default_term(given: dict[str, Any]) -> dict[str, Any]:
    found = belgium.payment_term(LAW, TODAY, agreed_days=given["agreed_days"])
    assert isinstance(found, PaymentTerm)
    return {"applies_days": found.days}


def ios_most(given: dict[str, Any]) -> dict[str, Any]:
    parts = (cents(given[key]) for key in ("principal_eur", "interest_eur", "penalty_eur"))
    return {"interest_plus_penalty_max_eur": euro(ios_surcharge(LAW, *parts, TODAY))}


def ios_open(given: dict[str, Any]) -> dict[str, Any]:
    """Everything else speaks for the route."""
    kind = {"public authority": "public_body", "sole trader": "sole_trader"}[given["debtor"]]
    private = given.get("debt") == "private"
    facts = ALL_YES.model_copy(update={"business_debt": "no" if private else "yes"})
    found = ios_eligibility(debtor_of(kind), facts)
    assert found.eligible != "unknown"
    return {"eligible": found.eligible == "yes"}


def ios_timeline(given: dict[str, Any]) -> dict[str, Any]:
    found = ios_days(LAW, TODAY)
    assert found.reaction_until == add_months(TODAY, 1)
    days = (found.record_from - found.reaction_until) // timedelta(days=1)
    return {"debtor_reaction": "1 month after service", "pv_not_before": f"{days} days after that month"}


def belgian_insolvency(given: dict[str, Any]) -> dict[str, Any]:
    regime = {"collective debt settlement admitted": "collective settlement"}[given["regime"]]
    found = _decided(belgian_effect(LAW, regime, TODAY))
    return {
        "stop_collection": found.collection == "stopped",
        "interest_runs": {"yes": True, "no": False}[found.interest_runs],
        "declare_within": f"{found.file_within_months} month",
    }


def dutch_insolvency(given: dict[str, Any]) -> dict[str, Any]:
    regime = {"WHOA cooling-off ordered": "whoa cooling off", "moratorium 287b Fw": "moratorium 287b"}[given["regime"]]
    found = _decided(dutch_effect(LAW, regime, TODAY))
    return {
        "stop_recovery": found.collection == "stopped",
        "max_months": found.most_months,
        "first_period_months": found.first_months,
        "threats": list(found.barred),
    }


def _decided(found: RegimeEffect | Undecided) -> RegimeEffect:
    assert isinstance(found, RegimeEffect), found
    return found
