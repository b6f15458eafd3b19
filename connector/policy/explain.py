"""One decision in words: for the credit manager, and for the debtor who asks why."""

from datetime import date
from itertools import groupby

from connector.model import Because, ClaimSeen, Decision, StepAction
from connector.model.record import Record
from connector.policy.records import count_text, money_text

_SAID: dict[StepAction, str] = {
    "none": "nothing is done",
    "remind": "a reminder",
    "notice": "a formal notice",
    "call": "a call",
    "escalate": "hand-over to the agency",
    "undecided": "undecided",
}


# Facts that have a sentence of their own; of the others the question says what is not known.
_MISSING = {
    "debtor_kind": "the debtor's kind is unknown",
    "calibrated": "the sign of the ledger's amounts is not established yet",
}
# Unknown only because a fact about a claim is: that claim's own reason says more.
_DERIVED = frozenset({"days_overdue", "days_after_month_end", "amount", "agency_minimum"})


class Chapter(Record):
    """The reasons about one subject: a step of the policy, the claims that were left out, or the account."""

    about: str
    reasons: tuple[Because, ...]


class Explanation(Record):
    """A decision, ready to be shown or to be given out as JSON (`model_dump_json`).

    `amount` is text with its currency, empty when nothing is asked; `claims` are the keys of the claims; `held_step` is
    the step that a gate keeps back, and `seen` are the claims that were open, where the decision kept them.
    """

    ledger: str
    debtor_id: str
    day: date
    headline: str
    action: StepAction
    step: str
    amount: str
    claims: tuple[str, ...]
    not_before: date | None
    chapters: tuple[Chapter, ...]
    policy: str
    policy_version: str
    law: str
    facts: str
    held_step: str = ""
    seen: tuple[ClaimSeen, ...] = ()


def explain(decision: Decision) -> Explanation:
    """The decision with its reasons by subject, in the order in which they were given."""
    amount = money_text(decision.amount_minor, decision.currency) if decision.step else ""
    chapters = tuple(
        Chapter(about=about, reasons=tuple(reasons)) for about, reasons in groupby(decision.because, key=_subject)
    )
    return Explanation(
        ledger=decision.ledger,
        debtor_id=decision.debtor_id,
        day=decision.day,
        headline=headline(decision),
        action=decision.action,
        step=decision.step,
        amount=amount,
        claims=decision.claims,
        not_before=decision.not_before,
        chapters=chapters,
        policy=decision.policy,
        policy_version=decision.policy_version,
        law=decision.law,
        facts=decision.facts,
        held_step=decision.held_step,
        seen=decision.seen,
    )


def missing(decision: Decision) -> str:
    """The fact that would decide an undecided decision, in one clause; empty when nothing is missing."""
    unknown = [one for one in decision.because if one.verdict == "unknown"]
    telling = [one for one in unknown if _code(one) not in _DERIVED]
    of_the_step = [one for one in telling if not one.condition.startswith("claim.")]
    first = next(iter(of_the_step or telling or unknown), None)
    return _MISSING.get(_code(first), f"{first.asked} {first.seen}") if first else ""


def headline(decision: Decision) -> str:
    """The outcome in one line: what, for how much, or since when it can come."""
    said = _SAID[decision.action]
    if decision.action == "none":
        held = f': step "{decision.held_step}" is held back' if decision.held_step else ""
        return f"{said}{held}" + (f", not before {decision.not_before}" if decision.not_before else "")
    if decision.action == "undecided":
        about = f'for step "{decision.step}"' if decision.step else "of the debtor's segment"
        return f"{said}: a fact is missing {about}"
    amount = money_text(decision.amount_minor, decision.currency)
    return f'{said} (step "{decision.step}"), {amount} in {count_text(len(decision.claims))}'


def render(explanation: Explanation) -> tuple[str, ...]:
    """The explanation as lines of plain text: per reason the verdict, what was asked, what was seen, from where."""
    one = explanation
    lines = [f"{one.day}  debtor {one.debtor_id}, ledger {one.ledger}: {one.headline}"]
    for chapter in one.chapters:
        lines += ["", chapter.about]
        for reason in chapter.reasons:
            lines += [f"  {reason.verdict:<8} {reason.asked}", f"           {reason.seen}  [{reason.origin}]"]
    rules = f"Rules: policy {one.policy}, version {one.policy_version}; law {one.law or 'of an older release'}."
    return (*lines, "", f"{rules} Facts: {one.facts}.")


def _code(reason: Because) -> str:
    return reason.condition.rpartition(".")[2]


def _subject(reason: Because) -> str:
    about = reason.condition.partition(".")[0]
    return {"account": "The account", "claim": "Claims that take no part"}.get(about, f'Step "{about}"')
