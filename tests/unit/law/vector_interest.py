"""What we answer to the vectors on interest and rates."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from vector_costs import LAW, cents, euro

from connector.law.belgium.interest import commercial_interest, commercial_rates, flat_sum
from connector.law.debtor import debtor_of
from connector.law.interest import fixed_rate, interest, rates_of
from connector.law.law import Law
from connector.law.lines import Itemised
from connector.law.netherlands.interest import late_interest
from connector.law.settings import LawSettings

NEXT = timedelta(days=1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def simple(given: dict[str, Any]) -> dict[str, Any]:
    """So many days of a year without 29 February."""
    first = date(2026, 1, 1)
    rates = fixed_rate(Decimal(given["rate_percent"]), first, first + timedelta(days=given["days"] - 1), "the vector")
    answer = interest(cents(given["principal_eur"]), rates, compound=False, day_count="365", article="the vector")
    assert {line.day_basis for line in answer.lines} == {given["day_basis"]}
    return {"interest_eur": euro(answer)}


def with_surcharge(given: dict[str, Any]) -> dict[str, Any]:
    """From the day after `from` to `to`: the source counts 145 days."""
    table = LAW.tables.rate(given["table"])
    rates = rates_of(table, day(given["from"]) + NEXT, day(given["to"]), above=Decimal(given["surcharge_pp"]))
    return {
        "interest_eur": euro(
            interest(cents(given["principal_eur"]), rates, compound=False, day_count="365", article="x")
        )
    }


def statutory(given: dict[str, Any]) -> dict[str, Any]:
    first = day(given["default_from"])
    last = day(given["until_incl"]) if "until_incl" in given else day(given["until_excl"]) - NEXT

    def under(law: Law) -> Itemised:
        answer = late_interest(law, cents(given["principal_eur"]), debtor_of("consumer"), first, last)
        assert isinstance(answer, Itemised), answer
        return answer

    if "until_excl" in given:
        always, leap = (under(Law(settings=LawSettings(nl_day_count=way))) for way in ("365", "anniversary"))
        return {"interest_365_eur": euro(always), "interest_full_year_exact_eur": euro(leap)}
    lines = under(LAW).lines
    days = {f"days_at_{line.percent.normalize()}": line.days for line in lines}
    return days | {"interest_eur": euro(under(LAW))}


def rate_lookup(given: dict[str, Any]) -> dict[str, Any]:
    asked = day(given["date"])
    if "contract_concluded" in given:
        (found,) = commercial_rates(LAW, asked, asked, day(given["contract_concluded"]))
    else:
        (found,) = rates_of(LAW.tables.rate(given["table"]), asked, asked)
    return {"rate_percent": str(found.percent)}


def belgian_commercial(given: dict[str, Any]) -> dict[str, Any]:
    first, last = day(given["due"]) + NEXT, day(given["paid"])
    answer = commercial_interest(LAW, cents(given["principal_eur"]), first, last, contract_concluded=None)
    assert isinstance(answer, Itemised)
    (line,) = answer.lines
    return {
        "days": line.days,
        "rate_percent": str(line.percent),
        "interest_eur": euro(answer),
        "flat_fee_eur": euro(flat_sum(LAW, first)),
    }


def belgian_flat_sum(given: dict[str, Any]) -> dict[str, Any]:
    answer = flat_sum(LAW, date(2026, 11, 1))
    return {"flat_fee_eur": euro(answer), "reminder_needed": "no reminder needed" not in answer.lines[0].what}
