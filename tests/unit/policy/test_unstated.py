"""What `[law]` of a ledger leaves open is found by asking the law, and said by the names of its keys."""

from typing import get_args

import pytest
from policy_builders import DAY, STANDARD, TRADE, policy, step

from connector.law.law import Law
from connector.model import DebtorKind, LegalFacts, Verdict
from connector.policy import Policy
from connector.policy.unstated import unstated

LAW = Law()
ANYBODY = policy(step("escalate", 14), debtor_kind={"before": "never"})
CONSUMERS = policy(step("escalate", 14), debtor_kind={"allowed": ("consumer",)})
NOTHING = LegalFacts()
ALL = TRADE.model_copy(update={"principal_only": "yes", "consumer_sale": "no"})


@pytest.mark.parametrize(
    ("country", "kind", "rules", "wanted"),
    [
        ("NL", "business", STANDARD, "contractual due_date_agreed registers_read receiver"),
        ("NL", "public_body", STANDARD, "contractual due_date_agreed registers_read"),
        ("NL", "consumer", CONSUMERS, "contractual due_date_agreed registers_read receiver"),
        ("NL", "unknown", CONSUMERS, "contractual due_date_agreed registers_read receiver"),
        ("BE", "business", STANDARD, "registers_read"),
        ("BE", "unknown", CONSUMERS, "principal_only registers_read receiver"),
        ("BE", "unknown", ANYBODY, "principal_only registers_read receiver"),
        ("DE", "business", STANDARD, ""),
    ],
)
def test_what_nobody_stated_is_named(country: str, kind: DebtorKind, rules: Policy, wanted: str) -> None:
    assert unstated(LAW, NOTHING, rules, country, kind, DAY) == tuple(wanted.split())


@pytest.mark.parametrize("country", ["NL", "BE"])
@pytest.mark.parametrize("kind", get_args(DebtorKind))
def test_a_ledger_that_states_everything_leaves_nothing_open(country: str, kind: DebtorKind) -> None:
    assert unstated(LAW, ALL, ANYBODY, country, kind, DAY) == ()


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_what_is_stated_is_not_asked_for_whatever_it_says(answer: Verdict) -> None:
    stated = NOTHING.model_copy(update={"contractual": answer})
    assert "contractual" not in unstated(LAW, stated, STANDARD, "NL", "business", DAY)


def test_a_policy_that_does_not_ask_the_law_needs_nothing() -> None:
    for rules in (STANDARD.without_law(), policy(step("remind", 5))):
        assert unstated(LAW, NOTHING, rules, "NL", "business", DAY) == ()


def test_the_hand_overs_of_segments_are_looked_at_as_well() -> None:
    steps = {"name": "all", "steps": (step("escalate", 5),)}
    rules = policy(segments=[steps])
    assert unstated(LAW, NOTHING, rules, "NL", "business", DAY) == unstated(
        LAW, NOTHING, STANDARD, "NL", "business", DAY
    )
    off = policy(segments=[steps | {"gates": {"lawful": {"before": "never"}}}])
    assert unstated(LAW, NOTHING, off, "NL", "business", DAY) == ()
