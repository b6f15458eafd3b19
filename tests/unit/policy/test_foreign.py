"""Conditions of plugins in a policy: tied to it, asked, guarded, and foreseen."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from policy_builders import DAY, debtor, invoice, verdicts
from pydantic import BaseModel, ConfigDict

from connector.api import ConditionType
from connector.errors import ConfigError
from connector.model import Account, ConditionAnswer
from connector.policy import Policy, decide, load_policy

TEXT = """\
name = "trial"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 3

[[step]]
name = "escalate"
action = "escalate"
title = "Hand-over"
days_overdue = 10

[[condition]]
use = "rested"
settings = { days = 30 }

[gates]
lawful = { before = "never" }
"""


class Rested(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: int


def rested(config: Rested) -> Callable[[Account], ConditionAnswer]:
    """Were the claims due so many days ago?"""

    def ask(account: Account) -> ConditionAnswer:
        due = min(one.due_date for one in account.claims if one.due_date)
        ripe = due + timedelta(days=config.days)
        known: dict[str, Any] = {"seen": f"due on {due}", "origin": "the test"}
        if account.day >= ripe:
            return ConditionAnswer(**known, verdict="yes")
        return ConditionAnswer(**known, verdict="no", earliest=ripe)

    return ask


def kind(ask: Callable[[Rested], Any] = rested) -> dict[str, ConditionType]:
    return {"rested": ConditionType("rested", "Rest", "Has the debtor rested?", Rested, ask)}


def loaded(tmp_path: Path, text: str = TEXT, known: dict[str, ConditionType] | None = None) -> Policy:
    path = tmp_path / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path, conditions=kind() if known is None else known)


def test_it_is_asked_before_a_hand_over_and_foreseen(tmp_path: Path) -> None:
    rules = loaded(tmp_path)
    early = decide(debtor(invoice("A", late=20)), rules)
    assert (early.action, verdicts(early)["escalate.plugin.rested"]) == ("remind", "no")
    assert "remind.plugin.rested" not in verdicts(early)
    only = TEXT.replace("days_overdue = 3", 'days_overdue = 3\nminimum = "900.00"')
    assert decide(debtor(invoice("A", late=20)), loaded(tmp_path, only)).not_before == DAY + timedelta(days=10)
    assert decide(debtor(invoice("A", late=30)), rules).action == "escalate"


def test_it_is_asked_before_every_step_where_the_policy_says_so(tmp_path: Path) -> None:
    rules = loaded(tmp_path, TEXT.replace('use = "rested"', 'use = "rested"\nbefore = "every step"'))
    assert decide(debtor(invoice("A", late=20)), rules).action == "none"


@pytest.mark.parametrize(
    ("ask", "seen"),
    [
        (lambda _: lambda account: 1 / 0, "its plugin failed: ZeroDivisionError"),
        (lambda _: lambda account: "yes", "its plugin answered with a str"),
    ],
)
def test_a_plugin_that_fails_leaves_the_step_to_a_person(tmp_path: Path, ask: Any, seen: str) -> None:
    decision = decide(debtor(invoice("A", late=50), steps=()), loaded(tmp_path, known=kind(ask)))
    assert decision.action == "remind"
    told = next(one for one in decision.because if one.condition == "escalate.plugin.rested")
    assert (told.verdict, told.seen) == ("unknown", seen)


def test_without_its_plugin_the_step_is_undecided(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(TEXT.replace("days_overdue = 3", 'days_overdue = 3\nminimum = "900.00"'), encoding="utf-8")
    decision = decide(debtor(invoice("A", late=50)), load_policy(path))
    assert (decision.action, decision.step) == ("undecided", "escalate")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('use = "rested"', 'use = "resting"', "line 18, condition 1.use: no installed plugin offers this condition"),
        ("days = 30", "dais = 30", 'line 19, condition 1.settings.dais: this key is not known. Did you mean "days"?'),
        ("days = 30", 'days = "x"', "line 19, condition 1.settings.days: this should be a valid integer"),
        ("[gates]", '[[condition]]\nuse = "rested"\n\n[gates]', '"rested" is asked twice'),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, TEXT.replace(old, new))
    assert told in caught.value.message


def test_the_settings_are_part_of_the_version(tmp_path: Path) -> None:
    other = loaded(tmp_path, TEXT.replace("days = 30", "days = 31"))
    assert loaded(tmp_path).version != other.version
