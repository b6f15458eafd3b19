"""Looking ahead: what would come when, if nobody paid."""

import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "policy"))

from policy_builders import DAY, FAST, STANDARD, debtor, dispute, hold, invoice, policy, step, taken
from test_decide_properties import any_accounts, policies

from connector.insight.ahead import ORIGIN, Terms, is_quiet, look_ahead, on_day
from connector.law.law import Law
from connector.model import Account, Claim, PriorStep
from connector.policy import Policy, decide, moves

LAW = Law()
NO_TERMS: Terms = {}


def in_days(days: int) -> date:
    return DAY + timedelta(days=days)


def chain_of(account: Account, rules: Policy = STANDARD, *, days: int = 90, terms: Terms = NO_TERMS) -> list[str]:
    """`+14 remind 121.00` for each step, and what stands on the last day."""
    found = look_ahead(account, rules, LAW, terms, in_days(days))
    steps = [f"+{(one.day - DAY).days} {one.step} {one.amount_minor / 100:.2f}" for one in found.steps]
    stands = f"{found.last.held_step} held" if found.last.held_step else found.last.action
    return [*steps, stands]


def every_day(account: Account, rules: Policy, terms: Terms, until: date) -> tuple[list[tuple[date, str, int]], str]:
    """The same, the plain way: a decision on every day."""
    steps, away, found = account.steps, frozenset[str](), []
    for place in range((until - account.day).days + 1):
        day = account.day + timedelta(days=place)
        decision = decide(on_day(account, day, terms, steps=steps, away=away), rules, LAW)
        if not moves(decision):
            continue
        found.append((day, decision.step, decision.amount_minor))
        if decision.action == "escalate":
            away |= set(decision.claims)
        else:
            steps = (*steps, PriorStep(step=decision.step, taken_on=day, channel=ORIGIN, origin=ORIGIN))
    return found, decision.model_dump_json()


def test_the_steps_come_one_after_the_other() -> None:
    assert chain_of(debtor(invoice("A", late=0))) == [
        "+14 remind 121.00",
        "+30 notice 121.00",
        "+45 escalate 121.00",
        "none",
    ]


def test_more_falls_due_on_the_way() -> None:
    account = debtor(invoice("A", late=10), invoice("B", late=-20), invoice("C", late=-60))
    assert chain_of(account) == [
        "+4 remind 121.00",
        "+20 notice 121.00",
        "+35 escalate 242.00",
        "+74 remind 121.00",
        "+90 notice 121.00",
        "notice",
    ]


def test_instalments_fall_due_one_by_one() -> None:
    account = debtor(invoice("A", late=0, euros="300.00", last_due_date=in_days(60)))
    terms = {("key-A", "EUR"): [(DAY, 10_000), (in_days(30), 10_000), (in_days(60), 10_000)]}
    assert chain_of(account, terms=terms) == ["+14 remind 100.00", "+30 notice 100.00", "+61 escalate 300.00", "none"]


def test_a_hold_ends_on_the_way() -> None:
    assert chain_of(debtor(invoice("A", late=20), holds=(hold(until=8),)), days=30) == [
        "+9 remind 121.00",
        "+23 notice 121.00",
        "none",
    ]


def test_what_holds_a_step_stands_at_the_end() -> None:
    assert chain_of(debtor(invoice("A", late=0), disputes=(dispute(),))) == ["remind held"]


def test_the_letter_of_the_law_is_not_assumed() -> None:
    rules = policy(step("remind", 1), step("escalate", 40), debtor_kind={"before": "never"})
    found = look_ahead(debtor(invoice("A", late=0), debtor_kind="consumer"), rules, LAW, NO_TERMS, in_days(90))
    assert [one.step for one in found.steps] == ["remind"]
    assert found.last.held_step == "escalate"
    assert any(".law." in one.condition and one.verdict == "no" for one in found.last.because)


def test_a_missing_fact_stands_at_the_end() -> None:
    account = debtor(invoice("A", late=50), debtor_kind="unknown", steps=(taken("remind", 36), taken("notice", 20)))
    assert chain_of(account) == ["undecided"]


def test_who_falls_due_later_is_quiet() -> None:
    assert is_quiet(debtor(invoice("A", late=-20)), STANDARD, in_days(20))
    assert not is_quiet(debtor(invoice("A", late=-20)), STANDARD, in_days(21))
    assert not is_quiet(debtor(invoice("A", late=None)), STANDARD, in_days(20))
    early = policy(step("early", None, days_before_due=7), step("remind", 3))
    assert is_quiet(debtor(invoice("A", late=-20)), early, in_days(13))
    assert not is_quiet(debtor(invoice("A", late=-20)), early, in_days(14))


@pytest.mark.parametrize(
    "account",
    [
        debtor(invoice("A", late=-5)),
        debtor(invoice("A", late=50, euros="10.00"), invoice("B", late=-200, euros="90.00")),
        debtor(invoice("A", late=50), holds=(hold(),)),
        debtor(invoice("A", late=50), debtor_kind="unknown"),
        debtor(invoice("A", late=50), invoice("B", late=50), disputes=(dispute("A"),)),
    ],
)
@pytest.mark.parametrize("rules", [STANDARD, FAST], ids=["standard", "fast"])
def test_a_year_takes_a_few_decisions(account: Account, rules: Policy) -> None:
    assert look_ahead(account, rules, LAW, NO_TERMS, in_days(365)).decided_days <= 12


def as_of_today(account: Account) -> Account:
    """The same account on a day of the calendar that is near, its overdue parts as its due dates say."""
    claims = tuple(_dated(one) for one in account.claims)
    return account.model_copy(update={"day": DAY, "claims": claims})


def _dated(claim: Claim) -> Claim:
    is_late = claim.due_date is not None and claim.due_date < DAY
    last = claim.due_date and max(claim.due_date, claim.last_due_date or claim.due_date)
    return claim.model_copy(update={"overdue_minor": claim.open_minor if is_late else 0, "last_due_date": last})


@settings(max_examples=250, deadline=None)
@given(any_accounts.map(as_of_today), policies, st.integers(0, 150), st.data())
def test_jumping_gives_what_deciding_every_day_gives(
    account: Account, rules: Policy, days: int, data: st.DataObject
) -> None:
    assume(len({(one.claim, one.currency) for one in account.claims}) == len(account.claims))
    terms = {}
    for one in account.claims:
        if one.due_date and one.due_date.year < 9000 and one.open_minor > 1 and data.draw(st.booleans()):
            half, later = one.open_minor // 2, one.due_date + timedelta(days=data.draw(st.integers(1, 90)))
            terms[one.claim, one.currency] = [(one.due_date, one.open_minor - half), (later, half)]
    claims = tuple(
        one.model_copy(
            update={
                "last_due_date": terms[one.claim, one.currency][-1][0],
                "overdue_minor": sum(minor for due, minor in terms[one.claim, one.currency] if due < DAY),
            }
        )
        if (one.claim, one.currency) in terms
        else one
        for one in account.claims
    )
    account = account.model_copy(update={"claims": claims})
    found = look_ahead(account, rules, LAW, terms, in_days(days))
    steps, last = every_day(account, rules, terms, in_days(days))
    assert [(one.day, one.step, one.amount_minor) for one in found.steps] == steps
    assert found.last.model_dump_json() == last
    if is_quiet(account, rules, in_days(days)):
        assert not steps
