"""What each regime does to collecting, to interest, and to the creditor's tasks."""

from datetime import date
from typing import Any

import pytest

from connector.law.answers import Undecided
from connector.law.insolvency import BelgianRegime, DutchRegime, RegimeEffect, belgian_effect, dutch_effect, regimes
from connector.law.law import Law
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
DAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("regime", "collection", "interest_runs"),
    [
        ("bankruptcy", "stopped", "no"),
        ("suspension of payments", "stopped", "unknown"),
        ("wsnp", "stopped", "no"),
        ("cooling off", "stopped", "unknown"),
        ("whoa cooling off", "stopped", "unknown"),
        ("moratorium 287b", "free", "yes"),
        ("broad moratorium", "stopped", "unknown"),
        ("protective administration", "other person", "yes"),
        ("death", "other person", "yes"),
    ],
)
def test_dutch_regimes(regime: DutchRegime, collection: str, interest_runs: str) -> None:
    found = dutch_effect(LAW, regime, DAY)

    assert isinstance(found, RegimeEffect)
    assert (found.collection, found.interest_runs) == (collection, interest_runs)
    assert found.article
    assert found.task or found.collection != "other person"


@pytest.mark.parametrize(
    ("regime", "interest_runs"),
    [
        ("bankruptcy", "no"),
        ("judicial reorganisation", "unknown"),
        ("collective settlement", "no"),
        ("debt mediation", "unknown"),
    ],
)
def test_belgian_regimes(regime: BelgianRegime, interest_runs: str) -> None:
    found = belgian_effect(LAW, regime, DAY)

    assert isinstance(found, RegimeEffect)
    assert (found.collection, found.interest_runs) == ("stopped", interest_runs)


def test_every_regime_has_a_table_and_every_table_a_regime() -> None:
    named = {f"{country}.insolvency.{one.replace(' ', '_')}" for country, all_of in regimes().items() for one in all_of}

    assert named == {table.name for table in LAW.tables if ".insolvency." in table.name}


@pytest.mark.parametrize(("choice", "collection"), [("pause", "stopped"), ("go on", "free")])
def test_municipal_counselling_is_the_creditors_choice(choice: Any, collection: str) -> None:
    undecided = dutch_effect(LAW, "municipal counselling", DAY)
    chosen = dutch_effect(Law(settings=LawSettings(nl_municipal_counselling=choice)), "municipal counselling", DAY)

    assert isinstance(undecided, Undecided)
    assert undecided.decided_by == "the setting nl_municipal_counselling"
    assert undecided.decided_by.removeprefix("the setting ") in LawSettings.model_fields
    assert isinstance(chosen, RegimeEffect)
    assert chosen.collection == collection


def test_a_regime_before_its_table_is_not_told() -> None:
    with pytest.raises(CoverageError):
        dutch_effect(LAW, "whoa cooling off", date(2020, 12, 31))
