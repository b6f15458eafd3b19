"""How an account stands: one pass over its claims gives what every condition asks about."""

from datetime import date, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple, TypeVar

from connector.law.law import Law
from connector.model import Account, Claim, DisputeFact, HoldFact, PriorStep, Verdict
from connector.policy.facts import ClaimFacts, claim_facts
from connector.policy.policy import Policy
from connector.policy.promised import Promised, read_promised
from connector.policy.records import money_text

ONE_DAY = timedelta(days=1)

_FACTS = itemgetter("day", "claims", "credit_minor", "steps", "holds", "disputes", "promises", "payment_plans")

Mark = DisputeFact | HoldFact | Promised
"""What sets a claim aside, or stops the debtor, because somebody said so."""
_M = TypeVar("_M", bound=Mark)


class Aside(NamedTuple):
    """A claim that takes no part, and why. `verdict` is unknown where a fact is missing; `ends` is the first day
    on which the claim takes part again, where that is known.
    """

    claim: Claim
    code: str
    asked: str
    seen: str
    origin: str
    verdict: Verdict
    ends: date | None = None


class Standing(NamedTuple):
    """An account as the conditions see it. Amounts in minor units of the policy's currency.

    - `facts`: what was read of each claim.
    - `overdue`, `later`: the claims that take part, past their due date or not; `aside`: those that do not.
    - `oldest`: the overdue claim with the earliest due date; `late`: how many days that is ago, else 0.
    - `first_due`: the earliest due date of the claims that take part.
    - `credit_minor`: what the debtor has to his credit in this currency; `foreign_credit`: in which others.
    - `taken`: the latest of each step taken since `first_due`: an older one was about claims that are settled.
    - `law`: the tables of the law and the readings taken.
    - `promised`: how the promises to pay and payment plans stand.
    """

    account: Account
    facts: list[ClaimFacts]
    overdue: list[Claim]
    later: list[Claim]
    aside: list[Aside]
    overdue_minor: int
    open_minor: int
    credit_minor: int
    foreign_credit: tuple[str, ...]
    oldest: Claim | None
    late: int
    first_due: date | None
    taken: dict[str, PriorStep]
    law: Law
    promised: tuple[Promised, ...] = ()


@lru_cache(maxsize=1)
def _shipped() -> Law:
    return Law()


def read_standing(account: Account, policy: Policy, law: Law | None = None) -> Standing:
    """Sort the claims into overdue, later and aside, add them up, and find which steps still count.

    `law`: left out, what is shipped.
    """
    currency = policy.currency
    day, claims, credit, steps, holds, disputes, promises, plans = _FACTS(account.__dict__)
    promised = read_promised(account, policy.gates) if promises or plans else ()
    marked = _marked_claims(account, promised) if holds or disputes or promised else {}
    ignore_whole = policy.gates.whole.stops == "nothing"
    overdue: list[Claim] = []
    later: list[Claim] = []
    aside: list[Aside] = []
    overdue_minor = open_minor = negative_minor = 0
    oldest: Claim | None = None
    oldest_due = later_due = date.max
    foreign = {other for other, minor in credit.items() if minor > 0 and other != currency} if credit else set()
    facts = claim_facts(claims)
    for claim, seen in zip(claims, facts, strict=True):
        key, own, still_open, past_due, collecting, due, case_ref, whole = seen
        if still_open < 0:
            # Overpaid or credited beyond its amount: in the debtor's favour until somebody matches it.
            if own == currency:
                negative_minor -= still_open
            else:
                foreign.add(own)
        elif not still_open and not collecting:
            continue
        elif (
            case_ref
            or collecting
            or own != currency
            or due is None
            or not (whole or ignore_whole)
            or (marked and key in marked)
        ):
            aside.append(_set_aside(claim, marked.get(key), policy))
        else:
            open_minor += still_open
            if due < day and past_due > 0:
                overdue.append(claim)
                overdue_minor += past_due if past_due < still_open else still_open
                if due < oldest_due:
                    oldest, oldest_due = claim, due
            else:
                later.append(claim)
                if due < later_due:
                    later_due = due
    first_due = oldest_due if oldest else (later_due if later else None)
    taken = steps_that_count(account, policy, first_due) if steps and first_due else {}
    return Standing(
        account, facts, overdue, later, aside, overdue_minor, open_minor,
        (max(0, credit.get(currency, 0)) if credit else 0) + negative_minor,
        tuple(sorted(foreign)) if foreign else (), oldest, (day - oldest_due).days if oldest else 0, first_due,
        taken, law or _shipped(), promised,
    )  # fmt: skip


def for_hand_over(standing: Standing) -> Standing:
    """The account as a hand-over sees it: an invoice of which a term is not due yet stays at home whole.

    One invoice has one live hand-over. Which of its terms a payment settles is the source's to say, and after a
    split or an un-matching it says so for the invoice only: a part of one could be collected twice.
    """
    asides = [_wait_for_last_term(claim) for claim in standing.overdue if claim.overdue_minor < claim.open_minor]
    if standing.promised:
        marked = _promised_claims(standing.promised, before="escalate")
        open_claims = (*standing.overdue, *standing.later)
        asides += [_promised_aside(one, marked[one.claim]) for one in open_claims if one.claim in marked]
    return leave_out(standing, asides) if asides else standing


def leave_out(standing: Standing, asides: list[Aside]) -> Standing:
    """The account without claims that took part so far."""
    gone = {id(one.claim) for one in asides}
    overdue = [claim for claim in standing.overdue if id(claim) not in gone]
    later = [claim for claim in standing.later if id(claim) not in gone]
    dated = [(claim.due_date, claim) for claim in overdue if claim.due_date]
    oldest_due, oldest = min(dated, key=itemgetter(0), default=(None, None))
    return standing._replace(
        overdue=overdue,
        later=later,
        aside=[*standing.aside, *asides],
        overdue_minor=sum(min(claim.overdue_minor, claim.open_minor) for claim in overdue),
        open_minor=sum(claim.open_minor for claim in (*overdue, *later)),
        oldest=oldest,
        late=(standing.account.day - oldest_due).days if oldest_due else 0,
        first_due=oldest_due or min((claim.due_date for claim in later if claim.due_date), default=None),
    )


def _wait_for_last_term(claim: Claim) -> Aside:
    last = claim.last_due_date
    waits = money_text(claim.open_minor - claim.overdue_minor, claim.currency)
    seen = f"{waits} is not due yet" + (f", its last term falls due on {last}" if last else "")
    asked = f"Are all terms of {claim_name(claim)} due?"
    ends = last + ONE_DAY if last and last < date.max else None
    return Aside(claim, "instalments", asked, f"no: {seen}", "the ledger", "no", ends)


def open_disputes(account: Account) -> list[DisputeFact]:
    """The disputes not settled on the account's day. One that is dated in the future counts as well."""
    return [fact for fact in account.disputes if fact.settled_on is None or fact.settled_on > account.day]


def active_holds(account: Account) -> list[HoldFact]:
    """The holds in force on the account's day; `until` is the last day of a hold."""
    day = account.day
    return [fact for fact in account.holds if fact.since <= day and (fact.until is None or fact.until >= day)]


def claim_name(claim: Claim) -> str:
    """What a person calls the claim: its invoice number, else its key."""
    return claim.number or claim.claim


def ledger_origin(account: Account) -> str:
    """Where amounts and due dates come from."""
    return f"open items of ledger {account.ledger}"


def over_from(fact: Mark) -> date | None:
    """The first day on which the dispute, hold, promise or plan no longer counts, or None when nobody knows."""
    if isinstance(fact, DisputeFact):
        return fact.settled_on
    if isinstance(fact, Promised):
        return fact.ends
    return fact.until + ONE_DAY if fact.until and fact.until < date.max else None


def steps_that_count(account: Account, policy: Policy, first_due: date) -> dict[str, PriorStep]:
    """The latest of each step taken that was not about claims from before the day on which the first fell due."""
    taken: dict[str, PriorStep] = {}
    ahead = {one.name: one.days_before_due for one in policy.steps if one.days_before_due}
    for step in account.steps:
        known = taken.get(step.step)
        counts = (first_due - step.taken_on).days <= ahead.get(step.step, 0) and step.taken_on <= account.day
        if counts and (known is None or step.taken_on > known.taken_on):
            taken[step.step] = step
    return taken


def _marked_claims(account: Account, promised: tuple[Promised, ...]) -> dict[str, Mark]:
    """The claims that somebody disputes, holds or promised to pay, each with the fact that lasts longest."""
    facts: list[tuple[str, Mark]] = [
        *((hold.key, hold) for hold in active_holds(account) if hold.scope == "claim" and hold.before == "every step"),
        *((dispute.claim, dispute) for dispute in open_disputes(account) if dispute.claim),
    ]
    marked = _longest(facts)
    # A plan of which a fact is missing says less than what surely stops the claim.
    for claim, one in _promised_claims(promised, before="every step").items():
        if claim not in marked or one.state == "running":
            marked[claim] = _longest([(claim, one), (claim, marked.get(claim, one))])[claim]
    return marked


def _promised_claims(promised: tuple[Promised, ...], *, before: str) -> dict[str, Promised]:
    """The claims of the promises and plans that stop them: each with the one that lasts longest, a sure one first."""
    stopping = [one for one in promised if one.stops and one.before == before]
    unclear = {claim: one for one in stopping if one.state == "unclear" for claim in one.claims}
    sure = _longest([(claim, one) for one in stopping if one.state == "running" for claim in one.claims])
    return unclear | sure


def _longest(facts: list[tuple[str, _M]]) -> dict[str, _M]:
    marked: dict[str, _M] = {}
    for claim, fact in facts:
        if claim not in marked or (over_from(fact) or date.max) > (over_from(marked[claim]) or date.max):
            marked[claim] = fact
    return marked


def _set_aside(claim: Claim, mark: Mark | None, policy: Policy) -> Aside:
    """The first reason that applies. Certain ones first: a disputed claim is disputed whatever else is unknown."""
    name = claim_name(claim)
    if claim.case_ref:
        asked = f"Is {name} not yet at an agency?"
        return Aside(claim, "at_agency", asked, f"at an agency as {claim.case_ref}", "hand-overs", "no")
    if claim.in_collection_minor:
        amount = money_text(claim.in_collection_minor, claim.currency)
        asked = f"Is no direct debit of {name} in progress?"
        return Aside(claim, "direct_debit", asked, f"{amount} is on its way", "the ledger", "no")
    if isinstance(mark, DisputeFact):
        seen = _since("disputed", mark.opened_on, mark.settled_on, mark.reason)
        asked, origin = f"Is {name} free of dispute?", mark.origin or "disputes"
        return Aside(claim, "disputed", asked, seen, origin, "no", over_from(mark))
    if isinstance(mark, Promised):
        return _promised_aside(claim, mark)
    if mark is not None:
        seen = _since("on hold", mark.since, mark.until, mark.reason)
        asked, origin = f"Is {name} not on hold?", mark.origin or "holds"
        return Aside(claim, "on_hold", asked, seen, origin, "no", over_from(mark))
    return _unclear(claim, name, policy)


def _promised_aside(claim: Claim, mark: Promised) -> Aside:
    name = claim_name(claim)
    asked = f"Is {name} not promised for a later day?" if mark.kind == "promise" else f"Is {name} in no payment plan?"
    verdict: Verdict = "unknown" if mark.state == "unclear" else "no"
    return Aside(claim, mark.kind, asked, mark.seen, mark.origin, verdict, mark.ends)


def _unclear(claim: Claim, name: str, policy: Policy) -> Aside:
    """A fact about the claim is missing, so that nobody can say what it counts for."""
    if claim.currency != policy.currency:
        asked = f"Is {name} in {policy.currency}, the currency of the policy?"
        return Aside(claim, "currency", asked, f"it is in {claim.currency}", "the ledger", "unknown")
    if claim.due_date is None:
        asked = f"Is the due date of {name} known?"
        return Aside(claim, "due_date", asked, "the ledger gives none", "the ledger", "unknown")
    asked = f"Do the rows of {name} add up to the invoice?"
    return Aside(claim, "whole", asked, "no: it is being changed at the source", "the ledger", "unknown")


def _since(word: str, start: date, end: date | None, reason: str) -> str:
    text = f"{word} since {start}" + (f" until {end}" if end else "")
    return f"{text}: {reason}" if reason else text


def describe(fact: Mark) -> str:
    """One dispute, hold, promise or plan in words."""
    if isinstance(fact, Promised):
        return fact.seen
    if isinstance(fact, DisputeFact):
        return _since("disputed", fact.opened_on, fact.settled_on, fact.reason)
    if fact.before == "escalate":
        return _since(f"hand-over vetoed by {fact.origin or 'somebody'}", fact.since, fact.until, fact.reason)
    return _since(f"{fact.scope} on hold", fact.since, fact.until, fact.reason)
