"""Asking for many keys at once with one parameter: the statement stays the same however many there are."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, any_, bindparam, func, select

from connector.store.engine import Tx


def among(tx: Tx, column: ColumnElement[Any], keys: Sequence[str]) -> ColumnElement[bool]:
    """The condition that the text `column` is one of `keys`.

    An `IN` list would be compiled anew for each length: a fifth of the cost of storing a page.
    """
    return _condition(tx.dialect.name, column, None, value=listed(tx.dialect.name, keys))


def among_named(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """The condition that the text `column` is one of the keys that are given as the parameter `name`, see `listed`.

    For statements that are built once: what `among` builds costs as much as a small query, and is freed late.
    """
    return _condition(dialect, column, name)


def listed(dialect: str, keys: Sequence[str]) -> Any:
    """`keys` as the parameter's value."""
    return json.dumps(list(keys)) if dialect == "sqlite" else list(keys)


def _condition(dialect: str, column: ColumnElement[Any], name: str | None, **value: Any) -> ColumnElement[bool]:
    if dialect == "sqlite":
        keys = func.json_each(bindparam(name, type_=Text, unique=name is None, **value)).table_valued("value")
        return column.in_(select(keys.c.value))
    return column == any_(bindparam(name, type_=ARRAY(Text), unique=name is None, **value))
