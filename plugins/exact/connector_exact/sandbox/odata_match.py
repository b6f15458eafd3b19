"""A filter's tree against rows: a predicate, and the short cuts a large list needs."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from connector_exact.sandbox.catalogue import EDM, Endpoint
from connector_exact.sandbox.clock import wall_time
from connector_exact.sandbox.odata_filter import Both, Compare, Either, Literal, Node, TextTest
from connector_exact.sandbox.refusal import bad_request

Getter = Callable[[Any], Any]
Predicate = Callable[[Any], bool]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TAKES = {
    "g": ("guid",), "s": ("string",), "t": ("datetime",), "b": ("boolean",), "d": ("number",),
    "h": ("number",), "i": ("number",), "l": ("number",), "y": ("number", "boolean"),
}  # fmt: skip


def compile_filter(node: Node, endpoint: Endpoint, getter: Callable[[str], Getter]) -> Predicate:
    """A predicate over rows. Raises Refusal (400) for an unknown field or a literal of the wrong type."""
    match node:
        case Both(parts):
            tests = [compile_filter(part, endpoint, getter) for part in parts]
            return lambda row: all(test(row) for test in tests)
        case Either(parts):
            members = equal_set(node)
            if members is not None:
                return _membership(members, endpoint, getter)
            tests = [compile_filter(part, endpoint, getter) for part in parts]
            return lambda row: any(test(row) for test in tests)
        case Compare():
            return _comparison(node, endpoint, getter)
        case TextTest():
            return _text_test(node, endpoint, getter)


def equal_set(node: Node) -> tuple[str, tuple[Literal, ...]] | None:
    """`F eq a or F eq b ...` (or one `F eq a`) as the field and its literals; None for any other tree."""
    parts = node.parts if isinstance(node, Either) else (node,)
    literals = []
    for part in parts:
        if not isinstance(part, Compare) or part.op != "eq" or part.trimmed or part.literal.kind == "null":
            return None
        literals.append(part.literal)
    fields = {part.field for part in parts if isinstance(part, Compare)}
    return (fields.pop(), tuple(literals)) if len(fields) == 1 else None


def lower_bound(node: Node | None, field: str) -> int:
    """The largest N of which `field gt N` must hold; 0 where the filter says no such thing."""
    if isinstance(node, Compare) and node.field == field and isinstance(node.literal.value, int):
        return {"gt": node.literal.value, "ge": node.literal.value - 1, "eq": node.literal.value - 1}.get(node.op, 0)
    if isinstance(node, Both):
        return max((lower_bound(part, field) for part in node.parts), default=0)
    return 0


def _membership(
    members: tuple[str, tuple[Literal, ...]], endpoint: Endpoint, getter: Callable[[str], Getter]
) -> Predicate:
    field, literals = members
    read = _checked(field, endpoint, getter)
    values = frozenset(_fit(literal, field, endpoint) for literal in literals)
    return lambda row: read(row) in values


def _comparison(node: Compare, endpoint: Endpoint, getter: Callable[[str], Getter]) -> Predicate:
    read = _checked(node.field, endpoint, getter)
    if node.trimmed:
        whole = read

        def read(row: Any) -> Any:
            text = whole(row)
            return text.strip() if isinstance(text, str) else text

    wanted = _fit(node.literal, node.field, endpoint)
    if node.op == "eq":
        return lambda row: bool(read(row) == wanted)
    if node.op == "ne":
        return lambda row: bool(read(row) != wanted)
    order = _ORDER[node.op]
    if wanted is None:
        return lambda row: False

    def ordered(row: Any) -> bool:
        value = read(row)
        return value is not None and order(value, wanted)

    return ordered


def _text_test(node: TextTest, endpoint: Endpoint, getter: Callable[[str], Getter]) -> Predicate:
    if node.field in endpoint.fields and endpoint.fields[node.field].kind != "s":
        raise bad_request(f"No applicable function found for '{node.test}' on '{node.field}'")
    read = _checked(node.field, endpoint, getter)
    text = node.text.lower()
    tests: dict[str, Callable[[str], bool]] = {
        "substringof": lambda value: text in value,
        "startswith": lambda value: value.startswith(text),
        "endswith": lambda value: value.endswith(text),
    }
    test = tests[node.test]
    return lambda row: test((read(row) or "").lower()) is node.wanted


def _checked(field: str, endpoint: Endpoint, getter: Callable[[str], Getter]) -> Getter:
    if field not in endpoint.fields:
        raise bad_request(f"No property '{field}' exists in type '{endpoint.type_name}' at position 0.")
    kind = endpoint.fields[field].kind
    if kind == "c":
        raise bad_request("Filtering on a navigation property is not supported")
    read = getter(field)
    if kind != "t":
        return read

    def read_time(row: Any) -> Any:
        value = read(row)
        return None if value is None else wall_time(value)

    return read_time


def _fit(literal: Literal, field: str, endpoint: Endpoint) -> Any:
    kind = endpoint.fields[field].kind if field in endpoint.fields else "s"
    if literal.kind != "null" and literal.kind not in _TAKES.get(kind, ()):
        raise bad_request(
            f"Operator incompatible with operand types '{EDM.get(kind, 'Edm.Binary')}' and '{literal.kind}'"
        )
    return literal.value
