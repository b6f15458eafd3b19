"""Promises to pay and payment plans: what they stop, until when, and how they come out."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import DAY, STANDARD, days_ago, debtor, hold, invoice, outcome, policy, step, taken, verdicts
from test_decide_properties import any_accounts, due_on, policies, sound_accounts, texts

from connector.model import Account, Instalment, PaymentPlanFact, PromiseFact
from connector.policy import decide, fingerprint, moves
from connector.policy.policy import Gates
from connector.policy.promised import Promised, read_promised

BOTH = (taken("remind", 36), taken("notice", 20))
A, B = invoice("A", late=50), invoice("B", late=50)
OPEN = {"key-A": 12_100}


def promised(by: int, euros: int = 100, **changes: Any) -> PromiseFact:
    """A promise of ten days before its day; `by` is that day, counted from today."""
    day = DAY + timedelta(days=by)
    values = {"made_on": day - timedelta(days=10), "pay_by": day, "amount_minor": euros * 100, "currency": "EUR"}
    return PromiseFact(**values | {"claims": OPEN, "origin": "anna"} | changes)


def plan(*instalments: tuple[int, int], **changes: Any) -> PaymentPlanFact:
    """A plan of instalments (days from today, euros)."""
    parts = tuple(Instalment(due_on=DAY + timedelta(days=day), amount_minor=euros * 100) for day, euros in instalments)
    values = {"agreed_on": days_ago(60), "instalments": parts, "currency": "EUR", "claims": OPEN, "origin": "anna"}
    return PaymentPlanFact(**values | changes)


def one(account: Account, gates: Gates | None = None) -> Promised:
    (found,) = read_promised(account, gates or Gates())
    return found


def owing(euros: str, **changes: Any) -> Account:
    return debtor(invoice("A", late=50, euros=euros), steps=BOTH, **changes)


def seen(account: Account, code: str, **gates: Any) -> str:
    rules = STANDARD.model_copy(update={"gates": STANDARD.gates.model_copy(update=gates)})
    return next(one.seen for one in decide(account, rules).because if one.condition == code)


@pytest.mark.parametrize(
    ("by", "left", "state", "said"),
    [
        (5, "121.00", "running", "promised EUR 100.00 by 2026-11-27, on 2026-11-17"),
        (-2, "121.00", "running", "promised EUR 100.00 by 2026-11-20, on 2026-11-10"),
        (-2, "21.00", "running", "promised EUR 100.00 by 2026-11-20, on 2026-11-10"),
        (-3, "21.00", "kept", "promised EUR 100.00 by 2026-11-19, kept"),
        (-3, "61.00", "broken", "promised EUR 100.00 by 2026-11-19, broken: EUR 40.00 short"),
        (-3, "200.00", "broken", "promised EUR 100.00 by 2026-11-19, broken: EUR 100.00 short"),
    ],
)
def test_a_promise_runs_until_its_day_and_two_more_and_then_came_true_or_not(
    by: int, left: str, state: str, said: str
) -> None:
    found = one(owing(left, promises=(promised(by),)))
    assert (found.state, found.seen) == (state, said)
    assert found.stops == (state == "running")


def test_more_than_was_open_is_not_asked_of_a_promise() -> None:
    assert one(owing("0.00", promises=(promised(-9, 500),))).state == "kept"


def test_a_promised_claim_takes_no_part_and_the_others_go() -> None:
    decision = decide(debtor(A, B, steps=BOTH, promises=(promised(5),)), STANDARD)
    assert outcome(decision) == "escalate B 121.00"
    assert verdicts(decision)["claim.promise"] == "no"
    assert verdicts(decision)["escalate.promise"] == "yes"


def test_after_a_broken_promise_it_goes_on_and_the_reasons_say_so() -> None:
    account = owing("121.00", promises=(promised(-3),))
    assert outcome(decide(account, STANDARD)) == "escalate A 121.00"
    assert seen(account, "escalate.promise") == "promised EUR 100.00 by 2026-11-19, broken: EUR 100.00 short"


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({}, "none"),
        ({"stops": "debtor"}, "none"),
        ({"before": "escalate"}, "remind A 121.00"),
        ({"before": "escalate", "stops": "debtor"}, "remind A 121.00"),
        ({"before": "never"}, "escalate A 121.00"),
    ],
)
def test_what_a_promise_stops_is_the_policys_to_say(gate: dict[str, str], said: str) -> None:
    rules = policy(step("remind", 14), step("escalate", 30), promise=gate)
    assert outcome(decide(debtor(A, promises=(promised(5),)), rules)) == said


def test_with_stops_debtor_his_other_claims_wait_too() -> None:
    account = debtor(A, B, promises=(promised(5),))
    rules = policy(step("remind", 14), promise={"stops": "debtor"})
    assert decide(account, rules).not_before == DAY + timedelta(days=8)


def test_the_day_after_the_grace_is_foreseen_and_is_right() -> None:
    rules = policy(step("escalate", 30))
    for fact in ({"promises": (promised(5),)}, {"payment_plans": (plan((-30, 50), (0, 50)),)}):
        account = owing("71.00", **fact)
        told = decide(account, rules).not_before
        assert told == DAY + timedelta(days=8)
        assert not moves(decide(due_on(account, told - timedelta(days=1)), rules))
        assert moves(decide(due_on(account, told), rules))


def test_a_withdrawn_promise_stops_nothing_from_that_day_on() -> None:
    assert one(owing("121.00", promises=(promised(5, ended_on=DAY),))).state == "over"
    later = one(owing("121.00", promises=(promised(5, ended_on=DAY + timedelta(days=1)),)))
    assert (later.state, later.ends) == ("running", DAY + timedelta(days=1))


def test_a_promise_about_nobody_knows_what_stops_the_debtor() -> None:
    account = debtor(A, B, steps=BOTH, promises=(promised(5, claims={}),))
    assert decide(account, STANDARD).action == "none"
    assert verdicts(decide(account, STANDARD))["escalate.promise"] == "no"


@pytest.mark.parametrize(
    ("instalments", "left", "state", "said"),
    [
        (((5, 50), (35, 71)), "121.00", "running", "payment plan of 2026-09-23 runs, next EUR 50.00 by 2026-11-27"),
        (((-7, 50), (35, 71)), "121.00", "running", "payment plan of 2026-09-23 runs, next EUR 50.00 by 2026-11-15"),
        (
            ((-8, 50), (35, 71)),
            "121.00",
            "broken",
            "payment plan of 2026-09-23 broken: EUR 50.00 of the instalment of 2026-11-14 is missing",
        ),
        (((-8, 50), (35, 71)), "71.00", "running", "payment plan of 2026-09-23 runs, next EUR 71.00 by 2026-12-27"),
        (
            ((-8, 50), (35, 71)),
            "81.00",
            "broken",
            "payment plan of 2026-09-23 broken: EUR 10.00 of the instalment of 2026-11-14 is missing",
        ),
        (
            ((-38, 50), (-8, 50), (22, 21)),
            "111.00",
            "broken",
            "payment plan of 2026-09-23 broken: EUR 90.00 is missing, from the instalment of 2026-10-15 on",
        ),
        (((-38, 50), (22, 21)), "50.00", "kept", "payment plan of 2026-09-23 is paid off"),
        (((-38, 500),), "0.00", "kept", "payment plan of 2026-09-23 is paid off"),
    ],
)
def test_a_plan_runs_while_what_fell_due_a_week_ago_was_paid(
    instalments: tuple[tuple[int, int], ...], left: str, state: str, said: str
) -> None:
    found = one(owing(left, payment_plans=(plan(*instalments),)))
    assert (found.state, found.seen) == (state, said)


def test_a_plan_that_is_caught_up_with_runs_again() -> None:
    instalments = plan((-8, 50), (35, 71))
    rules = policy(step("escalate", 30))
    assert moves(decide(owing("121.00", payment_plans=(instalments,)), rules))
    assert not moves(decide(owing("71.00", payment_plans=(instalments,)), rules))


def test_a_running_plan_bars_the_hand_over_of_everything_and_reminders_of_its_own_claims() -> None:
    rules = policy(step("remind", 14), step("escalate", 30))
    decision = decide(debtor(A, B, payment_plans=(plan((5, 50)),)), rules)
    assert outcome(decision) == "remind B 121.00"
    assert verdicts(decision)["escalate.payment_plan"] == "no"
    assert verdicts(decision)["claim.payment_plan"] == "no"


@pytest.mark.parametrize(("stops", "said"), [("claim", "escalate B 121.00"), ("debtor", "none")])
def test_how_far_a_plan_reaches_is_the_policys_to_say(stops: str, said: str) -> None:
    rules = policy(step("remind", 14), step("escalate", 30), payment_plan={"stops": stops})
    assert outcome(decide(debtor(A, B, payment_plans=(plan((5, 50)),)), rules)) == said


MISSING: dict[str, dict[str, Any]] = {
    "claims": {"payment_plans": (plan((-30, 50), claims={}),)},
    "currency": {"payment_plans": (plan((-30, 50), currency="USD"),)},
    "credit": {"payment_plans": (plan((-30, 50)),), "credit_minor": {"EUR": 5_000}},
    "overpaid": {
        "payment_plans": (plan((-30, 50)),),
        "claims": (A, invoice("C", late=50, euros="0.00", open_minor=-5_000)),
    },
}


@pytest.mark.parametrize("missing", MISSING)
def test_a_plan_of_which_a_fact_is_missing_leaves_it_undecided(missing: str) -> None:
    rules = policy(step("escalate", 30), credit={"before": "escalate", "accept": "netted"})
    account = owing("121.00").model_copy(update=MISSING[missing])
    assert read_promised(account, Gates())[0].state == "unclear"
    assert decide(account, rules).action == "undecided"


def test_credit_too_small_to_be_the_instalment_changes_nothing() -> None:
    account = owing("121.00", payment_plans=(plan((-30, 50)),), credit_minor={"EUR": 4_999})
    assert one(account).state == "broken"


def test_what_surely_stops_a_claim_is_told_before_what_perhaps_does() -> None:
    held = (hold("claim", key="key-A", until=3),)
    account = owing("121.00", holds=held, payment_plans=(plan((-30, 50), currency="USD"),))
    assert verdicts(decide(account, policy(step("escalate", 30))))["claim.on_hold"] == "no"


def test_a_claim_that_grew_takes_nothing_off_what_was_paid_for_another() -> None:
    two = {"key-A": 12_100, "key-B": 5_000}
    grown = debtor(invoice("A", late=50, euros="21.00"), invoice("B", late=50, euros="90.00"))
    assert one(grown.model_copy(update={"promises": (promised(-9, claims=two),)})).state == "kept"


def test_a_veto_stops_the_hand_over_and_nothing_else() -> None:
    vetoed = hold(why="key account").model_copy(update={"before": "escalate"})
    rules = policy(step("remind", 14), step("call", 20), step("escalate", 30))
    decision = decide(debtor(A, holds=(vetoed,)), rules)
    assert outcome(decision) == "call A 121.00"
    told = next(one for one in decision.because if one.condition == "escalate.veto")
    assert (told.verdict, told.seen) == ("no", "hand-over vetoed by anna since 2026-11-17: key account")
    assert told.origin == "anna"
    every = policy(step("remind", 14), veto={"before": "every step"})
    assert decide(debtor(A, holds=(vetoed,)), every).action == "none"


def test_a_veto_that_ends_is_foreseen() -> None:
    vetoed = hold(until=4).model_copy(update={"before": "escalate"})
    assert decide(debtor(A, holds=(vetoed,)), policy(step("escalate", 30))).not_before == DAY + timedelta(days=5)


CHANGES: list[Callable[[], dict[str, Any]]] = [
    lambda: {"promises": (promised(5, ended_on=DAY),)},
    lambda: {"promises": (promised(6),)},
    lambda: {"promises": (promised(5, 101),)},
    lambda: {"promises": (promised(5, claims={"key-A": 1}),)},
    lambda: {"promises": (promised(5, currency="USD"),)},
    lambda: {"promises": (promised(5), promised(5))},
    lambda: {"payment_plans": (plan((5, 50)),)},
    lambda: {"payment_plans": (plan((5, 50), ended_on=DAY),)},
    lambda: {"payment_plans": (plan((5, 51)),)},
    lambda: {"holds": (hold().model_copy(update={"before": "escalate"}),)},
    lambda: {"holds": (hold(),)},
]


def test_every_fact_moves_the_fingerprint_and_no_text_does() -> None:
    base = {"promises": (promised(5),)}
    found = {fingerprint(debtor(A, **base | change())) for change in CHANGES}
    assert len(found | {fingerprint(debtor(A, **base)), fingerprint(debtor(A))}) == len(CHANGES) + 2
    renamed = {"promises": (promised(5, reason="by phone", origin="bert"),)}
    assert fingerprint(debtor(A, **renamed)) == fingerprint(debtor(A, **base))


days = st.integers(-60, 60).map(lambda away: DAY + timedelta(days=away)) | st.dates()
some_claims = st.dictionaries(texts | st.sampled_from(["a", "b", "c"]), st.integers(0, 20_000), max_size=3)
currencies = st.sampled_from(["EUR", "EUR", "EUR", "USD"])
any_promises = st.builds(
    PromiseFact, made_on=days, pay_by=days, amount_minor=st.integers(1, 20_000), currency=currencies,
    claims=some_claims, reason=texts, origin=texts, ended_on=st.none() | days,
)  # fmt: skip
any_plans = st.builds(
    PaymentPlanFact, agreed_on=days, currency=currencies, claims=some_claims, reason=texts, origin=texts,
    ended_on=st.none() | days,
    instalments=st.lists(
        st.builds(Instalment, due_on=days, amount_minor=st.integers(1, 9_000)), min_size=1, max_size=4
    ).map(tuple),
)  # fmt: skip


def agreed(accounts: st.SearchStrategy[Account]) -> st.SearchStrategy[Account]:
    """The same accounts with promises and payment plans."""
    return st.builds(
        lambda account, promises, plans: account.model_copy(update={"promises": promises, "payment_plans": plans}),
        accounts,
        st.lists(any_promises, max_size=2).map(tuple),
        st.lists(any_plans, max_size=2).map(tuple),
    )


@settings(max_examples=200, deadline=None)
@given(agreed(any_accounts), policies)
def test_every_account_with_promises_is_decided_purely_and_with_reasons(account: Account, rules: Any) -> None:
    before = account.model_dump()
    decision = decide(account, rules)
    assert decision == decide(Account.model_validate(before), rules)
    assert account.model_dump() == before
    assert decision.because
    assert all(one.condition and one.asked and one.seen and one.origin for one in decision.because)
    # Nobody has a step yet whose segment is not known.
    about = f"{decision.step}." if decision.step or decision.action == "none" else "account.segment"
    of_step = {one.verdict for one in decision.because if one.condition.startswith(about)}
    if moves(decision):
        stopping = [one for one in read_promised(account, rules.gates) if one.stops and one.before == "every step"]
        assert of_step == {"yes"}
        assert not {claim for one in stopping for claim in one.claims} & set(decision.claims)
        if decision.action == "escalate":
            assert not [one for one in stopping if one.kind == "payment_plan"]
    elif decision.action == "undecided":
        assert "unknown" in of_step


@settings(max_examples=200, deadline=None)
@given(agreed(sound_accounts), st.integers(1, 20_000), st.data())
def test_more_paid_never_breaks_what_was_kept(account: Account, more: int, data: st.DataObject) -> None:
    rank = {"broken": 0, "unclear": 1, "running": 1, "over": 1, "kept": 2}
    if not account.claims:
        return
    paid = data.draw(st.sampled_from(account.claims))
    claims = tuple(
        one.model_copy(update={"open_minor": one.open_minor - more}) if one is paid else one for one in account.claims
    )
    after = account.model_copy(update={"claims": claims})
    for one, then in zip(read_promised(account, Gates()), read_promised(after, Gates()), strict=True):
        assert rank[then.state] >= rank[one.state]


@settings(max_examples=300, deadline=None)
@given(agreed(sound_accounts), policies)
def test_what_stops_nothing_decides_as_if_it_were_not_there(account: Account, rules: Any) -> None:
    found = read_promised(account, rules.gates)
    facts = (*account.promises, *account.payment_plans)
    left = [one for one, stand in zip(facts, found, strict=True) if stand.stops]
    without = account.model_copy(
        update={
            "promises": tuple(one for one in left if isinstance(one, PromiseFact)),
            "payment_plans": tuple(one for one in left if isinstance(one, PaymentPlanFact)),
        }
    )

    def told(account: Account) -> tuple[Any, ...]:
        decision = decide(account, rules)
        return decision.action, decision.step, decision.claims, decision.amount_minor, decision.not_before

    assert told(account) == told(without)


@settings(max_examples=300, deadline=None)
@given(agreed(sound_accounts), policies)
def test_no_step_comes_before_the_day_that_was_told(account: Account, rules: Any) -> None:
    told = decide(account, rules).not_before
    if told is None:
        return
    assert told > DAY
    for away in range(1, min((told - DAY).days, 120)):
        assert not moves(decide(due_on(account, DAY + timedelta(days=away)), rules))


def test_days_at_the_end_of_the_calendar_are_no_trouble() -> None:
    facts = {
        "promises": (promised(5).model_copy(update={"pay_by": date.max}),),
        "payment_plans": (plan((5, 50), (6, 71)).model_copy(update={"agreed_on": date.min}),),
    }
    assert decide(owing("121.00", **facts), STANDARD).not_before is None
