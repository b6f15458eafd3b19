"""docs/reference/errors.md: every error that is raised on purpose, and what comes of it."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import connector
from connector import errors
from connector.cli.failures import code_of
from connector.errors import ConnectorError
from generator.text import page, table, told

_INTRO = """
The command line turns each error into one sentence and an [exit code](cli.md#exit-codes).
"""
_INNER = """
## Finer names inside the host

A plugin never raises these. They are what they derive from, told apart where the host goes on differently.
"""


def render() -> str:
    """The page."""
    public = [one for one in vars(errors).values() if _is_ours(one, errors.__name__)]
    inner = sorted(_inner(), key=lambda one: one.__name__)
    return page(
        "Errors",
        _INTRO,
        "## " + told(errors.__doc__),
        "## The classes",
        *(_class(one) for one in public),
        _INNER,
        table(
            ["class", "is a", "means", "exit code"],
            [[f"`{one.__name__}`", f"`{one.__mro__[1].__name__}`", _first(one), _code(one)] for one in inner],
        ),
    )


def _is_ours(value: object, module: str) -> bool:
    return isinstance(value, type) and issubclass(value, ConnectorError) and value.__module__ == module


def _inner() -> Iterator[type[ConnectorError]]:
    for found in walk_packages(connector.__path__, "connector."):
        if found.name.startswith(("connector.testing", "connector.store.migrations")) or found.name.endswith(
            "__main__"
        ):
            continue
        module = import_module(found.name)
        if module is not errors:
            yield from (one for one in vars(module).values() if _is_ours(one, found.name) and one.__name__[0] != "_")


def _class(error: type[ConnectorError]) -> str:
    call = str(inspect.signature(error)).replace("'", '"').removesuffix(" -> None")
    code = "" if error is ConnectorError else f"\n\nExit code {_code(error)}."
    return f"### `{error.__name__}`\n\n```python\n{error.__name__}{call}\n```\n\n{told(error.__doc__)}{code}"


def _code(error: type[ConnectorError]) -> str:
    return str(int(code_of(error.__new__(error))))


def _first(error: type[ConnectorError]) -> str:
    return told(error.__doc__).partition("\n")[0]
