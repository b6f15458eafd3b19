"""How a debtor's decision compares with the one before it, and how claims came down since: read from the store."""

from collections import Counter
from collections.abc import Iterable

from connector.model import Account, ClaimSeen, Decision, PriorStep
from connector.policy.diff import Change, compare, moves
from connector.policy.seen import asked_since, lowered, see_account
from connector.store import Tx, items
from connector.store.items import Piece
from connector.store.plans import Planned

_CLOSED = {"paid": "paid", "credited": "credited", "written_off": "written off"}


def change_since(tx: Tx, before: Planned | None, now: Decision, present: Account) -> Change:
    """How `now` compares with the decision before it; `present` is the account on which it rests."""
    if before is None:
        return compare(None, now)
    known = before.decision
    claims = now.seen or see_account(present)
    settled = how_settled(tx, known, claims) if moves(known) or known.held_step else {}
    return compare(known, now, claims=claims, settled=settled, done=_is_done(before, present))


def how_settled(tx: Tx, before: Decision, claims: Iterable[ClaimSeen]) -> dict[str, str]:
    """How the claims came down of which less is open than `before` saw: `paid`, `credited`, `closed`, by key."""
    claims = tuple(claims)
    keys = lowered(before, claims)
    if not keys:
        return {}
    left = {one.claim: one.open_minor for one in claims}
    less = {one.claim: one.open_minor - left.get(one.claim, 0) for one in before.seen}
    found = items.pieces(tx, before.ledger, before.debtor_id, keys)
    return {key: _word(found[key], less[key]) for key in keys}


def _word(pieces: Iterable[Piece], less: int) -> str:
    """What is told of the closed rows; where several kinds are closed, the one that comes to just as much."""
    pieces = tuple(pieces)
    if not pieces:
        return "deleted at the source"
    if any(one.state == "in_collection" for one in pieces):
        return "on its way by direct debit"
    closed: Counter[str] = Counter()
    for one in pieces:
        if one.state == "closed":
            closed[_CLOSED.get(one.closed_reason, "closed")] += one.amount_minor
    fitting = [word for word, minor in closed.items() if minor == less]
    return fitting[0] if len(fitting) == 1 else " and ".join(sorted(closed)) or "lowered"


def _is_done(before: Planned, present: Account) -> bool:
    """Whether the step of the decision before was taken."""
    known = before.decision
    if known.action == "escalate":
        return before.outcome == "handed_over" or any(
            one.case_ref and one.claim in known.claims for one in present.claims
        )
    return any(_took(one, known) for one in present.steps)


def _took(step: PriorStep, known: Decision) -> bool:
    """A step that was taken already, for what fell due by then, would not have been planned."""
    return step.step == known.step and step.taken_on >= (asked_since(known) or known.day)
