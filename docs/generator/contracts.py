"""docs/reference/hooks-and-contracts.md: what a plugin implements, and what it is handed."""

import ast

from generator.syntax import Source, fields, public_functions, read, signature
from generator.text import page, told

_INTRO = """
A plugin is a package with an entry point in the group `connector.plugins`. It implements hooks; the hooks register
*kinds* of sources, sinks and sandboxes; the host opens a kind with a validated configuration and a `Context`.
How to write one: [write a plugin in an afternoon](../how-to/write-a-plugin.md).
The records that go in and out: [records](records.md). What to raise: [errors](errors.md).

A plugin imports `connector.api`, `connector.model`, `connector.errors` and `from connector import hookimpl`; its tests
import `connector.testing`. Everything else may change without notice.
"""
_HOOKS = """
## Hooks

Decorate a function of the same name with `@hookimpl`. It may take fewer arguments than the hook has, never others.
"""
_API = """
## Contracts: `connector.api`

`API_VERSION` is {version}. A kind that was made for another version is refused by name, and the other plugins run.
"""


def render() -> str:
    """The page."""
    api = read("connector/api.py")
    hooks = read("connector/hookspecs.py")
    return page(
        "Hooks and contracts",
        _INTRO,
        _HOOKS,
        *(_hook(one) for one in hooks.functions()),
        _API.format(version=_version(api)),
        *(_class(one) for one in api.classes()),
        "## Functions",
        *(_function(one) for one in api.functions()),
    )


def _version(api: Source) -> str:
    values = (one.value for one in api.tree.body if isinstance(one, ast.Assign))
    return next(str(value.value) for value in values if isinstance(value, ast.Constant))


def _hook(hook: ast.FunctionDef) -> str:
    return f"### `{hook.name}`\n\n```python\n{signature(hook)}\n```\n\n{told(ast.get_docstring(hook))}"


def _class(owner: ast.ClassDef) -> str:
    parts = [f"### `{owner.name}`", told(ast.get_docstring(owner))]
    if listed := "\n".join(fields(owner)):
        parts.append(f"```python\n{listed}\n```")
    parts += [_method(one) for one in public_functions(owner)]
    return "\n\n".join(part for part in parts if part)


def _method(method: ast.FunctionDef) -> str:
    return f"```python\n{signature(method)}\n```\n\n{told(ast.get_docstring(method))}".strip()


def _function(function: ast.FunctionDef) -> str:
    return f"### `{function.name}`\n\n{_method(function)}"
