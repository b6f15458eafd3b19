"""The tables of the law: checked when read, silent outside of what they cover, extended only with a source."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import ConfigError
from connector.law.library import Tables, extend, read_tables, shipped, sources
from connector.law.table import CoverageError

RATES = """
[[table]]
name = "nl.test"
title = "A test"
article = "art. 1"
unit = "percent per year"
about = "Two half-years."
rows = [
    { since = 2026-01-01, until = 2026-06-30, percent = "10.15", source = "somebody" },
    { since = 2026-07-01, until = 2026-12-31, percent = "10.40", source = "somebody" },
]
"""


def tables_of(text: str = RATES) -> Tables:
    return Tables(read_tables(text))


def addition(**changes: Any) -> dict[str, Any]:
    row = {"since": date(2027, 1, 1), "until": date(2027, 6, 30), "percent": "10.65", "source": "Stb. 2026, 1"}
    return {key: value for key, value in (row | changes).items() if value is not None}


@pytest.mark.parametrize("table", list(shipped()), ids=lambda table: table.name)
def test_every_row_that_is_shipped_names_a_source_that_can_be_looked_up(table: Any) -> None:
    named = {key for row in table.rows for key in (row.source, *row.also)}

    assert named
    assert named <= sources().keys()


def test_every_source_says_what_it_is_and_where() -> None:
    for key, source in sources().items():
        assert source.title, key
        assert source.where, key


@pytest.mark.parametrize("table", list(shipped()), ids=lambda table: table.name)
def test_every_table_says_what_it_rests_on(table: Any) -> None:
    assert table.title
    assert table.article
    assert table.about.endswith(".")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{ since = 2026-06-30, until = 2026-12-31, percent = "1", source = "x" }', "two rows hold on 2026-06-30"),
        (
            '{ since = 2026-07-02, until = 2026-12-31, percent = "1", source = "x" }',
            "no row holds from 2026-07-01 to 2026-07-01",
        ),
        (
            '{ since = 2026-07-01, until = 2026-06-01, percent = "1", source = "x" }',
            "ends on 2026-06-01, before it begins",
        ),
        ('{ since = 2026-07-01, percent = "1", source = "" }', "source"),
        ('{ since = 2026-07-01, percent = "1" }', "source"),
        ('{ since = 2026-07-01, percent = "-1", source = "x" }', "percent"),
        ('{ since = 2026-07-01, percent = "NaN", source = "x" }', "percent"),
        ('{ since = 2026-07-01, percent = 10.15, source = "x" }', 'between quotes, such as "10.15"'),
        ('{ since = 2026-07-01, value = 4000, source = "x" }', "value: this key is not known"),
    ],
)
def test_a_wrong_table_is_refused_by_name(row: str, said: str) -> None:
    second = RATES.splitlines()[9]

    with pytest.raises(ConfigError, match=r"nl\.test") as caught:
        tables_of(RATES.replace(second.strip().rstrip(","), row))

    assert said in caught.value.message


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match="percent per year"):
        tables_of(RATES.replace("percent per year", "percent per month"))


def test_an_open_row_before_another_is_an_overlap() -> None:
    with pytest.raises(ConfigError, match="two rows hold on 2026-07-01"):
        tables_of(RATES.replace(", until = 2026-06-30", ""))


def test_two_tables_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two tables"):
        tables_of(RATES + RATES)


def test_a_table_is_asked_for_by_its_kind() -> None:
    with pytest.raises(TypeError, match=r"nl\.statutory is a RateTable"):
        shipped().count("nl.statutory")
    with pytest.raises(KeyError):
        shipped().rate("nl.statutary")
    assert "nl.statutory" in shipped()


@pytest.mark.parametrize(
    ("day", "percent"), [("2026-01-01", "10.15"), ("2026-06-30", "10.15"), ("2026-07-01", "10.40")]
)
def test_a_row_holds_from_its_first_day_to_its_last(day: str, percent: str) -> None:
    assert tables_of().rate("nl.test").at(date.fromisoformat(day)).percent == Decimal(percent)


def test_after_its_end_a_table_says_when_it_ended_and_where_to_extend_it() -> None:
    with pytest.raises(CoverageError) as caught:
        tables_of().rate("nl.test").at(date(2027, 1, 1))

    assert caught.value.message == (
        "The table nl.test covers from 2026-01-01 to 2026-12-31, not 2027-01-01. "
        'Add the missing period to incasso.toml under [[law.tables."nl.test"]], with its source.'
    )


def test_before_its_beginning_a_table_sends_to_a_person() -> None:
    with pytest.raises(CoverageError, match=r"Have a person compute this one") as caught:
        shipped().scale("nl.collection_costs").at(date(2012, 6, 30))

    assert "from 2012-07-01 on" in caught.value.message


def test_a_time_is_cut_at_the_changes() -> None:
    parts = [
        (str(first), str(last), str(row.percent))
        for first, last, row in tables_of().rate("nl.test").between(date(2026, 6, 29), date(2026, 7, 2))
    ]

    assert parts == [("2026-06-29", "2026-06-30", "10.15"), ("2026-07-01", "2026-07-02", "10.40")]


def test_a_time_that_is_not_covered_whole_is_refused() -> None:
    with pytest.raises(CoverageError):
        list(tables_of().rate("nl.test").between(date(2026, 6, 29), date(2027, 1, 1)))


def test_a_user_adds_a_half_year_with_its_source() -> None:
    longer = extend(tables_of(), {"nl.test": [addition()]})

    row = longer.rate("nl.test").at(date(2027, 3, 1))
    assert (str(row.percent), row.source, row.confidence) == ("10.65", "Stb. 2026, 1", "configured")
    assert tables_of().rate("nl.test").until == date(2026, 12, 31)


def test_a_user_adds_what_came_before() -> None:
    longer = extend(tables_of(), {"nl.test": [addition(since=date(2025, 7, 1), until=date(2025, 12, 31))]})

    assert longer.rate("nl.test").since == date(2025, 7, 1)


def test_a_row_without_an_end_is_ended_by_the_one_that_a_user_adds() -> None:
    scale = {
        "since": date(2027, 1, 1),
        "source": "Stb. 2026, 2",
        "minimum_minor": 5000,
        "maximum_minor": 700000,
        "bands": [{"over_minor": 0, "percent": "15"}],
    }
    longer = extend(shipped(), {"nl.collection_costs": [scale]}).scale("nl.collection_costs")

    assert longer.at(date(2026, 12, 31)).minimum_minor == 4000
    assert longer.at(date(2027, 1, 1)).minimum_minor == 5000


@pytest.mark.parametrize(
    ("name", "rows", "said"),
    [
        ("nl.tset", [addition()], "there is no such table"),
        ("nl.test", [addition(source=None)], "source"),
        ("nl.test", [addition(source="")], "source"),
        ("nl.test", [addition(since=None)], "since"),
        ("nl.test", [addition(since=date(2026, 12, 31))], "two rows hold on 2026-12-31"),
        ("nl.test", [addition(since=date(2027, 1, 2))], "no row holds from 2027-01-01"),
        ("nl.test", [addition(since=date(2026, 1, 1), until=None)], "two rows hold"),
        ("nl.test", [addition(percent="ten")], "percent"),
        ("nl.test", [addition(percent=None, value=4000)], "[0].value: this key is not known"),
        ("nl.test", [addition(procent="10")], "[0].procent"),
    ],
)
def test_a_wrong_addition_is_refused_with_file_key_and_mend(name: str, rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        extend(tables_of(), {name: rows}, file="incasso.toml")

    assert caught.value.message.startswith(f"incasso.toml: law.tables.{name}")
    assert said in caught.value.message
    assert caught.value.mend


def bands(*pairs: tuple[int, int | None]) -> dict[str, Any]:
    made = [{"over_minor": over, "percent": "1"} | ({"up_to_minor": up_to} if up_to else {}) for over, up_to in pairs]
    return {"since": date(2027, 1, 1), "source": "x", "maximum_minor": 1, "bands": made}


@pytest.mark.parametrize(
    "wrong", [bands((100, None)), bands((0, 100), (200, None)), bands((0, 100)), bands((0, None), (100, None))]
)
def test_bands_that_do_not_touch_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="each band begins where the one before it ends"):
        extend(shipped(), {"nl.collection_costs": [wrong]})


def test_a_row_without_an_end_is_not_replaced_by_one_of_the_same_day() -> None:
    row = {"since": date(2012, 10, 1), "percent": "22", "source": "x"}

    with pytest.raises(ConfigError, match="two rows hold on 2012-10-01"):
        extend(shipped(), {"nl.vat": [row]})


@pytest.mark.parametrize("name", ["easter", "12-32", "02-29", "king"])
def test_a_holiday_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="neither a day such as"):
        extend(shipped(), {"be.holidays": [{"since": date(2027, 1, 1), "source": "x", "days": [name]}]})
