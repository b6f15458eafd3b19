"""Which ladder a debtor climbs: the steps of his segment, with the gates of the agency that would take his case."""

from functools import lru_cache
from typing import NamedTuple

from connector.model import Account, Because, Verdict
from connector.policy.choices import NONE, ORIGIN, Picked, pick, routes_of, segments_of
from connector.policy.criteria import owed
from connector.policy.ladder import Ladder, ladder_of
from connector.policy.policy import Gates, Policy
from connector.policy.records import because

_CODE = "account.segment"
_NOWHERE = Picked(NONE, ())


class Way(NamedTuple):
    """What holds for one debtor.

    - `ladder`: None where nothing is done with the debtor, or his segment hangs on a fact that is missing.
    - `segment`: its name; empty outside every segment. `to`: the connection of the agency that would take his case,
      empty where the policy names none. `reasons`: how the segment was found.
    """

    ladder: Ladder | None
    segment: str = ""
    to: str = ""
    reasons: tuple[Because, ...] = ()


def way_of(account: Account, policy: Policy) -> Way:
    """The way of one account under a policy. Pure; raises nothing."""
    if not policy.segments and not policy.routes:
        return Way(ladder_of(policy))
    owes = owed(account, policy.currency)
    segment = pick(segments_of(policy), account, owes) if policy.segments else _NOWHERE
    reasons = _reasons(segment, policy)
    if segment.place is None:
        return Way(None, reasons=reasons)
    name = policy.segments[segment.place].name if segment.place != NONE else ""
    route = pick(routes_of(policy), account, owes).place if policy.routes else NONE
    # Where the route is not known, the hand-over itself says so; other steps need none.
    ladder = _ladder(policy, segment.place, NONE if route is None else route)
    to = policy.routes[route].to if route is not None and route != NONE else ""
    return Way(ladder if ladder.rungs else None, name, to, reasons)


def gates_of(account: Account, policy: Policy) -> Gates:
    """The gates that hold for a debtor: the policy's, with what his segment and his agency put in their place.

    What he owes counts wherever it is: what was asked before a hand-over must be asked alike after it.
    """
    claims = tuple(one.model_copy(update={"case_ref": ""}) if one.case_ref else one for one in account.claims)
    ladder = way_of(account.model_copy(update={"claims": claims}), policy).ladder
    return ladder.policy.gates if ladder else policy.gates


def at_agency(account: Account, way: Way) -> Account:
    """The account as the law sees it before a hand-over to the agency to which the way leads."""
    if way.to not in account.receivers:
        return account
    legal = account.legal.model_copy(update={"receiver": account.receivers[way.to]})
    return account.model_copy(update={"legal": legal})


def views(policy: Policy) -> list[tuple[int, Policy]]:
    """The steps and gates of each group of debtors as a policy of its own; `NONE`: who belongs to no segment.

    Routes and the conditions of plugins are left out: they ask about more than a made-up debtor has.
    """
    places = [NONE, *range(len(policy.segments))]
    found = [
        (place, _view(policy, place, NONE).model_copy(update={"routes": (), "conditions": ()})) for place in places
    ]
    return [(place, view) for place, view in found if view.steps]


def _reasons(segment: Picked, policy: Policy) -> tuple[Because, ...]:
    if not policy.segments:
        return ()
    names = ", ".join(one.name for one in policy.segments)
    verdict: Verdict = "yes"
    if segment.place is None:
        verdict, seen = "unknown", "; ".join(f"{one.asked} {one.seen}" for one in segment.met)
    elif segment.place == NONE:
        seen = "in none of them" + ("" if policy.steps else ", and the policy has no steps for others")
        verdict = "yes" if policy.steps else "no"
    else:
        chosen = policy.segments[segment.place]
        seen = f"{chosen.name}: " + ("; ".join(f"{one.asked} {one.seen}" for one in segment.met) or "everybody else")
        if chosen.rest:
            verdict, seen = "no", f"{seen}. Nothing is ever done with these debtors"
    return (because(_CODE, f"Which segment is the debtor in: {names}?", seen=seen, origin=ORIGIN, verdict=verdict),)


@lru_cache(maxsize=256)
def _ladder(policy: Policy, segment: int, route: int) -> Ladder:
    return ladder_of(_view(policy, segment, route))


def _view(policy: Policy, segment: int, route: int) -> Policy:
    steps, gates = policy.steps, policy.gates
    if segment != NONE:
        steps = policy.segments[segment].steps
        gates = _merged(gates, policy.segments[segment].gates)
    if route != NONE:
        gates = _merged(gates, policy.routes[route].gates)
    return policy.model_copy(update={"steps": steps, "gates": gates, "segments": ()})


def _merged(gates: Gates, over: Gates) -> Gates:
    return gates.model_copy(update={name: getattr(over, name) for name in over.model_fields_set})
