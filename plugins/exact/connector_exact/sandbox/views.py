"""What each endpoint shows: where its rows come from, and how a row gives the value of a field."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connector_exact.sandbox.catalogue import Field
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.store import Table

Getter = Callable[[Any], Any]


class Source(Protocol):
    """Rows in key order (or row-version order), from just past a position; one row by key."""

    def after(self, position: Any) -> Iterator[Any]: ...
    def get(self, key: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class View:
    """An endpoint over one division. `getters` by field; a field without one is null.

    `key` gives a row's position in the source's order, for paging.
    """

    source: Source
    getters: Mapping[str, Getter]
    key: Getter


@dataclass(frozen=True, slots=True)
class ByKey:
    """A table in key order, with a condition of its own."""

    table: Table[Any]
    where: Callable[[Any], bool] | None = None

    def after(self, position: Any) -> Iterator[Any]:
        rows = self.table.ordered(None if position is None else str(position))
        return rows if self.where is None else filter(self.where, rows)

    def get(self, key: Any) -> Any:
        row = self.table.get(str(key))
        return row if row is not None and (self.where is None or self.where(row)) else None


@dataclass(frozen=True, slots=True)
class ByVersion:
    """A table in row-version order, for sync."""

    table: Table[Any]

    def after(self, position: Any) -> Iterator[Any]:
        return self.table.changed(int(position or 0))

    def get(self, key: Any) -> Any:
        return next((row for row in self.table.changed(int(key) - 1) if row.version == int(key)), None)


@dataclass(frozen=True, slots=True)
class Computed:
    """Rows made at the moment of asking, ordered by their key."""

    rows: Iterable[Any]
    key: Getter

    def after(self, position: Any) -> Iterator[Any]:
        rows = sorted(self.rows, key=self.key)
        return iter(rows) if position is None else (row for row in rows if self.key(row) > position)

    def get(self, key: Any) -> Any:
        return next((row for row in self.rows if self.key(row) == key), None)


def row_getters(division: Division, fields: Iterable[Field]) -> dict[str, Getter]:
    """Getters for a table of plain rows: the stored value (an unset flag is false), and what every row has."""
    getters = {field.name: _flag(field.name) if field.kind == "b" else _value(field.name) for field in fields}
    getters["Timestamp"] = lambda row: row.version
    getters["Created"] = lambda row: row.created
    getters["Modified"] = lambda row: row.modified
    getters["Division"] = lambda row: division.code
    getters["ID"] = lambda row: row.id
    return getters


def account_getters(division: Division, names: Mapping[str, str], key: Getter) -> dict[str, Getter]:
    """Getters that show fields of the account whose id `key` gives: shown name -> account's field."""

    def shown(field: str) -> Getter:
        return lambda row: division.account_values(key(row) or "").get(field)

    return {name: shown(field) for name, field in names.items()}


def _value(name: str) -> Getter:
    return lambda row: row.values.get(name)


def _flag(name: str) -> Getter:
    return lambda row: bool(row.values.get(name))
