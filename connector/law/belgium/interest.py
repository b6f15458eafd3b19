"""Belgian interest for late payment: in commercial transactions, civil, and for consumers under the cap."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connector.law.answers import Undecided, either
from connector.law.interest import RatePeriod, fixed_rate, interest, lower_of, rates_of
from connector.law.law import Law
from connector.law.lines import Itemised, Line
from connector.law.table import DAY, CoverageError

COMMERCIAL = "art. 5 law of 2 August 2002"
CIVIL = "art. 2 §1 law of 5 May 1865; art. 5.240 Civil Code"
CONSUMER = "art. XIX.4 al. 1, 1° Code of Economic Law"
NEW_CONTRACTS_SINCE = date(2013, 3, 16)
LOWER_RATE_UNTIL = date(2015, 3, 15)
_LAW_SINCE = date(2002, 8, 8)
_RUNNING_CONTRACTS_SINCE = date(2004, 8, 7)


def commercial_rates(law: Law, first: date, last: date, contract_concluded: date) -> list[RatePeriod]:
    """The rates of art. 5 law of 2 August 2002 for a contract concluded on that day.

    One concluded before 16 March 2013 keeps the lower rate until 15 March 2015. Raises CoverageError where the tables
    do not tell, and for a contract of before 8 August 2002 until 6 August 2004, to which the law did not apply.
    """
    table, old = law.tables.rate("be.commercial"), law.tables.rate("be.commercial_old")
    if contract_concluded < _LAW_SINCE and first < _RUNNING_CONTRACTS_SINCE:
        raise CoverageError(table.name, first, since=_RUNNING_CONTRACTS_SINCE, until=table.until)
    if contract_concluded >= NEW_CONTRACTS_SINCE:
        return rates_of(table, first, last)
    before, after = min(last, NEW_CONTRACTS_SINCE - DAY), max(first, LOWER_RATE_UNTIL + DAY)
    lower = rates_of(old, max(first, NEW_CONTRACTS_SINCE), min(last, LOWER_RATE_UNTIL))
    return [*rates_of(table, first, before), *lower, *rates_of(table, after, last)]


def commercial_interest(
    law: Law, principal_minor: int, first: date, last: date, *, contract_concluded: date | None
) -> Itemised | Undecided:
    """Interest from the day after the term up to and including `last`, the day of payment, in cents.

    Art. 5 law of 2 August 2002: without notice, simple, days of 365. Undecided where the day of the contract is not
    known and would matter, between 16 March 2013 and 15 March 2015.
    """
    days = [contract_concluded] if contract_concluded else [NEW_CONTRACTS_SINCE, NEW_CONTRACTS_SINCE - DAY]
    readings = {
        f"contract of {day} or {'later' if day >= NEW_CONTRACTS_SINCE else 'earlier'}": _simple(
            principal_minor, commercial_rates(law, first, last, day), COMMERCIAL
        )
        for day in days
    }
    return either(
        readings,
        question="At which rate does a commercial debt bear interest?",
        reason="Contracts of before 16 March 2013 had a lower rate until 15 March 2015.",
        decided_by="the day on which the contract was concluded",
    )


def civil_interest(law: Law, principal_minor: int, first: date, last: date) -> Itemised:
    """The civil legal interest, in cents: what a consumer owes after a notice where no clause was agreed.

    Art. 2 §1 law of 5 May 1865, art. 5.240 Civil Code; simple, days of 365.
    """
    return _simple(principal_minor, rates_of(law.tables.rate("be.statutory"), first, last), CIVIL)


def consumer_interest(
    law: Law, principal_minor: int, agreed_percent: Decimal | None, first: date, last: date
) -> Itemised:
    """What a consumer owes on what is still to be paid, in cents: art. XIX.4 al. 1, 1° Code of Economic Law.

    The agreed interest, day by day at most the rate of art. 5 law of 2 August 2002; without an agreement the civil
    interest. `first` is told by `belgium.first_reminder.interest_from`.
    """
    if agreed_percent is None:
        return civil_interest(law, principal_minor, first, last)
    most = rates_of(law.tables.rate("be.commercial"), first, last)
    return _simple(principal_minor, lower_of(fixed_rate(agreed_percent, first, last, "contract"), most), CONSUMER)


def flat_sum(law: Law, day: date) -> Itemised:
    """The 40 euro that a late enterprise or public body owes without any reminder: art. 6 law of 2 August 2002.

    Raises CoverageError before 16 March 2013.
    """
    row = law.tables.count("be.flat_sum").at(day)
    line = Line(what="flat sum, no reminder needed", amount_minor=row.value, source=row.source)
    return Itemised(article="art. 6 law of 2 August 2002", lines=(line,))


def _simple(principal_minor: int, rates: Sequence[RatePeriod], article: str) -> Itemised:
    return interest(principal_minor, rates, compound=False, day_count="365", article=article)
