"""The conformance kit tried on a source that keeps to every rule, and on sources that break one each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import fake_ledger
import pytest
import wrong_sources as wrong
from heavy_source import HEAVY_SOURCE
from responses import RequestsMock
from right_source import RIGHT_SOURCE, RightSource
from verdicts import checks_of, failed_checks, installed_here

from connector.api import Source, SourceType
from connector.model import Money
from connector.testing import Run, SourceConformance, euros, plugin_checks


@pytest.fixture(autouse=True, scope="module")
def _right_source_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with installed_here(tmp_path_factory.mktemp("site"), "right-source", {"right_source": "right_source"}):
        yield


@pytest.fixture(autouse=True, scope="module")
def _each_module_is_imported_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin_checks, "check_import", cache(plugin_checks.check_import))
        yield


class LedgerChecks(SourceConformance):
    """The author's side for the right source, and for every wrong one."""

    source_type = RIGHT_SOURCE
    config: ClassVar[Mapping[str, Any]] = {"client_secret": {"env": "LEDGER_SECRET"}}
    login_paths = ("/token",)
    expected: ClassVar[Mapping[str, Money]] = {
        "a": euros("121.00"),
        "b": euros("1.15"),
        "c": euros("0.29"),
        "d": euros("-40.00"),
        "e": Money.of("99.95", "USD"),
    }
    due_dates: ClassVar[Mapping[str, date]] = {"a": date(2026, 2, 4)}
    paid = "a"
    documented_claim = "a"

    def upstream(self, mock: RequestsMock, scenario: str) -> None:
        self.ledger = fake_ledger.FakeLedger(scenario)
        self.ledger.register(mock)

    def notes(self, run: Run[Source]) -> Sequence[str]:
        return self.ledger.notes


class TestRightSource(LedgerChecks):
    """Passes every check, as an author sees it."""


WITHOUT_MEMORY = {"hundred_pages": "measuring memory is slow, and tried where it matters"}

WRONG_SOURCES: list[tuple[str, type[RightSource]]] = [
    ("p5_no_secret", wrong.LogsItsToken),
    ("p5_no_secret", wrong.CarriesItsTokenInACursor),
    ("p5_no_secret", wrong.KeepsItsTokenInTheState),
    ("p5_no_secret", wrong.TellsItsSecretInErrors),
    ("p6_check_tells", wrong.ChecksNothing),
    ("p6_check_tells", wrong.ChecksByReadingEverything),
    ("s1_records", wrong.SkipsValidation),
    ("s2_everything", wrong.CompleteTooEarly),
    ("s2_everything", wrong.ForgetsDebtors),
    ("s3_ids", wrong.GivesItemsTwice),
    ("s4_amounts", wrong.UsesFloats),
    ("s5_signs", wrong.TakesThePaidPartForTheAmount),
    ("s6_pages", wrong.ReadsAhead),
    ("s7_a_pull_resumes", wrong.SkipsARowOnResuming),
    ("s7_a_pull_resumes", wrong.TakesTheRestForTheWhole),
    ("s8_an_unchanged", wrong.StartsTheLastPageAgain),
    ("s9_a_payment", wrong.LeavesOutWhatIsPaid),
    ("s10_a_pull_only", wrong.ReadsByPosting),
    ("s11_a_limit", wrong.KeepsTheLimitToItself),
    ("s11_a_limit", wrong.CountsNoCalls),
    ("s11_a_limit", wrong.CallsBeforeTheReset),
    ("s12_refused", wrong.CallsTheLogInAConfigMistake),
    ("s12_an_expired", wrong.NeverRefreshes),
    ("s13_a_malformed", wrong.DropsTheUnreadable),
    ("s13_a_malformed", wrong.TakesTheReadableForTheWhole),
    ("s13_a_malformed", wrong.StopsAtTheUnreadable),
    ("s13_a_malformed", wrong.ReportsABlankFault),
    ("s14_days", wrong.ReadsDaysInLocalTime),
    ("s15_the_cursor", wrong.WritesAPlainCursor),
    ("s16_memory", wrong.KeepsEveryPage),
    ("s17_a_broken", wrong.GivesUpOn503),
    ("s18_an_empty", wrong.SaysNothingOfAnEmptyLedger),
    ("s19_a_report", wrong.WritesANoteEachTime),
    ("s20_a_document", wrong.MakesUpADocument),
]

WRONG_TYPES: list[tuple[str, SourceType]] = [
    ("p1_importing", HEAVY_SOURCE),
    ("p2_it_is_installed", replace(RIGHT_SOURCE, api_version=99)),
    ("p2_it_is_installed", replace(RIGHT_SOURCE, title=" ")),
    ("p3_its_configuration", replace(RIGHT_SOURCE, config=wrong.OpenConfig)),
    ("p3_its_configuration", replace(RIGHT_SOURCE, config=wrong.BareConfig)),
    ("p3_its_configuration", replace(RIGHT_SOURCE, config=wrong.PlainSecretConfig)),
]


@pytest.mark.parametrize(("check", "source"), WRONG_SOURCES, ids=lambda it: getattr(it, "__name__", it))
def test_a_wrong_source_fails_exactly_the_check_for_its_mistake(check: str, source: type[RightSource]) -> None:
    class Kit(LedgerChecks):
        source_type = replace(RIGHT_SOURCE, open=source)
        exempt = {} if check == "s16_memory" else WITHOUT_MEMORY

    failures = failed_checks(Kit)

    assert [name for name in failures if name.startswith(check)], f"passed {check}; failed: {failures}"
    assert len(failures) == 1, failures


@pytest.mark.parametrize(("check", "offer"), WRONG_TYPES)
def test_a_wrong_source_type_fails_exactly_the_check_for_its_mistake(check: str, offer: SourceType) -> None:
    class Kit(LedgerChecks):
        source_type = offer
        exempt = WITHOUT_MEMORY

    failures = failed_checks(Kit)

    assert [name for name in failures if name.startswith(check)], f"passed {check}; failed: {failures}"
    assert len(failures) == 1, failures


def test_a_wrong_example_in_the_readme_is_found(tmp_path: Path) -> None:
    text = '```toml\nplugin = "right_source"\nclient_secret = { env = "S" }\nadress = "https://ledger.example"\n```\n'
    tmp_path.joinpath("README.md").write_text(text, encoding="utf-8")

    class Kit(LedgerChecks):
        readme = tmp_path / "README.md"
        exempt = WITHOUT_MEMORY

    failures = failed_checks(Kit)

    assert list(failures) == ["p4_the_example_in_its_readme_loads"]
    assert "adress" in failures["p4_the_example_in_its_readme_loads"]


def test_round_amounts_on_one_page_are_not_enough_data() -> None:
    class Kit(LedgerChecks):
        expected: ClassVar[Mapping[str, Money]] = {"a": euros("121.00")}
        due_dates: ClassVar[Mapping[str, date]] = {}
        exempt = WITHOUT_MEMORY

        def upstream(self, mock: RequestsMock, scenario: str) -> None:
            super().upstream(mock, scenario)
            self.ledger.rows = [row | {"text": "", "name": "Jansen"} for row in self.ledger.rows if row["id"] == "a"]

    said = failed_checks(Kit)["s0_the_scenario_asks_enough"]

    for demand in ("paging", "credit_note", "part_payment", "foreign_currency", "accents", "due_dates"):
        assert f"({demand})" in said


def test_an_amount_that_floats_get_right_proves_nothing() -> None:
    class Kit(LedgerChecks):
        expected: ClassVar[Mapping[str, Money]] = {"a": euros("121.00")}
        exempt = WITHOUT_MEMORY

    assert "floats get wrong" in failed_checks(Kit)["s0_the_scenario_asks_enough"]


def test_a_call_that_the_scenario_does_not_foresee_is_named() -> None:
    class Kit(LedgerChecks):
        exempt = WITHOUT_MEMORY

        def upstream(self, mock: RequestsMock, scenario: str) -> None:
            mock.post(f"{fake_ledger.HOST}/token", json={"access_token": "token"})

    said = failed_checks(Kit)["s1_records_are_valid"]

    assert "GET https://ledger.example/rows?after=0" in said
    assert "'pages'" in said


def test_every_check_has_a_wrong_plugin() -> None:
    tried = {check for check, _ in WRONG_SOURCES} | {check for check, _ in WRONG_TYPES} | {"p4_", "s0_"}

    untried = [check for check in checks_of(LedgerChecks) if not any(check.startswith(prefix) for prefix in tried)]

    assert untried == []


def test_every_check_says_why_it_matters() -> None:
    silent = [check for check in checks_of(LedgerChecks) if not getattr(LedgerChecks, f"test_{check}").__doc__]

    assert silent == []
