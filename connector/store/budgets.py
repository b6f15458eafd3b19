"""One row of call counts per connection and company, changed by one process at a time."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

from sqlalchemy import bindparam, select, text, update

from connector.store.engine import Tx
from connector.store.tables import budget

T = TypeVar("T")


@dataclass(frozen=True)
class BudgetRow:
    """Calls counted in the running minute and day. Instants are milliseconds since 1970, UTC; 0 is long ago.

    `day_left` is what the server said is left of the day, minus what was taken since; None while it said nothing.
    Nobody calls before `paused_until`.
    """

    minute_until: int = 0
    minute_used: int = 0
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
    return BudgetRow(*found) if found else BudgetRow()


def change(tx: Tx, connection: str, company: str, step: Callable[[BudgetRow], tuple[BudgetRow, T]]) -> T:
    """Replace the row by what `step` makes of it, and return what else `step` says.

    `step` runs while the row is locked: a clock that it reads cannot be overtaken by another process.
    """
    key = _key(connection, company)
    found = tx.execute(_LOCK, key).one_or_none()
    if found is None:
        _insert(tx, connection, company)
        found = tx.execute(_LOCK, key).one()
    before = BudgetRow(*found)
    after, result = step(before)
    if after != before:
        tx.execute(_UPDATE, {**key, **asdict(after)})
    return result


def _insert(tx: Tx, connection: str, company: str) -> None:
    """An empty row, unless somebody else has just made it."""
    names = ", ".join(("connection", "company", *_NAMES))
    marks = ", ".join(f":{name}" for name in ("connection", "company", *_NAMES))
    values = {"connection": connection, "company": company, **asdict(BudgetRow())}
    statement = f"INSERT INTO budget ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    tx.execute(text(statement), values)


def _key(connection: str, company: str) -> dict[str, str]:
    return {"of_connection": connection, "of_company": company}
