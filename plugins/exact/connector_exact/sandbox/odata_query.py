"""Query options of a read: checked against the endpoint's rules (reference 2.4 to 2.6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.odata_filter import Node, fields_of, parse_filter
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.toggles import Toggles

SELECT_TEXT = "Please add a $select or a $top=1 statement to the query string."
_OPTIONS = frozenset(
    {"$select", "$filter", "$orderby", "$expand", "$top", "$skip", "$skiptoken", "$inlinecount", "$count", "$format"}
)
_SKIPTOKEN = re.compile(r"guid\s?'(?P<guid>[0-9a-fA-F-]{36})'|(?P<number>\d+)L?|'(?P<text>[^']*)'")


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one read. `select` empty is every field; `position` is what `$skiptoken` said."""

    select: tuple[str, ...] = ()
    filter: Node | None = None
    order: tuple[tuple[str, bool], ...] = ()
    expand: tuple[str, ...] = ()
    top: int | None = None
    skip: int = 0
    position: Any = None
    inline_count: bool = False


def parse_query(params: Mapping[str, str], endpoint: Endpoint, *, toggles: Toggles, single: bool = False) -> Query:
    """The options, checked. `single` is a read by key, which needs neither `$select` nor a filter.

    Raises Refusal (400) as the imitated service does.
    """
    for name in params:
        if name.startswith("$") and name not in _OPTIONS:
            raise bad_request(f"The query parameter '{name}' is not supported.")
    select = _names(params.get("$select", ""))
    top = _number(params, "$top")
    tree = _filter(params, endpoint, toggles=toggles)
    if not single:
        _check_filter_rules(tree, endpoint)
        if endpoint.select_mandatory and not select and top != 1:
            raise bad_request(SELECT_TEXT)
    if "$skip" in params and endpoint.family != "regular":
        raise bad_request("The query parameter '$skip' is not supported.")
    inline = params.get("$inlinecount", "none")
    if inline not in ("none", "allpages"):
        raise bad_request("Unknown $inlinecount option, only 'allpages' and 'none' are supported.")
    return Query(
        select=() if select == ("*",) else _known(select, endpoint),
        filter=tree,
        order=_order(params.get("$orderby", ""), endpoint),
        expand=_known(_names(params.get("$expand", "")), endpoint),
        top=top,
        skip=_number(params, "$skip") or 0,
        position=_position(params.get("$skiptoken")),
        inline_count=inline == "allpages",
    )


def _filter(params: Mapping[str, str], endpoint: Endpoint, *, toggles: Toggles) -> Node | None:
    if "$filter" not in params:
        return None
    if not params["$filter"].strip():
        raise bad_request("This $filter parameter is not supported for this resource")
    return parse_filter(params["$filter"], date_only=toggles.date_only_literal)


def _check_filter_rules(tree: Node | None, endpoint: Endpoint) -> None:
    used = frozenset(fields_of(tree)) if tree is not None else frozenset()
    if endpoint.filter_only and (odd := sorted(used - endpoint.filter_only)):
        if endpoint.family == "sync":
            raise bad_request("This $filter parameter is not supported for this resource")
        raise bad_request(f"Filtering on these fields is not supported: {', '.join(odd)}")
    if endpoint.mandatory_filter:
        allowed = [field.name for field in endpoint.fields.values() if field.filterable]
        if not used & frozenset(allowed):
            raise bad_request(
                f"This endpoint has mandatory filtering applied. A GET request on {endpoint.path} must have a "
                f"$filter parameter with one of the following fields: {', '.join(allowed)}"
            )


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _known(names: tuple[str, ...], endpoint: Endpoint) -> tuple[str, ...]:
    for name in names:
        if name.split("/", 1)[0] not in endpoint.fields:
            raise bad_request(f"Could not find a property named '{name}' on type '{endpoint.type_name}'.")
    return tuple(dict.fromkeys(name.split("/", 1)[0] for name in names))


def _order(text: str, endpoint: Endpoint) -> tuple[tuple[str, bool], ...]:
    found = []
    for part in _names(text):
        name, _, direction = part.partition(" ")
        _known((name,), endpoint)
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_request(f"'{direction}' is no direction to order by.")
        found.append((name, direction.strip() == "desc"))
    return tuple(found)


def _number(params: Mapping[str, str], name: str) -> int | None:
    if name not in params:
        return None
    if not params[name].isdecimal():
        raise bad_request(f"Incorrect format for {name} argument '{params[name]}'.")
    return int(params[name])


def _position(text: str | None) -> Any:
    if text is None:
        return None
    found = _SKIPTOKEN.fullmatch(text)
    if not found:
        raise bad_request("Error in query syntax")
    if found["guid"]:
        return found["guid"].lower()
    return int(found["number"]) if found["number"] else found["text"]


def parse_key(text: str, endpoint: Endpoint) -> Any:
    """The key in `Endpoint(guid'…')`, `(123)` or `('EUR')`. Raises Refusal (400) where it does not fit."""
    kind = endpoint.fields[endpoint.key].kind
    found = _SKIPTOKEN.fullmatch(text.strip())
    value = (found["guid"] if kind == "g" else found["text"] if kind == "s" else found["number"]) if found else None
    if value is None:
        raise Refusal(400, "Error in query syntax")
    return value.lower() if kind == "g" else value if kind == "s" else int(value)
