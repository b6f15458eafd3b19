"""The fingerprint of what was seen of an account, so that a plan can tell whether anything changed since."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter

from connector.model import (
    Account,
    Circumstance,
    Claim,
    HoldFact,
    LegalFacts,
    LetterFact,
    PaymentPlanFact,
    PromiseFact,
    RegisterFact,
)

ClaimFacts = tuple[str, str, int, int, int, date | None, str, bool]

# Reading a record's dict costs half of reading its attributes; this is most of the work on a quiet ledger.
_facts = itemgetter(
    "claim", "currency", "open_minor", "overdue_minor", "in_collection_minor", "due_date", "case_ref", "whole"
)


def claim_facts(claims: Iterable[Claim]) -> list[ClaimFacts]:
    """Of each claim: key, currency, open, overdue and in collection (minor units), due date, hand-over, whole."""
    return [_facts(claim.__dict__) for claim in claims]


_about_debtor = itemgetter(
    "debtor_kind", "debtor_country", "debtor_blocked", "calibrated", "legal", "credit_minor", "steps", "holds",
    "disputes", "letters", "promises", "payment_plans", "circumstances", "lookups",
)  # fmt: skip
_grouped = itemgetter("debtor_language", "debtor_postcode", "debtor_group")


def fingerprint(account: Account, claims: list[ClaimFacts] | None = None) -> str:
    """16 hexadecimal digits over the facts a decision rests on, in any order of the claims, steps, holds and so on.

    The day is left out, and with it which part of a claim is overdue: those follow from the calendar. Texts for
    people (names, numbers, descriptions, reasons) are left out as well. Whoever carries out a plan later also
    compares step, claims and amount, which move with the day. `claims` are its `claim_facts`, where at hand.
    """
    # Lengths stand before free texts, so that no key can pass for other facts.
    seen = [
        f"{len(key)}:{key}{currency}{still_open}@{due.toordinal() if due else ''}"
        if whole and not collecting and not case_ref
        else f"{len(key)}:{key}{currency}{still_open}@{due}/{collecting}/{whole:d}/{len(case_ref)}:{case_ref}"
        for key, currency, still_open, _, collecting, due, case_ref, whole in claims or claim_facts(account.claims)
    ]
    seen.sort()
    kind, country, blocked, calibrated, legal, *past, befell, looked_up = _about_debtor(account.__dict__)
    text = "\n".join(seen) + f"\n{kind}{blocked:d}{calibrated:d}{len(country)}:{country}{_stated(legal)}"
    if any(past):
        text += repr(_past(account))
    if account.promises or account.payment_plans:
        text += repr((sorted(map(_promise, account.promises)), sorted(map(_plan, account.payment_plans))))
    groups = _grouped(account.__dict__)
    products = sorted([(one.claim, one.product_group) for one in account.claims if one.product_group])
    if any(groups) or products:
        text += repr((*groups, *products))
    if befell or looked_up:
        text += repr((_befell(befell), _looked_up(looked_up)))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _past(account: Account) -> tuple[list[tuple[str | int, ...]], ...]:
    """What most debtors have none of: credit, steps taken, holds, disputes, letters."""
    return (
        sorted(account.credit_minor.items()),
        sorted([(one.step, one.taken_on.toordinal()) for one in account.steps]),
        sorted([_hold(one) for one in account.holds]),
        sorted([(one.claim, one.opened_on.toordinal(), _day(one.settled_on)) for one in account.disputes]),
        sorted([_evidence(one) for one in account.letters]),
    )


def _hold(one: HoldFact) -> tuple[str | int, ...]:
    stated = (one.scope, one.key, one.since.toordinal(), _day(one.until))
    return stated if one.before == "every step" else (*stated, one.before)


def _promise(one: PromiseFact) -> tuple[object, ...]:
    stated = (one.made_on.toordinal(), one.pay_by.toordinal(), one.amount_minor, one.currency, _day(one.ended_on))
    return (*stated, sorted(one.claims.items()))


def _plan(one: PaymentPlanFact) -> tuple[object, ...]:
    parts = [(part.due_on.toordinal(), part.amount_minor) for part in one.instalments]
    return (one.agreed_on.toordinal(), sorted(parts), one.currency, _day(one.ended_on), sorted(one.claims.items()))


def _evidence(one: LetterFact) -> tuple[str | int, ...]:
    sent = (one.kind, one.channel, one.sent_on.toordinal(), _day(one.delivered_on), one.disputed, one.days or 0)
    return (*sent, one.valid, bool(one.document), *sorted(one.claims))


def _befell(facts: Iterable[Circumstance]) -> list[tuple[str | int, ...]]:
    return sorted(
        (one.kind, one.regime, one.country, one.since.toordinal(), _day(one.until), one.reference, one.administrator)
        for one in facts
    )


def _looked_up(facts: Iterable[RegisterFact]) -> list[tuple[str | int, ...]]:
    return sorted((one.register_name, one.looked_up.toordinal(), one.found) for one in facts)


@lru_cache(maxsize=256)
def _stated(legal: LegalFacts) -> str:
    return "/".join(str(answer) for answer in legal.model_dump(exclude={"stated_on", "stated_by"}).values())


def _day(day: date | None) -> int:
    return day.toordinal() if day else 0
