"""A claim over time: interest runs, payments come in, and what is left bears interest on."""

from collections.abc import Sequence
from datetime import date

from connector.law.allocation import Allocation, Owed, Payment, allocate
from connector.law.interest import DayCount, RatePeriod, days_of_year, interest_lines, interest_years
from connector.law.lines import Line
from connector.law.table import DAY
from connector.model.record import Record


class Entry(Record):
    """One row of an account: the interest up to a day, the payment of that day if there was one, and what is left."""

    day: date
    interest: tuple[Line, ...]
    payment: Allocation | None
    left: Owed


def running_account(
    owed: Owed,
    payments: Sequence[Payment],
    rates: Sequence[RatePeriod],
    *,
    compound: bool,
    day_count: DayCount,
    article: str,
) -> list[Entry]:
    """What is owed after each payment and on the last day of `rates`, in cents.

    `owed` stands on the first day of `rates`; interest in it bears none in the first year. Interest runs up to and
    including the day of a payment (art. 6:119a lid 1 BW); the payment goes to costs, interest, principal (`article`,
    see `allocation`). With `compound` the interest that a full year leaves unpaid bears interest from then on (art.
    6:119 lid 2 BW), until a payment takes it away.

    Raises ValueError for a payment outside of the time of the rates.
    """
    first, last = rates[0].first_day, rates[-1].last_day
    outside = [one.received_on for one in payments if not first <= one.received_on <= last]
    if outside:
        raise ValueError(f"the rates run from {first} to {last}, a payment is of {outside[0]}")
    entries: list[Entry] = []
    grown = 0
    for year, begin, end in interest_years(first, last):
        basis = days_of_year(first, year, day_count)
        for since, until, payment in _stretches(begin, end, payments):
            base = owed.principal_minor + grown
            lines = interest_lines(rates, since, until, base_minor=base, day_basis=basis, year=year)
            charged = owed.interest_minor + sum(line.amount_minor for line in lines)
            owed = owed.model_copy(update={"interest_minor": charged})
            allocation = allocate(owed, payment.amount_minor, article) if payment else None
            owed = allocation.left if allocation else owed
            grown = min(grown, owed.interest_minor)
            if lines or allocation:
                entries.append(Entry(day=until, interest=tuple(lines), payment=allocation, left=owed))
        grown = owed.interest_minor if compound else 0
    return entries


def _stretches(begin: date, end: date, payments: Sequence[Payment]) -> list[tuple[date, date, Payment | None]]:
    """The time from `begin` to `end`, cut after each day on which money came in."""
    found: list[tuple[date, date, Payment | None]] = []
    within = [one for one in payments if begin <= one.received_on <= end]
    for payment in sorted(within, key=lambda one: one.received_on):
        found.append((begin, payment.received_on, payment))
        begin = payment.received_on + DAY
    return [*found, (begin, end, None)] if begin <= end else found
