"""Days: across year ends, leap days and Easter, against another implementation and against published lists."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.calendars import (
    add_months,
    anniversary,
    days_between,
    easter,
    holds_leap_day,
    holidays,
    is_holiday,
    is_working_day,
    next_working_day,
)
from connector.law.library import shipped
from connector.law.table import CoverageError

DUTCH = shipped().holidays("nl.holidays")
BELGIAN = shipped().holidays("be.holidays")
days = st.dates(date(2014, 1, 1), date(2399, 12, 31))


def easter_of_gauss(year: int) -> date:
    """Easter by another way: the Sunday after the full moon of the church, by Gauss with his two exceptions."""
    k = year // 100
    m = (15 - (13 + 8 * k) // 25 + k - k // 4) % 30
    d = (19 * (year % 19) + m) % 30
    e = (2 * (year % 4) + 4 * (year % 7) + 6 * d + (4 + k - k // 4) % 7) % 7
    day = date(year, 3, 22) + timedelta(days=d + e)
    if d == 29 and e == 6:
        return date(year, 4, 19)
    if d == 28 and e == 6 and (11 * m + 11) % 30 < 19:
        return date(year, 4, 18)
    return day


@pytest.mark.parametrize("year", range(1900, 2300))
def test_easter_agrees_with_gauss(year: int) -> None:
    assert easter(year) == easter_of_gauss(year)
    assert easter(year).weekday() == 6


@pytest.mark.parametrize(
    ("year", "day"), [(2008, "2008-03-23"), (2011, "2011-04-24"), (2024, "2024-03-31"), (2026, "2026-04-05")]
)
def test_easter_of_known_years(year: int, day: str) -> None:
    assert str(easter(year)) == day


def test_dutch_holidays() -> None:
    assert [str(day) for day in holidays(DUTCH.rows[0].days, 2026)] == [
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-04-27", "2026-05-05", "2026-05-14", "2026-05-25",
        "2026-12-25", "2026-12-26",
    ]  # fmt: skip


def test_belgian_holidays() -> None:
    assert [str(day) for day in holidays(BELGIAN.rows[0].days, 2026)] == [
        "2026-01-01", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25", "2026-07-21", "2026-08-15",
        "2026-11-01", "2026-11-11", "2026-12-25",
    ]  # fmt: skip


def test_the_kings_day_moves_from_a_sunday_to_the_saturday_before() -> None:
    assert is_holiday(DUTCH, date(2025, 4, 26))
    assert not is_holiday(DUTCH, date(2025, 4, 27))
    assert is_holiday(DUTCH, date(2026, 4, 27))


def test_holidays_of_a_year_that_was_not_looked_into_are_not_told() -> None:
    with pytest.raises(CoverageError):
        is_holiday(DUTCH, date(2013, 4, 30))


def test_ascension_and_the_first_of_may_can_be_one_day() -> None:
    assert is_holiday(BELGIAN, date(2008, 5, 1))


def test_a_saturday_works_where_it_is_said_to() -> None:
    saturday = date(2026, 11, 7)

    assert is_working_day(BELGIAN, saturday, saturday=True)
    assert not is_working_day(BELGIAN, saturday, saturday=False)
    assert not is_working_day(BELGIAN, date(2026, 8, 15), saturday=True)


@given(days)
def test_the_next_working_day_is_none_of_weekend_and_holidays_and_nothing_is_skipped(day: date) -> None:
    found = next_working_day(DUTCH, day)

    assert day <= found <= day + timedelta(days=6)
    assert is_working_day(DUTCH, found, saturday=False)
    between = [day + timedelta(days=more) for more in range((found - day).days)]
    assert not any(is_working_day(DUTCH, one, saturday=False) for one in between)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2026-05-31", 12, "2027-05-31"),
        ("2026-05-31", 0, "2026-05-31"),
    ],
)
def test_months_are_counted_to_the_same_day_or_the_last_one(day: str, months: int, then: str) -> None:
    assert str(add_months(date.fromisoformat(day), months)) == then


@pytest.mark.parametrize(
    ("first", "years", "then"),
    [("2024-02-29", 1, "2025-03-01"), ("2024-02-29", 4, "2028-02-29"), ("2023-12-31", 1, "2024-12-31")],
)
def test_a_year_begins_again_on_its_day(first: str, years: int, then: str) -> None:
    assert str(anniversary(date.fromisoformat(first), years)) == then


@given(days, st.integers(1, 30))
def test_years_have_365_days_and_one_more_with_a_leap_day(first: date, years: int) -> None:
    begin, end = anniversary(first, years - 1), anniversary(first, years)

    assert (end - begin).days == (366 if holds_leap_day(begin, end) else 365)


@pytest.mark.parametrize(
    ("first", "end", "held"),
    [("2024-02-29", "2024-03-01", True), ("2023-03-01", "2024-02-29", False), ("2024-03-01", "2028-02-29", False)],
)
def test_a_leap_day_is_held_from_the_first_day_and_without_the_end(first: str, end: str, held: bool) -> None:
    assert holds_leap_day(date.fromisoformat(first), date.fromisoformat(end)) is held


@given(days, st.integers(0, 5000))
def test_days_are_counted_with_both_ends(first: date, more: int) -> None:
    assert days_between(first, first + timedelta(days=more)) == more + 1


def test_no_day_is_counted_backwards() -> None:
    assert days_between(date(2026, 1, 2), date(2025, 1, 1)) == 0
