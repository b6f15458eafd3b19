"""The check agrees with the engine: for every policy that a machine can think of, and every made-up debtor."""

from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st
from policy_builders import policy, step

from connector.law.law import Law
from connector.model import DebtorKind, PriorStep
from connector.policy import Policy, decide, moves
from connector.policy.check.check import examine
from connector.policy.check.debtors import Trial, account
from connector.policy.check.finding import Places
from connector.policy.check.lawful import COUNTRIES, Calendars, Country, first_day
from connector.policy.check.runs import KINDS, Runs, amounts, run
from connector.policy.check.timings import Audience

CALENDARS = Calendars(Law(), date(2026, 1, 1))
ACTIONS = ("remind", "notice", "call", "escalate")


@st.composite
def ladders(draw: st.DrawFn) -> Policy:
    """One to five steps of any action in any order, building on any above them, with any gate of kinds."""
    days = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=5)))
    by_month = draw(st.sampled_from([9, 9, *range(len(days))]))
    steps = []
    if draw(st.sampled_from([False, False, True])):
        steps.append(step("early", None, action="remind", days_before_due=draw(st.integers(1, 20))))
    for place, late in enumerate(days):
        earlier = [f"s{one}" for one in range(place)]
        base = draw(st.none() | st.sampled_from(earlier)) if earlier else None
        steps.append(
            step(
                f"s{place}",
                late if place < by_month else None,
                days_after_month_end=late if place >= by_month else None,
                action=draw(st.sampled_from(ACTIONS)),
                needs=draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else [],
                after={"step": base, "days": draw(st.integers(0, 25))} if base else None,
                minimum=draw(st.sampled_from([0, 0, 2_500, 5_000])),
            )
        )
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, unique=True))
    before = draw(st.sampled_from(["escalate", "every step", "never"]))
    least = draw(st.sampled_from([0, 0, 3_000]))
    return policy(*steps, debtor_kind={"before": before, "allowed": kinds}, agency_minimum={"amount": least})


# "s2" comes only where "s3" does not stand below it, although "s3" never comes itself.
KEPT_AWAY = policy(
    step("s0", 0, action="escalate"),
    step("s1", 0, action="remind"),
    step("s2", 3, action="escalate"),
    step("s3", 3, action="remind", after={"step": "s0", "days": 0}),
)


@settings(max_examples=40, deadline=None)
@given(ladders())
@example(KEPT_AWAY)
def test_a_step_is_called_unreachable_exactly_when_no_ordinary_debtor_gets_it(rules: Policy) -> None:
    runs = Runs(rules)
    found = examine(runs, Places("trial", "", [one.name for one in rules.steps]), [], CALENDARS)
    unreachable = {one.said for one in found if one.kind == "unreachable"}
    stated = {taken.step for one in runs.ordinary if one.trial.kind != "unknown" for taken in one.taken}
    missed = {one.name for one in rules.steps} - stated
    assert len([one for one in found if one.kind == "unreachable"]) == len(missed)
    anybody = {taken.step for one in (*runs.ordinary, *runs.late, *runs.odd) for taken in one.taken}
    assert any(said.startswith("no debtor ever") for said in unreachable) == bool(missed - anybody)


@settings(max_examples=40, deadline=None)
@given(ladders(), st.sampled_from(KINDS), st.data())
def test_leaving_days_out_changes_nothing(rules: Policy, kind: DebtorKind, data: st.DataObject) -> None:
    """Day by day, as a daemon does it, the same steps come on the same days."""
    owes = data.draw(st.sampled_from(sorted(amounts(rules))))
    trial = Trial(kind, owes, data.draw(st.sampled_from([-25, 1, 30, 60])))
    steps: list[PriorStep] = []
    taken = []
    case = ""
    for late in range(trial.seen_from, trial.seen_from + 250):
        decision = decide(account(trial, rules, late, steps, case), rules.without_law())
        if moves(decision):
            taken.append((decision.step, late))
            case = "gone" if decision.action == "escalate" else case
            steps.append(PriorStep(step=decision.step, taken_on=decision.day))
    assert [(one.step, one.day) for one in run(trial, rules).taken] == taken


@settings(max_examples=40, deadline=None)
@given(ladders(), st.sampled_from(COUNTRIES), st.dates(date(2026, 1, 1), date(2045, 12, 31)))
def test_a_policy_that_is_not_called_unlawful_never_hands_a_consumer_over_too_early(
    rules: Policy, country: Country, sent_on: date
) -> None:
    audience = Audience(country)
    runs = Runs(rules)
    found = examine(runs, Places("trial", "", [one.name for one in rules.steps]), [audience], CALENDARS)
    if any(one.kind == "unlawful" for one in found):
        return
    for one in (*runs.ordinary, *runs.late):
        gone = one.handed_over
        if gone and one.trial.kind in ("consumer", "sole_trader", "unknown"):
            assert one.letters
            wait = max(gone.day - letter.day for letter in one.letters)
            free = first_day(Law(), country, sent_on)
            assert wait >= (free - sent_on).days


@settings(max_examples=40, deadline=None)
@given(ladders())
def test_every_finding_says_what_is_wrong_and_the_mend(rules: Policy) -> None:
    places = Places("trial", "", [one.name for one in rules.steps])
    found = examine(Runs(rules), places, [Audience("NL"), Audience("BE")], CALENDARS)
    for one in found:
        assert one.said
        assert one.mend.endswith(".")
        assert one.key
        assert bool(one.article) == (one.kind == "unlawful")
