"""Dutch interest for late payment: statutory (wettelijke rente) and commercial (handelsrente)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connector.law.answers import Undecided
from connector.law.debtor import Debtor
from connector.law.interest import RatePeriod, by_day_count, fixed_rate, higher_of, interest, rates_of
from connector.law.law import Law
from connector.law.lines import Itemised

STATUTORY = "art. 6:119, 6:120 lid 1 BW"
COMMERCIAL = "art. 6:119a, 6:120 lid 2 BW"
PUBLIC_BODY = "art. 6:119b, 6:120 lid 2 BW"
_COMPOUND_SINCE = date(1992, 1, 1)


def article_for(debtor: Debtor) -> str:
    """Which interest a late debtor owes: commercial when surely in business or a public body, else statutory."""
    if debtor.consumer:
        return STATUTORY
    if debtor.public_body == "yes":
        return PUBLIC_BODY
    return COMMERCIAL if debtor.in_business == "yes" else STATUTORY


def late_rates(law: Law, debtor: Debtor, first: date, last: date) -> list[RatePeriod]:
    """The rates that a late debtor owes. Raises CoverageError where the table does not tell."""
    name = "nl.statutory" if article_for(debtor) == STATUTORY else "nl.commercial"
    return rates_of(law.tables.rate(name), first, last)


def late_interest(
    law: Law,
    principal_minor: int,
    debtor: Debtor,
    first: date,
    last: date,
    *,
    agreed_percent: Decimal | None = None,
    arose_on: date | None = None,
) -> Itemised | Undecided:
    """Interest from the first day of default up to and including `last`, the day of payment, in cents.

    Art. 6:119, 6:119a or 6:119b BW, by who the debtor is; compound by the year (lid 2, lid 3), simple for a claim that
    arose before 1992. An agreed interest that is higher goes on in its place (art. 6:119 lid 3). A new rate holds from
    its own day (art. 6:120).

    Undecided where a year of interest with 29 February makes a difference: the setting `nl_day_count` decides.
    """
    rates = late_rates(law, debtor, first, last)
    if agreed_percent is not None:
        rates = higher_of(rates, fixed_rate(agreed_percent, first, last, "contract"))
    compound = (arose_on or first) >= _COMPOUND_SINCE
    return dutch_interest(law, principal_minor, rates, compound=compound, article=article_for(debtor))


def dutch_interest(
    law: Law, principal_minor: int, rates: Sequence[RatePeriod], *, compound: bool, article: str
) -> Itemised | Undecided:
    """Interest at rates that are known, by the Dutch ways of counting days."""
    return by_day_count(
        law,
        lambda day_count: interest(principal_minor, rates, compound=compound, day_count=day_count, article=article),
        str,
    )
