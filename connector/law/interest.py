"""Interest over changing rates: simple or compound, by either way of counting the days of a year."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, TypeVar

from connector.law.answers import Undecided
from connector.law.calendars import anniversary, days_between, holds_leap_day
from connector.law.law import Law
from connector.law.lines import Itemised, Line
from connector.law.rounding import HALF_UP, interest_on
from connector.law.rows import RateRow
from connector.law.table import DAY, RateTable
from connector.model.record import Record

DayCount = Literal["365", "anniversary"]
T = TypeVar("T")


class RatePeriod(Record):
    """A rate, in percent a year, from its first day to its last, both counted."""

    first_day: date
    last_day: date
    percent: Decimal
    source: str


def rates_of(table: RateTable, first: date, last: date, *, above: Decimal = Decimal(0)) -> list[RatePeriod]:
    """The rates of a table over a time, `above` points on top. Raises CoverageError where the table does not tell."""
    return [
        RatePeriod(first_day=begin, last_day=end, percent=row.percent + above, source=_source(table, row))
        for begin, end, row in (table.between(first, last) if first <= last else ())
    ]


def fixed_rate(percent: Decimal, first: date, last: date, source: str) -> list[RatePeriod]:
    """One rate over a time, as a contract or a judgment says it."""
    return [RatePeriod(first_day=first, last_day=last, percent=percent, source=source)] if first <= last else []


def lower_of(one: Sequence[RatePeriod], other: Sequence[RatePeriod]) -> list[RatePeriod]:
    """Day by day the lower of two rates."""
    return [min(pair, key=lambda period: period.percent) for pair in _together(one, other)]


def higher_of(one: Sequence[RatePeriod], other: Sequence[RatePeriod]) -> list[RatePeriod]:
    """Day by day the higher of two rates."""
    return [max(pair, key=lambda period: period.percent) for pair in _together(one, other)]


def interest(
    principal_minor: int, rates: Sequence[RatePeriod], *, compound: bool, day_count: DayCount, article: str
) -> Itemised:
    """Interest on one principal, in cents, one line for each rate and each year of interest.

    A year of interest runs from the first day of the interest, not from 1 January. With `compound` the interest of a
    full year counts as principal from then on. `day_count`: "365" divides by 365 always, "anniversary" by 366 in a year
    of interest that holds a 29 February. Each line is rounded by itself, half a cent up.
    """
    if principal_minor <= 0 or not rates:
        return Itemised(article=article)
    lines: list[Line] = []
    base = principal_minor
    for year, begin, end in interest_years(rates[0].first_day, rates[-1].last_day):
        basis = days_of_year(rates[0].first_day, year, day_count)
        lines += interest_lines(rates, begin, end, base_minor=base, day_basis=basis, year=year)
        if compound:
            base = principal_minor + sum(line.amount_minor for line in lines)
    return Itemised(article=article, lines=tuple(lines))


def interest_lines(
    rates: Sequence[RatePeriod], first: date, last: date, *, base_minor: int, day_basis: int, year: int
) -> list[Line]:
    """The interest on one base from `first` to `last`, one line for each rate."""
    found = []
    for period in rates:
        begin, end = max(period.first_day, first), min(period.last_day, last)
        if begin <= end and base_minor > 0:
            days = days_between(begin, end)
            amount = interest_on(base_minor, period.percent, days, day_basis)
            line = Line(
                what=f"interest, year {year}", amount_minor=amount, base_minor=base_minor,
                percent=period.percent, first_day=begin, last_day=end, days=days, day_basis=day_basis,
                rounding=HALF_UP, source=period.source,
            )  # fmt: skip
            found.append(line)
    return found


def interest_years(first: date, last: date) -> Iterator[tuple[int, date, date]]:
    """The years of interest from `first` to `last`: number from 1, first day, last day within the time."""
    year = 1
    while (begin := anniversary(first, year - 1)) <= last:
        yield year, begin, min(anniversary(first, year) - DAY, last)
        year += 1


def days_of_year(first: date, year: int, day_count: DayCount) -> int:
    """By how many days the interest of the `year`-th year since `first` is divided."""
    leap = day_count == "anniversary" and holds_leap_day(anniversary(first, year - 1), anniversary(first, year))
    return 366 if leap else 365


def by_day_count(law: Law, compute: Callable[[DayCount], T], amount_of: Callable[[T], str]) -> T | Undecided:
    """What comes out under the setting `nl_day_count`; without it, undecided where the two ways differ."""
    chosen = law.settings.nl_day_count
    if chosen is not None:
        return compute(chosen)
    always, leap = compute("365"), compute("anniversary")
    if always == leap or amount_of(always) == amount_of(leap):
        return always
    return Undecided(
        question="How is interest divided over a year with 29 February?",
        reason="The statute is silent on 365 or 366 days, and both ways are in use.",
        decided_by="the setting nl_day_count",
        readings={"365": amount_of(always), "anniversary": amount_of(leap)},
    )


def _together(one: Sequence[RatePeriod], other: Sequence[RatePeriod]) -> Iterator[tuple[RatePeriod, RatePeriod]]:
    """Both rates over every stretch of time in which neither changes."""
    for left in one:
        for right in other:
            begin, end = max(left.first_day, right.first_day), min(left.last_day, right.last_day)
            if begin <= end:
                cut = {"first_day": begin, "last_day": end}
                yield left.model_copy(update=cut), right.model_copy(update=cut)


def _source(table: RateTable, row: RateRow) -> str:
    doubt = "" if row.confidence in ("high", "configured") else f" ({row.confidence} confidence)"
    return f"{table.name}: {row.source}{doubt}"
