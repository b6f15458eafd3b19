"""docs/law.md says what the tables, the settings and the vectors say."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from connector.law.freshness import freshness
from connector.law.library import shipped
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")
CONFLICTS = json.loads((ROOT / "tests" / "vectors" / "law.json").read_text(encoding="utf-8"))["known_conflicts"]


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_disagreement_of_the_sources_is_on_the_page() -> None:
    listed = re.findall(r"^\| (X\d+) \|", section("Where sources disagree"), flags=re.MULTILINE)

    assert listed == [one["id"] for one in CONFLICTS]


@pytest.mark.parametrize(
    ("conflict", "table", "day", "percent"),
    [
        ("X01", "be.commercial", "2023-08-14", "12.00"),
        ("X02", "be.statutory", "2010-06-01", "3.25"),
        ("X03", "nl.commercial", "2004-03-01", "9.02"),
        ("X06", "be.statutory", "2022-06-01", "1.50"),
        ("X06", "be.statutory", "2023-06-01", "5.25"),
        ("X06", "be.statutory", "2024-06-01", "5.75"),
        ("X06", "be.statutory", "2026-06-01", "4.50"),
        ("X07", "be.commercial", "2024-06-01", "12.50"),
        ("X07", "be.commercial", "2025-02-01", "11.50"),
        ("X07", "be.commercial", "2025-08-01", "10.50"),
        ("X07", "be.commercial", "2026-02-01", "10.50"),
        ("X08", "nl.commercial", "2026-01-01", "10.15"),
        ("X09", "nl.statutory", "2014-12-31", "3.00"),
        ("X09", "nl.statutory", "2015-01-01", "2.00"),
        ("X09", "nl.statutory", "1996-06-30", "7.00"),
        ("X09", "nl.statutory", "1996-07-01", "5.00"),
    ],
)
def test_where_sources_disagree_the_tables_hold_our_reading(conflict: str, table: str, day: str, percent: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {conflict} |")]
    ours = str(shipped().rate(table).at(date.fromisoformat(day)).percent)

    assert ours == percent
    assert ours in row or conflict == "X09"


@pytest.mark.parametrize("day", ["2002-08-08", "2002-11-30"])
def test_the_months_of_2002_on_which_sources_disagree_are_not_covered(day: str) -> None:
    with pytest.raises(CoverageError):
        shipped().rate("nl.commercial").at(date.fromisoformat(day))


def test_every_setting_stands_among_what_is_left_to_a_person_and_no_other() -> None:
    named = set(re.findall(r"`((?:nl|be)_\w+)`", section("What is left to a person")))

    assert named == LawSettings.model_fields.keys()


def test_the_page_says_when_the_tables_end() -> None:
    said = dict(re.findall(r"^\| `([\w.]+)` \| (\d+ \w+ \d+)", section("When a table ends"), flags=re.MULTILINE))

    assert said == {one.table: f"{one.until:%-d %B %Y}" for one in freshness(shipped(), date(2026, 11, 22))}
