"""The endpoints served, with their fields, keys, pages and rules, read from `endpoints.json`.

The file is a compact form of the reference's field tables (facts only). One field is `Name:kind` plus marks:
kinds g guid, s string, h/i/l integers of 16/32/64 bits, y byte, d double, b boolean, t date-time, x binary,
c collection or complex; marks `*` key, `!` mandatory on POST, `p`/`u` writable by POST/PUT, `f` may serve the
mandatory filter.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

EDM = {
    "g": "Edm.Guid", "s": "Edm.String", "h": "Edm.Int16", "i": "Edm.Int32", "l": "Edm.Int64", "y": "Edm.Byte",
    "d": "Edm.Double", "b": "Edm.Boolean", "t": "Edm.DateTime", "x": "Edm.Binary",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an endpoint: its kind (see the module's text) and what may be done with it."""

    name: str
    kind: str
    mandatory: bool = False
    on_post: bool = False
    on_put: bool = False
    filterable: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: path below the division as the vendor writes it, page size in rows, rules on options."""

    path: str
    methods: tuple[str, ...]
    scope: str
    page: int
    key: str
    fields: Mapping[str, Field]
    select_mandatory: bool = False
    mandatory_filter: bool = False
    filter_only: frozenset[str] = frozenset()
    parameters: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """`sync`, `bulk`, or `regular`."""
        first = self.path.split("/", 1)[0]
        return first if first in ("sync", "bulk") else "regular"

    @property
    def type_name(self) -> str:
        """The type in `__metadata`: the last part of the path in the singular."""
        name = self.path.rsplit("/", 1)[1]
        if name.endswith("ies"):
            name = name[:-3] + "y"
        elif name.endswith("sses"):
            name = name[:-2]
        elif name.endswith("s"):
            name = name[:-1]
        return f"Exact.Web.Api.Models.{name}"


@cache
def endpoints() -> Mapping[str, Endpoint]:
    """Every endpoint served, by its path in lower case (paths are not case-sensitive)."""
    text = files(__package__).joinpath("endpoints.json").read_text(encoding="utf-8")
    found: dict[str, Endpoint] = {}
    for raw in json.loads(text):
        endpoint = _read(raw, found)
        found[endpoint.path.lower()] = endpoint
    return MappingProxyType(found)


def _read(raw: Mapping[str, Any], earlier: Mapping[str, Endpoint]) -> Endpoint:
    fields: dict[str, Field] = {}
    key = str(raw.get("key", ""))
    if like := raw.get("like"):
        fields.update(earlier[like.lower()].fields)
        key = key or earlier[like.lower()].key
    for code in str(raw.get("fields", "")).split():
        name, marks = code.split(":")
        fields[name] = _field(name, marks)
        key = name if "*" in marks else key
    for name in str(raw.get("without", "")).split():
        del fields[name]
    return Endpoint(
        path=raw["path"],
        methods=tuple(raw["methods"]),
        scope=raw.get("scope", ""),
        page=raw["page"],
        key=key,
        fields=MappingProxyType(fields),
        select_mandatory=raw.get("select_mandatory", False),
        mandatory_filter=raw.get("mandatory_filter", False),
        filter_only=frozenset(raw.get("filter_only", ())),
        parameters=tuple(raw.get("parameters", ())),
    )


def _field(name: str, marks: str) -> Field:
    return Field(
        name=name,
        kind=marks[0],
        mandatory="!" in marks,
        on_post="p" in marks,
        on_put="u" in marks,
        filterable="f" in marks,
    )
