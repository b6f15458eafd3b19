"""Open items: current state and history of every change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Select,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from connector.model import OpenItem
from connector.store.among import among, among_named, listed
from connector.store.bulk import bulk_insert, bulk_upsert
from connector.store.engine import Tx
from connector.store.item_rows import debtor_number, of_debtor, of_ledger
from connector.store.tables import dirty_claim, open_item, open_item_history

_AT_ONCE = 1000
# All that the source says of a row, and whether it is gone: what differs here is a change.
_FACTS = tuple(column for column in open_item.columns if column.name not in ("ledger", "since", "debtor_number"))
_OPEN = _FACTS.index(open_item.c.open_minor)
_DEBTOR = _FACTS.index(open_item.c.debtor_id)


@dataclass
class Changes:
    """What storing a page did, in rows, and whom it touched. `closed` counts rows that were open before."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    closed: int = 0
    claims: set[str] = field(default_factory=set)
    debtors: set[str] = field(default_factory=set)


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


def store_items(tx: Tx, ledger: str, items: Sequence[OpenItem], at: datetime) -> Changes:
    """Store the items that changed, each superseded version going to the history. The last of equal ids counts."""
    # In the order of the index, which then need not be searched from its root for each.
    latest = {item.id: item for item in sorted(items, key=attrgetter("id"))}
    rows = {id_: _row(ledger, item, at) for id_, item in latest.items()}
    # A page is as a rule all new or all known, and its first row tells which.
    if _known(tx, ledger, list(rows)[:1]):
        return _store_changed(tx, ledger, latest, rows, at)
    new = bulk_insert(tx, open_item, list(rows.values()))
    changes = Changes(unchanged=new) if new == len(rows) else _store_changed(tx, ledger, latest, rows, at)
    # What was just written looks unchanged now.
    changes.unchanged -= new
    changes.new = new
    changes.claims.update(item.claim for item in items)
    changes.debtors.update(item.debtor_id for item in items)
    return changes


def _store_changed(
    tx: Tx, ledger: str, items: dict[str, OpenItem], rows: dict[str, tuple[Any, ...]], at: datetime
) -> Changes:
    """Store those of `rows` that differ from what is stored."""
    changes = Changes()
    known = _known(tx, ledger, list(rows))
    differing = []
    for id_, row in rows.items():
        before = known.get(id_)
        if before is None:
            changes.new += 1
        elif before == row[1:-2]:
            changes.unchanged += 1
            continue
        else:
            changes.changed += 1
            changes.closed += before[_OPEN] != 0 and items[id_].open_minor == 0
            # Who had it before is touched as well when it was moved.
            changes.debtors.add(before[_DEBTOR])
        changes.claims.add(items[id_].claim)
        changes.debtors.add(items[id_].debtor_id)
        differing.append(row)
    _to_history(tx, ledger, [row[1] for row in differing if row[1] in known], at)
    bulk_upsert(tx, open_item, differing)
    return changes


def mark_gone(tx: Tx, ledger: str, ids: Sequence[str], at: datetime) -> Changes:
    """Mark rows that the source has deleted, or no longer lists. Not a payment: the claim is looked at again."""
    if not ids:
        return Changes()
    found = tx.execute(
        select(open_item.c.id, open_item.c.claim, open_item.c.debtor_id, open_item.c.open_minor).where(
            open_item.c.ledger == ledger, among(tx, open_item.c.id, ids), open_item.c.gone.is_(False)
        )
    ).all()
    present = [row.id for row in found]
    _to_history(tx, ledger, present, at)
    where = (open_item.c.ledger == ledger, among(tx, open_item.c.id, present))
    tx.execute(update(open_item).where(*where).values(gone=True, since=at))
    return Changes(
        gone=len(present),
        closed=sum(row.open_minor != 0 for row in found),
        claims={row.claim for row in found},
        debtors={row.debtor_id for row in found},
    )


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


def _known(tx: Tx, ledger: str, ids: list[str]) -> dict[str, tuple[Any, ...]]:
    """The stored rows among `ids`, as `_row` gives them without its ends."""
    dialect = tx.dialect.name
    rows = tx.execute(_facts_of(dialect), {"of_ledger": ledger, "ids": listed(dialect, ids)})
    return {row[0]: row for row in rows}


@lru_cache
def _facts_of(dialect: str) -> Select[Any]:
    """Built once: it runs with every page of a pull."""
    of_ledger = open_item.c.ledger == bindparam("of_ledger")
    return select(*_FACTS).where(of_ledger, among_named(dialect, open_item.c.id, "ids"))


def _to_history(tx: Tx, ledger: str, ids: list[str], at: datetime) -> None:
    if not ids:
        return
    names = [column.name for column in open_item_history.columns if column.name != "version"]
    until = literal(at, open_item_history.c.until.type)
    source = [until if name == "until" else open_item.c[name] for name in names]
    rows = select(*source).where(open_item.c.ledger == ledger, among(tx, open_item.c.id, ids))
    tx.execute(insert(open_item_history).from_select(names, rows))


def _row(ledger: str, item: OpenItem, at: datetime) -> tuple[Any, ...]:
    """The values of the table's columns. The record has its fields in the columns' order, which a test holds."""
    return (ledger, *vars(item).values(), False, at, debtor_number(item.debtor_id))
