"""What a plan changes against the plan before it: one record a debtor."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Literal

from connector.model import ClaimSeen, Decision
from connector.model.record import Record
from connector.policy.held import holding
from connector.policy.records import money_text
from connector.policy.seen import tell_changes

ChangeKind = Literal["new", "changed", "unchanged", "held", "withdrawn", "undecided", "none"]
_MOVES = frozenset({"remind", "notice", "call", "escalate"})
_NOTHING_SETTLED: Mapping[str, str] = {}


class Change(Record):
    """How a debtor's decision compares with the one of the plan before: the state of a row of the plan.

    - `new`: a step comes, and the plan before had none for this debtor.
    - `changed`: a step comes, and the plan before had another one, another amount, other claims, or was made by another
      policy. Another version of the same policy is no change by itself.
    - `unchanged`: a step comes, and the plan before had the same.
    - `held`: no step comes, and one would come today if a gate did not say no: a hold, a dispute, the kind of debtor,
      the law. `Decision.held_step` names the step.
    - `undecided`: a fact is missing.
    - `withdrawn`: the plan before had a step that was not taken, and now none comes, for none of the reasons above:
      what it asked for was paid, nothing is open, or too little.
    - `none`: none of these. No step comes, as the calendar, the order of the steps or the amount wants it.

    `why` says what differs from the plan before, and is empty where nothing does; `moved`: the facts differ.
    """

    ledger: str
    debtor_id: str
    kind: ChangeKind
    before: Decision | None
    now: Decision
    why: tuple[str, ...]
    moved: bool = False


def compare(
    before: Decision | None,
    now: Decision,
    *,
    claims: Sequence[ClaimSeen] = (),
    settled: Mapping[str, str] = _NOTHING_SETTLED,
    done: bool = False,
) -> Change:
    """The change for one debtor.

    `claims` are those that are open now, `settled` says of others by key how they came down (paid, credited), and
    `done` that the step of the plan before was taken.
    """
    kind = _kind(before, now, done=done)
    why = () if kind == "none" else tuple(_differences(before, now, claims=claims or now.seen, settled=settled))
    if kind == "unchanged" and why:
        kind = "changed"
    return Change(
        ledger=now.ledger,
        debtor_id=now.debtor_id,
        kind=kind,
        before=before,
        now=now,
        why=why,
        moved=before is not None and before.facts != now.facts,
    )


def said(decision: Decision) -> str:
    """16 hexadecimal digits over all of a decision that `compare` looks at, but for its facts."""
    told = (
        decision.action, decision.step, decision.claims, decision.amount_minor, decision.currency, decision.policy,
        decision.held_step, decision.held_minor, [tuple(one.__dict__.values()) for one in decision.seen],
    )  # fmt: skip
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()


def kind_again(now: Decision) -> ChangeKind:
    """The state of a decision that says (`said`) what the one before it said: nothing differs then."""
    return _kind(now, now, done=False)


def says_more(decision: Decision) -> bool:
    """More than that nothing comes: a step, one that is held, or a question."""
    return decision.action != "none" or bool(decision.held_step)


def moves(decision: Decision) -> bool:
    """A step comes."""
    return decision.action in _MOVES


def held_by(decision: Decision) -> tuple[str, ...]:
    """What the gates say that keep a step back, each as "asked: seen"."""
    return tuple(f"{one.asked} {one.seen}" for one in holding(decision))


def _kind(before: Decision | None, now: Decision, *, done: bool) -> ChangeKind:
    if now.action == "undecided":
        return "undecided"
    if not moves(now):
        if now.held_step:
            return "held"
        return "withdrawn" if before and moves(before) and not done else "none"
    if before is None or not moves(before):
        return "new"
    return "unchanged" if before.claims == now.claims else "changed"


def _differences(
    before: Decision | None, now: Decision, *, claims: Sequence[ClaimSeen], settled: Mapping[str, str]
) -> Iterator[str]:
    """First the outcome, then the amount and what became of the claims, then the policy."""
    old, new = _outcome(before), _outcome(now)
    told = ", ".join(tell_changes(before, claims, settled, of_asked=True)) if before else ""
    if new == _NOTHING:
        yield f"{old} -> {new}: " + ", ".join(part for part in (told, _why_nothing(now)) if part)
        return
    if old != new and not (old == _NOTHING and moves(now)):
        yield f"{old} -> {new}"
    if before is None:
        return
    amounts = [money_text(one.amount_minor or one.held_minor, one.currency) for one in (before, now)]
    if old != _NOTHING and amounts[0] != amounts[1]:
        yield f"{amounts[0]} -> {amounts[1]}" + (f": {told}" if told else "")
    elif told:
        yield told
    elif moves(before) and moves(now) and before.claims != now.claims:
        yield "other claims"
    if old != _NOTHING and before.policy != now.policy:
        yield f"policy {before.policy} -> {now.policy}"


def _why_nothing(now: Decision) -> str:
    """Too little, nothing overdue, nothing open: the reason that says it most plainly."""
    against = [one for one in now.because if one.verdict == "no"]
    too_little = [one for one in against if one.condition.endswith((".amount", ".agency_minimum"))]
    first = next(iter(too_little or against), None)
    if first is None:
        return "no step is left"
    return f"{first.asked} {first.seen}" if too_little else first.seen.removeprefix("no: ")


_NOTHING = "nothing"


def _outcome(decision: Decision | None) -> str:
    """The step, or what comes instead of one."""
    if decision is None:
        return _NOTHING
    if decision.action == "undecided":
        return "undecided"
    return decision.step or (f"{decision.held_step} held" if decision.held_step else _NOTHING)
