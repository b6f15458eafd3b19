"""Cases that were asked back. A withdrawal stands until the agency confirms it, or refuses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select, update

from connector.store.engine import Tx
from connector.store.tables import withdrawal

Outcome = Literal["", "confirmed", "refused", "taken_back"]


@dataclass(frozen=True)
class Withdrawal:
    """A case that was asked back. `fee_minor` is the cost that was agreed to, in minor units of the case's currency."""

    id: int
    ledger: str
    case_ref: str
    asked_at: datetime
    asked_by: str
    reason: str
    fee_minor: int | None
    ended_at: datetime | None
    outcome: Outcome
    why: str


def begin(tx: Tx, ledger: str, case_ref: str, *, by: str, reason: str, fee_minor: int | None, at: datetime) -> None:
    """A person asked the case back. The database refuses a second withdrawal while one stands."""
    tx.execute(
        insert(withdrawal).values(
            ledger=ledger, case_ref=case_ref, asked_at=at, asked_by=by, reason=reason, fee_minor=fee_minor,
            outcome="", why="",
        )
    )  # fmt: skip


def end(tx: Tx, case_ref: str, outcome: Outcome, *, at: datetime, why: str = "") -> bool:
    """The withdrawal of a case stands no more. False when none stood."""
    where = (withdrawal.c.case_ref == case_ref, withdrawal.c.ended_at.is_(None))
    return tx.execute(update(withdrawal).where(*where).values(ended_at=at, outcome=outcome, why=why)).rowcount > 0


def standing(tx: Tx, ledger: str) -> dict[str, Withdrawal]:
    """The withdrawals of a ledger that wait for the agency, by case."""
    query = select(withdrawal).where(withdrawal.c.ledger == ledger, withdrawal.c.ended_at.is_(None))
    return {row.case_ref: Withdrawal(**row._mapping) for row in tx.execute(query.order_by(withdrawal.c.id))}


def of_case(tx: Tx, case_ref: str) -> list[Withdrawal]:
    """All withdrawals of a case, oldest first."""
    query = select(withdrawal).where(withdrawal.c.case_ref == case_ref).order_by(withdrawal.c.id)
    return [Withdrawal(**row._mapping) for row in tx.execute(query)]
