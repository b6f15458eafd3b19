"""Storing open items: what changed and what is gone, each superseded version going to the history."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Select, bindparam, insert, literal, select, update

from connector.model import OpenItem
from connector.store.among import among, among_named, listed
from connector.store.bulk import bulk_insert, bulk_upsert
from connector.store.engine import Tx
from connector.store.item_rows import debtor_number
from connector.store.tables import open_item, open_item_history

# All that the source says of a row, and whether it is gone: what differs here is a change.
_FACTS = tuple(column for column in open_item.columns if column.name not in ("ledger", "since", "debtor_number"))
_SAID = itemgetter(*(column.name for column in _FACTS[:-1]))
_PLACES = {column.name: place for place, column in enumerate(_FACTS)}
_ID, _DEBTOR, _STATE, _OPEN = (_PLACES[name] for name in ("id", "debtor_id", "state", "open_minor"))

Facts = tuple[Any, ...]
"""A row as `facts_of` gives it."""


@dataclass
class Changes:
    """What storing a page did, in rows, and whom it touched. `closed` counts rows that were open before."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    closed: int = 0
    debtors: set[str] = field(default_factory=set)


def facts_of(items: Iterable[OpenItem]) -> list[Facts]:
    """The records as `store_items` takes them, in a third of their memory."""
    return [(*_SAID(vars(item)), False) for item in items]


def shown(facts: Iterable[Facts]) -> list[str]:
    """The ids of all these rows."""
    return [row[_ID] for row in facts]


def shown_open(facts: Iterable[Facts]) -> list[str]:
    """The ids of those of these rows that stand open."""
    return [row[_ID] for row in facts if row[_STATE] != "closed"]


def store_items(tx: Tx, ledger: str, facts: Iterable[Facts], at: datetime) -> Changes:
    """Store the items that changed, given by `facts_of`. The last of equal ids counts."""
    # In the order of the index, which then need not be searched from its root for each.
    rows = {row[_ID]: row for row in sorted(facts, key=itemgetter(_ID))}
    if not rows:
        return Changes()
    # A page is as a rule all new or all known, and its first row tells which.
    if _known(tx, ledger, list(rows)[:1]):
        return _store_changed(tx, ledger, rows, at)
    new = bulk_insert(tx, open_item, columns=_columns(ledger, rows.values(), at))
    changes = Changes(unchanged=new) if new == len(rows) else _store_changed(tx, ledger, rows, at)
    # What was just written looks unchanged now.
    changes.unchanged -= new
    changes.new = new
    changes.debtors.update(row[_DEBTOR] for row in rows.values())
    return changes


def _store_changed(tx: Tx, ledger: str, rows: dict[str, Facts], at: datetime) -> Changes:
    """Store those of `rows` that differ from what is stored."""
    changes = Changes()
    known = _known(tx, ledger, list(rows))
    differing = []
    for id_, row in rows.items():
        before = known.get(id_)
        if before is None:
            changes.new += 1
        elif before == row:
            changes.unchanged += 1
            continue
        else:
            changes.changed += 1
            changes.closed += before[_OPEN] != 0 and row[_OPEN] == 0
            # Who had it before is touched as well when it was moved.
            changes.debtors.add(before[_DEBTOR])
        changes.debtors.add(row[_DEBTOR])
        differing.append(row)
    if differing:
        _to_history(tx, ledger, [row[_ID] for row in differing if row[_ID] in known], at)
        bulk_upsert(tx, open_item, list(zip(*_columns(ledger, differing, at), strict=True)))
    return changes


def mark_gone(tx: Tx, ledger: str, ids: Sequence[str], at: datetime) -> Changes:
    """Mark rows that the source has deleted, or no longer lists. Not a payment: the claim is looked at again."""
    if not ids:
        return Changes()
    found = tx.execute(
        select(open_item.c.id, open_item.c.debtor_id, open_item.c.open_minor).where(
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
        debtors={row.debtor_id for row in found},
    )


def _columns(ledger: str, facts: Collection[Facts], at: datetime) -> list[Iterable[Any]]:
    """The table's columns of these rows."""
    columns = list(zip(*facts, strict=True))
    many = len(facts)
    return [repeat(ledger, many), *columns, repeat(at, many), map(debtor_number, columns[_DEBTOR])]


def _known(tx: Tx, ledger: str, ids: list[str]) -> dict[str, Facts]:
    """The stored rows among `ids`, as `facts_of` gives them."""
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
