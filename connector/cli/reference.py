"""The reference page of the command line, made from the commands themselves: `python -m connector.cli.reference`."""

import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from connector.cli import failures
from connector.cli.app import app

_HEAD = """# The command line

<!-- Made from the program by `python -m connector.cli.reference`; a test holds it to the program. -->

Global options stand before the command: `incasso --home DIR status`.
"""


def render() -> str:
    """The page, in Markdown."""
    root = typer.main.get_command(app)
    parts = [_HEAD, _exit_codes(), *_commands(root, "incasso")]
    return "\n".join(parts).rstrip() + "\n"


def _exit_codes() -> str:
    table = (failures.__doc__ or "").partition("\n\n")[2]
    return f'## Exit codes\n\n{table.strip()}\n\nWith `--json` an error is JSON too: `{{"error": {{…}}}}`, on stdout.\n'


def _commands(command: Any, path: str) -> Iterator[str]:
    """A command and those under it, in the order of the help."""
    yield _section(command, path)
    for name, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _commands(below, f"{path} {name}")


def _section(command: Any, path: str) -> str:
    lines = [f"## `{path}`", "", (command.help or "").strip(), "", f"    {path}{_usage(command)}", ""]
    rows = [row for parameter in command.params if (row := _row(parameter))]
    if rows:
        lines += ["| argument or option | what it is |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _usage(command: Any) -> str:
    arguments = [_shown(one) for one in command.params if one.param_type_name == "argument"]
    options = any(one.param_type_name == "option" for one in command.params)
    inner = ["COMMAND"] if getattr(command, "commands", None) else []
    return "".join(f" {word}" for word in (["[OPTIONS]"] if options else []) + inner + arguments)


def _row(parameter: Any) -> str:
    said = getattr(parameter, "help", None) or ""
    if parameter.param_type_name == "argument":
        return f"| `{_shown(parameter)}` | {_cell(said)} |"
    value = "" if parameter.is_flag else f" {_shown(parameter)}"
    names = ", ".join(f"`{name}{value}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return f"| {names} | {_cell(said)}{_default(parameter)} |"


def _shown(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return " Required."
    worth_saying = isinstance(value, int | str) and not isinstance(value, bool) and value not in ("", 0)
    return f" Default: `{value}`." if worth_saying else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
