"""The tables that are shipped, and a user's additions to them."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from pydantic import ValidationError

from connector.errors import ConfigError
from connector.law.rows import Row
from connector.law.table import (
    ANY_TABLE,
    DAY,
    AnyTable,
    CountTable,
    EffectTable,
    HolidayTable,
    RateTable,
    ScaleTable,
)
from connector.model.record import Record

K = TypeVar("K", bound=Record)

SOURCES_FILE = "sources.toml"
_MEND = "Write since, until, the value and the source as docs/law.md shows it."


class Source(Record):
    """Where figures come from: what it is, where it can be read, and what kind of source."""

    title: str
    where: str
    kind: str


class Tables:
    """All tables by name. A name that does not exist is a mistake of ours: KeyError."""

    def __init__(self, tables: Iterable[AnyTable]) -> None:
        self._tables: dict[str, AnyTable] = {}
        for one in tables:
            if one.name in self._tables:
                raise ConfigError("there are two tables of that name", key=one.name, mend="Take one of them out.")
            self._tables[one.name] = one

    def __iter__(self) -> Iterator[AnyTable]:
        return iter(self._tables.values())

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def rate(self, name: str) -> RateTable:
        """A table of percentages."""
        return self._of(name, RateTable)

    def count(self, name: str) -> CountTable:
        """A table of numbers."""
        return self._of(name, CountTable)

    def scale(self, name: str) -> ScaleTable:
        """A table of scales."""
        return self._of(name, ScaleTable)

    def holidays(self, name: str) -> HolidayTable:
        """A table of holidays."""
        return self._of(name, HolidayTable)

    def effect(self, name: str) -> EffectTable:
        """A table of effects."""
        return self._of(name, EffectTable)

    def _of(self, name: str, kind: type[K]) -> K:
        table = self._tables[name]
        if not isinstance(table, kind):
            raise TypeError(f"{name} is a {type(table).__name__}, not a {kind.__name__}")
        return table


@lru_cache(maxsize=1)
def shipped() -> Tables:
    """The tables that come with this release, checked. Read once."""
    return Tables(one for file in _files() if file.name != SOURCES_FILE for one in read_tables(file.read_text("utf-8")))


def read_tables(text: str) -> list[AnyTable]:
    """The tables of one file. Raises ConfigError that names the table and what is wrong with it."""
    return [_checked(raw, key=str(raw.get("name", ""))) for raw in tomllib.loads(text).get("table", [])]


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """The sources that the shipped tables name, by key."""
    text = next(file for file in _files() if file.name == SOURCES_FILE).read_text("utf-8")
    return {key: Source.model_validate(raw) for key, raw in tomllib.loads(text).items()}


def extend(tables: Tables, additions: Mapping[str, list[dict[str, Any]]], *, file: str = "") -> Tables:
    """The tables with rows added by name: `{"nl.commercial": [{"since": …, "until": …, "percent": …, "source": …}]}`.

    New rows must go on where the table ends, or lead up to where it begins. One that begins under a last row without
    an end ends that row the day before. Raises ConfigError with file, key and mend for a table that does not exist, a
    source that is missing, an overlap, a gap or a wrong value.
    """
    known = {one.name: one for one in tables}
    for name, rows in additions.items():
        key = f"law.tables.{name}"
        if name not in known:
            named = ", ".join(sorted(known))
            raise ConfigError("there is no such table", file=file, key=key, mend=f"Name one of: {named}.")
        known[name] = _with_rows(known[name], rows, key=key, file=file)
    return Tables(known.values())


def _with_rows(table: AnyTable, additions: list[dict[str, Any]], *, key: str, file: str) -> AnyTable:
    kind = type(table.rows[0])
    added: list[Row] = []
    for place, row in enumerate(additions):
        try:
            added.append(kind.model_validate({**row, "confidence": "configured"}))
        except ValidationError as error:
            raise _mistake(error, key=f"{key}[{place}]", file=file) from error
    rows: list[Row] = list(table.rows)
    starts = min((row.since for row in added), default=rows[-1].since)
    if rows[-1].until is None and starts > rows[-1].since:
        rows[-1] = rows[-1].model_copy(update={"until": starts - DAY})
    ordered = sorted([*rows, *added], key=lambda row: row.since)
    return _checked({**table.model_dump(exclude={"rows"}), "rows": ordered}, key=key, file=file)


def _checked(raw: Mapping[str, Any], *, key: str, file: str = "") -> AnyTable:
    try:
        return ANY_TABLE.validate_python(raw)
    except ValidationError as error:
        raise _mistake(error, key=key, file=file, leave_out=("rows", raw.get("unit"))) from error


def _mistake(error: ValidationError, *, key: str, file: str, leave_out: tuple[Any, ...] = ()) -> ConfigError:
    """The first thing that is wrong; a key that is not known before one that is missing, which it explains."""
    told = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")[0]
    place = [str(part) for part in told["loc"] if part not in leave_out]
    said = "this key is not known" if told["type"] == "extra_forbidden" else str(told["msg"])
    return ConfigError(said.removeprefix("Value error, "), file=file, key=".".join([key, *place]), mend=_MEND)


def _files() -> list[Traversable]:
    folder = files("connector.law") / "tables"
    return sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
