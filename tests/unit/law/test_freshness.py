"""When the tables end. A table that ends here is changed here too: whoever adds a half-year says so twice."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from connector.law.freshness import ending, freshness
from connector.law.library import extend, shipped

COMPILED = date(2026, 11, 22)
ENDS = {
    "nl.statutory": "2026-11-22",
    "be.commercial": "2026-12-31",
    "be.statutory": "2026-12-31",
    "nl.commercial": "2026-12-31",
}
LONGEST_WITHOUT_A_LOOK = timedelta(days=62)
"""The notices of a half-year appear up to two months after it began; later than that, somebody forgot."""


def test_which_tables_end_when_is_known_and_no_other_ends() -> None:
    horizon = freshness(shipped(), COMPILED)

    assert {one.table: str(one.until) for one in horizon} == ENDS
    assert [one.until for one in horizon] == sorted(one.until for one in horizon)


def test_on_the_day_they_were_compiled_all_still_answered() -> None:
    assert not [one for one in freshness(shipped(), COMPILED) if one.ended]


def test_a_table_says_how_long_it_lasts_and_since_when_it_does_not() -> None:
    before, after = (freshness(shipped(), day)[0] for day in (date(2026, 11, 20), date(2026, 11, 25)))

    assert (before.days_left, before.ended) == (2, False)
    assert (after.days_left, after.ended) == (-3, True)
    assert str(before) == "nl.statutory (Statutory interest (wettelijke rente)) ends on 2026-11-22, in 2 days"
    assert str(after) == "nl.statutory (Statutory interest (wettelijke rente)) ended on 2026-11-22"


def test_a_warning_comes_before_the_half_year_is_over() -> None:
    assert [one.table for one in ending(shipped(), date(2026, 10, 7))] == []
    assert [one.table for one in ending(shipped(), date(2026, 10, 8))] == ["nl.statutory"]
    assert {one.table for one in ending(shipped(), date(2026, 11, 25))} == ENDS.keys()


def test_an_addition_ends_the_warning() -> None:
    year = {"since": date(2026, 11, 23), "until": date(2027, 6, 30), "percent": "4", "source": "Stb. 2026, 1"}
    longer = extend(shipped(), {"nl.statutory": [year]})

    assert "nl.statutory" not in {one.table for one in ending(longer, date(2026, 11, 25))}


@pytest.mark.skipif("CI" not in os.environ, reason="old releases keep their tests; a new one must have new tables")
def test_no_release_is_built_on_tables_that_ended_long_ago() -> None:
    late = [
        one for one in freshness(shipped(), datetime.now(UTC).date()) if one.days_left < -LONGEST_WITHOUT_A_LOOK.days
    ]

    assert not late, "look for the new figures, see docs/law.md: " + "; ".join(map(str, late))
