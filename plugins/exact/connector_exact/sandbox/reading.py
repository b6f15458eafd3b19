"""A read, carried out: filter, order, page (reference 2.4 and 2.5)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.clock import wall_time
from connector_exact.sandbox.odata_match import Predicate, compile_filter, equal_set, lower_bound
from connector_exact.sandbox.odata_query import Query
from connector_exact.sandbox.views import Getter, View


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer; `next_position` when there are more; `count` of all matching rows when asked."""

    rows: list[Any]
    next_position: Any = None
    count: int | None = None


def read_page(view: View, endpoint: Endpoint, query: Query, *, size: int) -> Page:
    """One page of at most `size` rows; with `$top` no more than that and no next page."""
    test = _predicate(view, endpoint, query)
    count = count_rows(view, endpoint, query) if query.inline_count else None
    rows = _matching(view, endpoint, query, test)
    if query.top is not None:
        return Page(rows=list(islice(rows, query.skip, query.skip + min(query.top, size))), count=count)
    found = list(islice(rows, query.skip, query.skip + size + 1))
    following = view.key(found[size - 1]) if len(found) > size else None
    return Page(rows=found[:size], next_position=following, count=count)


def count_rows(view: View, endpoint: Endpoint, query: Query) -> int:
    """How many rows match."""
    test = _predicate(view, endpoint, query)
    return sum(1 for row in _candidates(view, endpoint, query, position=None) if test(row))


def _predicate(view: View, endpoint: Endpoint, query: Query) -> Predicate:
    if query.filter is None:
        return lambda row: True
    return compile_filter(query.filter, endpoint, getter_of(view))


def getter_of(view: View) -> Callable[[str], Getter]:
    """The getter of a field; null for a field that the stand-in does not keep."""
    return lambda name: view.getters.get(name, _null)


def _null(row: Any) -> None:
    return None


def _matching(view: View, endpoint: Endpoint, query: Query, test: Predicate) -> Iterator[Any]:
    if not query.order:
        return (row for row in _candidates(view, endpoint, query, position=query.position) if test(row))
    rows = [row for row in _candidates(view, endpoint, query, position=None) if test(row)]
    for name, descending in reversed(query.order):
        rows.sort(key=_ranking(view.getters.get(name, _null)), reverse=descending)
    keys = [view.key(row) for row in rows]
    start = keys.index(query.position) + 1 if query.position in keys else 0
    return iter(rows[start:])


def _candidates(view: View, endpoint: Endpoint, query: Query, *, position: Any) -> Iterator[Any]:
    """Rows that can match, found by key or by row version where the filter allows it."""
    if query.filter is not None:
        members = equal_set(query.filter)
        if members is not None and members[0] == endpoint.key and endpoint.family != "sync":
            keys = sorted({literal.value for literal in members[1]})
            rows = (view.source.get(key) for key in keys if position is None or key > position)
            return (row for row in rows if row is not None)
    if endpoint.key == "Timestamp":
        position = max(position or 0, lower_bound(query.filter, "Timestamp"))
    return view.source.after(position)


def _ranking(getter: Getter) -> Getter:
    def rank(row: Any) -> tuple[int, Any]:
        value = getter(row)
        if value is None:
            return (0, 0)
        return (1, wall_time(value)) if isinstance(value, date) else (1, value)

    return rank
