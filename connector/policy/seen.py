"""The claims as a decision saw them, and what has become of them since."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from types import MappingProxyType

from connector.model import Account, ClaimSeen, Decision
from connector.model.record import build
from connector.policy.conditions import asked_claims
from connector.policy.policy import Step
from connector.policy.records import money_text
from connector.policy.standing import Standing

# What became of a claim is told one by one up to here.
_NAMED = 3


def see(step: Step, standing: Standing) -> tuple[ClaimSeen, ...]:
    """Every open claim of the account, with what the step asks of it."""
    of_overdue = step.claims == "overdue"
    return see_account(
        standing.account,
        {
            id(one): min(one.overdue_minor, one.open_minor) if of_overdue else one.open_minor
            for one in asked_claims(step, standing)
        },
    )


def see_account(account: Account, asked: Mapping[int, int] = MappingProxyType({})) -> tuple[ClaimSeen, ...]:
    """Every open claim of an account; `asked` by the identity of the record, in minor units."""
    return tuple(
        build(
            ClaimSeen,
            {
                "claim": one.claim,
                "number": one.number,
                "currency": one.currency,
                "invoice_date": one.invoice_date,
                "due_date": one.due_date,
                "original_minor": one.original_minor,
                "open_minor": one.open_minor,
                "asked_minor": asked.get(id(one), 0),
            },
        )
        for one in account.claims
        if one.open_minor
    )


def lowered(before: Decision, now: Sequence[ClaimSeen]) -> list[str]:
    """The keys of the claims of which less is open than `before` saw."""
    left = {(one.claim, one.currency): one.open_minor for one in now}
    return [one.claim for one in before.seen if left.get((one.claim, one.currency), 0) < one.open_minor]


def asked_since(before: Decision) -> date | None:
    """The earliest due date of what the decision asked for; None where it was not kept."""
    return min((one.due_date for one in before.seen if one.asked_minor and one.due_date), default=None)


def tell_changes(
    before: Decision, now: Sequence[ClaimSeen], settled: Mapping[str, str], *, of_asked: bool = False
) -> list[str]:
    """What became of each claim that `before` saw, and which came in: `2026-0012 paid`, for people.

    `settled` says by key how a claim came down: paid, credited. With `of_asked` only of claims asked then or now.
    Empty where `before` kept no claims. What is asked is compared only where something is asked now.
    """
    if not before.seen:
        return []
    old = {(one.claim, one.currency): one for one in before.seen}
    new = {(one.claim, one.currency): one for one in now}
    is_asked = any(one.asked_minor for one in now)
    told = []
    for key in [*old, *(key for key in new if key not in old)]:
        was, present = old.get(key), new.get(key)
        if of_asked and not (was and was.asked_minor) and not (present and present.asked_minor):
            continue
        text = _change(was, present, settled.get(key[0], "")) or (_asking(was, present) if is_asked else "")
        if text:
            told.append(text)
    more = len(told) - _NAMED
    return [*islice(told, _NAMED), f"{more} more"] if more > 0 else told


def _change(was: ClaimSeen | None, now: ClaimSeen | None, settled: str) -> str:
    if was is None:
        assert now is not None
        return f"{_name(now)} came in, {money_text(now.open_minor, now.currency)}"
    if now is None:
        return f"{_name(was)} {settled or 'not open any more'}"
    if now.open_minor != was.open_minor:
        old, new = (money_text(one.open_minor, one.currency) for one in (was, now))
        word = f" {settled} in part," if settled and now.open_minor < was.open_minor else ""
        return f"{_name(was)}{word} {old} -> {new}"
    return ""


def _asking(was: ClaimSeen | None, now: ClaimSeen | None) -> str:
    if was is None or now is None or was.asked_minor == now.asked_minor:
        return ""
    if not (was.asked_minor and now.asked_minor):
        return f"{_name(now)} {'is asked now' if now.asked_minor else 'takes no part any more'}"
    old, new = (money_text(one.asked_minor, one.currency) for one in (was, now))
    return f"{_name(now)} asked for {old} -> {new}"


def _name(one: ClaimSeen) -> str:
    return one.number or one.claim
