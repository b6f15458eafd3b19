"""Cases at agencies: their axes, their lines, and which claim has a live hand-over."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.model import Activity, Closure, Handover, Phase
from connector.store.among import among, among_named, listed
from connector.store.engine import Tx
from connector.store.outbox import ENDED
from connector.store.tables import case_line, collection_case, outbox


@dataclass(frozen=True)
class CaseRow:
    """A case with its axes. `*_at` is the instant the axis was last moved by an event, for late events."""

    case_ref: str
    ledger: str
    connection: str
    debtor_id: str
    currency: str
    plan_id: int
    opened_at: datetime
    handover: Handover
    handover_at: datetime
    phase: Phase = ""
    phase_at: datetime | None = None
    activity: Activity = "running"
    activity_at: datetime | None = None
    closure: Closure = ""
    closure_at: datetime | None = None
    closure_why: str = ""
    agency_ref: str = ""
    raw_status: str = ""
    merged_into: str = ""
    credit_hold: bool = False
    base_credit: int = 0
    next_seq: int = 0
    reported: str = ""
    report_due: bool = True


@dataclass(frozen=True)
class LineRow:
    """A claim inside a case; amounts in minor units of the case's currency. See `tables.case_line`."""

    case_ref: str
    line_id: str
    ledger: str
    claim: str
    number: str
    handed_minor: int
    base_paid: int
    base_other: int
    told_paid: int = 0
    told_credited: int = 0
    told_corrected: int = 0
    live: bool = True

    @property
    def at_agency_minor(self) -> int:
        """What is left of the line after all that the agency was told."""
        return self.handed_minor - self.told_paid - self.told_credited - self.told_corrected


class AlreadyHandedOverError(Exception):
    """A claim of the case has a live hand-over: the database refused the second."""


def open_case(tx: Tx, row: CaseRow, lines: Sequence[LineRow]) -> None:
    """Store a case with its lines, all or nothing.

    Raises AlreadyHandedOverError when a claim among them is live elsewhere, or the reference was used.
    """
    try:
        with tx.begin_nested():
            tx.execute(insert(collection_case).values(**vars(row)))
            tx.execute(insert(case_line), [vars(line) for line in lines])
    except IntegrityError as error:
        raise AlreadyHandedOverError(row.case_ref) from error


def read_case(tx: Tx, case_ref: str) -> CaseRow | None:
    """A case by our reference."""
    return next(_rows(tx.execute(select(collection_case).where(collection_case.c.case_ref == case_ref))), None)


def cases(tx: Tx, *, ledger: str = "", connection: str = "", debtor_id: str = "") -> list[CaseRow]:
    """Cases of a ledger, connection or debtor, oldest first."""
    query = select(collection_case).order_by(collection_case.c.opened_at, collection_case.c.case_ref)
    for column, value in (("ledger", ledger), ("connection", connection), ("debtor_id", debtor_id)):
        if value:
            query = query.where(collection_case.c[column] == value)
    return list(_rows(tx.execute(query)))


def agencies(tx: Tx, ledger: str) -> list[str]:
    """Connections at which a ledger has cases that are not closed, or for which messages of it have not ended."""
    case = collection_case.c
    at_work = select(case.connection).where(
        case.ledger == ledger, case.closure == "", case.handover.not_in(("draft", "rejected"))
    )
    waiting = select(outbox.c.connection).where(outbox.c.ledger == ledger, outbox.c.state.not_in(ENDED))
    return sorted(tx.scalars(at_work.union(waiting)))


def change_case(tx: Tx, case_ref: str, **values: Any) -> None:
    """Set columns of a case."""
    tx.execute(update(collection_case).where(collection_case.c.case_ref == case_ref).values(**values))


def touch(tx: Tx, case_refs: Sequence[str]) -> None:
    """Something happened to these cases: the ledger's notes are looked at again."""
    tx.execute(update(collection_case).where(among(tx, collection_case.c.case_ref, case_refs)).values(report_due=True))


def due_for_report(tx: Tx, ledger: str) -> list[CaseRow]:
    """Cases to which something happened since the ledger's note was last looked at."""
    where = (collection_case.c.ledger == ledger, collection_case.c.report_due.is_(True))
    return list(_rows(tx.execute(select(collection_case).where(*where).order_by(collection_case.c.case_ref))))


def take_seq(tx: Tx, case_ref: str) -> int:
    """The next number in the order of messages about this case."""
    seq = tx.scalar(select(collection_case.c.next_seq).where(collection_case.c.case_ref == case_ref).with_for_update())
    assert seq is not None
    change_case(tx, case_ref, next_seq=seq + 1)
    return int(seq)


def lines(tx: Tx, case_ref: str) -> list[LineRow]:
    """The lines of a case."""
    query = select(case_line).where(case_line.c.case_ref == case_ref).order_by(case_line.c.line_id)
    return [LineRow(**row._mapping) for row in tx.execute(query)]


def line_named(tx: Tx, ledger: str, line_id: str) -> LineRow | None:
    """A line by its id, which no two cases share."""
    query = select(case_line).where(case_line.c.ledger == ledger, case_line.c.line_id == line_id)
    row = tx.execute(query).first()
    return LineRow(**row._mapping) if row else None


def live_lines(tx: Tx, ledger: str, *, claims: Sequence[str] | None = None) -> list[LineRow]:
    """Lines with a live hand-over, all of them or those of the given claims."""
    query = select(case_line).where(case_line.c.ledger == ledger, case_line.c.live.is_(True))
    if claims is not None:
        query = query.where(among(tx, case_line.c.claim, claims))
    return [LineRow(**row._mapping) for row in tx.execute(query.order_by(case_line.c.case_ref, case_line.c.line_id))]


def live_claims_of(tx: Tx, ledger: str, debtor_ids: Sequence[str]) -> list[str]:
    """Claims of these debtors with a live hand-over."""
    dialect = tx.dialect.name
    return list(tx.scalars(_live_claims(dialect), {"of_ledger": ledger, "debtors": listed(dialect, debtor_ids)}))


@lru_cache
def _live_claims(dialect: str) -> Select[Any]:
    """Built once: it runs with every page of a pull."""
    return (
        select(case_line.c.claim)
        .join(collection_case, collection_case.c.case_ref == case_line.c.case_ref)
        .where(case_line.c.ledger == bindparam("of_ledger"), case_line.c.live.is_(True))
        .where(among_named(dialect, collection_case.c.debtor_id, "debtors"))
    )


def times_handed_over(tx: Tx, ledger: str, claims: Sequence[str]) -> int:
    """In how many cases one of these claims has been before, ended ones too."""
    query = select(func.count(case_line.c.case_ref.distinct())).where(
        case_line.c.ledger == ledger, among(tx, case_line.c.claim, claims)
    )
    return tx.scalar(query) or 0


def change_line(tx: Tx, line: LineRow, **values: Any) -> None:
    """Set columns of a line."""
    where = (case_line.c.case_ref == line.case_ref, case_line.c.line_id == line.line_id)
    tx.execute(update(case_line).where(*where).values(**values))


def free_lines(tx: Tx, case_ref: str, *, line_ids: Sequence[str] | None = None) -> list[str]:
    """End the live hand-over of a case's lines (or of some): the claims may be handed over again. Their claims."""
    where = [case_line.c.case_ref == case_ref, case_line.c.live.is_(True)]
    if line_ids is not None:
        where.append(among(tx, case_line.c.line_id, line_ids))
    freed = list(tx.scalars(select(case_line.c.claim).where(*where)))
    tx.execute(update(case_line).where(*where).values(live=False))
    return freed


def revive_lines(tx: Tx, case_ref: str, *, without: Collection[str] = ()) -> list[str]:
    """A case is open again: its lines are live, except those in `without`, and those whose claim went elsewhere
    meanwhile, whose invoice numbers are returned for a person to look at.
    """
    elsewhere = []
    for line in lines(tx, case_ref):
        if line.live or line.line_id in without:
            continue
        try:
            with tx.begin_nested():
                change_line(tx, line, live=True)
        except IntegrityError:
            elsewhere.append(line.number)
    return elsewhere


def _rows(result: Iterable[Any]) -> Iterator[CaseRow]:
    return (CaseRow(**row._mapping) for row in result)
