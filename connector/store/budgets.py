"""One row of call counts per connection and company, changed by one process at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import bindparam, select, text, update

from connector.store.engine import Tx
from connector.store.tables import budget

T = TypeVar("T")

Calls = tuple[tuple[int, int], ...]
"""Calls made lately, oldest first: the instant until which they count, and how many they are."""


@dataclass(frozen=True)
class BudgetRow:
    """Calls counted of late and in the running day. Instants are milliseconds since 1970, UTC; 0 is long ago.

    `minute_left` and `day_left` are what the server said is left of its minute and its day, minus what was taken since;
    None while it said nothing. Nobody calls before `paused_until`.
    """

    calls: Calls = ()
    minute_until: int = 0
    minute_left: int | None = None
    day_until: int = 0
    day_used: int = 0
    day_left: int | None = None
    paused_until: int = 0


_NAMES = tuple(field.name for field in fields(BudgetRow))
# Built once: two of these run with every call.
_WHERE = (budget.c.connection == bindparam("of_connection")) & (budget.c.company == bindparam("of_company"))
_READ = select(*(budget.c[name] for name in _NAMES)).where(_WHERE)
_LOCK = _READ.with_for_update()
_UPDATE = update(budget).where(_WHERE).values({name: bindparam(name) for name in _NAMES})


def read(tx: Tx, connection: str, company: str) -> BudgetRow:
    """The row as it stands; an empty one when nothing was counted yet."""
    found = tx.execute(_READ, _key(connection, company)).one_or_none()
    return _row(found) if found else BudgetRow()


def change(tx: Tx, connection: str, company: str, step: Callable[[BudgetRow], tuple[BudgetRow, T]]) -> T:
    """Replace the row by what `step` makes of it, and return what else `step` says.

    `step` runs while the row is locked: a clock that it reads cannot be overtaken by another process.
    """
    key = _key(connection, company)
    found = tx.execute(_LOCK, key).one_or_none()
    if found is None:
        _insert(tx, connection, company)
        found = tx.execute(_LOCK, key).one()
    before = _row(found)
    after, result = step(before)
    if after != before:
        tx.execute(_UPDATE, {**key, **_values(after)})
    return result


def _row(found: Iterable[Any]) -> BudgetRow:
    calls, *rest = found
    return BudgetRow(tuple((until, n) for until, n in calls), *rest)


def _values(row: BudgetRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _NAMES}


def _insert(tx: Tx, connection: str, company: str) -> None:
    """An empty row, unless somebody else has just made it."""
    names = ("connection", "company", *_NAMES)
    marks = ", ".join(f":{name}" for name in names)
    values = {"connection": connection, "company": company, **_values(BudgetRow()), "calls": "[]"}
    statement = f"INSERT INTO budget ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - ours
    tx.execute(text(statement), values)


def _key(connection: str, company: str) -> dict[str, str]:
    return {"of_connection": connection, "of_company": company}
