"""Days: Easter, holidays, working days, and months and years from a day."""

from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

from connector.law.rows import FROM_EASTER, KINGS_DAY
from connector.law.table import DAY, HolidayTable

SATURDAY, SUNDAY, MONDAY = 5, 6, 0


@lru_cache(maxsize=512)
def easter(year: int) -> date:
    """Easter Sunday of the western churches, by the rule of 1582 (anonymous algorithm of 1876, after Butcher)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap_centuries, rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon + 15) % 30
    weekday = (32 + 2 * rest + 2 * (of_century // 4) - epact - of_century % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=512)
def holidays(names: tuple[str, ...], year: int) -> dict[date, str]:
    """The holidays of a year by day, from the names of a row: see `connector.law.rows.HolidayRow`."""
    return dict(sorted((_day_of(name, year), name) for name in names))


def is_holiday(table: HolidayTable, day: date) -> bool:
    """Whether a day is a public holiday. Raises CoverageError outside of what the table covers."""
    return day in holidays(table.at(day).days, day.year)


def is_working_day(table: HolidayTable, day: date, *, saturday: bool) -> bool:
    """Whether a day is no Sunday, no holiday, and no Saturday unless `saturday` counts as a working day."""
    if day.weekday() == SUNDAY or (day.weekday() == SATURDAY and not saturday):
        return False
    return not is_holiday(table, day)


def next_working_day(table: HolidayTable, day: date) -> date:
    """The day itself where it is a working day, else the next one; Saturdays are none (art. 1 ATW)."""
    while not is_working_day(table, day, saturday=False):
        day += DAY
    return day


def add_months(day: date, months: int) -> date:
    """The same day some months on; the month's last day where it has no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def anniversary(first: date, years: int) -> date:
    """The day on which the year after `years` whole years begins, when the first one began on `first`.

    A year that began on 29 February is over with 28 February: the next one begins on 1 March.
    """
    year = first.year + years
    if first.month == 2 and first.day == 29 and monthrange(year, 2)[1] == 28:
        return date(year, 3, 1)
    return first.replace(year=year)


def holds_leap_day(first: date, end: date) -> bool:
    """Whether there is a 29 February from `first` up to and without `end`."""
    leap_days = (date(year, 2, 29) for year in range(first.year, end.year + 1) if monthrange(year, 2)[1] == 29)
    return any(first <= day < end for day in leap_days)


def days_between(first: date, last: date) -> int:
    """How many days from `first` to `last`, both counted; 0 where `last` is before `first`."""
    return max((last - first).days + 1, 0)


def _day_of(name: str, year: int) -> date:
    if name in FROM_EASTER:
        return easter(year) + timedelta(days=FROM_EASTER[name])
    if name == KINGS_DAY:
        day = date(year, 4, 27)
        return day - DAY if day.weekday() == SUNDAY else day
    month, _, day_of_month = name.partition("-")
    return date(year, int(month), int(day_of_month))
