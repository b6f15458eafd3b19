"""An amount line by line, so that a debtor and a judge can follow it."""

from datetime import date
from decimal import Decimal

from connector.model.money import Money
from connector.model.record import Record


class Line(Record):
    """One step of a computation. What a step does not use is None.

    - `what`: the step in words.
    - `amount_minor`: what it adds, in cents; a cap takes off.
    - `base_minor`: of what, in cents.
    - `percent`: at which percentage; per year where there are days.
    - `first_day`, `last_day`, `days`: over which days, both counted.
    - `day_basis`: of how many days a year.
    - `rounding`: how `amount_minor` was made whole.
    - `source`: where the figure comes from.
    """

    what: str
    amount_minor: int
    base_minor: int | None = None
    percent: Decimal | None = None
    first_day: date | None = None
    last_day: date | None = None
    days: int | None = None
    day_basis: int | None = None
    rounding: str = ""
    source: str = ""


class Itemised(Record):
    """An amount in euro cents with how it came about: the lines add up to it. `article` is what it rests on."""

    article: str
    lines: tuple[Line, ...] = ()

    @property
    def amount_minor(self) -> int:
        """The total, in cents."""
        return sum(line.amount_minor for line in self.lines)

    def __str__(self) -> str:
        return str(Money(minor=self.amount_minor, currency="EUR"))


def capped(lines: list[Line], most_minor: int, what: str, source: str) -> list[Line]:
    """The lines, with one more that takes the total down to `most_minor` where it is above."""
    above = sum(line.amount_minor for line in lines) - most_minor
    return lines if above <= 0 else [*lines, Line(what=what, amount_minor=-above, source=source)]


def lifted(lines: list[Line], least_minor: int, what: str, source: str) -> list[Line]:
    """The lines, with one more that brings the total up to `least_minor` where it is below."""
    below = least_minor - sum(line.amount_minor for line in lines)
    return lines if below <= 0 else [*lines, Line(what=what, amount_minor=below, source=source)]
