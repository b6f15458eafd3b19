"""Open items: current state and history of every change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    func,
    select,
)

from connector.store.among import among
from connector.store.bulk import bulk_upsert
from connector.store.engine import Tx
from connector.store.item_rows import of_debtor, of_ledger
from connector.store.tables import dirty_claim, open_item, open_item_history


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
