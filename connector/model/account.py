"""What the rule layer sees of one debtor on one day, and what it decides."""

from datetime import date
from typing import Literal

from pydantic import Field

from connector.model.case import PriorStep
from connector.model.circumstances import Circumstance, RegisterFact
from connector.model.evidence import LegalFacts, LetterFact, Receiver, Verdict
from connector.model.money import Currency
from connector.model.party import DebtorKind
from connector.model.promise import PaymentPlanFact, PromiseFact
from connector.model.record import Record

StepAction = Literal["none", "remind", "notice", "call", "escalate", "undecided"]


class Claim(Record):
    """One claim of an account: the rows of one invoice, added up. Amounts are integer minor units.

    - `open_minor`: open and not on its way by direct debit; `overdue_minor`: the part of it past its due date.
    - `in_collection_minor`: on its way by direct debit.
    - `due_date`: the earliest due date of an open row; None when the source gave none. `last_due_date`: the latest.
    - `case_ref`: the live hand-over of this claim, or empty.
    - `product_group`: what was sold, as the source groups it; empty: not known.
    - `whole`: its rows add up to the invoiced amount. A claim that is not whole is being changed at the source.
    """

    claim: str
    number: str
    kind: Literal["invoice", "opening", "other"] = "invoice"
    currency: Currency
    open_minor: int
    overdue_minor: int = 0
    in_collection_minor: int = 0
    original_minor: int = 0
    invoice_date: date | None = None
    due_date: date | None = None
    last_due_date: date | None = None
    case_ref: str = ""
    whole: bool = True
    description: str = ""
    payment_reference: str = ""
    product_group: str = ""


class HoldFact(Record):
    """Somebody asked to leave this debtor, claim or ledger alone. `until` is the last day, None without end.

    `before`: which steps it stops; `escalate` is a veto on the hand-over alone, all else goes on.
    """

    scope: Literal["ledger", "debtor", "claim"]
    key: str
    since: date
    until: date | None = None
    reason: str = ""
    origin: str = ""
    before: Literal["every step", "escalate"] = "every step"


class DisputeFact(Record):
    """The debtor disputes. `claim` empty means everything. Open while `settled_on` is None."""

    claim: str = ""
    opened_on: date
    settled_on: date | None = None
    reason: str = ""
    origin: str = ""


class Account(Record):
    """One debtor's open items in one ledger, netted, on `day`, with what else is known of the debtor.

    `credit_minor`: open credit notes and unallocated receipts per currency, as positive minor units.
    `calibrated`: the source vouches for the sign of its amounts; False makes every escalation undecided.
    `debtor_language`: ISO 639-1; `debtor_group`: the customer group, as the source names it. Empty: not known.
    `letters`: what was sent, as evidence; `legal`: what the ledger's file says of all its claims, for the law.
    `promises`, `payment_plans`: what the debtor promised and agreed to, those that are over as well.
    `receivers`: where the ledger has several agencies, what each is by law, by connection; for who would go there it
    stands in place of the one in `legal`.
    `circumstances`: what befell the debtor; `lookups`: the public registers in which somebody looked.
    """

    ledger: str
    debtor_id: str
    debtor_kind: DebtorKind
    debtor_country: str = ""
    debtor_blocked: bool = False
    debtor_language: str = ""
    debtor_postcode: str = ""
    debtor_group: str = ""
    day: date
    claims: tuple[Claim, ...] = ()
    credit_minor: dict[Currency, int] = Field(default_factory=dict)
    steps: tuple[PriorStep, ...] = ()
    holds: tuple[HoldFact, ...] = ()
    disputes: tuple[DisputeFact, ...] = ()
    calibrated: bool = True
    letters: tuple[LetterFact, ...] = ()
    legal: LegalFacts = LegalFacts()
    receivers: dict[str, Receiver] = Field(default_factory=dict)
    promises: tuple[PromiseFact, ...] = ()
    payment_plans: tuple[PaymentPlanFact, ...] = ()
    circumstances: tuple[Circumstance, ...] = ()
    lookups: tuple[RegisterFact, ...] = ()


class Because(Record):
    """One condition of a decision: what was asked, what was seen, where it came from, and the verdict."""

    condition: str
    asked: str
    seen: str
    origin: str
    verdict: Verdict


class ClaimSeen(Record):
    """One claim as a decision saw it, in integer minor units: what was open of it, and what of that is asked for.

    `asked_minor` is 0 for a claim that takes no part in the step.
    """

    claim: str
    number: str
    currency: Currency
    invoice_date: date | None
    due_date: date | None
    original_minor: int
    open_minor: int
    asked_minor: int


class Decision(Record):
    """What happens next to an account, and why, also when nothing happens.

    - `claims`: the claims the step is about; `amount_minor`: what it asks, net of credit.
    - `segment`: the group of debtors whose steps were asked; `destination`: the connection of the agency that is to get
      the case, empty for the first of the ledger; `channel`, `template`, `tone`: what the step says of its letter.
    - `not_before`: the first day on which the next step could come.
    - `policy` and `policy_version` name the rules, `law` the tables and readings of the law: 12 hexadecimal digits,
      empty in what an older release decided. `facts` is the fingerprint of what was seen.
    - `held_step`: the step that would come if no gate stood in its way, and `held_minor` what it would ask; empty
      and 0 where a step comes, a fact is missing, or the calendar or the amount says no as well.
    - `seen`: every open claim of the account, where a step comes, is held, or a fact is missing; else none.
    """

    ledger: str
    debtor_id: str
    day: date
    action: StepAction
    step: str
    claims: tuple[str, ...] = ()
    amount_minor: int = 0
    currency: Currency = "EUR"
    segment: str = ""
    destination: str = ""
    channel: str = ""
    template: str = ""
    tone: str = ""
    because: tuple[Because, ...] = ()
    not_before: date | None = None
    policy: str
    policy_version: str
    law: str = ""
    facts: str
    held_step: str = ""
    held_minor: int = 0
    seen: tuple[ClaimSeen, ...] = ()
