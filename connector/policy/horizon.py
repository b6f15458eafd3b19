"""The first day on which the next step could come, if nothing but the calendar moves."""

from collections.abc import Iterable
from datetime import date, timedelta

from connector.model import DisputeFact, HoldFact
from connector.policy import stopped
from connector.policy.gates import stopping_disputes, stopping_holds
from connector.policy.ladder import Ladder, Rung
from connector.policy.lawful import first_lawful
from connector.policy.standing import ONE_DAY, Standing, for_hand_over, over_from

# Nobody plans that far, and dates end at 9999: no forecast instead of an overflow.
_LAST_YEAR = 9900


def first_possible(standing: Standing, rungs: Iterable[Rung], ladder: Ladder) -> date | None:
    """A day before which no step comes while the facts stay as they are; None when no step can be foreseen.

    It is a bound, not a promise: amounts may still fall short on that day.
    """
    handing = for_hand_over(standing)
    best = min((one.ends for one in handing.aside if one.ends), default=None) if handing.aside else None
    for rung in rungs:
        seen = handing if rung.step.action == "escalate" else standing
        first_due = seen.first_due
        if first_due is None or first_due.year > _LAST_YEAR or standing.account.day.year > _LAST_YEAR:
            continue
        ripe = first_due + rung.wait
        # Later rungs take at least as long, so that most of them need no further look.
        if best is None or ripe < best:
            day = _possible(rung, seen, ladder, ripe=ripe)
            if day and (best is None or day < best):
                best = day
    return best


def _possible(rung: Rung, standing: Standing, ladder: Ladder, *, ripe: date) -> date | None:
    account, taken, after = standing.account, standing.taken, rung.step.after
    if standing.open_minor - standing.credit_minor < rung.floor or not rung.builds_on.issubset(taken):
        return None
    for check in rung.lasting:
        if check(standing).verdict != "yes":
            return None
    if after:
        ripe = max(ripe, taken[after.step].taken_on + timedelta(days=after.days))
    if account.holds or account.disputes:
        free = _free_from(standing, ladder)
        if free is None:
            return None
        ripe = max(ripe, free)
    if account.circumstances:
        free = stopped.free_from(standing.law, account, spare=rung.spares)
        if free is None:
            return None
        ripe = max(ripe, free)
    if rung.asks_law:
        lawful = first_lawful(standing, ladder)
        if lawful is None:
            return None
        ripe = max(ripe, lawful)
    return ripe if ripe > account.day else account.day + ONE_DAY


def _free_from(standing: Standing, ladder: Ladder) -> date | None:
    """The first day without a dispute or hold that stops the debtor; None when nobody knows that day."""
    account, gates = standing.account, ladder.policy.gates
    stopping: list[DisputeFact | HoldFact] = [
        *stopping_disputes(account, any_claim=gates.disputed.stops == "debtor"),
        *stopping_holds(account, any_claim=gates.on_hold.stops == "debtor"),
    ]
    ends = [over_from(fact) for fact in stopping]
    known = [end for end in ends if end is not None]
    return max(known, default=date.min) if len(known) == len(ends) else None
