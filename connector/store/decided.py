"""What the newest decision on each debtor was made of, and taking it over into another plan."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import case, func, insert, literal, select, update

from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.tables import decided, decision


class Decided(NamedTuple):
    """The newest decision on a debtor, without its reasons. See `tables.decided`."""

    plan_id: int
    read: str
    rules: str
    said: str
    day: date
    until: date
    action: str
    change: str
    facts: str

    def holds_for(self, read: str, rules: str, day: date) -> bool:
        """Whether deciding again, of what these digests stand for, would come out the same on a day."""
        return (self.read, self.rules) == (read, rules) and self.day <= day < self.until

    @property
    def says_more(self) -> bool:
        """Whether it says more than that nothing comes: then each plan has a row for it."""
        return self.action != "none" or self.change == "held"


def newest(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, Decided]:
    """By debtor; of whom it is not known what his decision was made of is missing."""
    mine, its = decided.c, decision.c
    query = (
        select(
            mine.debtor_id, mine.plan_id, mine.read, mine.rules, mine.said, mine.day, mine.until, its.action,
            its.change, its.facts,
        )
        .join_from(decided, decision, (its.plan_id == mine.plan_id) & (its.debtor_id == mine.debtor_id))
        .where(mine.ledger == ledger, among(tx, mine.debtor_id, ids))
    )  # fmt: skip
    rows: Iterable[Any] = tx.execute(query)
    return {key: Decided(*rest) for key, *rest in rows}


class Made(NamedTuple):
    """A decision that was made: the plan that has it, the digests of what was read and of what it says, until when."""

    debtor_id: str
    plan_id: int
    read: str
    said: str
    until: date


def remember(tx: Tx, ledger: str, *, rules: str, day: date, made: Iterable[Made]) -> None:
    """Keep what decisions were made of on a day."""
    rows = [(ledger, one.debtor_id, one.plan_id, one.read, rules, one.said, day, one.until) for one in made]
    bulk_upsert(tx, decided, rows)


def take_over(tx: Tx, ledger: str, plan_id: int, before: int, ids: Sequence[str]) -> None:
    """The decisions of the plan `before` on these debtors stand in another plan as well, as unchanged.

    Their bodies are kept once.
    """
    its = decision.c
    change = case((its.action == "undecided", "undecided"), (its.action == "none", "held"), else_="unchanged")
    other = {"plan_id": literal(plan_id), "change": change, "same_as": func.coalesce(its.same_as, its.plan_id)}
    other |= dict.fromkeys(("change_why", "body", "outcome", "outcome_why", "case_ref"), literal(""))
    source = select(*(other.get(column.name, column) for column in its)).where(
        its.plan_id == before, among(tx, its.debtor_id, ids)
    )
    tx.execute(insert(decision).from_select([column.name for column in its], source))
    of_these = (decided.c.ledger == ledger, among(tx, decided.c.debtor_id, ids))
    tx.execute(update(decided).where(*of_these).values(plan_id=plan_id))
