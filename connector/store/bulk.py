"""Writing many rows at once, the quickest safe way each database has."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import Boolean, Date, Dialect, LargeBinary, Table, text

from connector.store.columns import Instant
from connector.store.engine import Tx

_temporary = count()


@dataclass(frozen=True)
class _Plan:
    """How rows of one table reach one kind of database; made once, as pages come by the hundred."""

    columns: str
    marks: str
    replaced: str
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]


def bulk_upsert(tx: Tx, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` (values in the order of the table's columns); a row whose primary key exists is replaced.

    Twice the same key in one call is an error on PostgreSQL: give each once.
    """
    if rows:
        _bulk(tx, table, list(zip(*rows, strict=True)), _plan(table, tx.dialect).replaced)


def bulk_insert(tx: Tx, table: Table, *, columns: Sequence[Iterable[Any]]) -> int:
    """Insert rows, given by the values of each of the table's columns; a row whose primary key exists stays as it is.

    Returns how many were new.
    """
    return _bulk(tx, table, columns, "ON CONFLICT DO NOTHING")


def _bulk(tx: Tx, table: Table, columns: Sequence[Iterable[Any]], conflict: str) -> int:
    """SQLite: `executemany` on the driver. PostgreSQL: COPY into a temporary table, then insert-select on conflict,
    which is safe when two writers meet. Returns how many rows it wrote.
    """
    plan = _plan(table, tx.dialect)
    converted = _convert(plan, columns)
    if tx.dialect.name == "sqlite":
        insert = f"INSERT INTO {table.name} ({plan.columns}) VALUES ({plan.marks}) {conflict}"  # noqa: S608 - our own
        return int(_driver(tx).executemany(insert, converted).rowcount)
    beside = f"bulk_{next(_temporary)}"
    tx.execute(text(f"CREATE TEMPORARY TABLE {beside} (LIKE {table.name}) ON COMMIT DROP"))
    with _driver(tx).cursor().copy(f"COPY {beside} ({plan.columns}) FROM STDIN") as copy:
        for row in converted:
            copy.write_row(row)
    insert = f"INSERT INTO {table.name} ({plan.columns}) SELECT {plan.columns} FROM {beside} {conflict}"  # noqa: S608
    return tx.execute(text(insert)).rowcount


def _driver(tx: Tx) -> Any:
    return tx.connection.driver_connection


@lru_cache(maxsize=128)
def _plan(table: Table, dialect: Dialect) -> _Plan:
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    replacing = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return _Plan(
        columns=", ".join(names),
        marks=", ".join("?" * len(names)),
        replaced=f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {replacing}",
        processors=tuple(_processors(table, dialect)),
    )


def _processors(table: Table, dialect: Dialect) -> Iterator[tuple[int, Callable[[Any], Any]]]:
    """What brings a column's values into the form that the driver wants, for the columns that need it."""
    for index, column in enumerate(table.columns):
        # Both drivers take truth values and bytes as they are.
        as_it_is = isinstance(column.type, Boolean | LargeBinary)
        processor = None if as_it_is else column.type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            # Days and instants repeat all through a page.
            repeats = isinstance(column.type, Instant | Date)
            yield index, lru_cache(maxsize=4096)(processor) if repeats else processor


def _convert(plan: _Plan, columns: Sequence[Iterable[Any]]) -> Iterator[Sequence[Any]]:
    """The rows with every value in the driver's form. Column by column: untouched ones cost next to nothing."""
    converted = list(columns)
    for index, convert in plan.processors:
        converted[index] = map(convert, converted[index])
    return zip(*converted, strict=True)
