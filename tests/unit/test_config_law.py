"""`[law]` of incasso.toml: readings and rows of a user, and how mistakes in them are told."""

import re
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connector.config import MistakesError, load
from connector.config.law import LawTable
from connector.flow.letter_check import read_said
from connector.law.law import Law
from connector.law.library import shipped
from connector.model import LegalFacts

PAGE = (Path(__file__).parents[2] / "docs" / "law.md").read_text(encoding="utf-8")
ROW = """
[[law.tables."nl.commercial"]]
since = 2027-01-01
until = 2027-06-30
percent = "10.65"
source = "rijksoverheid.nl"
"""


def law_of(home: Path, text: str) -> Law:
    home.joinpath("incasso.toml").write_text(text, encoding="utf-8")
    return load(home, {}).law.law()


def mistakes(home: Path, text: str) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        law_of(home, text)
    return [str(one) for one in caught.value.mistakes]


def test_without_a_word_nothing_is_chosen_and_the_tables_are_those_of_the_release(tmp_path: Path) -> None:
    law = law_of(tmp_path, "")

    assert law.tables is shipped()
    assert set(law.settings.model_dump().values()) == {None}


def test_a_reading_and_a_half_year_of_the_user_arrive(tmp_path: Path) -> None:
    law = law_of(tmp_path, f'[law]\nnl_day_count = "365"\n{ROW}')

    assert law.settings.nl_day_count == "365"
    row = law.tables.rate("nl.commercial").at(date(2027, 3, 1))
    assert (row.percent, row.source) == (Decimal("10.65"), "rijksoverheid.nl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[law]\nnl_day_count = "360"', "incasso.toml: law.nl_day_count: this value is not known"),
        ("[law]\nnl_daycount = 365", "incasso.toml: law.nl_daycount: this key is not known"),
        (ROW.replace("nl.commercial", "nl.comercial"), "nl.comercial: there is no such table"),
        (ROW.replace('source = "rijksoverheid.nl"\n', ""), "source: this key is missing"),
        (ROW.replace("rijksoverheid.nl", ""), "source"),
        (ROW.replace("2027-01-01", "2026-12-31"), "nl.commercial: two rows hold on 2026-12-31"),
        (ROW.replace("2027-01-01", "2027-01-02"), "nl.commercial: no row holds from 2027-01-01 to 2027-01-01"),
        (ROW.replace('"10.65"', "10.65"), "a percentage stands between quotes"),
        (ROW.replace("2027-06-30", "2026-06-30"), "before it begins"),
        (ROW.replace("percent", "procent"), "nl.commercial[0].procent: this key is not known"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_mend(tmp_path: Path, text: str, said: str) -> None:
    (told,) = mistakes(tmp_path, text)

    assert told.startswith("incasso.toml: law")
    assert said in told


def test_the_example_on_the_page_is_accepted() -> None:
    (example,) = [
        tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "law.tables" in text
    ]

    law = LawTable.model_validate(example["law"]).law()

    assert law.tables.rate("nl.statutory").at(date(2026, 12, 1)).percent == Decimal("4.00")


def test_the_other_examples_of_the_page_are_a_ledgers_facts_and_a_letters_text(tmp_path: Path) -> None:
    facts, letter = (t for t in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "law.tables" not in t)
    path = tmp_path / "letter.toml"
    path.write_text(letter, encoding="utf-8")

    assert LegalFacts.model_validate(tomllib.loads(facts)["law"]).due_date_agreed == "yes"
    assert read_said(path).costs == "40.00"
