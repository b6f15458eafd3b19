"""What a plan changes against the plan before it: one record a debtor."""

from collections.abc import Iterable, Iterator
from typing import Literal

from connector.model import Decision
from connector.model.record import Record
from connector.policy.records import money_text

ChangeKind = Literal["new", "changed", "unchanged", "left_out", "gone"]
_MOVES = frozenset({"remind", "notice", "call", "escalate"})


class Change(Record):
    """How a debtor's decision compares with the one in the plan before.

    - `new`: a step comes, and the plan before had none for this debtor; `changed`: it had another one, or the
      amount or the claims moved; `unchanged`: it had the same.
    - `left_out`: no step comes (nothing to do, or undecided). `why` are the reasons that decided it.
    - `gone`: the plan before had a step, and now the debtor has no account any more: nothing is open.
    - `moved`: the facts differ from those of the plan before.
    """

    ledger: str
    debtor_id: str
    kind: ChangeKind
    before: Decision | None
    now: Decision | None
    why: tuple[str, ...]
    moved: bool = False


def compare(before: Decision | None, now: Decision | None) -> Change | None:
    """The change for one debtor; None when there is nothing to tell (no step then, and no account now)."""
    if now is None:
        if before is None or not moves(before):
            return None
        return _gone(before)
    kind, why = _kind(before, now)
    return Change(
        ledger=now.ledger,
        debtor_id=now.debtor_id,
        kind=kind,
        before=before,
        now=now,
        why=why,
        moved=before is not None and before.facts != now.facts,
    )


def compare_plans(previous: Iterable[Decision], current: Iterable[Decision]) -> Iterator[Change]:
    """The changes of all debtors: those of `current` in its order, then those that are gone.

    `previous` is held in memory; `current` streams. A caller whose store can pair the two uses `compare`.
    """
    old = {(one.ledger, one.debtor_id): one for one in previous}
    for now in current:
        change = compare(old.pop((now.ledger, now.debtor_id), None), now)
        if change:
            yield change
    for before in old.values():
        change = compare(before, None)
        if change:
            yield change


def moves(decision: Decision) -> bool:
    """A step comes."""
    return decision.action in _MOVES


def decisive(decision: Decision) -> tuple[str, ...]:
    """The reasons that kept a step back, each as "asked: seen"; those unknown when the decision is undecided."""
    wanted = "unknown" if decision.action == "undecided" else "no"
    return tuple(f"{one.asked} {one.seen}" for one in decision.because if one.verdict == wanted)


def _gone(before: Decision) -> Change:
    why = (f"was {before.action}; nothing is open any more",)
    return Change(
        ledger=before.ledger, debtor_id=before.debtor_id, kind="gone", before=before, now=None, why=why, moved=True
    )


def _kind(before: Decision | None, now: Decision) -> tuple[ChangeKind, tuple[str, ...]]:
    if not moves(now):
        return "left_out", decisive(now)
    if before is None or not moves(before):
        return "new", ()
    why = tuple(_differences(before, now))
    return ("changed", why) if why else ("unchanged", ())


def _differences(before: Decision, now: Decision) -> Iterator[str]:
    if (before.action, before.step) != (now.action, now.step):
        yield f"step {before.step} -> {now.step}"
    if (before.amount_minor, before.currency) != (now.amount_minor, now.currency):
        old, new = (money_text(one.amount_minor, one.currency) for one in (before, now))
        yield f"amount {old} -> {new}"
    came, went = set(now.claims) - set(before.claims), set(before.claims) - set(now.claims)
    if came:
        yield f"{len(came)} more: {', '.join(sorted(came))}"
    if went:
        yield f"{len(went)} fewer: {', '.join(sorted(went))}"
    if before.policy != now.policy:
        yield f"policy {before.policy} -> {now.policy}"
