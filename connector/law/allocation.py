"""What a payment goes to: first costs, then interest, then principal; and to which of several debts."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connector.model.record import Record

DUTCH = "art. 6:44 BW"
DUTCH_SEVERAL = "art. 6:43 BW"
BELGIAN = "art. 5.210 Civil Code"
BELGIAN_OLD = "art. 1254 old Civil Code"
_NEW_BELGIAN_CODE = date(2023, 1, 1)


class Owed(Record):
    """What is owed of one debt, in cents: costs, interest that has run, principal."""

    costs_minor: int = 0
    interest_minor: int = 0
    principal_minor: int = 0

    @property
    def total_minor(self) -> int:
        """All of it."""
        return self.costs_minor + self.interest_minor + self.principal_minor


class Payment(Record):
    """Money received: on which day, and how much, in cents."""

    received_on: date
    amount_minor: int


class Allocation(Record):
    """Where a payment went, what is left of the debt, and what was paid too much; in cents."""

    article: str
    paid: Owed
    left: Owed
    unused_minor: int


class Debt(Record):
    """One of several debts of a debtor to one creditor.

    - `key`: names the debt.
    - `due_on`: from when on it can be demanded; also which is the oldest.
    - `yearly_percent`: the interest it bears: the higher, the more onerous.
    """

    key: str
    owed: Owed
    due_on: date
    yearly_percent: Decimal = Decimal(0)


def belgian_article(contract_concluded: date) -> str:
    """Which article orders payments on a Belgian debt: the new Civil Code holds for acts from 1 January 2023."""
    return BELGIAN if contract_concluded >= _NEW_BELGIAN_CODE else BELGIAN_OLD


def allocate(owed: Owed, payment_minor: int, article: str = DUTCH) -> Allocation:
    """Set a payment off against costs, then interest that has run, then principal.

    Art. 6:44 BW; art. 5.210 Civil Code, art. 1254 old Civil Code. The creditor may agree to another order, and may
    refuse one that the debtor names (art. 6:44 lid 2 BW).
    """
    costs = min(payment_minor, owed.costs_minor)
    interest = min(payment_minor - costs, owed.interest_minor)
    principal = min(payment_minor - costs - interest, owed.principal_minor)
    left = Owed(
        costs_minor=owed.costs_minor - costs,
        interest_minor=owed.interest_minor - interest,
        principal_minor=owed.principal_minor - principal,
    )
    paid = Owed(costs_minor=costs, interest_minor=interest, principal_minor=principal)
    return Allocation(article=article, paid=paid, left=left, unused_minor=payment_minor - paid.total_minor)


def allocate_over(
    debts: Sequence[Debt], payment_minor: int, paid_on: date, *, named: str = ""
) -> tuple[dict[str, Allocation], int]:
    """A payment over several debts: by their key, and what is left over, in cents. Art. 6:43 BW.

    First the debt that the debtor `named`. Else those that are due; among them the most onerous, which is the one with
    the highest interest; among those the oldest; what is alike shares in proportion, odd cents to the first.
    """
    left = payment_minor
    found: dict[str, Allocation] = {}
    for alike in _ranks(debts, paid_on, named):
        shares = _shares([debt.owed.total_minor for debt in alike], left)
        for debt, share in zip(alike, shares, strict=True):
            found[debt.key] = allocate(debt.owed, share, f"{DUTCH_SEVERAL}, {DUTCH}")
        left -= sum(shares)
    return found, left


def _ranks(debts: Sequence[Debt], paid_on: date, named: str) -> list[list[Debt]]:
    """The debts in the order in which they are paid; those that are alike together."""
    ranks: dict[tuple[bool, bool, Decimal, date], list[Debt]] = {}
    for debt in debts:
        due = debt.due_on <= paid_on
        rank = (debt.key != named, not due, -debt.yearly_percent, debt.due_on)
        ranks.setdefault(rank, []).append(debt)
    return [ranks[rank] for rank in sorted(ranks)]


def _shares(owed: Sequence[int], payment_minor: int) -> list[int]:
    """Each debt's share of a payment, in proportion to what is owed, to the cent."""
    whole = sum(owed)
    if payment_minor >= whole:
        return list(owed)
    shares = [payment_minor * one // whole for one in owed]
    odd = payment_minor - sum(shares)
    for place, one in enumerate(owed):
        if odd and shares[place] < one:
            shares[place] += 1
            odd -= 1
    return shares
