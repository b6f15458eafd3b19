"""The difference list: what the nightly comparison found, who owns it, since when, and how it ended."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.cases import CaseRow
from connector.store.engine import Tx
from connector.store.tables import case_check, collection_case, difference

# Who closes a difference that is gone.
PROGRAM = "incasso"


@dataclass(frozen=True)
class Found:
    """A difference as a night sees it. `about` tells several of one kind in a case apart.

    The amounts are what each side says is still to be collected, in minor units; None where it does not know.
    """

    kind: str
    case_ref: str
    seen: str
    owner: str
    about: str = ""
    number: str = ""
    currency: str = ""
    source_minor: int | None = None
    store_minor: int | None = None
    agency_minor: int | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same difference in another night."""
        return self.kind, self.case_ref, self.about

    @property
    def amounts(self) -> tuple[int | None, int | None, int | None]:
        """Source, store, agency."""
        return self.source_minor, self.store_minor, self.agency_minor


@dataclass(frozen=True)
class Difference:
    """A row of the list. It stands while `closed_at` is None; see `Found` for the amounts."""

    id: int
    ledger: str
    kind: str
    case_ref: str
    about: str
    number: str
    currency: str
    source_minor: int | None
    store_minor: int | None
    agency_minor: int | None
    seen: str
    first_seen: datetime
    last_seen: datetime
    owner: str
    note: str
    closed_at: datetime | None
    closed_by: str
    closed_why: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """As `Found.identity`."""
        return self.kind, self.case_ref, self.about

    @property
    def amounts(self) -> tuple[int | None, int | None, int | None]:
        """Source, store, agency."""
        return self.source_minor, self.store_minor, self.agency_minor


def differences(
    tx: Tx, ledger: str = "", *, closed: bool = False, case_refs: Collection[str] | None = None
) -> list[Difference]:
    """What stands on the list, oldest first; with `closed` all that ever stood there. All ledgers if none is named."""
    query = select(difference).order_by(difference.c.first_seen, difference.c.id)
    if ledger:
        query = query.where(difference.c.ledger == ledger)
    if case_refs is not None:
        query = query.where(among(tx, difference.c.case_ref, sorted(case_refs)))
    if not closed:
        query = query.where(difference.c.closed_at.is_(None))
    return [_row(row) for row in tx.execute(query)]


def read(tx: Tx, number: int) -> Difference | None:
    """A difference by its number."""
    row = tx.execute(select(difference).where(difference.c.id == number)).one_or_none()
    return _row(row) if row else None


def settle(tx: Tx, ledger: str, found: Iterable[Found], *, of_cases: Collection[str], at: datetime) -> tuple[int, int]:
    """Bring the list up to what was found in these cases: (how many are new, how many are gone).

    What a person closed comes back only with other amounts: somebody has looked at these.
    """
    rows = {one.identity: one for one in differences(tx, ledger, case_refs=of_cases)}
    dismissed = {
        (one.identity, one.amounts)
        for one in differences(tx, ledger, closed=True, case_refs=of_cases)
        if one.closed_at and one.closed_by != PROGRAM
    }
    new = 0
    for one in found:
        before = rows.pop(one.identity, None)
        if before is not None:
            facts = {"seen": one.seen, "last_seen": at, **_amounts(one)}
            tx.execute(update(difference).where(difference.c.id == before.id).values(**facts))
        elif (one.identity, one.amounts) not in dismissed:
            tx.execute(
                insert(difference).values(
                    **vars(one), ledger=ledger, first_seen=at, last_seen=at, note="", closed_by="", closed_why=""
                )
            )
            new += 1
    for gone in rows.values():
        close(tx, gone.id, at=at, by=PROGRAM, why="the sides agree again")
    return new, len(rows)


def close(tx: Tx, number: int, *, at: datetime, by: str, why: str) -> bool:
    """Take a difference off the list. False when it is not on it."""
    where = (difference.c.id == number, difference.c.closed_at.is_(None))
    return tx.execute(update(difference).where(*where).values(closed_at=at, closed_by=by, closed_why=why)).rowcount > 0


def assign(tx: Tx, number: int, *, owner: str, note: str) -> None:
    """Give a difference to somebody else; an empty note leaves the one there is."""
    values = {"owner": owner, **({"note": note} if note else {})}
    tx.execute(update(difference).where(difference.c.id == number).values(**values))


def count(tx: Tx) -> dict[str, int]:
    """How many differences stand, by ledger."""
    query = select(difference.c.ledger, func.count()).where(difference.c.closed_at.is_(None))
    rows = tx.execute(query.group_by(difference.c.ledger))
    return {row[0]: row[1] for row in rows}


def to_check(
    tx: Tx, ledger: str, connection: str, *, since: datetime, closed_after: datetime, limit: int
) -> list[CaseRow]:
    """Cases whose snapshot was not looked at since then, the one that waits longest first.

    Those that are open, those that were closed after an instant (a payment may vanish after the closing), and those
    that stand on the list.
    """
    case, check = collection_case.c, case_check.c
    listed = select(difference.c.case_ref).where(difference.c.ledger == ledger, difference.c.closed_at.is_(None))
    joined = collection_case.outerjoin(case_check, check.case_ref == case.case_ref)
    query = (
        select(collection_case)
        .select_from(joined)
        .where(
            case.ledger == ledger,
            case.connection == connection,
            or_(case.closure == "", case.closure_at >= closed_after, case.case_ref.in_(listed)),
            or_(check.at.is_(None), check.at < since),
        )
        .order_by(check.at.is_not(None), check.at, case.opened_at, case.case_ref)
        .limit(limit)
    )
    return [CaseRow(**row._mapping) for row in tx.execute(query)]


def note_checked(tx: Tx, ledger: str, case_ref: str, *, at: datetime) -> None:
    """The agency's snapshot of a case was looked at."""
    bulk_upsert(tx, case_check, [(case_ref, ledger, at)])


def _amounts(one: Found) -> dict[str, int | None]:
    return {"source_minor": one.source_minor, "store_minor": one.store_minor, "agency_minor": one.agency_minor}


def _row(row: Any) -> Difference:
    return Difference(**row._mapping)
