"""The first day on which the next step could come, if nothing but the calendar moves."""

from collections.abc import Iterable
from datetime import date, timedelta

from connector.model import Account
from connector.policy import stopped
from connector.policy.criteria import owed
from connector.policy.facts import claim_facts
from connector.policy.gates import barring
from connector.policy.ladder import Ladder, Rung
from connector.policy.lawful import first_lawful
from connector.policy.policy import Policy
from connector.policy.standing import ONE_DAY, Standing, for_hand_over, over_from, steps_that_count
from connector.policy.ways import way_of

# Nobody plans that far, and dates end at 9999: no forecast instead of an overflow.
LAST_YEAR = 9900


def first_possible(standing: Standing, rungs: Iterable[Rung], ladder: Ladder) -> date | None:
    """A day before which no step comes while the facts stay as they are; None when no step can be foreseen.

    It is a bound, not a promise: amounts may still fall short on that day.
    """
    handing = for_hand_over(standing)
    best = min((one.ends for one in handing.aside if one.ends), default=None) if handing.aside else None
    for rung in rungs:
        seen = handing if rung.step.action == "escalate" else standing
        first_due = seen.first_due
        if first_due is None or max(first_due, standing.account.day).year > LAST_YEAR:
            continue
        if rung.step.is_ahead and seen.oldest:
            continue
        ripe = rung.ripe_on(first_due)
        # Later rungs take at least as long, so that most of them need no further look.
        if best is None or ripe < best:
            day = _possible(rung, seen, ladder, ripe=ripe)
            if day is None and rung.step.action == "escalate":
                # To another agency other gates may let it go.
                day = next_route(standing.account, ladder.policy)
            if day and (best is None or day < best):
                best = day
    return best


def rests_until(account: Account, policy: Policy) -> date:
    """The first day on which the calendar alone may bring more than nothing to an account of which nothing comes today.

    More: a step, one that is held, or a question. A bound, as no step comes before it is old enough: the account's own
    day where ends of holds, terms or a missing fact have a say as well.
    """
    day = account.day
    spoken = account.holds or account.disputes or account.promises or account.payment_plans or account.circumstances
    ladder = None if spoken else way_of(account, policy).ladder
    if ladder is None or any(one.taken_on > day for one in account.steps):
        return day
    first: date | None = None
    currency = policy.currency
    for claim, seen in zip(account.claims, claim_facts(account.claims), strict=True):
        _, own, still_open, past_due, collecting, due, case_ref, whole = seen
        # No day changes anything about these: at an agency, on its way, paid, or in the debtor's favour.
        if case_ref or collecting or still_open <= 0:
            continue
        if due is None or (claim.last_due_date or due) != due or own != currency or not whole:
            return day
        if past_due != (still_open if due < day else 0):
            return day
        first = due if first is None or due < first else first
    if first is None:
        return date.max
    if first.year > LAST_YEAR:
        return day
    rungs = ladder.ahead(steps_that_count(account, ladder.policy, first))
    return min((one.ripe_on(first) for one in rungs), default=date.max)


def _possible(rung: Rung, standing: Standing, ladder: Ladder, *, ripe: date) -> date | None:
    account, taken, after = standing.account, standing.taken, rung.step.after
    if standing.open_minor - standing.credit_minor < rung.floor or not rung.builds_on.issubset(taken):
        return None
    for check in rung.lasting:
        if check(standing).verdict != "yes":
            return None
    for ask in rung.plugins:
        answer = ask(account) if ask else None
        if answer is None or (answer.verdict != "yes" and answer.earliest is None):
            return None
        if answer.verdict != "yes" and answer.earliest:
            ripe = max(ripe, answer.earliest)
    if after:
        ripe = max(ripe, taken[after.step].taken_on + timedelta(days=after.days))
    if account.holds or account.disputes or standing.promised:
        free = _free_from(standing, rung, ladder)
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


def next_route(account: Account, policy: Policy) -> date | None:
    """The next day on which the age of the oldest claim may lead to another agency; None: age leads to no other."""
    marks = {mark for one in policy.routes for mark in (one.from_days, one.below_days) if mark}
    oldest = owed(account, policy.currency).oldest if marks else None
    if oldest is None or max(oldest, account.day).year > LAST_YEAR:
        return None
    days = [oldest + timedelta(days=mark) for mark in marks]
    return min((one for one in days if one > account.day), default=None)


def _free_from(standing: Standing, rung: Rung, ladder: Ladder) -> date | None:
    """The first day without anything that somebody said and that stops the debtor; None when nobody knows that day."""
    ends = [over_from(fact) for fact in barring(standing, rung.step, ladder.policy)]
    known = [end for end in ends if end is not None]
    return max(known, default=date.min) if len(known) == len(ends) else None
