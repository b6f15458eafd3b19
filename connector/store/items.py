"""Open items: current state, history of every change, and the claims they add up to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Select,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)

from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.item_rows import of_debtor, of_ledger
from connector.store.tables import dirty_claim, open_item, open_item_history

_AT_ONCE = 1000


@dataclass(frozen=True)
class ClaimRow:
    """The rows of one claim that are not gone, added up; amounts in minor units. See `connector.model.Claim`.

    `product_group` is empty where the rows are not all of one.
    """

    debtor_id: str
    claim: str
    currency: str
    kind: str
    number: str
    open_minor: int
    overdue_minor: int
    in_collection_minor: int
    total_minor: int
    original_minor: int
    invoice_date: date | None
    due_date: date | None
    last_due_date: date | None
    undated: int
    gone: int
    description: str
    payment_reference: str
    product_group: str

    @property
    def whole(self) -> bool:
        """Whether the rows add up to the invoiced amount, as far as the source tells it."""
        return self.total_minor == self.original_minor if self.original_minor else not self.gone


@dataclass(frozen=True)
class Piece:
    """One row of a claim, for telling how the claim was settled."""

    id: str
    state: str
    amount_minor: int
    open_minor: int
    closed_reason: str
    settled_on: date | None
    number: str


def open_ids(tx: Tx, ledger: str) -> set[str]:
    """Ids of all rows that stand open and are not gone."""
    return set(
        tx.scalars(
            select(open_item.c.id).where(
                of_ledger(tx, ledger), open_item.c.state != "closed", open_item.c.gone.is_(False)
            )
        )
    )


def count_open(tx: Tx, ledger: str) -> int:
    """How many rows stand open."""
    wanted = (of_ledger(tx, ledger), open_item.c.state != "closed", open_item.c.gone.is_(False))
    return tx.scalar(select(func.count()).select_from(open_item).where(*wanted)) or 0


def open_total(tx: Tx, ledger: str) -> dict[str, int]:
    """What is open in all, net of credits: minor units per currency."""
    rows = tx.execute(
        select(open_item.c.currency, func.sum(open_item.c.open_minor))
        .where(of_ledger(tx, ledger), open_item.c.gone.is_(False), open_item.c.state != "closed")
        .group_by(open_item.c.currency)
    )
    return {currency: int(total) for currency, total in rows}


def open_in(tx: Tx, ledger: str, currency: str) -> int:
    """What is open in one currency, net of credits: minor units. Nothing is sorted, as it is for `open_total`."""
    columns = open_item.c
    total = select(func.sum(columns.open_minor)).where(
        of_ledger(tx, ledger),
        columns.gone.is_(False),
        columns.state != "closed",
        columns.currency == currency,
    )
    return int(tx.scalar(total) or 0)


def open_credit(tx: Tx, ledger: str, debtor_id: str, currency: str) -> int:
    """Open credit notes and receipts of a debtor that are matched with nothing yet: positive minor units."""
    columns = open_item.c
    credit = select(func.sum(columns.open_minor)).where(
        of_debtor(ledger, debtor_id),
        columns.currency == currency,
        columns.open_minor < 0,
        columns.state == "open",
        columns.gone.is_(False),
    )
    return -int(tx.scalar(credit) or 0)


def mark_dirty(tx: Tx, ledger: str, claims: Iterable[str], at: datetime) -> None:
    """Remember claims to be compared with what their agency was told."""
    bulk_upsert(tx, dirty_claim, [(ledger, claim, at) for claim in sorted(set(claims))])


def dirty_claims(tx: Tx, ledger: str) -> list[str]:
    """Claims whose rows changed since they were last compared."""
    return list(tx.scalars(select(dirty_claim.c.claim).where(dirty_claim.c.ledger == ledger).order_by("claim")))


def clean(tx: Tx, ledger: str, claims: Sequence[str]) -> None:
    """Forget that these claims were dirty."""
    where = (dirty_claim.c.ledger == ledger, among(tx, dirty_claim.c.claim, claims))
    tx.execute(dirty_claim.delete().where(*where))


def claims(tx: Tx, ledger: str, day: date, *, debtor_id: str = "", due_by: date | None = None) -> Iterator[ClaimRow]:
    """Claims with something open on `day`, grouped by debtor. Streams: read it to the end, or close it.

    `due_by`: all claims of those debtors alone who have a row that is due on that day, or without a due date.
    """
    rows_of = of_debtor(ledger, debtor_id) if debtor_id else of_ledger(tx, ledger)
    if due_by is not None:
        rows_of = and_(rows_of, open_item.c.debtor_id.in_(_with_anything_due(tx, ledger, due_by)))
    query = _claims(day).where(rows_of).having(func.sum(case((_present, open_item.c.open_minor), else_=0)) != 0)
    query = query.order_by(open_item.c.debtor_id, open_item.c.claim)
    with tx.execute(query.execution_options(yield_per=_AT_ONCE)) as result:
        rows: Iterable[Any] = result
        for row in rows:
            yield ClaimRow(*row)


def _with_anything_due(tx: Tx, ledger: str, day: date) -> Select[Any]:
    columns = open_item.c
    owed = and_(_present, columns.state != "closed", columns.kind.not_in(["credit_note", "receipt"]))
    due = or_(columns.due_date.is_(None), columns.due_date <= day)
    return select(columns.debtor_id).where(of_ledger(tx, ledger), owed, due)


def claims_named(tx: Tx, ledger: str, debtor_id: str, claim_ids: Sequence[str], day: date) -> dict[str, ClaimRow]:
    """These claims of a debtor, open or not, by key; a claim the debtor does not have is missing."""
    where = (of_debtor(ledger, debtor_id), among(tx, open_item.c.claim, claim_ids))
    rows: Iterable[Any] = tx.execute(_claims(day).where(*where))
    return {row.claim: ClaimRow(*row) for row in rows}


def claims_of(tx: Tx, ledger: str, debtor_id: str) -> list[str]:
    """All claims of a debtor, closed ones too."""
    return list(tx.scalars(select(open_item.c.claim).where(of_debtor(ledger, debtor_id)).distinct()))


def pieces(tx: Tx, ledger: str, debtor_id: str, claim_ids: Sequence[str]) -> dict[str, list[Piece]]:
    """All rows of a debtor's claims that are not gone, by claim."""
    found: dict[str, list[Piece]] = {claim: [] for claim in claim_ids}
    columns = open_item.c
    rows = tx.execute(
        select(
            columns.claim,
            columns.id,
            columns.state,
            columns.amount_minor,
            columns.open_minor,
            columns.closed_reason,
            columns.settled_on,
            columns.number,
        ).where(
            of_debtor(ledger, debtor_id),
            among(tx, columns.claim, claim_ids),
            columns.gone.is_(False),
        )
    )
    for claim, *rest in rows:
        found[claim].append(Piece(*rest))
    return found


def closed_credit_notes(tx: Tx, ledger: str, debtor_id: str) -> list[Piece]:
    """Credit notes of a debtor that were matched with something, in the order of their numbers."""
    columns = open_item.c
    rows = tx.execute(
        select(
            columns.id,
            columns.state,
            columns.amount_minor,
            columns.open_minor,
            columns.closed_reason,
            columns.settled_on,
            columns.number,
        )
        .where(
            of_debtor(ledger, debtor_id),
            columns.kind == "credit_note",
            columns.state == "closed",
            columns.gone.is_(False),
        )
        .order_by(columns.number, columns.id)
    )
    return [Piece(*row) for row in rows]


def history(tx: Tx, ledger: str, debtor_id: str, claim: str) -> list[tuple[datetime, datetime | None, str, int]]:
    """Every version of a claim's rows: (since, until or None for the present one, row id, open minor units)."""
    old, new = open_item_history.c, open_item.c
    past = select(old.since, old.until, old.id, old.open_minor).where(old.ledger == ledger, old.claim == claim)
    present = select(new.since, new.id, new.open_minor).where(of_debtor(ledger, debtor_id), new.claim == claim)
    versions: dict[str, list[tuple[datetime, datetime | None, str, int]]] = {}
    for since, until, id_, open_minor in tx.execute(past.order_by(old.version)):
        versions.setdefault(id_, []).append((since, until, id_, open_minor))
    for since, id_, open_minor in tx.execute(present):
        versions.setdefault(id_, []).append((since, None, id_, open_minor))
    return [version for id_ in sorted(versions) for version in versions[id_]]


_present = open_item.c.gone.is_(False)
_group = case((_present, open_item.c.product_group))
# All rows gone gives null, which equals nothing.
_one_group = case((func.min(_group) == func.max(_group), func.min(_group)), else_="")


def _claims(day: date) -> Select[Any]:
    columns = open_item.c
    standing = and_(_present, columns.state == "open")
    moving = and_(_present, columns.state == "in_collection")

    def total(condition: Any, value: Any) -> Any:
        # PostgreSQL adds integers up to a decimal.
        return cast(func.sum(case((condition, value), else_=0)), BigInteger)

    return select(
        columns.debtor_id,
        columns.claim,
        columns.currency,
        func.min(columns.kind),
        func.max(columns.number),
        total(standing, columns.open_minor),
        total(and_(standing, columns.due_date < day), columns.open_minor),
        total(moving, columns.open_minor),
        total(_present, columns.amount_minor),
        func.max(columns.original_minor),
        func.min(columns.invoice_date),
        func.min(case((standing, columns.due_date))),
        func.max(case((standing, columns.due_date))),
        total(and_(standing, columns.due_date.is_(None)), 1),
        total(columns.gone.is_(True), 1),
        func.max(columns.description),
        func.max(columns.payment_reference),
        _one_group,
    ).group_by(columns.debtor_id, columns.claim, columns.currency)
