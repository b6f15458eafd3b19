"""Accounts to try a condition on: ordinary ones, odd ones, and the same ones on later days."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import get_args

from connector.model import Account, Claim, DebtorKind, DisputeFact, HoldFact, PriorStep

DAY = date(2026, 3, 2)
_MONEY = (0, 1, 99, 2_500, 123_456, 10**12, -500)


def accounts(count: int, *, seed: int = 1) -> Iterator[Account]:
    """An account with nothing at all, and then so many with anything: always the same ones."""
    yield Account(ledger="", debtor_id="", debtor_kind="unknown", day=DAY)
    chance = Random(seed)
    for number in range(count):
        yield _account(chance, number)


def later(account: Account, days: int) -> Account:
    """The same facts so many days later: what is overdue follows from the calendar."""
    day = account.day + timedelta(days=days)
    claims = tuple(
        claim.model_copy(update={"overdue_minor": claim.open_minor if claim.due_date and claim.due_date < day else 0})
        for claim in account.claims
    )
    return account.model_copy(update={"day": day, "claims": claims})


def _account(chance: Random, number: int) -> Account:
    return later(
        Account(
            ledger="administratie-7",
            debtor_id=f"debtor-{number}",
            debtor_kind=chance.choice(get_args(DebtorKind)),
            debtor_country=chance.choice(["NL", "BE", "DE", ""]),
            debtor_language=chance.choice(["nl", "fr", ""]),
            debtor_postcode=chance.choice(["1000", "1012 AB", ""]),
            debtor_group=chance.choice(["", "KEY", "é"]),
            debtor_blocked=chance.random() < 0.2,
            day=DAY,
            claims=tuple(_claim(chance, place) for place in range(chance.randint(0, 4))),
            credit_minor=chance.choice([{}, {}, {"EUR": 2_500}, {"USD": 1}]),
            steps=tuple(_step(chance) for _ in range(chance.randint(0, 2))),
            holds=tuple(_hold(chance) for _ in range(chance.randint(0, 1))),
            disputes=tuple(_dispute(chance) for _ in range(chance.randint(0, 1))),
            calibrated=chance.random() < 0.9,
        ),
        0,
    )


def _claim(chance: Random, place: int) -> Claim:
    return Claim(
        claim=f"item-{place}",
        number=chance.choice(["", f"2026-{place}"]),
        currency=chance.choice(["EUR", "EUR", "EUR", "USD", "JPY"]),
        open_minor=chance.choice(_MONEY),
        in_collection_minor=chance.choice([0, 0, 0, 700]),
        original_minor=chance.choice(_MONEY),
        invoice_date=chance.choice([None, _day(chance)]),
        due_date=chance.choice([None, _day(chance), _day(chance), _day(chance)]),
        case_ref=chance.choice(["", "", "", "C-1"]),
        whole=chance.random() < 0.9,
        product_group=chance.choice(["", "gas"]),
    )


def _step(chance: Random) -> PriorStep:
    return PriorStep(step=chance.choice(["remind", "notice", "other"]), taken_on=_day(chance))


def _hold(chance: Random) -> HoldFact:
    return HoldFact(scope="debtor", key="debtor", since=_day(chance), until=chance.choice([None, _day(chance)]))


def _dispute(chance: Random) -> DisputeFact:
    return DisputeFact(opened_on=_day(chance), settled_on=chance.choice([None, _day(chance)]))


def _day(chance: Random) -> date:
    return DAY + timedelta(days=chance.randint(-400, 60))
