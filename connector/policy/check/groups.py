"""Segments and routes that nobody gets to, and debtors who get to none."""

from collections.abc import Iterator, Sequence

from connector.model import DebtorKind
from connector.policy.check.finding import Finding, Path, Places
from connector.policy.check.runs import KINDS
from connector.policy.check.timings import Audience
from connector.policy.choices import NONE
from connector.policy.criteria import Criteria
from connector.policy.policy import Policy, Route

_LISTS = ("kinds", "countries", "languages", "customer_groups", "product_groups")


def groups(policy: Policy, places: Places) -> Iterator[Finding]:
    """An error for each segment and route that another above it empties; warnings for who belongs nowhere."""
    yield from _emptied([(one.name, one) for one in policy.segments], "segment", places)
    yield from _emptied([(one.to, one) for one in policy.routes], "route", places)
    last = len(policy.segments) - 1
    if policy.segments and not policy.steps and not _is_for_all(policy.segments[last]):
        said = "who is in no segment gets no step, and nobody is told"
        mend = "Add [[step]] for everybody else, or a last [[segment]] without conditions."
        yield places.finding("warning", "gap", ("segment", last), said, mend)
    for place, route in enumerate(policy.routes):
        if "lawful" in route.gates.model_fields_set and route.gates.lawful.before == "never":
            said = "nothing stands between this route and an unlawful hand-over"
            mend = 'Write before = "escalate"; for debtors of other countries, elsewhere = "allowed".'
            yield places.finding("warning", "gap", ("route", place, "gates", "lawful", "before"), said, mend)
    last = len(policy.routes) - 1
    if policy.routes and not _is_for_all(policy.routes[last]):
        said = "who fits no route is never handed over, and nobody is told"
        mend = "Add a last [[route]] without conditions."
        yield places.finding("warning", "gap", ("route", last), said, mend)


def nowhere(policy: Policy, audiences: Sequence[Audience], places: Places) -> Iterator[Finding]:
    """An error for each route to an agency that a ledger which uses the policy does not name."""
    for one in audiences:
        for place, route in enumerate(policy.routes):
            if one.ledger and route.to not in one.agencies:
                named = ", ".join(one.agencies) or "none"
                said = f'ledger {one.ledger} hands over to no agency "{route.to}": such cases are left out'
                mend = f'Add [[sink]] with connection = "{route.to}" to the ledger, which names: {named}.'
                yield places.finding("error", "contradiction", ("route", place, "to"), said, mend)


def kinds_of(policy: Policy, place: int) -> tuple[DebtorKind, ...]:
    """The kinds of debtors who can be in a segment, or in none of them: first in the order in which they are tried."""
    above = policy.segments if place == NONE else policy.segments[:place]
    wanted = policy.segments[place].kinds if place != NONE else ()
    taken = {kind for one in above if _asks_kinds_only(one) for kind in one.kinds}
    if any(one.kinds and "unknown" not in one.kinds and _asks_kinds_only(one) for one in above):
        # Of such a debtor it is not known whether he is in that segment: he stays undecided there.
        taken.add("unknown")
    left = tuple(kind for kind in KINDS if kind not in taken and (not wanted or kind in wanted))
    return left or KINDS


def _emptied(some: Sequence[tuple[str, Criteria]], what: str, places: Places) -> Iterator[Finding]:
    for place, (name, one) in enumerate(some):
        above = next((other for other, earlier in some[:place] if _covers(earlier, one)), None)
        if above is not None:
            path: Path = (what, place)
            said = f'nobody ever gets to {what} "{name}": "{above}" above it takes them all'
            yield places.finding("error", "unreachable", path, said, "Put it above, or take it away.")


def _covers(first: Criteria, then: Criteria) -> bool:
    """Whether whoever meets the conditions of `then` surely meets those of `first`."""
    for name in _LISTS:
        wide, narrow = getattr(first, name), getattr(then, name)
        if wide and not (narrow and set(narrow) <= set(wide)):
            return False
    if first.regions and not (then.regions and all(_begins(one, first.regions) for one in then.regions)):
        return False
    spans = [(first.from_amount, first.below_amount, then.from_amount, then.below_amount)]
    if isinstance(first, Route) and isinstance(then, Route):
        spans.append((first.from_days, first.below_days, then.from_days, then.below_days))
    return all(
        least <= other_least and (below is None or (other_below is not None and other_below <= below))
        for least, below, other_least, other_below in spans
    )


def _begins(region: str, wide: Sequence[str]) -> bool:
    return any(region.upper().startswith(one.upper()) for one in wide)


def _is_for_all(one: Criteria) -> bool:
    aged = isinstance(one, Route) and (one.from_days or one.below_days is not None)
    asked = any(getattr(one, name) for name in (*_LISTS, "regions", "from_amount"))
    return not aged and not asked and one.below_amount is None


def _asks_kinds_only(one: Criteria) -> bool:
    return bool(one.kinds) and _is_for_all(one.model_copy(update={"kinds": ()}))
