"""What became of promises to pay and payment plans: computed from what is open today, and from nothing else.

What was paid since is what was open of the claims then less what is open of them now, claim by claim; a claim that grew
meanwhile takes nothing off what was paid for another. A credit note, a write-off or a direct debit on its way lowers
what is open as well, and counts as paid: nobody breaks his word because the creditor asks for less. Credit that nobody
has matched to an invoice may be the missing payment: while it is large enough to be, a plan is neither kept nor broken.
"""

from datetime import date, timedelta
from typing import Literal, NamedTuple

from connector.model import Account, PaymentPlanFact, PromiseFact
from connector.policy.policy import Gates, PaymentPlanGate, PromiseGate
from connector.policy.records import money_text

_ONE_DAY = timedelta(days=1)
# Days are added to a day, and dates end at 9999.
_LAST_YEAR = 9900

State = Literal["running", "kept", "broken", "over", "unclear"]


class Promised(NamedTuple):
    """A promise or payment plan as it stands on the account's day.

    - `state`: `kept` is also a plan that is paid off; `over` was ended by a person, or nobody can tell how a promise
      came out after its day; `unclear` is a plan of which a fact is missing.
    - `claims`: the keys of its claims; empty: nobody knows which, and it stops the debtor.
    - `ends`: the first day on which it stops nothing, if nothing more is paid; None: over already, or not known.
    - `matters`: something of its claims is open still.
    - `before`: before which steps the policy asks for it.
    """

    kind: Literal["promise", "payment_plan"]
    state: State
    claims: frozenset[str]
    seen: str
    origin: str
    ends: date | None
    matters: bool
    before: str

    @property
    def stops(self) -> bool:
        """Whether its claims are left alone today."""
        return self.matters and self.state in ("running", "unclear")


class _Books(NamedTuple):
    """What is open today, in minor units: by claim and currency, and as credit by currency."""

    day: date
    claims: dict[str, dict[str, int]]
    credit: dict[str, int]


class _Outcome(NamedTuple):
    state: State
    seen: str
    ends: date | None = None


def read_promised(account: Account, gates: Gates) -> tuple[Promised, ...]:
    """How every promise and payment plan of an account stands, in the order in which they were recorded."""
    books = _read_books(account)
    promises = (_named(one, _promise(one, books, gates.promise), books, gates.promise) for one in account.promises)
    plans = (
        _named(one, _plan(one, books, gates.payment_plan), books, gates.payment_plan) for one in account.payment_plans
    )
    return (*promises, *plans)


def _read_books(account: Account) -> _Books:
    claims: dict[str, dict[str, int]] = {}
    credit = {currency: minor for currency, minor in account.credit_minor.items() if minor > 0}
    for one in account.claims:
        if one.open_minor or one.in_collection_minor:
            amounts = claims.setdefault(one.claim, {})
            amounts[one.currency] = amounts.get(one.currency, 0) + one.open_minor
        if one.open_minor < 0:
            credit[one.currency] = credit.get(one.currency, 0) - one.open_minor
    return _Books(account.day, claims, credit)


def _named(
    fact: PromiseFact | PaymentPlanFact, outcome: _Outcome, books: _Books, gate: PromiseGate | PaymentPlanGate
) -> Promised:
    matters = not fact.claims or any(claim in books.claims for claim in fact.claims)
    seen = f"{outcome.seen} ({fact.reason})" if fact.reason else outcome.seen
    if isinstance(fact, PromiseFact):
        kind: Literal["promise", "payment_plan"] = "promise"
        origin = fact.origin or "promises to pay"
    else:
        kind, origin = "payment_plan", fact.origin or "payment plans"
    return Promised(kind, outcome.state, frozenset(fact.claims), seen, origin, outcome.ends, matters, gate.before)


def _promise(fact: PromiseFact, books: _Books, gate: PromiseGate) -> _Outcome:
    said = f"promised {money_text(fact.amount_minor, fact.currency)} by {fact.pay_by}"
    if _is_ended(fact, books):
        return _Outcome("over", f"{said}, withdrawn on {fact.ended_on}")
    free = _first_free(fact.pay_by, gate.grace_days)
    if free is None or books.day < free:
        return _Outcome("running", f"{said}, on {fact.made_on}", _earlier(free, fact.ended_on))
    why = _unknown(fact, books)
    if why:
        return _Outcome("over", f"{said}, and nobody can tell whether it was paid: {why}")
    short = min(fact.amount_minor, sum(fact.claims.values())) - _paid(fact, books)
    if short <= 0:
        return _Outcome("kept", f"{said}, kept")
    return _Outcome("broken", f"{said}, broken: {money_text(short, fact.currency)} short")


def _plan(fact: PaymentPlanFact, books: _Books, gate: PaymentPlanGate) -> _Outcome:
    said = f"payment plan of {fact.agreed_on}"
    if _is_ended(fact, books):
        return _Outcome("over", f"{said} ended on {fact.ended_on}")
    why = _unknown(fact, books)
    if why:
        return _Outcome("unclear", f"{said}: {why}", fact.ended_on)
    paid, most = _paid(fact, books), sum(fact.claims.values())
    wanted = missing = 0
    first: date | None = None
    for one in sorted(fact.instalments, key=lambda one: one.due_on):
        wanted += one.amount_minor
        if min(wanted, most) <= paid:
            continue
        free = _first_free(one.due_on, gate.grace_days)
        if free is None or books.day < free:
            if first is None:
                next_one = f"next {money_text(min(wanted, most) - paid, fact.currency)} by {one.due_on}"
                return _Outcome("running", f"{said} runs, {next_one}", _earlier(free, fact.ended_on))
            break
        first, missing = first or one.due_on, min(wanted, most) - paid
    if first is None:
        return _Outcome("kept", f"{said} is paid off")
    return _broken(fact, books, said, first=first, missing=missing)


def _broken(fact: PaymentPlanFact, books: _Books, said: str, *, first: date, missing: int) -> _Outcome:
    amount = money_text(missing, fact.currency)
    credit = books.credit.get(fact.currency, 0)
    if credit >= missing:
        perhaps = f"{money_text(credit, fact.currency)} of credit is not matched to an invoice yet"
        return _Outcome("unclear", f"{said}: {amount} is missing since {first}, and {perhaps}", fact.ended_on)
    in_one = next(one for one in fact.instalments if one.due_on == first).amount_minor >= missing
    part = f"of the instalment of {first} is missing" if in_one else f"is missing, from the instalment of {first} on"
    return _Outcome("broken", f"{said} broken: {amount} {part}")


def _is_ended(fact: PromiseFact | PaymentPlanFact, books: _Books) -> bool:
    return fact.ended_on is not None and fact.ended_on <= books.day


def _unknown(fact: PromiseFact | PaymentPlanFact, books: _Books) -> str:
    """Why nobody can tell what was paid, or empty."""
    if not fact.claims:
        return "it is not known which invoices it is about"
    others = {other for claim in fact.claims for other in books.claims.get(claim, ()) if other != fact.currency}
    return f"it is in {fact.currency}, and its invoices are in {', '.join(sorted(others))}" if others else ""


def _paid(fact: PromiseFact | PaymentPlanFact, books: _Books) -> int:
    now = ((then, books.claims.get(claim, {}).get(fact.currency, 0)) for claim, then in fact.claims.items())
    return sum(max(0, then - still) for then, still in now)


def _first_free(last: date, grace_days: int) -> date | None:
    """The day after the last one and the days of grace; None beyond what anybody plans."""
    return last + timedelta(days=grace_days) + _ONE_DAY if last.year <= _LAST_YEAR else None


def _earlier(one: date | None, other: date | None) -> date | None:
    return min(one, other) if one and other else one or other
