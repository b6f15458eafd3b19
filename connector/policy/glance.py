"""The decision on an account that is surely too young for any step, of its oldest claim and its sums alone.

Of those who are late most are late by a few days: to look at each of their claims would be most of the work of a plan.
"""

from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from connector.law.law import Law
from connector.model import Account, Claim, Decision
from connector.policy.decide import decision_of, nothing_due
from connector.policy.facts import ClaimFacts
from connector.policy.horizon import LAST_YEAR, first_possible
from connector.policy.ladder import ladder_of
from connector.policy.policy import Policy
from connector.policy.standing import Standing, steps_that_count
from connector.policy.ways import Way

# Where any of these says something, the account is looked at as a whole.
_spoken = itemgetter("credit_minor", "holds", "disputes", "promises", "payment_plans", "circumstances")


@lru_cache(maxsize=64)
def most_days(policy: Policy) -> int:
    """From so many days late on `decide` has to look at every account; 0: at all of them."""
    # Segments, routes and plugins may ask about any claim. Who is late for the last step is late for all.
    if policy.segments or policy.routes or policy.conditions or ladder_of(policy).begins_ahead:
        return 0
    return max(one.least_days for one in ladder_of(policy).rungs)


class Glance(NamedTuple):
    """The claims of an account that are all plain: open, dated, whole, in one currency, not at an agency, in one term,
    of no product group, and each due on one day. Amounts in minor units.

    `facts` are those of all claims; `oldest` is the first of those that fell due first.
    """

    facts: list[ClaimFacts]
    oldest: Claim
    open_minor: int
    overdue_minor: int


def decide_at_a_glance(account: Account, seen: Glance, policy: Policy, law: Law) -> tuple[Decision, date] | None:
    """What `decide` gives for the account with all its claims, and the day until which that stays so by `rests_until`.

    None where `decide` has to look at it: `account` needs no claims here. The claims are in the policy's currency.
    """
    due, day = seen.oldest.due_date, account.day
    most = most_days(policy)
    if due is None or due.year > LAST_YEAR or not most or (day - due).days >= most:
        return None
    if any(_spoken(account.__dict__)) or any(one.taken_on > day for one in account.steps):
        return None
    ladder, late = ladder_of(policy), (day - due).days
    taken = steps_that_count(account, policy, due)
    ahead = ladder.ahead(taken)
    if not ahead or late >= min(one.least_days for one in ahead):
        return None
    # The day from which the law lets one go hangs on each claim.
    if any(one.asks_law and one.builds_on.issubset(taken) for one in ahead):
        return None
    open_minor = seen.open_minor
    if late > 0:
        standing = Standing(
            account, seen.facts, [seen.oldest], [], [], seen.overdue_minor, open_minor, 0, (), seen.oldest, late, due,
            taken, law,
        )  # fmt: skip
        reason = ahead[0].checks["days_overdue"](standing)
    else:
        # Of those that fall due later only the number is told.
        later = [seen.oldest] * len(seen.facts)
        standing = Standing(account, seen.facts, [], later, [], 0, open_minor, 0, (), None, 0, due, taken, law)
        reason = nothing_due(standing)
    comes = first_possible(standing, ahead, ladder)
    decision = decision_of(standing, policy, (reason,), way=Way(ladder), not_before=comes)
    return decision, min(one.ripe_on(due) for one in ahead)
