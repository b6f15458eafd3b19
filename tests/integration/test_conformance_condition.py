"""The conformance kit tried on a condition that keeps to every rule, and on conditions that break one each."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import right_condition
import wrong_conditions as wrong
from right_condition import RIGHT_CONDITION
from verdicts import checks_of, failed_checks, installed_here

from connector.api import ConditionType
from connector.testing import ConditionConformance, make_account, plugin_checks

README = Path(right_condition.__file__).with_name("README.md")


@pytest.fixture(autouse=True, scope="module")
def _right_condition_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with installed_here(tmp_path_factory.mktemp("site"), "right-condition", {"right_condition": "right_condition"}):
        yield


@pytest.fixture(autouse=True, scope="module")
def _each_module_is_imported_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin_checks, "check_import", cache(plugin_checks.check_import))
        yield


class AgeChecks(ConditionConformance):
    """The author's side for the right condition, and for every wrong one."""

    condition_type = RIGHT_CONDITION
    settings = {"days": 45}
    accounts = (make_account(),)


class TestRightCondition(AgeChecks):
    """Passes every check, as an author sees it."""


WRONG: list[tuple[str, ConditionType]] = [
    ("p2_it_is_installed", replace(RIGHT_CONDITION, asked="Old enough")),
    ("p2_it_is_installed", replace(RIGHT_CONDITION, api_version=99)),
    ("c1_every_account", replace(RIGHT_CONDITION, open=wrong.says_nothing)),
    ("c2_the_account", replace(RIGHT_CONDITION, open=wrong.counts_how_often_it_was_asked)),
    ("c2_the_account", replace(RIGHT_CONDITION, open=wrong.calls_out)),
    ("c2_the_account", replace(RIGHT_CONDITION, open=wrong.changes_the_account)),
    ("c3_waiting", replace(RIGHT_CONDITION, open=wrong.keeps_to_weekdays)),
    ("c4_the_earliest", replace(RIGHT_CONDITION, open=wrong.tells_too_late_a_day)),
    ("c4_the_earliest", replace(RIGHT_CONDITION, open=wrong.tells_no_day)),
    ("c4_the_earliest", replace(RIGHT_CONDITION, open=wrong.tells_a_day_that_is_over)),
]
# Who gives no answer at all fails wherever he is asked.
SPEECHLESS = [wrong.fails_without_claims, wrong.answers_with_a_word]


@pytest.mark.parametrize(("check", "condition"), WRONG, ids=lambda it: it if isinstance(it, str) else it.open.__name__)
def test_a_wrong_condition_fails_exactly_the_check_for_its_mistake(check: str, condition: ConditionType) -> None:
    class Kit(AgeChecks):
        condition_type = condition

    failures = failed_checks(Kit)
    assert [name for name in failures if name.startswith(check)], failures
    assert len(failures) == 1, failures


@pytest.mark.parametrize("opened", SPEECHLESS)
def test_a_condition_without_an_answer_fails(opened: object) -> None:
    class Kit(AgeChecks):
        condition_type = replace(RIGHT_CONDITION, open=opened)  # type: ignore[arg-type]

    failures = failed_checks(Kit)
    assert [name for name in failures if name.startswith("c1_every_account")]


def test_there_are_eight_checks() -> None:
    assert len(checks_of(AgeChecks)) == 8
