"""What a policy would do with one debtor from today on, if nobody paid: the calendar is moved, and nothing else.

Each step that comes counts as taken on its day. Nothing else is assumed: no letter of the law is taken as sent, so that
what the law asks for stands at the end as what holds the step.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from typing import NamedTuple

from connector.law.law import Law
from connector.model import Account, Claim, Decision, PriorStep, StepAction
from connector.policy import Policy, decide, moves
from connector.policy.evidence import ask_the_law
from connector.policy.horizon import first_possible
from connector.policy.ladder import Ladder
from connector.policy.standing import ONE_DAY, read_standing
from connector.policy.ways import at_agency, way_of

# Where the steps of a look-ahead come from, in their reasons, and what a claim carries that it has handed over.
ORIGIN = "looking ahead"
# Terms of a policy are added to a day, and dates end at 9999.
_LAST_YEAR = 9900

ClaimKey = tuple[str, str]
"""A claim's key and its currency."""

Terms = Mapping[ClaimKey, Sequence[tuple[date, int]]]
"""Of a claim in instalments: what falls due when, in minor units."""


class Coming(NamedTuple):
    """A step that would come: on which day, for how much (minor units), over how many claims."""

    debtor_id: str
    day: date
    action: StepAction
    step: str
    amount_minor: int
    currency: str
    claims: int


class Prospect(NamedTuple):
    """The steps of one debtor in the order of days, and the decision on the last day.

    `decided_days`: on how many days a decision was made; on the others no step can come.
    """

    steps: tuple[Coming, ...]
    last: Decision
    decided_days: int


def is_quiet(account: Account, policy: Policy, until: date) -> bool:
    """Whether nothing of the account comes near its due date up to and with `until`: then no step can come."""
    ahead = timedelta(days=policy.most_days_ahead)
    return all(
        one.due_date is not None and one.due_date - ahead >= until and not one.overdue_minor for one in account.claims
    )


def look_ahead(account: Account, policy: Policy, law: Law, terms: Terms, until: date) -> Prospect:
    """The steps from the account's day to `until`, both included. Pure; deciding on every day gives the same (a test).

    `terms` are those of the claims whose due dates differ. The account's day is not after `until`.
    """
    day, steps, away = account.day, account.steps, frozenset[str]()
    coming: list[Coming] = []
    decided = 0
    while True:
        present = on_day(account, day, terms, steps=steps, away=away)
        decision = decide(present, policy, law)
        decided += 1
        if moves(decision):
            coming.append(_coming(decision))
            if decision.action == "escalate":
                away |= set(decision.claims)
            else:
                steps = (*steps, PriorStep(step=decision.step, taken_on=day, channel=ORIGIN, origin=ORIGIN))
        if day >= until:
            return Prospect(tuple(coming), decision, decided)
        day = day + ONE_DAY if moves(decision) else min(_next_day(present, decision, policy, law, terms), until)


def on_day(account: Account, day: date, terms: Terms, *, steps: tuple[PriorStep, ...], away: frozenset[str]) -> Account:
    """The account as it will be on a later day, with these steps taken and these claims handed over."""
    claims = tuple(_claim_on(one, day, terms, is_away=one.claim in away) for one in account.claims)
    return account.model_copy(update={"day": day, "claims": claims, "steps": steps})


def _claim_on(claim: Claim, day: date, terms: Terms, *, is_away: bool) -> Claim:
    overdue = _overdue(claim, day, terms)
    if overdue == claim.overdue_minor and not is_away:
        return claim
    return claim.model_copy(update={"overdue_minor": overdue, "case_ref": ORIGIN if is_away else claim.case_ref})


def _overdue(claim: Claim, day: date, terms: Terms) -> int:
    known = terms.get((claim.claim, claim.currency))
    if known:
        return sum(minor for due, minor in known if due < day)
    if claim.due_date is None or claim.due_date >= day:
        return claim.overdue_minor
    return claim.open_minor


def _next_day(account: Account, decision: Decision, policy: Policy, law: Law, terms: Terms) -> date:
    """The next day on which a step may come.

    Before the policy's own bound none does. Where that bound is tomorrow, it may be so every day: an amount falls short
    until another claim is due. Then the calendar of the account tells the next day on which anything turns.
    """
    way = way_of(account, policy)
    account, ladder = at_agency(account, way), way.ladder
    day, bound = account.day, decision.not_before
    if ladder is None:
        # Which segment a debtor is in does not hang on the day.
        return date.max
    if decision.action == "undecided":
        standing = read_standing(account, ladder.policy, law)
        bound = first_possible(standing, ladder.ahead(standing.taken), ladder)
    turns: Iterator[date] = _turns_of_facts(account)
    if bound is not None:
        turns = chain(turns, [bound] if bound > day + ONE_DAY else _turns_of_claims(account, ladder, law, terms))
    return min((one for one in turns if one > day), default=date.max)


def _turns_of_facts(account: Account) -> Iterator[date]:
    """The days on which something that was said begins or ends to count; of what few debtors have, every day."""
    if account.promises or account.payment_plans or account.circumstances or account.lookups:
        yield account.day + ONE_DAY
    for step in account.steps:
        yield step.taken_on
    for letter in account.letters:
        yield letter.sent_on
    for hold in account.holds:
        yield hold.since
        if hold.until and hold.until < date.max:
            yield hold.until + ONE_DAY
    for dispute in account.disputes:
        if dispute.settled_on:
            yield dispute.settled_on


def _turns_of_claims(account: Account, ladder: Ladder, law: Law, terms: Terms) -> Iterator[date]:
    """The days on which a claim falls due, is old enough for a step, may go by law, or a step is long enough ago."""
    asks_law = any(rung.asks_law for rung in ladder.rungs)
    elsewhere = ladder.policy.gates.lawful.elsewhere == "allowed"
    marks = {mark for one in ladder.policy.routes for mark in (one.from_days, one.below_days) if mark} | {1}
    if any(rung.plugins for rung in ladder.rungs):
        yield account.day + ONE_DAY
    for claim in account.claims:
        if claim.due_date is None:
            continue
        dues = {claim.due_date, claim.last_due_date or claim.due_date}
        dues |= {due for due, _ in terms.get((claim.claim, claim.currency), ())}
        yield from (_later(due, timedelta(days=mark)) for due in dues for mark in marks)
        yield from (rung.step.ripe_on(due) for due in dues for rung in ladder.rungs if due.year < _LAST_YEAR)
        if asks_law:
            yield ask_the_law(law, account, claim, elsewhere=elsewhere).earliest or date.min
    for rung in ladder.rungs:
        if rung.step.after:
            wait = timedelta(days=rung.step.after.days)
            yield from (_later(one.taken_on, wait) for one in account.steps if one.step == rung.step.after.step)


def _later(day: date, wait: timedelta) -> date:
    """Dates end at 9999."""
    return day + wait if date.max - day > wait else date.max


def _coming(decision: Decision) -> Coming:
    return Coming(
        decision.debtor_id,
        decision.day,
        decision.action,
        decision.step,
        decision.amount_minor,
        decision.currency,
        len(decision.claims),
    )
