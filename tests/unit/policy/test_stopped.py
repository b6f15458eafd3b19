"""What befell a debtor keeps every step back, as far as the law says, and says until when and what is to be done."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import DAY, STANDARD, days_ago, debtor, invoice, outcome, policy, step, taken, verdicts

from connector.law.insolvency import regimes
from connector.law.law import Law
from connector.law.settings import LawSettings
from connector.model import Account, Circumstance
from connector.policy import Policy, decide, moves
from connector.policy.stopped import stop_of

LAW = Law()
ANYBODY = policy(step("remind", 5), step("escalate", 14), debtor_kind={"before": "never"})
READY = (taken("remind", 36), taken("notice", 20))
REGIMES = [(country.upper(), regime) for country, names in regimes().items() for regime in names]


def befell(regime: str = "bankruptcy", *, ago: int = 30, **changes: Any) -> Circumstance:
    """A Dutch insolvency that began so many days ago."""
    values = {"kind": "insolvency", "regime": regime, "country": "NL", "since": days_ago(ago), "origin": "anna"}
    return Circumstance.model_validate(values | changes)


def late(*facts: Circumstance, days: int = 60, **changes: Any) -> Account:
    """A Dutch business whom the example policy would hand over today."""
    return debtor(invoice("A", late=days), **({"circumstances": facts, "steps": READY} | changes))


VULNERABLE = Circumstance(kind="vulnerable", since=days_ago(3), reason="ill, told by her daughter", origin="anna")
DEAD = Circumstance(kind="deceased", regime="death", country="NL", since=days_ago(3), origin="anna")

# What befell the debtor, what comes of it, and the verdict of the condition that tells.
CASES: dict[str, tuple[Circumstance, str, str]] = {
    "bankruptcy": (befell(), "none", "no"),
    "a suspension of payments": (befell("suspension of payments"), "none", "no"),
    "an administration": (befell("protective administration"), "none", "no"),
    "a moratorium that bars other things": (befell("moratorium 287b"), "escalate A 121.00", "yes"),
    "counselling without a moratorium": (befell("municipal counselling"), "undecided before escalate", "unknown"),
    "a cooling-off of nine months": (befell("whoa cooling off", ago=280), "undecided before escalate", "unknown"),
    "a cooling-off of a month": (befell("whoa cooling off"), "none", "no"),
    "a moratorium with a known end": (befell("broad moratorium", ago=300, until=days_ago(-1)), "none", "no"),
    "a Belgian mediation": (befell("debt mediation", country="BE"), "none", "no"),
    "a Belgian mediation of 46 days": (
        befell("debt mediation", country="BE", ago=46), "undecided before escalate", "unknown",
    ),
    "what nobody knows": (befell("something", country="FR"), "undecided before escalate", "unknown"),
    "death": (DEAD, "none", "no"),
    "death elsewhere": (DEAD.model_copy(update={"country": "", "regime": "death"}), "none", "no"),
    "a vulnerable debtor": (VULNERABLE, "none", "no"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_befell_the_debtor_decides(case: str) -> None:
    fact, wanted, verdict = CASES[case]
    decision = decide(late(fact), STANDARD)

    assert outcome(decision) == wanted
    assert verdicts(decision)[f"escalate.{fact.kind}"] == verdict


def test_without_it_he_would_go() -> None:
    assert outcome(decide(late(), STANDARD)) == "escalate A 121.00"
    over = (befell(until=days_ago(1)), DEAD.model_copy(update={"until": days_ago(1)}))
    assert outcome(decide(late(*over), STANDARD)) == "escalate A 121.00"


def test_a_stop_keeps_reminders_back_as_well() -> None:
    fresh = late(befell(), days=20, steps=())
    assert outcome(decide(fresh, STANDARD)) == "none"
    assert verdicts(decide(fresh, STANDARD))["remind.insolvency"] == "no"
    assert outcome(decide(late(days=20, steps=()), STANDARD)) == "remind A 121.00"


def test_the_reason_names_the_article_the_task_and_whom_to_address() -> None:
    fact = befell(administrator="mr. Bakker", reference="F.10/26/1")
    (reason,) = [one for one in decide(late(fact), STANDARD).because if one.condition == "escalate.insolvency"]

    task = "file the claim with the trustee (mr. Bakker)"
    assert reason.seen == f"bankruptcy since {days_ago(30)}, F.10/26/1: {task} (arts. 26, 33, 128 Fw)"
    assert reason.origin == "anna"


def test_what_would_decide_is_named() -> None:
    fact = befell("municipal counselling")
    assert "nl_municipal_counselling in [law] of incasso.toml" in stop_of(LAW, fact, DAY).seen
    for chosen, wanted in (("pause", "none"), ("go on", "escalate A 121.00")):
        law = Law(settings=LawSettings.model_validate({"nl_municipal_counselling": chosen}))
        assert outcome(decide(late(fact), STANDARD, law)) == wanted


def test_a_day_that_no_table_covers_is_left_to_a_person() -> None:
    day = date(2014, 5, 1)
    stop = stop_of(LAW, befell(since=date(2014, 1, 1)), day)
    assert stop.verdict == "unknown"
    assert "covers from 2015-01-01 on, not 2014-05-01" in stop.seen


def test_the_term_for_filing_is_counted_from_the_first_day() -> None:
    fact = befell("collective settlement", country="BE", since=date(2026, 1, 31))
    assert stop_of(LAW, fact, DAY).deadline == date(2026, 2, 28)
    assert stop_of(LAW, befell(), DAY).deadline is None


def test_it_may_come_the_day_after_the_last_one_known() -> None:
    until = DAY + timedelta(days=8)
    assert decide(late(befell(until=until)), STANDARD).not_before == until + timedelta(days=1)
    assert decide(late(befell()), STANDARD).not_before is None


@pytest.mark.parametrize(
    ("before", "remind", "escalate"),
    [("escalate", True, False), ("every step", False, False), ("never", True, True)],
)
def test_the_policy_says_what_the_vulnerable_are_spared(before: str, remind: bool, escalate: bool) -> None:
    rules = policy(step("remind", 5), step("escalate", 14), vulnerable={"before": before})

    assert moves(decide(late(VULNERABLE, days=10, steps=()), rules)) is remind
    assert moves(decide(late(VULNERABLE, steps=(taken("remind", 20),)), rules)) is escalate


def test_why_a_debtor_is_vulnerable_is_in_no_decision() -> None:
    told = decide(late(VULNERABLE), STANDARD).model_dump_json()
    assert "daughter" not in told
    assert "vulnerable" in told


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(REGIMES),
    st.integers(0, 400),
    st.sampled_from([STANDARD, ANYBODY, policy(step("escalate", 1), lawful={"before": "never"})]),
    st.integers(1, 300),
)
def test_no_policy_lets_a_step_pass_what_the_law_stops(
    which: tuple[str, str], ago: int, rules: Policy, days: int
) -> None:
    fact = befell(which[1], country=which[0], ago=ago)
    decision = decide(late(fact, days=days, debtor_country=which[0]), rules)

    if stop_of(LAW, fact, DAY).verdict != "yes":
        assert not moves(decision)
    else:
        assert which == ("NL", "moratorium 287b")
