"""What we answer to the vectors on Belgian consumers and businesses."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from vector_costs import LAW, cents, euro
from vector_interest import day

from connector.law.belgium.agency_notice import suspension
from connector.law.belgium.consumer_indemnity import PenaltyClause, consumer_indemnity, indemnity_cap
from connector.law.belgium.first_reminder import WaitingPeriod, first_reminder, interest_from, reminder_fee
from connector.law.law import Law
from connector.law.settings import LawSettings

TODAY = date(2026, 11, 2)


def cap(given: dict[str, Any]) -> dict[str, Any]:
    remaining = cents(given["remaining_due_eur"])
    most = indemnity_cap(LAW, remaining, TODAY)
    clause = PenaltyClause(
        concluded_on=TODAY, agreed="yes", reciprocal="yes", fixed_minor=most.amount_minor, changed_since="no"
    )
    assert euro(consumer_indemnity(LAW, remaining, clause, TODAY)) == euro(most)
    return {"max_indemnity_eur": euro(most)}


def reduced(given: dict[str, Any]) -> dict[str, Any]:
    clause = PenaltyClause(
        concluded_on=day(given["contract"]),
        agreed="yes",
        reciprocal="yes",
        changed_since="yes" if given["renewed"] else "no",
        percent=Decimal(given["clause_percent"]),
    )
    default_on = day(given["default_after"]) + timedelta(days=1)
    return {"max_indemnity_eur": euro(consumer_indemnity(LAW, cents(given["remaining_due_eur"]), clause, default_on))}


def fee(given: dict[str, Any]) -> dict[str, Any]:
    number = given["reminder_number_in_calendar_year"]
    most = reminder_fee(
        LAW, TODAY, regular_delivery="yes" if given["contract"] == "regular delivery" else "no", number_in_year=number
    )
    return {
        "max_fee_eur": str(Decimal(most.most_minor).scaleb(-2)),
        "plus": "postage" if most.plus_postage else "",
    }


def waiting(given: dict[str, Any]) -> dict[str, Any]:
    """The vectors say what Saturday is; without a word on it, it must not matter."""
    said = given.get("saturday_is_working_day")
    reading = None if said is None else "working" if said else "not working"
    law = Law(settings=LawSettings(be_saturday=reading))
    period = first_reminder(law, day(given["reminder_sent"]), given["channel"])
    assert isinstance(period, WaitingPeriod), period
    return {"starts": str(period.starts), "first_chargeable_day": str(period.free_on)}


def waiting_rule(given: dict[str, Any]) -> dict[str, Any]:
    """Rules in words, tried on a week without holidays: 2 November 2026 is a Monday."""
    period = first_reminder(LAW, TODAY, given["channel"])
    assert isinstance(period, WaitingPeriod)
    next_day = period.starts == TODAY + timedelta(days=1)
    return {
        "starts": "calendar day after sending" if next_day else "later",
        "days": (period.free_on - period.starts).days,
        "practice_total_days": f"about {(period.free_on - TODAY).days}",
    }


def small_creditor(given: dict[str, Any]) -> dict[str, Any]:
    assert not given["paid_within_14_days"]
    small = "yes" if given["creditor"] == "sme" else "no"
    return {"interest_from": str(interest_from(LAW, day(given["reminder_sent"]), "post", small))}


def stands_still(given: dict[str, Any]) -> dict[str, Any]:
    assert "debt mediation" in given["event"]
    return {"stop_actions_days_max": (suspension(LAW, "debt mediation", TODAY).goes_on - TODAY).days}
