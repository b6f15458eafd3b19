"""JSON verbose, the `application/json` form of the imitated service (reference 2.2 and 2.3)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from functools import lru_cache
from typing import Any

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.clock import wall_time
from connector_exact.sandbox.views import Getter, View

Expanded = Mapping[str, Callable[[Any], list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows of one endpoint are shown: `base` is the address of the endpoint on this server."""

    endpoint: Endpoint
    view: View
    base: str
    fields: Sequence[str]
    expanded: Expanded


@lru_cache(maxsize=65536)
def json_time(value: date) -> str:
    """`/Date(ms)/`: Dutch wall-clock time written as though it were UTC (reference 2.3)."""
    return f"/Date({int(wall_time(value).replace(tzinfo=UTC).timestamp()) * 1000})/"


def key_text(value: Any, kind: str) -> str:
    """A key as it stands in an address or a `$skiptoken`."""
    if kind == "g":
        return f"guid'{value}'"
    if kind == "s":
        return f"'{value}'"
    return f"{value}L" if kind == "l" else str(value)


_ENCODERS: Mapping[str, Callable[[Any], Any]] = {"t": json_time, "l": str, "d": float}


@dataclass(slots=True)
class _Plan:
    """What is done to every row, worked out once a page: columns with getter and encoder, constants, collections."""

    shape: Shape
    type_name: str
    key: Getter
    key_kind: str
    columns: list[tuple[str, Getter, Callable[[Any], Any] | None]] = field(default_factory=list)
    constants: dict[str, bool | None] = field(default_factory=dict)
    collections: list[str] = field(default_factory=list)


def rows_to_json(rows: Iterable[Any], shape: Shape) -> list[dict[str, Any]]:
    """Rows as objects with `__metadata`; collections as `__deferred` unless expanded.

    A field that the stand-in does not keep is null; a flag is false, as typed clients of the service expect.
    """
    plan = _plan(shape)
    return [_object(row, plan) for row in rows]


def _plan(shape: Shape) -> _Plan:
    endpoint = shape.endpoint
    key, key_kind = shape.view.getters[endpoint.key], endpoint.fields[endpoint.key].kind
    plan = _Plan(shape=shape, type_name=endpoint.type_name, key=key, key_kind=key_kind)
    for name in shape.fields:
        kind = endpoint.fields[name].kind
        getter = shape.view.getters.get(name)
        if kind == "c":
            plan.collections.append(name)
        elif getter is None or kind == "x":
            plan.constants[name] = False if kind == "b" else None
        else:
            plan.columns.append((name, getter, _ENCODERS.get(kind)))
    return plan


def _object(row: Any, plan: _Plan) -> dict[str, Any]:
    uri = f"{plan.shape.base}({key_text(plan.key(row), plan.key_kind)})"
    shown: dict[str, Any] = {"__metadata": {"uri": uri, "type": plan.type_name}, **plan.constants}
    for name, getter, encode in plan.columns:
        value = getter(row)
        shown[name] = value if encode is None or value is None else encode(value)
    for name in plan.collections:
        rows = plan.shape.expanded.get(name)
        shown[name] = {"results": rows(row)} if rows else {"__deferred": {"uri": f"{uri}/{name}"}}
    return shown


def collection_body(rows: list[dict[str, Any]], *, following: str | None, count: int | None, bare: bool) -> bytes:
    """The answer of a list: an object with `results`, or a bare list after `$top` (reference 2.2)."""
    if bare and count is None:
        return dump({"d": rows})
    body: dict[str, Any] = {"results": rows}
    if count is not None:
        body = {"__count": str(count), **body}
    if following:
        body["__next"] = following
    return dump({"d": body})


def error_body(text: str) -> bytes:
    """The error form of reference 3.4."""
    return dump({"error": {"code": "", "message": {"lang": "", "value": text}}})


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
