"""Which rows of open items: those of a ledger, those of a debtor, and whose they are, each asked in the quick way."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, true

from connector.store.engine import Tx
from connector.store.tables import open_item


@lru_cache(maxsize=2048)
def debtor_number(debtor_id: str) -> int:
    """A short number that stands for a debtor in the index. Two debtors may share one: ask for the debtor as well."""
    return crc32(debtor_id.encode()) >> 1


def of_ledger(tx: Tx, ledger: str) -> ColumnElement[bool]:
    """All rows of a ledger, for what reads them all.

    An index has them in the order of random keys: SQLite would jump about its file for each. It is given their places,
    which it sorts first: half the time. Of the only ledger there is, all rows are.
    """
    if tx.dialect.name != "sqlite":
        return open_item.c.ledger == ledger
    if not _is_beside_others(tx, ledger):
        return true()
    same = open_item.alias("same")
    places: Select[Any] = select(literal_column("same.rowid")).select_from(same).where(same.c.ledger == ledger)
    return literal_column("open_item.rowid").in_(places)


def of_debtor(ledger: str, debtor_id: str) -> ColumnElement[bool]:
    """The rows of one debtor of a ledger, by the index over `debtor_number`."""
    columns = open_item.c
    return and_(
        columns.debtor_number == debtor_number(debtor_id),
        # No bare column: SQLite would as soon look through the whole ledger by its key, as it knows no better.
        columns.ledger.concat("") == ledger,
        columns.debtor_id == debtor_id,
    )


def _is_beside_others(tx: Tx, ledger: str) -> bool:
    """Whether other ledgers have rows as well: two look-ups in the index."""
    others = [select(1).where(one).limit(1) for one in (open_item.c.ledger < ledger, open_item.c.ledger > ledger)]
    return any(tx.scalar(one) for one in others)


def count_debtors(tx: Tx, ledger: str) -> int:
    """How many debtors have anything open."""
    wanted = (of_ledger(tx, ledger), open_item.c.state != "closed", open_item.c.gone.is_(False))
    return tx.scalar(select(func.count(open_item.c.debtor_id.distinct())).where(*wanted)) or 0


def with_anything_open(tx: Tx, ledger: str, ids: Sequence[str]) -> set[str]:
    """Those of these debtors who have anything open."""
    columns = open_item.c
    by_number = columns.debtor_number.in_([debtor_number(one) for one in ids])
    wanted = (columns.state != "closed", columns.gone.is_(False), columns.ledger.concat("") == ledger)
    found = tx.scalars(select(columns.debtor_id).where(by_number, *wanted).distinct())
    return set(found) & set(ids)
