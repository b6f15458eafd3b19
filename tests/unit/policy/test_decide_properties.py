"""What holds for every account and every policy, tried with made-up ones, sensible and not."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import DAY, FAST, STANDARD, TRADE, policy, step, verdicts

from connector.law.insolvency import regimes
from connector.law.law import Law
from connector.model import (
    Account,
    Circumstance,
    CircumstanceKind,
    Claim,
    DebtorKind,
    Decision,
    DisputeFact,
    HoldFact,
    LegalFacts,
    LetterChannel,
    LetterFact,
    LetterKind,
    PriorStep,
    Register,
    RegisterFact,
    Verdict,
)
from connector.policy import Policy, Step, decide, moves
from connector.policy.stopped import in_force, stop_of
from connector.policy.ways import way_of

NAMES = ("remind", "notice", "call", "escalate")
near_days = st.integers(-120, 120).map(lambda days: DAY + timedelta(days=days))
any_days = near_days | st.dates()
amounts = st.integers(-50_000, 50_000) | st.integers(-(10**15), 10**15)
texts = st.sampled_from(["", "a", "b", "c", "\n'\"\x1f"])
currencies = st.sampled_from(["EUR", "EUR", "EUR", "USD", "JPY"])

any_claims = st.builds(
    Claim,
    claim=texts,
    number=texts,
    currency=currencies,
    open_minor=amounts,
    overdue_minor=amounts,
    in_collection_minor=st.sampled_from([0, 0, 0, 500]),
    due_date=st.none() | any_days,
    case_ref=st.sampled_from(["", "", "", "C-1"]),
    whole=st.sampled_from([True, True, True, False]),
    product_group=st.sampled_from(["", "gas", "water"]),
)
any_holds = st.builds(
    HoldFact, scope=st.sampled_from(["ledger", "debtor", "claim"]), key=texts, since=any_days,
    until=st.none() | any_days, reason=texts, origin=texts,
)  # fmt: skip
any_disputes = st.builds(
    DisputeFact, claim=texts, opened_on=any_days, settled_on=st.none() | any_days, reason=texts, origin=texts
)
any_steps = st.builds(PriorStep, step=st.sampled_from([*NAMES, "other"]), taken_on=any_days, origin=texts)
answers = st.sampled_from(get_args(Verdict))
any_legal = st.builds(
    LegalFacts, contractual=answers, due_date_agreed=answers, in_business=answers, consumer_sale=answers,
    principal_only=answers, registers_read=answers,
    receiver=st.sampled_from(["registered", "not registered", "exempt", "unknown"]),
) | st.just(TRADE)  # fmt: skip
any_letters = st.builds(
    LetterFact,
    kind=st.sampled_from(get_args(LetterKind)),
    channel=st.sampled_from(get_args(LetterChannel)),
    sent_on=any_days,
    delivered_on=st.none() | any_days,
    disputed=st.booleans(),
    days=st.none() | st.integers(1, 40),
    valid=answers,
    document=texts,
    claims=st.lists(texts, max_size=2).map(tuple),
)
any_circumstances = st.builds(
    Circumstance, kind=st.sampled_from(get_args(CircumstanceKind)), since=any_days, until=st.none() | any_days,
    regime=st.sampled_from([*regimes()["nl"], *regimes()["be"], "other", ""]),
    country=st.sampled_from(["NL", "BE", "nl", "DE", ""]), reference=texts, administrator=texts, reason=texts,
    origin=texts,
)  # fmt: skip
any_lookups = st.builds(
    RegisterFact, register_name=st.sampled_from(get_args(Register)), looked_up=any_days, found=st.booleans(),
    origin=texts,
)  # fmt: skip
any_accounts = st.builds(
    Account,
    ledger=texts,
    debtor_id=texts,
    debtor_kind=st.sampled_from(get_args(DebtorKind)),
    debtor_blocked=st.booleans(),
    day=any_days,
    claims=st.lists(any_claims, max_size=4).map(tuple),
    credit_minor=st.dictionaries(currencies, amounts, max_size=2),
    steps=st.lists(any_steps, max_size=3).map(tuple),
    holds=st.lists(any_holds, max_size=2).map(tuple),
    disputes=st.lists(any_disputes, max_size=2).map(tuple),
    calibrated=st.sampled_from([True, True, True, False]),
    debtor_country=st.sampled_from(["NL", "NL", "BE", "be", "DE", ""]),
    letters=st.lists(any_letters, max_size=3).map(tuple),
    legal=any_legal,
    debtor_language=st.sampled_from(["nl", "fr", ""]),
    debtor_postcode=st.sampled_from(["", "1000", "1012 AB", " 9000"]),
    debtor_group=st.sampled_from(["", "key"]),
    circumstances=st.lists(any_circumstances, max_size=2).map(tuple) | st.just(()),
    lookups=st.lists(any_lookups, max_size=3).map(tuple) | st.just(()),
)


@st.composite
def any_ladders(draw: st.DrawFn, *, early: bool = True) -> tuple[Step, ...]:
    """One to four steps in order, each building on any of the earlier ones, perhaps with one before the due date.

    Some count from the end of the month: those stand behind all others, so late that no month upsets the order.
    """
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    days = sorted(draw(st.lists(st.integers(0, 60), min_size=len(names), max_size=len(names))))
    by_month = draw(st.sampled_from([99, 99, *range(len(names) + 1)]))
    steps = []
    if early and draw(st.sampled_from([False, False, True])):
        steps.append(step("early", None, action="remind", days_before_due=draw(st.integers(1, 40))))
    for place, name in enumerate(names):
        earlier = names[:place]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else []
        base = draw(st.none() | st.sampled_from(earlier)) if earlier else None
        steps.append(
            step(
                name,
                days[place] if place < by_month else None,
                days_after_month_end=days[place] if place >= by_month else None,
                needs=needs,
                after={"step": base, "days": draw(st.integers(0, 20))} if base else None,
                minimum=draw(st.sampled_from([0, 0, 5_000])),
                claims=draw(st.sampled_from(["overdue", "all open"])),
            )
        )
    return tuple(steps)


@st.composite
def any_gates(draw: st.DrawFn) -> dict[str, Any]:
    """Gates of every setting."""
    return {
        "disputed": {"stops": draw(st.sampled_from(["claim", "debtor"]))},
        "on_hold": {"stops": draw(st.sampled_from(["claim", "debtor"]))},
        "direct_debit": {"stops": draw(st.sampled_from(["claim", "debtor"]))},
        "whole": {"stops": draw(st.sampled_from(["claim", "debtor", "nothing"]))},
        "calibrated": {"before": draw(st.sampled_from(["escalate", "every step"]))},
        "credit": {"accept": draw(st.sampled_from(["none", "netted"]))},
        "agency_minimum": {"amount": draw(st.sampled_from([0, 2_500]))},
        "lawful": {
            "before": draw(st.sampled_from(["escalate", "escalate", "never"])),
            "elsewhere": draw(st.sampled_from(["undecided", "allowed"])),
        },
        "vulnerable": {"before": draw(st.sampled_from(["escalate", "every step", "never"]))},
    }


any_criteria = st.fixed_dictionaries(
    {},
    optional={
        "kinds": st.lists(st.sampled_from(get_args(DebtorKind)), min_size=1, max_size=3),
        "countries": st.lists(st.sampled_from(["NL", "BE", "unknown"]), min_size=1, max_size=2),
        "languages": st.lists(st.sampled_from(["nl", "fr", "unknown"]), min_size=1, max_size=2),
        "regions": st.lists(st.sampled_from(["10", "9", "unknown"]), min_size=1, max_size=2),
        "customer_groups": st.lists(st.sampled_from(["key", "unknown"]), min_size=1, max_size=2),
        "product_groups": st.lists(st.sampled_from(["gas", "water", "unknown"]), min_size=1, max_size=2),
        "from_amount": st.integers(0, 40_000),
        "below_amount": st.integers(40_001, 90_000),
    },
)
ages = st.fixed_dictionaries({}, optional={"from_days": st.integers(0, 40), "below_days": st.integers(41, 90)})


@st.composite
def any_policies(draw: st.DrawFn) -> Policy:
    """Steps for all, or for segments, with routes to agencies; each with gates."""
    segments = [
        {**draw(any_criteria), "name": name, "gates": _some(draw, draw(any_gates())), "steps": draw(any_ladders())}
        for name in draw(st.sampled_from([(), (), ("a",), ("a", "b")]))
    ]
    routes = [
        {**draw(any_criteria), **draw(ages), "to": to, "gates": _some(draw, draw(any_gates()))}
        for to in draw(st.sampled_from([(), (), ("x",), ("x", "y")]))
    ]
    steps = draw(any_ladders()) if not segments or draw(st.booleans()) else ()
    return policy(*steps, segments=segments, routes=routes, **draw(any_gates()))


def _some(draw: st.DrawFn, gates: dict[str, Any]) -> dict[str, Any]:
    """A few of the gates: a segment and a route replace those that they name."""
    chosen = draw(st.sets(st.sampled_from(sorted(gates)), max_size=2))
    return {name: value for name, value in gates.items() if name in chosen}


@st.composite
def plain_policies(draw: st.DrawFn) -> Policy:
    """The same steps for everybody, none before the due date: more of anything never lowers them."""
    return policy(*draw(any_ladders(early=False)), **draw(any_gates()))


policies = st.sampled_from([STANDARD, FAST]) | any_policies()
plain = st.sampled_from([STANDARD, FAST]) | plain_policies()


def steps_of(account: Account, rules: Policy) -> tuple[Step, ...]:
    """The steps that the debtor can get."""
    ladder = way_of(account, rules).ladder
    return ladder.policy.steps if ladder else ()


def due_on(account: Account, day: date, *, earlier: int = 0) -> Account:
    """The same account on another day, or with every due date `earlier` days before: overdue follows from it."""
    claims = []
    for claim in account.claims:
        due = claim.due_date - timedelta(days=earlier) if claim.due_date else None
        overdue = claim.open_minor if due and due < day else 0
        claims.append(claim.model_copy(update={"due_date": due, "overdue_minor": overdue}))
    return account.model_copy(update={"claims": tuple(claims), "day": day})


sound_claims = st.builds(
    Claim, claim=st.sampled_from(["a", "b", "c"]), number=st.just("1"), currency=st.just("EUR"),
    open_minor=st.integers(1, 20_000), due_date=near_days, whole=st.sampled_from([True, True, True, False]),
)  # fmt: skip
sound_accounts = st.builds(
    Account,
    ledger=st.just("demo"),
    debtor_id=st.just("d1"),
    debtor_kind=st.sampled_from(["business", "business", "unknown"]),
    debtor_country=st.sampled_from(["NL", "NL", "BE"]),
    legal=st.just(TRADE),
    day=st.just(DAY),
    claims=st.lists(sound_claims, max_size=3, unique_by=lambda claim: claim.claim).map(tuple),
    credit_minor=st.dictionaries(st.just("EUR"), st.integers(1, 9_000), max_size=1),
    steps=st.lists(
        st.builds(
            PriorStep, step=st.sampled_from(NAMES), taken_on=st.integers(0, 90).map(lambda ago: DAY - timedelta(ago))
        ),
        max_size=3,
    ).map(tuple),
).map(lambda account: due_on(account, DAY))


# Debtors who are ready for a hand-over under both example policies, and what must keep them at home.
ready_claims = st.builds(
    Claim, claim=st.sampled_from(["a", "b", "c"]), number=st.just("1"), currency=st.just("EUR"),
    open_minor=st.integers(5_000, 90_000), due_date=st.integers(60, 90).map(lambda late: DAY - timedelta(days=late)),
)  # fmt: skip
ready_accounts = st.builds(
    Account,
    ledger=st.just("demo"),
    debtor_id=st.just("d1"),
    debtor_kind=st.sampled_from(["business", "sole_trader", "public_body"]),
    debtor_country=st.sampled_from(["NL", "BE"]),
    legal=st.just(TRADE),
    day=st.just(DAY),
    claims=st.lists(ready_claims, min_size=1, max_size=3, unique_by=lambda claim: claim.claim).map(tuple),
    steps=st.just(tuple(PriorStep(step=name, taken_on=DAY - timedelta(days=20)) for name in ("remind", "notice"))),
).map(lambda account: due_on(account, DAY))


mixed_accounts = st.builds(
    lambda ready, other: ready.model_copy(
        update={
            "claims": (*ready.claims, *other.claims),
            "holds": other.holds,
            "disputes": other.disputes,
            "credit_minor": other.credit_minor,
            "circumstances": other.circumstances,
            "lookups": other.lookups,
        }
    ),
    ready_accounts,
    any_accounts,
)


def every_claim(account: Account, **changes: object) -> Account:
    claims = tuple(claim.model_copy(update=changes) for claim in account.claims)
    return account.model_copy(update={"claims": claims})


def owed(account: Account) -> int:
    return sum(claim.open_minor for claim in account.claims)


ALL = HoldFact(scope="debtor", key="d1", since=DAY)
HAZARDS: dict[str, Callable[[Account], Account]] = {
    "paid": lambda one: every_claim(one, open_minor=0, overdue_minor=0),
    "overpaid": lambda one: every_claim(one, open_minor=-1, overdue_minor=0),
    "more credit than debt": lambda one: one.model_copy(update={"credit_minor": {"EUR": owed(one)}}),
    "overpaid elsewhere": lambda one: one.model_copy(
        update={"claims": (*one.claims, Claim(claim="z", number="9", currency="EUR", open_minor=-owed(one)))}
    ),
    "blocked": lambda one: one.model_copy(update={"debtor_blocked": True}),
    "consumer": lambda one: one.model_copy(update={"debtor_kind": "consumer"}),
    "not calibrated": lambda one: one.model_copy(update={"calibrated": False}),
    "held": lambda one: one.model_copy(update={"holds": (ALL,)}),
    "ledger held": lambda one: one.model_copy(update={"holds": (ALL.model_copy(update={"scope": "ledger"}),)}),
    "every claim held": lambda one: one.model_copy(
        update={"holds": tuple(HoldFact(scope="claim", key=claim.claim, since=DAY) for claim in one.claims)}
    ),
    "disputed": lambda one: one.model_copy(update={"disputes": (DisputeFact(opened_on=DAY),)}),
    "every claim disputed": lambda one: one.model_copy(
        update={"disputes": tuple(DisputeFact(claim=claim.claim, opened_on=DAY) for claim in one.claims)}
    ),
    "at an agency": lambda one: every_claim(one, case_ref="C-1"),
    "direct debit": lambda one: every_claim(one, in_collection_minor=1),
    "no due date": lambda one: every_claim(one, due_date=None),
    "being changed": lambda one: every_claim(one, whole=False),
    "in dollars": lambda one: every_claim(one, currency="USD"),
}


@settings(max_examples=50, deadline=None)
@given(ready_accounts, st.sampled_from([STANDARD, FAST]))
def test_who_is_ready_is_handed_over(account: Account, rules: Policy) -> None:
    decision = decide(account, rules)
    assert decision.action == "escalate"
    assert decision.claims == tuple(claim.claim for claim in account.claims)
    assert decision.amount_minor == owed(account)


@settings(max_examples=200, deadline=None)
@given(mixed_accounts | any_accounts, policies)
def test_no_invoice_with_a_term_that_is_not_due_is_handed_over(account: Account, rules: Policy) -> None:
    decision = decide(account, rules)
    split = {claim.claim for claim in account.claims if 0 < claim.overdue_minor < claim.open_minor}
    whole = {claim.claim for claim in account.claims if claim.overdue_minor >= claim.open_minor}
    if decision.action == "escalate":
        assert not set(decision.claims) & (split - whole)


@pytest.mark.parametrize("hazard", HAZARDS)
@settings(max_examples=40, deadline=None)
@given(account=ready_accounts, rules=st.sampled_from([STANDARD, FAST]))
def test_nobody_is_handed_over_who_is(hazard: str, account: Account, rules: Policy) -> None:
    decision = decide(HAZARDS[hazard](account), rules)
    assert not moves(decision)
    assert {reason.verdict for reason in decision.because} & {"no", "unknown"}


@settings(max_examples=300, deadline=None)
@given(any_accounts, policies)
def test_every_account_gets_a_valid_decision_with_reasons(account: Account, rules: Policy) -> None:
    decision = decide(account, rules)
    again = Decision.model_validate(decision.model_dump())
    assert again == decision
    assert again.model_fields_set == decision.model_fields_set
    assert decision.because
    assert all(one.condition and one.asked and one.seen and one.origin for one in decision.because)


def undue(account: Account, days: int) -> Account:
    """The same account, with every claim due more than `days` days ahead and nothing overdue."""
    claims = tuple(
        one.model_copy(update={"overdue_minor": 0, "due_date": account.day + timedelta(days=days + 1 + place)})
        for place, one in enumerate(account.claims)
    )
    return account.model_copy(update={"claims": claims})


@settings(max_examples=300, deadline=None)
@given(any_accounts.filter(lambda one: one.day.year < 9000), policies)
def test_nothing_comes_before_anything_is_due(account: Account, rules: Policy) -> None:
    """A plan counts such debtors, and does not look at them."""
    decision = decide(undue(account, rules.most_days_ahead), rules)
    assert (decision.action, decision.held_step) == ("none", "")


@settings(max_examples=100, deadline=None)
@given(any_accounts, policies)
def test_deciding_is_pure(account: Account, rules: Policy) -> None:
    before = account.model_dump()
    assert decide(account, rules) == decide(Account.model_validate(before), rules)
    assert account.model_dump() == before


@settings(max_examples=300, deadline=None)
@given(any_accounts, policies)
def test_the_reasons_support_the_outcome(account: Account, rules: Policy) -> None:
    decision = decide(account, rules)
    # Nobody has a step yet whose segment is not known.
    about = f"{decision.step}." if decision.step or decision.action == "none" else "account.segment"
    of_step = [reason.verdict for reason in decision.because if reason.condition.startswith(about)]
    if moves(decision):
        assert set(of_step) == {"yes"}
        assert decision.claims
        assert decision.amount_minor > 0
    elif decision.action == "undecided":
        assert set(of_step) <= {"yes", "unknown"}
        assert "unknown" in of_step
    else:
        assert "no" in {reason.verdict for reason in decision.because}
        assert (decision.step, decision.claims, decision.amount_minor) == ("", (), 0)


@settings(max_examples=300, deadline=None)
@given(any_accounts | mixed_accounts, policies)
def test_no_step_ever_touches_what_is_paid_disputed_held_at_an_agency_or_unclear(
    account: Account, rules: Policy
) -> None:
    decision = decide(account, rules)
    if not moves(decision):
        return
    disputed = {one.claim for one in account.disputes if not one.settled_on or one.settled_on > account.day}
    holds = [one for one in account.holds if one.since <= account.day and (not one.until or one.until >= account.day)]
    assert "" not in disputed
    assert all(one.scope == "claim" for one in holds)
    for claim in account.claims:
        if claim.claim in decision.claims and claim.claim not in duplicated(account):
            assert claim.open_minor > 0
            assert claim.currency == "EUR"
            assert not claim.case_ref
            assert not claim.in_collection_minor
            assert claim.due_date is not None
            assert claim.claim not in disputed
            assert claim.claim not in {one.key for one in holds}
    if decision.action == "escalate":
        assert account.calibrated
        assert not account.debtor_blocked
        ladder = way_of(account, rules).ladder
        assert ladder is not None
        assert account.debtor_kind in ladder.policy.gates.debtor_kind.allowed
        assert decision.destination in [one.to for one in rules.routes] or not rules.routes


@settings(max_examples=300, deadline=None)
@given(any_accounts | mixed_accounts, policies)
def test_no_step_comes_while_something_that_befell_the_debtor_stops_it(account: Account, rules: Policy) -> None:
    decision = decide(account, rules)
    if moves(decision):
        stopping = [stop_of(Law(), one, account.day) for one in in_force(account) if one.kind != "vulnerable"]
        assert all(one.verdict == "yes" for one in stopping)
        if decision.action == "escalate" and rules.gates.vulnerable.before != "never":
            assert not [one for one in in_force(account) if one.kind == "vulnerable"]


def duplicated(account: Account) -> set[str]:
    keys = [claim.claim for claim in account.claims]
    return {key for key in keys if keys.count(key) > 1}


@settings(max_examples=300, deadline=None)
@given(sound_accounts, policies)
def test_no_step_comes_before_the_steps_it_needs(account: Account, rules: Policy) -> None:
    decision = decide(account, rules)
    if not moves(decision):
        return
    chosen = next(one for one in steps_of(account, rules) if one.name == decision.step)
    oldest = min(c.due_date for c in account.claims if c.claim in decision.claims and c.due_date)
    since = {
        one.step: one.taken_on for one in sorted(account.steps, key=lambda s: s.taken_on) if one.taken_on >= oldest
    }
    assert set(chosen.needs) <= set(since)
    assert chosen.name not in since or chosen.is_ahead
    if chosen.after:
        assert (account.day - since[chosen.after.step]).days >= chosen.after.days


def level(account: Account, rules: Policy) -> int:
    """How high the debtor stands: the step that comes, or the highest one taken for these claims."""
    decision = decide(account, rules)
    names = [one.name for one in rules.steps]
    all_count = rules.gates.whole.stops == "nothing"
    dues = [claim.due_date for claim in account.claims if claim.due_date and (claim.whole or all_count)]
    taken = {one.step for one in account.steps if dues and one.taken_on >= min(dues)}
    heights = [names.index(name) for name in taken if name in names]
    return max([*heights, names.index(decision.step) if moves(decision) else -1], default=-1)


@settings(max_examples=300, deadline=None)
@given(sound_accounts, plain, st.integers(1, 40))
def test_more_days_overdue_never_lower_the_step(account: Account, rules: Policy, days: int) -> None:
    assert level(account, rules) <= level(due_on(account, DAY, earlier=days), rules)


@settings(max_examples=300, deadline=None)
@given(sound_accounts, plain, st.integers(1, 40))
def test_waiting_never_lowers_the_step(account: Account, rules: Policy, days: int) -> None:
    assert level(account, rules) <= level(due_on(account, DAY + timedelta(days=days)), rules)


dated_holds = st.builds(
    HoldFact, scope=st.sampled_from(["debtor", "claim"]), key=st.sampled_from(["a", "b"]),
    since=st.integers(0, 9).map(lambda ago: DAY - timedelta(days=ago)), until=st.none() | near_days,
)  # fmt: skip
dated_circumstances = st.builds(
    Circumstance, kind=st.sampled_from(get_args(CircumstanceKind)), regime=st.sampled_from(regimes()["nl"]),
    country=st.just("NL"), since=st.integers(0, 9).map(lambda ago: DAY - timedelta(days=ago)),
    until=st.none() | near_days,
)  # fmt: skip
dated_disputes = st.builds(
    DisputeFact, claim=st.sampled_from(["", "a", "b"]), opened_on=st.just(DAY), settled_on=st.none() | near_days
)


@settings(max_examples=300, deadline=None)
@given(
    sound_accounts,
    st.lists(dated_holds, max_size=1).map(tuple),
    st.lists(dated_disputes, max_size=1).map(tuple),
    st.lists(dated_circumstances, max_size=1).map(tuple),
    policies,
)
def test_no_step_comes_before_the_day_that_was_told(
    account: Account,
    holds: tuple[HoldFact, ...],
    disputes: tuple[DisputeFact, ...],
    befell: tuple[Circumstance, ...],
    rules: Policy,
) -> None:
    account = account.model_copy(update={"holds": holds, "disputes": disputes, "circumstances": befell})
    told = decide(account, rules).not_before
    if told is None:
        return
    assert told > DAY
    for days in range(1, min((told - DAY).days, 200)):
        assert not moves(decide(due_on(account, DAY + timedelta(days=days)), rules))


@settings(max_examples=150, deadline=None)
@given(sound_accounts, plain)
def test_one_claim_without_a_due_date_never_brings_a_step_about(account: Account, rules: Policy) -> None:
    undated = Claim(claim="z", number="9", currency="EUR", open_minor=10**9, overdue_minor=10**9)
    more = account.model_copy(update={"claims": (*account.claims, undated)})
    with_it, without = decide(more, rules), decide(account, rules)
    assert verdicts(with_it)["claim.due_date"] == "unknown"
    assert (with_it.step, with_it.claims) == (without.step, without.claims) or with_it.action == "undecided"
    assert moves(with_it) == moves(without)
