"""One table of the law: rows without overlap and without gap, that refuse to answer outside what they cover."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, TypeAdapter, model_validator

from connector.errors import ConfigError
from connector.law.rows import CountRow, EffectRow, HolidayRow, RateRow, Row, ScaleRow
from connector.model.record import Record

R = TypeVar("R", bound=Row)
DAY = timedelta(days=1)


class CoverageError(ConfigError):
    """A table of the law does not cover that day. Says which table, what it covers, and how to extend it."""

    def __init__(self, table: str, day: date, *, since: date, until: date | None) -> None:
        covers = f"from {since} to {until}" if until else f"from {since} on"
        mend = (
            f'Add the missing period to incasso.toml under [[law.tables."{table}"]], with its source.'
            if until and day > until
            else "Have a person compute this one: no source for that time was found."
        )
        super().__init__(f"The table {table} covers {covers}, not {day}.", mend=mend)
        self.table = table
        self.day = day
        self.since = since
        self.until = until


class Table(Record, Generic[R]):
    """A table: `name`, what it tells (`title`, `about`), the `article` it rests on, its `unit` and its rows.

    Rows stand in order of days. Only the last may be without an end. A `closed` table will never get another row.
    """

    name: str = Field(pattern=r"^(nl|be)(\.[a-z0-9_]+)+$")
    title: str
    article: str
    unit: str
    about: str
    closed: bool = False
    rows: tuple[R, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rows_follow_each_other(self) -> "Table[R]":
        for before, after in pairwise(self.rows):
            if before.until is None or after.since <= before.until:
                raise ValueError(f"two rows hold on {after.since}")
            if after.since != before.until + DAY:
                raise ValueError(f"no row holds from {before.until + DAY} to {after.since - DAY}")
        return self

    @property
    def since(self) -> date:
        """The first day covered."""
        return self.rows[0].since

    @property
    def until(self) -> date | None:
        """The last day covered; None: until further notice."""
        return self.rows[-1].until

    def at(self, day: date) -> R:
        """The row that holds on a day. Raises CoverageError outside of what the table covers."""
        for row in reversed(self.rows):
            if row.holds(day):
                return row
        raise CoverageError(self.name, day, since=self.since, until=self.until)

    def between(self, first: date, last: date) -> Iterator[tuple[date, date, R]]:
        """The rows that hold from `first` to `last`, each with its first and last day in that time.

        Raises CoverageError where a part of the time is not covered.
        """
        self.at(first)
        self.at(last)
        for row in self.rows:
            begin, end = max(row.since, first), min(row.until or last, last)
            if begin <= end:
                yield begin, end, row


class RateTable(Table[RateRow]):
    """Percentages."""

    unit: Literal["percent per year", "percent"]


class CountTable(Table[CountRow]):
    """Numbers, in the unit named."""

    unit: Literal["cents", "days", "months", "years", "times"]


class ScaleTable(Table[ScaleRow]):
    """Scales in bands."""

    unit: Literal["scale in cents"]


class HolidayTable(Table[HolidayRow]):
    """Public holidays."""

    unit: Literal["holidays"]


class EffectTable(Table[EffectRow]):
    """Effects of insolvency regimes."""

    unit: Literal["effect"]


AnyTable = Annotated[RateTable | CountTable | ScaleTable | HolidayTable | EffectTable, Field(discriminator="unit")]
ANY_TABLE: TypeAdapter[AnyTable] = TypeAdapter(AnyTable)
