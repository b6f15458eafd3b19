"""The rows of the law's tables: each holds from a day up to and including a day, and names its source."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connector.law.answers import Answer
from connector.model.record import Record


def _no_float(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('a percentage stands between quotes, such as "10.15"')  # noqa: TRY004
    return value


Percent = Annotated[Decimal, BeforeValidator(_no_float), Field(ge=0, le=100, allow_inf_nan=False)]
Cents = Annotated[int, Field(strict=True, ge=0)]
Confidence = Literal["high", "medium", "low", "configured"]

FROM_EASTER = {"good friday": -2, "easter monday": 1, "ascension": 39, "whit monday": 50}
"""Days from Easter Sunday."""
KINGS_DAY = "king's day"


class Row(Record):
    """When it holds and where it comes from.

    - `since`, `until`: first and last day; no last day: until further notice.
    - `source`, `also`: keys of `tables/sources.toml`; in a configuration, any words that say where to look.
    - `confidence`: how sure the source makes us; `configured` where a user added the row.
    """

    since: date
    until: date | None = None
    source: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    confidence: Confidence = "high"
    note: str = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Row":
        if self.until is not None and self.until < self.since:
            raise ValueError(f"it ends on {self.until}, before it begins on {self.since}")
        return self

    def holds(self, day: date) -> bool:
        """Whether the row holds on this day."""
        return self.since <= day and (self.until is None or day <= self.until)


class RateRow(Row):
    """A percentage, exactly as published."""

    percent: Percent


class CountRow(Row):
    """A number: of cents, days, months, years or times, as the table's unit says."""

    value: Cents


class Band(Record):
    """A band of a scale: `fixed_minor` and `percent` of what lies over `over_minor`, up to `up_to_minor`; in cents."""

    over_minor: Cents
    up_to_minor: Cents | None = None
    fixed_minor: Cents = 0
    percent: Percent


class ScaleRow(Row):
    """Bands that follow each other, with the least and the most that they give, in cents."""

    bands: tuple[Band, ...] = Field(min_length=1)
    minimum_minor: Cents = 0
    maximum_minor: Cents

    @model_validator(mode="after")
    def _bands_touch(self) -> "ScaleRow":
        starts = [0, *(band.up_to_minor for band in self.bands[:-1])]
        if starts != [band.over_minor for band in self.bands] or self.bands[-1].up_to_minor is not None:
            raise ValueError("each band begins where the one before it ends, the first at 0; the last has no end")
        return self


class HolidayRow(Row):
    """The holidays of a year: "MM-DD", "king's day", or a name of `FROM_EASTER`."""

    days: tuple[str, ...] = Field(min_length=1)

    @field_validator("days")
    @classmethod
    def _days_of_every_year(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in FROM_EASTER and name != KINGS_DAY:
                try:
                    date.fromisoformat(f"2023-{name}")
                except ValueError as error:
                    known = ", ".join((*FROM_EASTER, KINGS_DAY))
                    raise ValueError(f'"{name}" is neither a day such as "12-25" nor one of: {known}') from error
        return value


class EffectRow(Row):
    """What an insolvency or debt-arrangement regime does to a creditor.

    - `collection`: `stopped`; `free`, apart from what is `barred`; `other person` is to be addressed; `undecided`.
    - `interest_runs`: unknown where nothing was read about it.
    - `task`: what the creditor has to do.
    - `first_months`, `most_months`, `most_days`: how long it lasts at first, and at most.
    - `file_within_months`: the term for filing the claim, from the notice.
    """

    collection: Literal["stopped", "free", "other person", "undecided"]
    interest_runs: Answer
    task: str = ""
    first_months: int | None = None
    most_months: int | None = None
    most_days: int | None = None
    file_within_months: int | None = None
    barred: tuple[str, ...] = ()
