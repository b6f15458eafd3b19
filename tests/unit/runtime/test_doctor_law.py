"""What the doctor says of the tables of the law."""

from pathlib import Path

import pytest

from connector.config import load
from connector.config.home import write_home
from connector.runtime.doctor import Finding, examine

ADDITION = """
[[law.tables."nl.statutory"]]
since = 2026-11-23
until = 2027-06-30
percent = "4.00"
source = "Staatsblad"
"""


def findings(home: Path, day: str, more: str = "") -> list[Finding]:
    home.joinpath("time.txt").write_text(f"{day}T09:00:00Z", encoding="utf-8")
    home.joinpath("incasso.toml").write_text(f'[clock]\ntest_file = "time.txt"\n{more}', encoding="utf-8")
    load(home, {})
    return [one for one in examine(home, {}) if one.subject.startswith("law")]


def test_while_all_tables_answer_the_first_to_end_is_named(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "2026-03-02")

    assert (found.subject, found.verdict) == ("law", "ok")
    assert "nl.statutory (Statutory interest (wettelijke rente)) ends on 2026-11-22, in 265 days" in found.said


def test_a_table_that_ends_or_has_ended_is_a_warning_with_its_mend(tmp_path: Path) -> None:
    found = {one.subject: one for one in findings(tmp_path, "2026-11-25")}

    assert found.keys() == {"law nl.statutory", "law nl.commercial", "law be.commercial", "law be.statutory"}
    assert {one.verdict for one in found.values()} == {"warn"}
    assert "ended on 2026-11-22" in found["law nl.statutory"].said
    assert '[[law.tables."nl.statutory"]]' in found["law nl.statutory"].mend


def test_a_row_of_the_user_ends_the_warning(tmp_path: Path) -> None:
    assert "law nl.statutory" not in {one.subject for one in findings(tmp_path, "2026-11-25", ADDITION)}


@pytest.mark.parametrize("day", ["2026-10-07", "2026-10-08"])
def test_it_warns_45_days_ahead(tmp_path: Path, day: str) -> None:
    (found,) = findings(tmp_path, day)

    assert found.verdict == ("warn" if day == "2026-10-08" else "ok")


def test_a_clock_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    tmp_path.joinpath("incasso.toml").write_text('[clock]\ntest_file = "none.txt"', encoding="utf-8")

    found = {one.subject: one.verdict for one in examine(tmp_path, {})}

    assert found["clock"] == "fail"
    assert not [name for name in found if name.startswith("law")]


@pytest.mark.parametrize(
    ("law", "wanted"),
    [
        ("", ["contractual, due_date_agreed, registers_read, receiver"]),
        ('[law]\ncontractual = "yes"\ndue_date_agreed = "yes"\n', ["registers_read, receiver"]),
        (
            '[law]\ncontractual = "yes"\ndue_date_agreed = "no"\nregisters_read = "yes"\nreceiver = "exempt"\n',
            [],
        ),
    ],
)
def test_what_the_law_of_a_ledger_leaves_open_is_a_warning(tmp_path: Path, law: str, wanted: list[str]) -> None:
    write_home(tmp_path)
    path = tmp_path / "ledgers" / "example.toml"
    path.write_text(f"{path.read_text(encoding='utf-8').partition('[law]')[0]}\n{law}", encoding="utf-8")

    found = [one for one in examine(tmp_path, {}) if one.subject == "law of ledger example"]
    said = [f"[law] says nothing of {keys}: hand-overs wait for a person" for keys in wanted]
    assert [one.said for one in found] == said
    assert all(one.verdict == "warn" and "[law] of ledgers/example.toml" in one.mend for one in found)


def test_a_ledger_that_hands_nothing_over_needs_no_statement(tmp_path: Path) -> None:
    write_home(tmp_path)
    path = tmp_path / "ledgers" / "example.toml"
    text = path.read_text(encoding="utf-8")
    assert "law of ledger example" in {one.subject for one in examine(tmp_path, {})}
    path.write_text(text.replace('[sink]\nconnection = "agency"\n', ""), encoding="utf-8")
    assert "law of ledger example" not in {one.subject for one in examine(tmp_path, {})}
