"""Printing: tables for people, JSON for machines. Without a terminal tables are as wide as they need."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# More than any table needs: in a file or a pipe the content alone decides.
_PLAIN_WIDTH = 10_000
# There, text that runs on (a reason, a message) is broken here.
_PLAIN_TEXT = 100


def open_console(*, err: bool = False) -> "Console":
    """The console for tables on stdout, or for progress on stderr."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(
        stderr=err, highlight=False, markup=False, emoji=False, width=None if stream.isatty() else _PLAIN_WIDTH
    )


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Print a table. Columns in `right` hold amounts: aligned to the right and never wrapped; `whole` never wraps.

    The others are wrapped to the terminal's width; without a terminal, at 100 characters.
    """
    console = open_console()
    table = make_table(console, columns, title=title, right=right, whole=whole)
    for row in rows:
        table.add_row(*row)
    sys.stdout.write("\n" + draw(console, table) + "\n\n")


def make_table(
    console: "Console", columns: Sequence[str], *, title: str, right: Sequence[str], whole: Sequence[str]
) -> "Table":
    """An empty table as `show_table` prints it."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for name in columns:
        firm = name in right or name in whole
        side: Literal["left", "right"] = "right" if name in right else "left"
        widest = None if firm or console.is_terminal else _PLAIN_TEXT
        table.add_column(name, justify=side, no_wrap=firm, overflow="fold", max_width=widest)
    return table


def draw(console: "Console", table: "Table") -> str:
    """The lines of a table, without the padding to its width, which is of no use in a file, and without its edges."""
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n")


def show_facts(facts: Mapping[str, str]) -> None:
    """Print names with their values, one a line, the values under each other; what is empty is left out."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        if value:
            print_line(f"{name.ljust(width)}  {value}")


def print_line(text: str = "") -> None:
    """Print a line of text as it is."""
    sys.stdout.write(text + "\n")


def show_json(value: Any) -> None:
    """Print records, dataclasses and plain structures as JSON."""
    from pydantic_core import to_json

    sys.stdout.write(to_json(value, indent=2).decode() + "\n")


def show_json_parts(parts: Mapping[str, Any]) -> None:
    """Print an object as `show_json` does. Of a part that is an iterator one element at a time is in memory."""
    for place, (name, value) in enumerate(parts.items()):
        sys.stdout.write(("," if place else "{") + f'\n  "{name}": ')
        if not isinstance(value, Iterator):
            sys.stdout.write(_json(value, depth=1))
            continue
        count = 0
        for count, one in enumerate(value, start=1):
            sys.stdout.write(("," if count > 1 else "[") + "\n    " + _json(one, depth=2))
        sys.stdout.write("\n  ]" if count else "[]")
    sys.stdout.write("\n}\n")


def _json(value: Any, *, depth: int) -> str:
    from pydantic_core import to_json

    # A line break inside a text is escaped: these are the breaks between the lines.
    return to_json(value, indent=2).decode().replace("\n", "\n" + "  " * depth)


@contextmanager
def showing_progress(*, quiet: bool) -> "Iterator[Callable[[str, int], None]]":
    """A progress for the verbs: counters on stderr while it is a terminal, else nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _count: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,}"), TimeElapsedColumn())
    with Progress(*columns, console=open_console(err=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def _advance(what: str, count: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=None)
            bars.advance(tasks[what], count)

        yield _advance


def instant(at: datetime | None) -> str:
    """An instant to the minute, in UTC: `2026-01-31 09:00 UTC`; a dash for none."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "-"


def money(minor: int, currency: str) -> str:
    """`EUR 1,234.50` for 123450 minor units."""
    from connector.model import Money

    return str(Money(minor=minor, currency=currency))
