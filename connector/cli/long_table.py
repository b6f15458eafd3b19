"""A table of any length: printed as one table, while few of its rows are in memory.

The rows are read twice: once to see how wide the columns get, once to print them.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from connector.cli.output import draw, make_table, open_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Row = Sequence[str]

_AT_ONCE = 500


def show_long_table(
    columns: Sequence[str],
    read_rows: Callable[[], Iterable[Row]],
    *,
    title: str = "",
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """Print the same table as `connector.cli.output.show_table`; nothing when there are no rows."""
    console = open_console()
    decisive = _decisive(columns, read_rows())
    if not decisive:
        return
    widths = _widths(console, make_table(console, columns, title="", right=right, whole=whole), decisive)
    rows = iter(read_rows())
    is_first = True
    while chunk := list(islice(rows, _AT_ONCE)):
        table = make_table(console, columns, title=title if is_first else "", right=right, whole=whole)
        table.show_header = is_first
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        for row in chunk:
            table.add_row(*row)
        sys.stdout.write("\n" + draw(console, table))
        is_first = False
    sys.stdout.write("\n\n")


def _decisive(columns: Sequence[str], rows: Iterable[Row]) -> list[Row]:
    """Two rows that need as much room as all: per column the longest cell, and the cell with the longest word."""
    from rich.cells import cell_len

    longest = [("", -1)] * len(columns)
    wordiest = longest.copy()
    for row in rows:
        for place, text in enumerate(row):
            line = max(map(cell_len, text.splitlines()), default=0)
            word = max(map(cell_len, text.split()), default=0)
            if line > longest[place][1]:
                longest[place] = (text, line)
            if word > wordiest[place][1]:
                wordiest[place] = (text, word)
    if any(size < 0 for _, size in longest):
        return []
    return [[text for text, _ in longest], [text for text, _ in wordiest]]


def _widths(console: "Console", table: "Table", rows: Iterable[Row]) -> list[int]:
    """How wide each column's text gets, read from a frame drawn around these rows."""
    from rich import box

    # A frame as wide as the blanks of the tables that are shown, so that the same room is left for the columns.
    table.box = box.ASCII2
    for row in rows:
        table.add_row(*row)
    drawn = [len(part) for part in draw(console, table).splitlines()[0][1:-1].split("+")]
    last = len(drawn) - 1
    # A blank stands on either side of a text, but none at the table's edges.
    return [width - (place > 0) - (place < last) for place, width in enumerate(drawn)]
