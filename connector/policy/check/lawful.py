"""From which day on the law lets a consumer's file go, on every day that a letter may be sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Literal, get_args

from connector.law.belgium.first_reminder import ARTICLE as BELGIAN_REMINDER
from connector.law.belgium.first_reminder import first_reminder_readings
from connector.law.law import Law
from connector.law.netherlands.fourteen_day_letter import ARTICLE as DUTCH_LETTER
from connector.law.netherlands.fourteen_day_letter import LetterPeriod, LetterSent, fourteen_days

Country = Literal["NL", "BE"]
COUNTRIES: tuple[Country, ...] = get_args(Country)
ARTICLES: dict[Country, str] = {"NL": DUTCH_LETTER, "BE": BELGIAN_REMINDER}
LETTER_NAMES: dict[Country, str] = {"NL": "fourteen-day letter", "BE": "first reminder"}
# Long enough for the worst meeting of Easter, weekends and holidays in both countries.
YEARS = 20


@dataclass(frozen=True)
class Waiting:
    """How many days must lie between a country's letter, by post, and the hand-over of a consumer's file.

    Asked of the law for every day on which a letter may be sent, `YEARS` years long from `since`.
    """

    law: Law
    country: Country
    since: date

    @cached_property
    def days(self) -> dict[date, int]:
        """By the day of sending: how many days later the file may go at the earliest."""
        return {sent: (first_day(self.law, self.country, sent) - sent).days for sent in self._sending()}

    @property
    def most(self) -> int:
        """The days that are enough whenever the letter is sent."""
        return max(self.days.values())

    @property
    def least(self) -> int:
        """The days that are enough in the shortest case."""
        return min(self.days.values())

    @property
    def worst(self) -> date:
        """The first day of sending that needs the most days."""
        return max(self.days, key=lambda sent: self.days[sent])

    def _sending(self) -> Iterator[date]:
        last = self.since + timedelta(days=round(YEARS * 365.25))
        day = self.since
        while day < last:
            yield day
            day += timedelta(days=1)


def first_day(law: Law, country: Country, sent_on: date) -> date:
    """The first day on which a consumer's file may surely go after a letter by post that nobody disputes.

    The Netherlands: when the fourteen days are over (art. 6:96 lid 6 BW). Belgium: when those of the first reminder are
    (art. XIX.2), by the later reading of Saturday. What is undecided is never sure. Raises CoverageError.
    """
    if country == "BE":
        return max(period.free_on for period in first_reminder_readings(law, sent_on, "post").values())
    period = fourteen_days(law, LetterSent(sent_on=sent_on))
    return period.costs_from if isinstance(period, LetterPeriod) else date.max


@dataclass(frozen=True)
class Calendars:
    """The waiting times of the countries, each computed once, at its first use."""

    law: Law
    since: date
    _known: dict[Country, Waiting] = field(default_factory=dict)

    def of(self, country: Country) -> Waiting:
        """The waiting times of a country."""
        return self._known.setdefault(country, Waiting(self.law, country, self.since))
