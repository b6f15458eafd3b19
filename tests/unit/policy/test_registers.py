"""What look-ups in registers say of a debtor, and what the law's gate makes of it."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import DAY, TRADE, days_ago, debtor, invoice, outcome, policy, step, taken, verdicts

from connector.law.debtor import Debtor, debtor_of
from connector.model import Account, Because, Circumstance, DebtorKind, Register, RegisterFact, Verdict
from connector.policy import decide
from connector.policy.registers import looked_up, registers_for

RULES = policy(step("remind", 5), step("escalate", 14))
CIR = frozenset({"cir"})


def looked(register: str = "cir", *, ago: int = 5, found: bool = False) -> RegisterFact:
    values = {"register_name": register, "looked_up": days_ago(ago), "found": found, "origin": "anna"}
    return RegisterFact.model_validate(values)


def late(*facts: RegisterFact, read: Verdict = "unknown", **changes: Any) -> Account:
    """A Dutch business, reminded and 60 days late, of a ledger that says this much of registers."""
    legal = TRADE.model_copy(update={"registers_read": read})
    return debtor(
        invoice("A", late=60), **({"lookups": facts, "legal": legal, "steps": (taken("remind", 40),)} | changes)
    )


def not_stopped(account: Account) -> Because:
    return next(one for one in decide(account, RULES).because if one.condition == "escalate.law.not_stopped")


# The look-ups, what the ledger says of all its debtors, and the verdict.
CASES: dict[str, tuple[tuple[RegisterFact, ...], Verdict, Verdict]] = {
    "none": ((), "unknown", "unknown"),
    "none, and the ledger is read": ((), "yes", "yes"),
    "not found": ((looked(),), "unknown", "yes"),
    "not found thirty days ago": ((looked(ago=30),), "unknown", "yes"),
    "not found thirty-one days ago": ((looked(ago=31),), "unknown", "unknown"),
    "too old, and the ledger is read": ((looked(ago=31),), "yes", "yes"),
    "not found, and the ledger is not read": ((looked(),), "no", "yes"),
    "found": ((looked(found=True),), "unknown", "unknown"),
    "found, and the ledger is read": ((looked(found=True),), "yes", "unknown"),
    "found long ago": ((looked(ago=900, found=True),), "yes", "unknown"),
    "found and then not": ((looked(ago=9, found=True), looked()), "unknown", "yes"),
    "not found and then found": ((looked(ago=9), looked(found=True)), "unknown", "unknown"),
    "both on one day": ((looked(found=True), looked("all")), "unknown", "unknown"),
    "in another register": ((looked("ccbr"),), "unknown", "unknown"),
    "found in another register": ((looked("ccbr", found=True), looked()), "unknown", "unknown"),
    "in all": ((looked("all"),), "unknown", "yes"),
    "tomorrow": ((looked(ago=-1),), "unknown", "unknown"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_newest_look_up_that_is_young_enough_decides(case: str) -> None:
    facts, read, wanted = CASES[case]
    assert not_stopped(late(*facts, read=read)).verdict == wanted
    escalates = decide(late(*facts, read=read), RULES).action == "escalate"
    assert escalates is (wanted == "yes")


def test_the_reason_says_where_and_when_and_who() -> None:
    reason = not_stopped(late(looked()))
    assert reason.seen.startswith(f"not found: looked up in cir on {days_ago(5)}")
    assert reason.origin == "look-ups in registers, anna"
    assert "incasso debtor insolvency" in not_stopped(late(looked(found=True))).seen
    old = not_stopped(late(looked(ago=31))).seen
    assert f"looked up in cir on {days_ago(31)}, which has to be within 30 days" in old
    assert "incasso debtor register" in old


@pytest.mark.parametrize(
    ("regime", "until", "action"),
    [("moratorium 287b", None, "escalate"), ("bankruptcy", None, "none"), ("bankruptcy", 4, "escalate")],
)
def test_what_was_found_is_explained_by_what_was_recorded(regime: str, until: int | None, action: str) -> None:
    end = None if until is None else days_ago(until)
    fact = Circumstance(kind="insolvency", regime=regime, country="NL", since=days_ago(90), until=end)
    assert decide(late(looked(found=True), circumstances=(fact,)), RULES).action == action


def test_an_insolvency_that_was_over_before_explains_nothing() -> None:
    over = Circumstance(kind="insolvency", regime="bankruptcy", country="NL", since=days_ago(90), until=days_ago(9))
    assert outcome(decide(late(looked(found=True), circumstances=(over,)), RULES)) == "undecided before escalate"


def test_the_policy_says_how_long_a_look_up_counts() -> None:
    for days, wanted in ((0, "unknown"), (4, "unknown"), (5, "yes"), (3650, "yes")):
        rules = policy(step("remind", 5), step("escalate", 14), lawful={"register_days": days})
        assert verdicts(decide(late(looked()), rules))["escalate.law.not_stopped"] == wanted


@pytest.mark.parametrize(
    ("country", "kind", "wanted"),
    [
        ("NL", "business", {"cir"}),
        ("NL", "unknown", {"cir"}),
        ("BE", "business", {"regsol"}),
        ("BE", "public_body", {"regsol"}),
        ("BE", "consumer", {"cbb"}),
        ("BE", "sole_trader", {"regsol", "cbb"}),
        ("BE", "unknown", {"regsol", "cbb"}),
    ],
)
def test_which_registers_count_follows_from_country_and_kind(country: str, kind: DebtorKind, wanted: set[str]) -> None:
    assert registers_for(country, debtor_of(kind)) == wanted


def test_a_sole_trader_in_business_is_in_either_belgian_register() -> None:
    both = registers_for("BE", Debtor(natural_person="yes", in_business="yes", public_body="no"))
    assert both == {"regsol", "cbb"}
    said = looked_up(late(looked("regsol")), both, most_days=30)
    assert said
    assert (said.answer, said.seen) == (None, "not looked up in cbb")


facts = st.builds(
    looked,
    st.sampled_from(get_args(Register)),
    ago=st.integers(-5, 60),
    found=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(facts, max_size=5), st.integers(0, 40))
def test_yes_rests_on_a_young_look_up_and_on_nothing_that_was_found_later(found: list[RegisterFact], days: int) -> None:
    said = looked_up(late(*found), CIR, most_days=days)
    counting = [one for one in found if one.register_name in ("cir", "all") and one.looked_up <= DAY]
    if said and said.answer == "yes":
        newest = max(one.looked_up for one in counting)
        assert (DAY - newest).days <= days
        assert not [one for one in counting if one.found and one.looked_up == newest]
    assert looked_up(late(*reversed(found)), CIR, most_days=days) == said
