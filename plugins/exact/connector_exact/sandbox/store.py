"""Rows by key and by row version, so that a page out of a hundred thousand rows costs a page's work."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar


class Stored(Protocol):
    """What a table keeps: a key, the row version, and UTC instants of creation and change."""

    id: str
    version: int
    created: datetime
    modified: datetime


T = TypeVar("T", bound=Stored)


@dataclass(slots=True)
class Row:
    """A row of plain fields, for tables that clients write to. Empty fields are simply absent."""

    id: str
    created: datetime
    modified: datetime
    values: dict[str, Any] = field(default_factory=dict)
    version: int = 0


class Versions:
    """The growing row-version counter of a division: every change of any row takes the next number (4.4)."""

    def __init__(self) -> None:
        self.last = 1

    def take(self) -> int:
        self.last += 1
        return self.last


class Table(Generic[T]):
    """Rows of one kind. Keys order them for paging; versions order them for sync.

    The version index is append-only: a changed row is appended again and its old entry is skipped when read,
    until stale entries outnumber the rows and the index is rebuilt.
    """

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._rows: dict[str, T] = {}
        self._keys: list[str] = []
        self._unsorted = False
        self._stamps: list[int] = []
        self._stamped: list[str] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows.values())

    def get(self, key: str) -> T | None:
        return self._rows.get(key)

    def put(self, row: T, now: datetime) -> T:
        """Insert or change `row`: it gets the next row version and `now` as its time of change."""
        if row.id not in self._rows:
            self._unsorted = self._unsorted or bool(self._keys and row.id < self._keys[-1])
            self._keys.append(row.id)
        self._rows[row.id] = row
        row.modified = now
        row.version = self._versions.take()
        self._stamps.append(row.version)
        self._stamped.append(row.id)
        if len(self._stamps) > 2 * len(self._rows) + 1000:
            self._rebuild()
        return row

    def remove(self, key: str) -> T | None:
        """Take the row out, or None when there is none."""
        row = self._rows.pop(key, None)
        if row is not None:
            self._keys.remove(key)
        return row

    def ordered(self, after: str | None = None) -> Iterator[T]:
        """Rows by key, from just past `after`."""
        if self._unsorted:
            self._keys.sort()
            self._unsorted = False
        start = bisect_right(self._keys, after) if after is not None else 0
        for index in range(start, len(self._keys)):
            yield self._rows[self._keys[index]]

    def changed(self, after: int = 0) -> Iterator[T]:
        """Rows by row version, from just past `after`."""
        for index in range(bisect_right(self._stamps, after), len(self._stamps)):
            row = self._rows.get(self._stamped[index])
            if row is not None and row.version == self._stamps[index]:
                yield row

    def renumber(self) -> None:
        """Give every row a new version in the present order, after the division's counter was restarted."""
        rows = list(self.changed())
        for row in rows:
            row.version = self._versions.take()
        self._rebuild(rows)

    def _rebuild(self, rows: list[T] | None = None) -> None:
        rows = list(self.changed()) if rows is None else rows
        self._stamps = [row.version for row in rows]
        self._stamped = [row.id for row in rows]
