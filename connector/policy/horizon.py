"""The first day on which the next step could come, if nothing but the calendar moves."""

from collections.abc import Iterable
from datetime import date, timedelta

from connector.model import DisputeFact, HoldFact
from connector.policy.gates import stopping_disputes, stopping_holds
from connector.policy.ladder import Ladder, Rung
from connector.policy.standing import Standing, over_from

_BY_THE_CALENDAR = frozenset({"days_overdue", "not_taken", "after", "amount", "agency_minimum", "disputed", "on_hold"})


def first_possible(standing: Standing, rungs: Iterable[Rung], ladder: Ladder) -> date | None:
    """A day before which no step comes while the facts stay as they are; None when no step can be foreseen.

    It is a bound, not a promise: amounts may still fall short on that day.
    """
    days = [one.ends for one in standing.aside if one.ends is not None]
    first_due = standing.first_due
    if first_due is not None:
        for rung in rungs:
            due = _days_on(first_due, max(1, rung.step.days_overdue))
            # Later rungs need at least as many days, so that most of them need no further look.
            if not days or due < min(days):
                possible = _possible(rung, standing, ladder, due=due)
                days += [possible] if possible else []
    return min(days, default=None)


def _possible(rung: Rung, standing: Standing, ladder: Ladder, *, due: date) -> date | None:
    step, taken = rung.step, standing.taken
    if not rung.below.issubset(taken):
        return None
    minimums = [step.minimum, 1]
    if "agency_minimum" in rung.checks:
        minimums.append(ladder.policy.gates.agency_minimum.amount)
    if standing.open_minor - standing.credit_minor < max(minimums):
        return None
    if any(check(standing).verdict != "yes" for name, check in rung.checks.items() if name not in _BY_THE_CALENDAR):
        return None
    aged = _days_on(taken[step.after.step].taken_on, step.after.days) if step.after else date.min
    free = _free_from(standing, ladder)
    if free is None:
        return None
    day = max(due, aged, free, _days_on(standing.account.day, 1))
    return day if day < date.max else None


def _free_from(standing: Standing, ladder: Ladder) -> date | None:
    """The first day without a dispute or hold that stops the debtor; None when nobody knows that day."""
    account, gates = standing.account, ladder.policy.gates
    if not (account.holds or account.disputes):
        return date.min
    stopping: list[DisputeFact | HoldFact] = [
        *stopping_disputes(account, any_claim=gates.disputed.stops == "debtor"),
        *stopping_holds(account, any_claim=gates.on_hold.stops == "debtor"),
    ]
    ends = [over_from(fact) for fact in stopping]
    known = [end for end in ends if end is not None]
    return max(known, default=date.min) if len(known) == len(ends) else None


def _days_on(day: date, days: int) -> date:
    """`days` after `day`, at most the calendar's last day."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
