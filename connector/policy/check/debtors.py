"""Debtors made up to try a policy on: one invoice, nothing paid, and what else a condition may ask about."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from connector.model import Account, Claim, DebtorKind, PriorStep
from connector.policy.policy import Policy, Step

# Any day will do: a policy counts days and knows no calendar.
DUE = date(2001, 1, 1)
_FAR = date(2100, 1, 1)
_KINDS: dict[DebtorKind, str] = {
    "consumer": "a consumer",
    "business": "a business",
    "sole_trader": "a sole trader",
    "public_body": "a public body",
    "unknown": "a debtor of unknown kind",
}
Oddity = Literal["", "credit", "blocked", "instalments"]
_ODDITIES: dict[Oddity, str] = {
    "credit": "one with credit that nobody has matched",
    "blocked": "one who is blocked in the ledger",
    "instalments": "one whose last instalment is not due yet",
}


class Trial(NamedTuple):
    """A debtor to try a policy on.

    - `owes`: after credit, in minor units of the policy's currency.
    - `seen_from`: how many days past the due date the policy sees him first: 1, or more in a new ledger.
    - `oddity`: what keeps a step from him that others get.
    """

    kind: DebtorKind
    owes: int
    seen_from: int = 1
    oddity: Oddity = ""

    @property
    def name(self) -> str:
        """What a person calls such a debtor, by what is most unusual of him."""
        if self.oddity:
            return _ODDITIES[self.oddity]
        return f"one {self.lateness}" if self.seen_from > 1 else kind_name(self.kind)

    @property
    def lateness(self) -> str:
        """Behind what a person calls a debtor who was found late."""
        return f"who is {self.seen_from} days late when he is first seen"


def ripe_after(step: Step) -> int:
    """How many days past the due date a made-up debtor is old enough for the step; negative before it."""
    return (step.ripe_on(DUE) - DUE).days


def kind_name(kind: DebtorKind) -> str:
    """`a sole trader`."""
    return _KINDS[kind]


def account(trial: Trial, policy: Policy, late: int, steps: Sequence[PriorStep], agency_case: str) -> Account:
    """The debtor's account so many days past the due date, after these steps."""
    credit = 100 if trial.oddity == "credit" else 0
    owes = trial.owes + credit
    claim = Claim(
        claim="1",
        number="the invoice",
        currency=policy.currency,
        open_minor=owes,
        overdue_minor=owes - (trial.oddity == "instalments") if late > 0 else 0,
        due_date=DUE,
        last_due_date=_FAR if trial.oddity == "instalments" else DUE,
        case_ref=agency_case,
    )
    return Account(
        ledger="check",
        debtor_id="1",
        debtor_kind=trial.kind,
        debtor_blocked=trial.oddity == "blocked",
        day=DUE + timedelta(days=late),
        claims=(claim,),
        credit_minor={policy.currency: credit} if credit else {},
        steps=tuple(steps),
    )
