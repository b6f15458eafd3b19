"""docs/reference/configuration.md: every key of every file, from the models that validate it."""

from collections.abc import Iterator
from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connector.api import SecretRef
from connector.config.shapes import ConnectionFile, InstallationFile, LedgerFile
from connector.plugins import load
from generator.text import bullets, headline, page, sentence, table, told

_INTRO = """
An installation is a folder, its *home*: `incasso.toml` beside the folders `connections/`, `ledgers/` and `policies/`.
`incasso init` writes one to begin with. The home is what stands behind `--home`, else in `INCASSO_HOME`, else the
current folder.

Every file is TOML. A key that is not known is an error, and so is a value that cannot be meant. All mistakes of all
files are told at once, each with file, key and mend. The name of a connection, a ledger or a policy is the name of its
file: lower-case letters, digits, `-` and `_`. What a policy may say: [policy](policy.md).

A required key has no default.

## Secrets

{secret}

## The environment

| variable | meaning |
| --- | --- |
| `INCASSO_HOME` | The home, when `--home` is not given. |
| `INCASSO_STORE_URL` | In place of `[store] url`: the way to give a database password. |
| `INCASSO_ENGINE_URL` | In place of `[engine] url`. |
| `INCASSO_TEST_CLOCK` | In place of `[clock] test_file`: the file of a test clock. Not for real work. |
"""
_CONNECTION = """
## `connections/NAME.toml`

One connection: a source or a sink, with the settings of its plugin beside the key `plugin`.
A ledger's `[source]` or `[sink]` adds to these settings or replaces them, key by key.
"""
_LEDGER = """
## `ledgers/NAME.toml`

One receivables administration of one creditor.
"""
_LINK = """
Every other key of `[source]` and `[sink]` belongs to the plugin of the connection, and wins over the connection's file.
More than one agency: [several agencies](../how-to/several-agencies.md).
"""


def render() -> str:
    """The page."""
    plugins = load()
    kinds = [*plugins.sources.values(), *plugins.sinks.values()]
    return page(
        "Configuration",
        _INTRO.format(secret=told(SecretRef.__doc__)),
        "## `incasso.toml`",
        *_tables(InstallationFile),
        _CONNECTION,
        _keys(ConnectionFile),
        *(_plugin(kind.name, kind.title, kind.config) for kind in sorted(kinds, key=lambda kind: kind.name)),
        _LEDGER,
        _keys(LedgerFile),
        *_tables(LedgerFile),
        _LINK,
    )


def _plugin(name: str, title: str, model: type[BaseModel]) -> str:
    return f'### `plugin = "{name}"`: {title}\n\n{headline(model.__doc__)}\n\n{_keys(model)}'


def _tables(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """A section for each table in a file, and for the tables inside it."""
    for name, field in model.model_fields.items():
        inner = _model(field)
        if inner is not None:
            path = f"{above}{name}"
            first = headline(inner.__doc__)
            about = sentence(field.description or (first.partition("`: ")[2] or first))
            yield f"### `[{path}]`\n\n{about}\n\n{_keys(inner)}"
            yield from _tables(inner, f"{path}.")


def _keys(model: type[BaseModel]) -> str:
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        said |= bullets(one.__doc__)
    rows = [
        [f"`{name}`", _kind(field), _default(field), sentence(said.get(name) or field.description or "")]
        for name, field in model.model_fields.items()
        if _model(field) is None
    ]
    return table(["key", "value", "default", "meaning"], rows) if rows else ""


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """The model behind a key that is a table of its own."""
    choices = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else (field.annotation,)
    if _several(field.annotation):
        choices = get_args(field.annotation)
    for one in choices:
        if isinstance(one, type) and issubclass(one, BaseModel) and one is not SecretRef:
            return one
    return None


def _several(annotation: Any) -> bool:
    """Whether a key is a list of tables of its own."""
    inner = get_args(annotation)[0] if get_origin(annotation) is tuple else None
    return isinstance(inner, type) and issubclass(inner, BaseModel) and inner is not SecretRef


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), frozenset(), {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _kind(field: FieldInfo) -> str:
    return _words(field.annotation) + _bounds(field.metadata)


def _words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f'`"{word}"`' if isinstance(word, str) else f"`{word}`" for word in inner)
    if origin in (Union, UnionType):
        return ", ".join(_words(one) + _bounds(_checks(one)) for one in inner if one is not type(None))
    if origin in (tuple, frozenset):
        return f"list of {_words(inner[0])}"
    if origin is dict:
        return f"table of {_words(inner[1])}"
    if origin is Annotated:
        return _words(inner[0])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation is not SecretRef:
        return "table"
    numbers = {int: "whole number", float: "number", date: "day such as `2026-01-31`"}
    words = {str: "text", bool: "`true`, `false`", SecretRef: "reference", **numbers}
    return words[annotation]


def _checks(annotation: Any) -> list[Any]:
    """What an annotated type checks: the `Field(ge=1)` in it."""
    marks = getattr(annotation, "__metadata__", ())
    return [check for mark in marks for check in (mark.metadata if isinstance(mark, FieldInfo) else (mark,))]


def _bounds(checks: list[Any]) -> str:
    """`, 1 to 100`, from what the model checks."""
    found = {
        name: getattr(one, name)
        for one in checks
        for name in ("ge", "gt", "le")
        if getattr(one, name, None) is not None
    }
    low = f"above {found['gt']}" if "gt" in found else f"{found['ge']}" if "ge" in found else ""
    if low and "le" in found:
        return f", {low} to {found['le']}"
    return f", {low if 'gt' in found else f'at least {low}'}" if low else ""
