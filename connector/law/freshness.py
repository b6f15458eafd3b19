"""How long the tables of the law still last: a rate that is missing must be known before it is needed."""

from datetime import date, timedelta

from connector.law.library import Tables
from connector.model.record import Record

WARN_DAYS = 45


class Freshness(Record):
    """How many days after today a table still covers; below 0: it ended so many days ago."""

    table: str
    title: str
    until: date
    days_left: int

    @property
    def ended(self) -> bool:
        """Whether the table refuses to answer today."""
        return self.days_left < 0

    def __str__(self) -> str:
        when = f"ended on {self.until}" if self.ended else f"ends on {self.until}, in {self.days_left} days"
        return f"{self.table} ({self.title}) {when}"


def freshness(tables: Tables, today: date) -> list[Freshness]:
    """Each table that goes on into the present and has an end, the soonest first.

    A table that was closed for good, for contracts of old, is left out: `closed`.
    """
    found = [
        Freshness(table=one.name, title=one.title, until=one.until, days_left=(one.until - today).days)
        for one in tables
        if one.until is not None and not one.closed
    ]
    return sorted(found, key=lambda one: (one.until, one.table))


def ending(tables: Tables, today: date, *, within: timedelta = timedelta(days=WARN_DAYS)) -> list[Freshness]:
    """The tables that have ended, or end within that time."""
    return [one for one in freshness(tables, today) if one.days_left <= within.days]
