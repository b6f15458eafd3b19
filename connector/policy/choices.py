"""Which segment a debtor is in, and which route his case takes: the first whose conditions are all met."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from connector.model import Account, Because, Verdict
from connector.policy.conditions import Check
from connector.policy.criteria import Condition, Criteria, Met, Owed, age, conditions, owed
from connector.policy.policy import Policy, Step
from connector.policy.records import because
from connector.policy.standing import Standing

ORIGIN = "debtor record and open items"
NONE = -1


class Choice(NamedTuple):
    """Segments or routes, each with its conditions made ready."""

    names: tuple[str, ...]
    asked: tuple[tuple[Condition, ...], ...]


class Picked(NamedTuple):
    """What came of asking: `place` counts from 0, is `NONE` where none fits and None where a missing fact decides.

    `met` are the conditions of the one that was picked, or those that could not be answered.
    """

    place: int | None
    met: tuple[Met, ...]


@lru_cache(maxsize=64)
def segments_of(policy: Policy) -> Choice:
    """The segments of a policy."""
    return _choice(policy.segments, [one.name for one in policy.segments], policy)


@lru_cache(maxsize=64)
def routes_of(policy: Policy) -> Choice:
    """The routes of a policy."""
    choice = _choice(policy.routes, [one.to for one in policy.routes], policy)
    aged = (
        (*asked, age(one.from_days, one.below_days)) if one.from_days or one.below_days is not None else asked
        for one, asked in zip(policy.routes, choice.asked, strict=True)
    )
    return choice._replace(asked=tuple(aged))


def pick(choice: Choice, account: Account, owes: Owed) -> Picked:
    """The first whose conditions are all met. One that a missing fact leaves open is never passed over."""
    for place, asked in enumerate(choice.asked):
        met = tuple(condition(account, owes) for condition in asked)
        verdicts = {one.verdict for one in met}
        if "no" in verdicts:
            continue
        if "unknown" in verdicts:
            return Picked(None, tuple(one for one in met if one.verdict == "unknown"))
        return Picked(place, met)
    return Picked(NONE, ())


def destination(step: Step, policy: Policy) -> Check | None:
    """Is there an agency that takes the debtor's case? Asked before an escalation, where the policy has routes."""
    if step.action != "escalate" or not policy.routes:
        return None
    choice, name = routes_of(policy), f"{step.name}.destination"
    asked = f"Does a route of the policy lead to an agency: {', '.join(dict.fromkeys(choice.names))}?"

    def check(standing: Standing) -> Because:
        picked = pick(choice, standing.account, owed(standing.account, policy.currency))
        told = "; ".join(f"{one.asked} {one.seen}" for one in picked.met)
        verdict: Verdict = "yes"
        if picked.place is None:
            seen, verdict = told, "unknown"
        elif picked.place == NONE:
            seen, verdict = "none of them", "no"
        else:
            to = choice.names[picked.place]
            seen = f"{to}: {told}" if told else to
        return because(name, asked, seen=seen, origin=ORIGIN, verdict=verdict)

    return check


def _choice(some: Sequence[Criteria], names: Sequence[str], policy: Policy) -> Choice:
    return Choice(tuple(names), tuple(conditions(one, policy.currency) for one in some))
