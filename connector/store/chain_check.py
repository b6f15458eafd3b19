"""Walking the chains of the audit trail: the first row of each that is not as it was written, and what is wrong.

A page at a time, each read in a transaction of its own: the memory stays the same however long the trail is, and
writers go on meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Row, func, select, union

from connector.store.chain import BEGINNING, Entry, Head, link
from connector.store.engine import Store, Tx
from connector.store.tables import audit, audit_head

Wrong = Literal["changed", "missing", "added", "reordered"]
_AT_ONCE = 2000


@dataclass(frozen=True)
class Break:
    """The first row of a chain that is wrong: its number, what happened to it, and how that shows."""

    number: int
    wrong: Wrong
    said: str


@dataclass(frozen=True)
class Chain:
    """A chain as it was found. `rows` were looked at; `head` is the last good row, with which outsiders compare."""

    ledger: str
    rows: int
    head: Head
    broken: Break | None


def names(tx: Tx) -> list[str]:
    """The ledgers that have a chain, also where its head or its rows are gone."""
    found = union(select(audit.c.ledger).distinct(), select(audit_head.c.ledger))
    return sorted(tx.scalars(found))


def walk(store: Store, ledger: str, progress: Callable[[int], None]) -> Chain:
    """Look at every row of a chain, up to its first break. `progress` is told how many rows came by."""
    last = Head(ledger, 0, BEGINNING)
    # What is added from now on is left to the next walk: this one ends, however busy the writers are.
    told, there = _ends(store, ledger)
    for row in _rows(store, ledger, progress, upto=max(told or 0, there)):
        broken = _compare(last, row)
        if broken is not None:
            return Chain(ledger, last.number, last, _diagnose(store, last, row, broken))
        last = Head(ledger, row.number, bytes(row.hash))
    return Chain(ledger, last.number, last, _end(store, last))


def _rows(store: Store, ledger: str, progress: Callable[[int], None], *, upto: int) -> Iterator[Row[Any]]:
    """The rows of a chain by their numbers. A number that was given twice comes twice.

    A page is a range of numbers: the index finds it whatever the database believes about the size of the table.
    """
    mine, number = audit.c.ledger == ledger, audit.c.number
    columns = (audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    query = select(audit.c.id, audit.c.ledger, number, audit.c.hash, *columns).order_by(number, audit.c.id)
    with store.read() as tx:
        first = tx.scalar(select(func.min(number)).where(mine))
    while first is not None and first <= upto:
        last = min(first + _AT_ONCE - 1, upto)
        with store.read() as tx:
            page: list[Any] = list(tx.execute(query.where(mine, number >= first, number <= last)))
            first = last + 1 if page else tx.scalar(select(func.min(number)).where(mine, number > last))
        yield from page
        progress(len(page))


def _compare(last: Head, row: Row[Any]) -> Break | None:
    """What is wrong with a row right behind `last`, going by its number and its hash alone."""
    expected = last.number + 1
    if row.number > expected:
        upto = "" if row.number == expected + 1 else f" to {row.number - 1}"
        return Break(expected, "missing", f"row {expected}{upto} is not there")
    if row.number < expected:
        twice = row.number >= 1
        return Break(row.number, "added", "its number was given twice" if twice else "no row has such a number")
    if not _follows(last.hash, row, expected):
        return Break(expected, "changed", "its content does not fit its hash and the row before it")
    return None


def _follows(previous: bytes, row: Row[Any], number: int) -> bool:
    """Whether a row was written as the row `number` behind the hash `previous`."""
    entry = Entry(row.at, row.ledger, row.actor, row.action, row.subject, row.detail)
    return link(previous, number, entry) == bytes(row.hash)


def _diagnose(store: Store, last: Head, row: Row[Any], broken: Break) -> Break:
    """Tell a changed row from one that was put in, taken out or moved: is what belongs here further on?"""
    if broken.wrong == "added":
        return broken
    place = last.number + 1
    _, there = _ends(store, last.ledger)
    for found in _rows(store, last.ledger, lambda _count: None, upto=there):
        if found.number <= last.number or (found.id == row.id and broken.wrong == "changed"):
            continue
        if not _follows(last.hash, found, place):
            continue
        behind = next(islice(_from(store, last.ledger, found.number + 1), 1), None)
        goes_on = behind is not None and _follows(bytes(found.hash), behind, place + 1)
        if broken.wrong == "changed" and (goes_on or (behind is None and _surplus(store, last.ledger))):
            return Break(place, "added", f"it was put in: what was written as row {place} is row {found.number} now")
        return Break(place, "reordered", f"what was written as row {place} is row {found.number} now")
    if broken.wrong == "changed" and _shortage(store, last.ledger):
        return Break(place, "missing", "it was taken out, and the rows behind it were given new numbers")
    return broken


def _from(store: Store, ledger: str, number: int) -> Iterator[Row[Any]]:
    query = select(audit).where(audit.c.ledger == ledger, audit.c.number >= number).order_by(audit.c.number).limit(1)
    with store.read() as tx:
        yield from tx.execute(query).all()


def _ends(store: Store, ledger: str) -> tuple[int | None, int]:
    """The number that the head of a chain tells (None without a head) and the last one there is, at one instant."""
    told = select(audit_head.c.number).where(audit_head.c.ledger == ledger).scalar_subquery()
    newest = select(audit.c.number).where(audit.c.ledger == ledger).order_by(audit.c.number.desc()).limit(1)
    with store.read() as tx:
        found = tx.execute(select(told, newest.scalar_subquery())).one()
    return found[0], found[1] or 0


def _surplus(store: Store, ledger: str) -> bool:
    told, there = _ends(store, ledger)
    return told is not None and there > told


def _shortage(store: Store, ledger: str) -> bool:
    told, there = _ends(store, ledger)
    return told is not None and there < told


def _end(store: Store, last: Head) -> Break | None:
    """Whether the chain ends where its head says: a whole chain whose last rows were cut off has no other trace."""
    told, there = _ends(store, last.ledger)
    if told is None:
        return Break(last.number, "missing", "the head of the chain is gone") if there else None
    if there < told:
        return Break(there + 1, "missing", f"the chain ends at row {there}, and its head says {told}")
    if there > told:
        return Break(told + 1, "added", f"the head of the chain says that it ends at row {told}")
    with store.read() as tx:
        head = tx.execute(select(audit_head).where(audit_head.c.ledger == last.ledger)).one()
    if head.number == last.number and bytes(head.hash) != last.hash:
        return Break(last.number, "changed", "the head of the chain has another hash")
    return None
