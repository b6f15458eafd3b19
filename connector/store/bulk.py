"""Writing many rows at once, the quickest safe way each database has."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from sqlalchemy import Boolean, Date, LargeBinary, Table, text

from connector.store.columns import Instant
from connector.store.engine import Tx

_temporary = count()


def bulk_upsert(tx: Tx, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` (values in the order of the table's columns); a row whose primary key exists is replaced.

    SQLite: `executemany` on the driver. PostgreSQL: COPY into a temporary table, then insert-select on conflict,
    which is safe when two writers meet. Twice the same key in one call is an error on PostgreSQL: give each once.
    """
    if not rows:
        return
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    rest = [name for name in names if name not in keys]
    conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET " + ", ".join(f"{n} = excluded.{n}" for n in rest)
    converted = _convert(tx, table, rows)
    if tx.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        _driver(tx).executemany(
            f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}) {conflict}",  # noqa: S608 - our own names
            converted,
        )
        return
    beside = f"bulk_{next(_temporary)}"
    tx.execute(text(f"CREATE TEMPORARY TABLE {beside} (LIKE {table.name}) ON COMMIT DROP"))
    with _driver(tx).cursor().copy(f"COPY {beside} ({', '.join(names)}) FROM STDIN") as copy:
        for row in converted:
            copy.write_row(row)
    columns = ", ".join(names)
    tx.execute(text(f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {beside} {conflict}"))  # noqa: S608


def _driver(tx: Tx) -> Any:
    return tx.connection.driver_connection


def _convert(tx: Tx, table: Table, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """The rows with every value in the form the driver wants; untouched columns cost nothing."""
    processors: list[tuple[int, Callable[[Any], Any]]] = []
    for index, column in enumerate(table.columns):
        # Both drivers take truth values and bytes as they are.
        as_it_is = isinstance(column.type, Boolean | LargeBinary)
        processor = None if as_it_is else column.type.dialect_impl(tx.dialect).bind_processor(tx.dialect)
        if processor is not None:
            # Days and instants repeat all through a page.
            repeats = isinstance(column.type, Instant | Date)
            processors.append((index, lru_cache(maxsize=4096)(processor) if repeats else processor))
    if not processors:
        return rows
    converted = []
    for row in rows:
        values = list(row)
        for index, convert in processors:
            if values[index] is not None:
                values[index] = convert(values[index])
        converted.append(values)
    return converted
