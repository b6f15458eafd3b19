"""A policy replayed over made-up pasts: which steps come on which day, and that no day is missed."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from past_builders import START, YEAR, befell, dispute, hold, invoice, on, past, plan, promise, version
from policy_builders import FAST, STANDARD, policy, step
from test_decide_properties import any_policies

from connector.insight.past import DebtorPast, Said
from connector.insight.replay import ORIGIN, Climb, File, Period, _Books, decided, replay
from connector.model import LegalFacts, PriorStep, RegisterFact
from connector.policy import Policy, decide, moves


def gone(climb: Climb) -> list[tuple[int, str, int]]:
    """Day, claims and amount of every file."""
    return [
        ((one.day - START).days, "+".join(sorted(claim.claim for claim in one.claims)), one.amount_minor)
        for one in climb.files
    ]


def test_an_invoice_goes_on_the_first_day_the_policy_allows() -> None:
    climb = replay(past(*invoice("A", due=0)), FAST, YEAR)
    assert gone(climb) == [(30, "A", 10000)]
    assert climb.steps == {"escalate": 1}


def test_an_invoice_that_was_paid_the_day_before_does_not_go_and_one_paid_that_day_neither() -> None:
    assert gone(replay(past(*invoice("A", due=0, paid=29)), FAST, YEAR)) == []
    assert gone(replay(past(*invoice("A", due=0, paid=30)), FAST, YEAR)) == []
    assert gone(replay(past(*invoice("A", due=0, paid=31)), FAST, YEAR)) == [(30, "A", 10000)]


def test_steps_count_as_taken_on_the_day_they_were_decided() -> None:
    climb = replay(past(*invoice("A", due=0)), STANDARD, YEAR)
    assert climb.steps == {"remind": 1, "notice": 1, "escalate": 1}
    # Reminder on day 14, notice on day 30, and two weeks and 45 days later the agency.
    assert gone(climb) == [(45, "A", 10000)]


def test_a_backlog_waits_for_the_steps_that_must_come_before() -> None:
    climb = replay(past(*invoice("A", due=-100)), STANDARD, YEAR)
    assert gone(climb) == [(28, "A", 10000)]


def test_steps_that_were_really_taken_before_the_period_count() -> None:
    sent = (
        PriorStep(step="remind", taken_on=on(-40), origin="letter"),
        PriorStep(step="notice", taken_on=on(-20), origin="letter"),
    )
    assert gone(replay(past(*invoice("A", due=-60), steps=sent), STANDARD, YEAR)) == [(0, "A", 10000)]


def test_what_comes_after_a_hand_over_goes_in_a_file_of_its_own() -> None:
    rows = [*invoice("A", due=0), *invoice("B", due=10), *invoice("C", due=10)]
    assert gone(replay(past(*rows), FAST, YEAR)) == [(30, "A+B+C", 30000)]
    later = [*invoice("A", due=0), *invoice("B", due=40), *invoice("C", due=40)]
    assert gone(replay(past(*later), FAST, YEAR)) == [(30, "A", 10000), (70, "B+C", 20000)]


def test_an_invoice_that_came_in_later_is_not_seen_before() -> None:
    late = invoice("A", due=0, seen=50)
    assert gone(replay(past(*late), FAST, YEAR)) == [(50, "A", 10000)]


def test_a_due_date_that_was_moved_counts_from_the_day_it_was_moved() -> None:
    rows = [version("A", first=-30, past=20, due_date=on(0)), version("A", first=20, due_date=on(60))]
    assert gone(replay(past(*rows), FAST, YEAR)) == [(90, "A", 10000)]


def test_credit_is_netted_and_what_is_paid_with_it_is_not_asked() -> None:
    credit = version("C", first=25, euros="-30.00", kind="credit_note")
    assert gone(replay(past(*invoice("A", due=0), credit), FAST, YEAR)) == [(30, "A", 7000)]


def test_a_row_that_was_moved_between_debtors_is_gone_here() -> None:
    rows = [version("A", first=-30, past=20, due_date=on(0))]
    assert gone(replay(past(*rows), FAST, YEAR)) == []


def test_a_hold_counts_from_the_day_it_was_put_in() -> None:
    rows = invoice("A", due=0)
    assert gone(replay(past(*rows, holds=(hold(since=10, until=50),)), FAST, YEAR)) == [(51, "A", 10000)]
    dated_back = hold(since=10, known=31)
    assert gone(replay(past(*rows, holds=(dated_back,)), FAST, YEAR)) == [(30, "A", 10000)]


def test_nobody_knew_when_a_dispute_would_be_settled() -> None:
    rows = invoice("A", due=0)
    settled = dispute(opened=20, settled=70, claim="A")
    assert gone(replay(past(*rows, disputes=(settled,)), FAST, YEAR)) == [(70, "A", 10000)]
    assert gone(replay(past(*rows, disputes=(dispute(opened=20, claim="A"),)), FAST, YEAR)) == []


def test_a_hold_that_was_lifted_later_stood_as_it_was_known() -> None:
    rows = invoice("A", due=0)
    known = hold(since=10, until=200)._replace(past=on(60))
    lifted = hold(since=10, until=59, known=60)
    climb = list(decided(past(*rows, holds=(known, lifted)), FAST, YEAR))
    held = [one for account, one in climb if account.day < on(60)][-1]
    assert held.not_before == on(201)
    assert [one.day for _, one in climb if one.action == "escalate"] == [on(60)]


def test_a_promise_stops_its_claim_from_the_day_it_was_recorded_until_its_day_and_the_days_of_grace() -> None:
    rows = invoice("A", due=0)
    assert gone(replay(past(*rows, promises=(promise(made=20, by=40, claim="A"),)), FAST, YEAR)) == [(43, "A", 10000)]
    late = promise(made=20, by=40, claim="A", known=31)
    assert gone(replay(past(*rows, promises=(late,)), FAST, YEAR)) == [(30, "A", 10000)]


def test_nobody_knew_that_a_promise_would_be_withdrawn() -> None:
    rows = invoice("A", due=0)
    withdrawn = promise(made=20, by=80, claim="A", ended=50)
    climb = list(decided(past(*rows, promises=(withdrawn,)), FAST, YEAR))
    seen = [one for account, one in climb if account.day < on(50)][-1]
    assert seen.not_before == on(83)
    assert [one.day for _, one in climb if one.action == "escalate"] == [on(50)]


def test_a_payment_plan_stops_while_it_is_kept_and_goes_on_when_it_is_broken() -> None:
    kept = [
        version("A", first=-30, past=45, due_date=on(0)),
        version("A", first=45, past=75, due_date=on(0), open_minor=5_000),
        version("A", first=75, due_date=on(0), open_minor=0, state="closed", closed_reason="paid", settled_on=on(75)),
    ]
    agreed = plan(agreed=10, dues=(45, 75), claim="A")
    assert gone(replay(past(*kept, payment_plans=(agreed,)), FAST, YEAR)) == []
    # The second instalment never comes: seven days of grace.
    broken = [kept[0], kept[1]._replace(past=date.max)]
    assert gone(replay(past(*broken, payment_plans=(agreed,)), FAST, YEAR)) == [(83, "A", 5000)]


def test_an_insolvency_stops_every_step_from_the_day_somebody_recorded_it() -> None:
    rows = invoice("A", due=0)
    assert gone(replay(past(*rows, circumstances=(befell(since=5),)), FAST, YEAR)) == []
    assert gone(replay(past(*rows, circumstances=(befell(since=5, known=31),)), FAST, YEAR)) == [(30, "A", 10000)]
    over = (befell(since=5, past=90), befell(since=5, until=69, known=90))
    assert gone(replay(past(*rows, circumstances=over), FAST, YEAR)) == [(90, "A", 10000)]


def test_the_law_is_asked_when_it_is_wanted() -> None:
    rows = invoice("A", due=0)
    known = past(*rows, country="NL", kinds=((date.min, "business"),))
    climb = replay(known, FAST, YEAR, lawfully=True)
    assert gone(climb) == []
    assert "agency_registered" in climb.missing
    stated = LegalFacts(contractual="yes", due_date_agreed="yes", in_business="yes", receiver="registered")
    looked = Said(on(40), RegisterFact(register_name="cir", looked_up=on(40), found=False))
    assert gone(replay(replace(known, legal=stated, lookups=(looked,)), FAST, YEAR, lawfully=True)) == [
        (40, "A", 10000)
    ]


def test_a_kind_counts_from_the_day_it_was_confirmed() -> None:
    known = past(*invoice("A", due=0), kinds=((date.min, "unknown"), (on(80), "business")))
    climb = replay(known, STANDARD, YEAR)
    assert gone(climb) == [(80, "A", 10000)]
    assert climb.missing == {"debtor_kind"}


def test_somebody_who_is_undecided_between_two_changes_is_counted() -> None:
    never = replay(past(*invoice("A", due=0), kinds=((date.min, "unknown"),)), STANDARD, YEAR)
    assert never.missing == {"debtor_kind"}
    assert gone(never) == []
    paid = replay(past(*invoice("A", due=0, paid=40), kinds=((date.min, "unknown"),)), STANDARD, YEAR)
    assert not paid.missing


def test_few_days_are_decided() -> None:
    climb = replay(past(*invoice("A", due=0, paid=200)), FAST, YEAR)
    assert climb.decided_days <= 5


def every_day(debtor: DebtorPast, rules: Policy, period: Period) -> Climb:
    """The same, the plain way: every day anew, from the first to the last."""
    rules = rules.without_law()
    climb, away, steps = Climb(), set[str](), debtor.steps
    for place in range(period.days):
        day = period.first + timedelta(days=place)
        books = _Books(debtor)
        books.away = away
        books.go_to(day)
        if not books.live:
            continue
        decision = decide(books.account(day, steps), rules)
        climb.missing |= frozenset([decision.step] if decision.action == "undecided" else [])
        if not moves(decision):
            continue
        climb.steps[decision.action] += 1
        if decision.action == "escalate":
            away |= set(decision.claims)
            climb.files.append(File("d1", day, (), decision.amount_minor, decision.currency))
        else:
            steps = (*steps, PriorStep(step=decision.step, taken_on=day, channel=ORIGIN, origin=ORIGIN))
    return climb


days = st.integers(-60, 120)


@st.composite
def any_pasts(draw: st.DrawFn) -> DebtorPast:
    """Up to four claims that are changed, paid, split, lost and moved as they like, with holds, disputes and kinds."""
    rows = []
    for claim in "ABCD"[: draw(st.integers(1, 4))]:
        turns = sorted(draw(st.lists(days, min_size=1, max_size=4, unique=True)))
        for place, first in enumerate(turns):
            end = turns[place + 1] if place + 1 < len(turns) else draw(st.sampled_from([10**6, 10**6, 125]))
            changes = draw(
                st.fixed_dictionaries(
                    {
                        "due_date": st.none() | days.map(on) | days.map(on) | days.map(on),
                        "state": st.sampled_from(["open", "open", "open", "in_collection", "closed"]),
                        "gone": st.sampled_from([False, False, False, True]),
                        "currency": st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
                        "kind": st.sampled_from(["invoice", "invoice", "invoice", "credit_note"]),
                        "product_group": st.sampled_from(["", "gas", "gas", "water"]),
                    }
                )
            )
            minor = draw(st.sampled_from([3_000, 10_000, 20_000]))
            sign = -1 if changes["kind"] == "credit_note" else 1
            changes["open_minor"] = 0 if changes["state"] == "closed" else sign * minor
            changes["amount_minor"] = sign * minor
            changes["original_minor"] = draw(st.sampled_from([0, sign * minor, sign * minor, 999]))
            rows.append(version(claim, first=first, past=end, **changes))
    spans = st.tuples(days, st.integers(0, 60))
    holds = [
        hold(since=since, until=draw(st.none() | st.just(since + length)), known=draw(days), key=draw(_keys))
        for since, length in draw(st.lists(spans, max_size=2))
    ]
    disputes = [
        dispute(
            opened=opened, settled=draw(st.none() | st.just(opened + length)), known=draw(days), claim=draw(_claims)
        )
        for opened, length in draw(st.lists(spans, max_size=2))
    ]
    promises = [
        promise(made=made, by=made + length, claim=draw(_claims), ended=draw(_end), known=draw(days))
        for made, length in draw(st.lists(spans, max_size=1))
    ]
    plans = [
        plan(
            agreed=agreed,
            dues=(agreed + length, agreed + 2 * length),
            claim=draw(_claims),
            ended=draw(st.none() | days),
        )
        for agreed, length in draw(st.lists(spans, max_size=1))
    ]
    circumstances = [
        befell(
            since=since,
            until=draw(st.none() | st.just(since + length)),
            known=draw(days),
            kind=draw(st.sampled_from(["insolvency", "deceased", "vulnerable"])),
        )
        for since, length in draw(st.lists(spans, max_size=1))
    ]
    kinds = [(date.min, draw(_kinds))]
    kinds += [(on(draw(days)), draw(_kinds))] if draw(st.booleans()) else []
    return past(
        *rows,
        holds=_changed(draw, holds),
        disputes=tuple(disputes),
        promises=tuple(promises),
        payment_plans=tuple(plans),
        circumstances=_changed(draw, circumstances),
        kinds=tuple(kinds),
    )


def _changed(draw: st.DrawFn, said: list[Said]) -> tuple[Said, ...]:
    """Some of them were ended later on: then there are two versions, one after the other."""
    found = []
    for one in said:
        turn = on(draw(days))
        if turn <= one.known_on or not draw(st.booleans()):
            found.append(one)
            continue
        ended = one.fact.model_copy(update={"until": turn - timedelta(days=1)})
        found += [one._replace(past=turn), Said(turn, ended)]
    return tuple(found)


def _forget(said: tuple[Said, ...], cut: date) -> tuple[Said, ...]:
    """What was known of it on that day, and that no later version is known."""
    known = [one._replace(past=date.max) if one.past > cut else one for one in said if one.known_on <= cut]
    return tuple(
        one._replace(fact=one.fact.model_copy(update={name: None}))
        if (name := _END.get(type(one.fact).__name__, "")) and (getattr(one.fact, name) or date.min) > cut
        else one
        for one in known
    )


_END = {"DisputeFact": "settled_on", "PromiseFact": "ended_on", "PaymentPlanFact": "ended_on"}


_end = st.none() | days
_keys = st.sampled_from(["d1", "A", "B"])
_claims = st.sampled_from(["", "A", "B"])
_kinds = st.sampled_from(["business", "business", "unknown", "consumer"])


@settings(max_examples=200, deadline=None)
@given(debtor=any_pasts(), rules=any_policies() | st.sampled_from([STANDARD, FAST]), first=st.integers(-30, 30))
def test_deciding_on_few_days_gives_what_deciding_on_every_day_gives(
    debtor: DebtorPast, rules: Policy, first: int
) -> None:
    period = Period(on(first), on(130))
    quick, plain = replay(debtor, rules, period), every_day(debtor, rules, period)
    assert [(one.day, one.amount_minor) for one in quick.files] == [(one.day, one.amount_minor) for one in plain.files]
    assert quick.steps == Counter(plain.steps)
    assert bool(quick.missing) == bool(plain.missing)
    assert quick.decided_days <= period.days


@settings(max_examples=150, deadline=None)
@given(debtor=any_pasts(), rules=any_policies(), cut=st.integers(0, 120))
def test_nothing_of_the_future_is_seen(debtor: DebtorPast, rules: Policy, cut: int) -> None:
    """What is known only after a day changes nothing that was decided up to it."""
    period = Period(on(-30), on(cut))
    forgotten = replace(
        debtor,
        rows=[
            one._replace(past=date.max) if one.past > on(cut) else one for one in debtor.rows if one.first <= on(cut)
        ],
        **{
            name: _forget(getattr(debtor, name), on(cut))
            for name in ("holds", "disputes", "promises", "payment_plans", "circumstances")
        },
        kinds=tuple(one for one in debtor.kinds if one[0] <= on(cut)),
    )
    assert replay(forgotten, rules, period).files == replay(debtor, rules, period).files


@pytest.mark.parametrize("minimum", [0, 15_000])
def test_what_is_too_little_waits_until_more_falls_due(minimum: int) -> None:
    rules = policy(step("escalate", 10, minimum=minimum))
    rows = [*invoice("A", due=0), *invoice("B", due=60)]
    first = 61 if minimum else 10
    assert gone(replay(past(*rows), rules, YEAR))[0][0] == first


def test_a_step_before_the_oldest_claim_fell_due_does_not_count() -> None:
    rows = [*invoice("A", due=0, paid=20), *invoice("B", due=30)]
    climb = replay(past(*rows), STANDARD, YEAR)
    assert climb.steps == {"remind": 2, "notice": 1, "escalate": 1}


def test_a_segment_that_hangs_on_a_missing_fact_is_counted_once_something_is_overdue() -> None:
    rules = policy(step("remind", 3), segments=[{"name": "fleet", "product_groups": ["gas"], "rest": True}])
    climb = replay(past(*invoice("A", due=40)), rules, YEAR)
    assert (climb.missing, climb.decided_days) == (frozenset({"segment"}), 2)
