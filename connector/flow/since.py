"""What has changed for a debtor since a plan was made, by name: the stored decision against the account of now."""

from collections.abc import Iterator
from datetime import datetime

from connector.flow.changes import how_settled
from connector.model import Account, Because, Decision, DisputeFact, HoldFact, LetterFact
from connector.policy.held import is_gate
from connector.policy.records import money_text
from connector.policy.seen import see_account, tell_changes
from connector.policy.standing import describe
from connector.store import Tx
from connector.store.said import Said, said_since

_NAMED = 4
# These follow from the claims and the calendar, which are told by themselves.
_FOLLOWS = frozenset({"account.overdue"})


def is_same(shown: Decision, again: Decision) -> bool:
    """Whether what was shown is what would happen now: the facts, the claims, the amount, the step and the rules."""
    kept = ("facts", "claims", "amount_minor", "step", "action", "destination", "policy", "policy_version", "law")
    return all(getattr(shown, name) == getattr(again, name) for name in kept)


def tell_since(tx: Tx, shown: Decision, again: Decision, present: Account, *, made_at: datetime) -> str:
    """What has changed since the plan was made at `made_at`, in one sentence for a person.

    `again` is what would be decided on `present`. The claims and amounts are compared one by one, then each condition
    with what it saw; what people recorded since is named as well.
    """
    parts = list(dict.fromkeys(_parts(tx, shown, again, present, made_at)))
    more = len(parts) - _NAMED
    told = "; ".join(parts[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
    if again.action != shown.action:
        return f"it would not be handed over now: {told or 'no step is left'}"
    if not told:
        # A hold that was taken off, a mark that is over: nothing that is kept tells which.
        return "changed since the plan was made, in something that no condition shows"
    return f"changed since the plan was made: {told}"


def _parts(tx: Tx, shown: Decision, again: Decision, present: Account, made_at: datetime) -> Iterator[str]:
    claims = again.seen or see_account(present)
    told = tell_changes(shown, claims, how_settled(tx, shown, claims))
    yield from told
    if again.action == shown.action and again.amount_minor != shown.amount_minor:
        yield " -> ".join(money_text(one.amount_minor, one.currency) for one in (shown, again))
    if (again.policy, again.policy_version) != (shown.policy, shown.policy_version):
        yield f"the policy, {shown.policy} {shown.policy_version} -> {again.policy} {again.policy_version}"
    if again.law != shown.law:
        yield "the law's tables or readings"
    if again.action == shown.action and again.step != shown.step:
        yield f"step {shown.step} -> {again.step}"
    if again.action == shown.action and again.destination != shown.destination:
        yield f"the agency, {shown.destination or 'the first'} -> {again.destination or 'the first'}"
    against = _turned(shown, again, is_told=bool(told))
    yield from (f"{one.asked} {one.seen}" for one in against)
    keys = [one.claim for one in present.claims]
    for said in said_since(tx, present.ledger, present.debtor_id, keys, made_at):
        text = _say(said)
        if not any(text in one.seen for one in against):
            yield text
    if not told:
        yield from _read_otherwise(shown, again)


def _turned(shown: Decision, again: Decision, *, is_told: bool) -> list[Because]:
    """The conditions that do not hold now and did then; what only follows from another one is left out."""
    known = {(one.condition, one.asked, one.seen) for one in shown.because}
    turned = [
        one
        for one in again.because
        if one.verdict != "yes"
        and (one.condition, one.asked, one.seen) not in known
        # Why the other steps do not come is of no use here.
        and one.condition.partition(".")[0] in (shown.step, "claim", "account")
    ]
    plain = [one for one in turned if is_gate(one) and not (is_told and one.condition in _FOLLOWS)]
    return plain or [one for one in turned if not (is_told and one.condition in _FOLLOWS)]


def _read_otherwise(shown: Decision, again: Decision) -> Iterator[str]:
    """Gates that still hold, and saw something else then: a kind, a letter, a credit."""
    before = {(one.condition, one.asked): one for one in shown.because}
    for one in again.because:
        was = before.get((one.condition, one.asked))
        if was and one.verdict == was.verdict and one.seen != was.seen and is_gate(one):
            yield f"{one.asked} {was.seen} -> {one.seen}"


def _say(said: Said) -> str:
    if isinstance(said, HoldFact | DisputeFact):
        return describe(said)
    if isinstance(said, LetterFact):
        return f"a letter was recorded, {said.kind.replace('_', ' ')} sent on {said.sent_on}"
    return f"step {said.step} was recorded as taken on {said.taken_on}"
