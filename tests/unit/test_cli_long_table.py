"""A table and a document that are printed bit by bit are the same as those printed at once."""

import io
import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.cli import long_table
from connector.cli.long_table import show_long_table
from connector.cli.output import show_json, show_json_parts, show_table

COLUMNS = ["debtor", "name", "amount", "why"]
FIRM = {"right": ["amount"], "whole": ["debtor"]}
texts = st.text(alphabet="ab é漢-", max_size=30).map(str.strip) | st.just("a reason that runs on and on " * 6)
rows = st.lists(st.tuples(st.sampled_from(["1001", "key-of-a-debtor"]), texts, st.just("EUR 1.00"), texts), min_size=1)


class Screen(io.StringIO):
    """A terminal, or a file."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, st.sampled_from(["", "Undecided: a fact is missing"]), st.sampled_from([0, 30, 60, 120]))
def test_a_long_table_is_the_table(
    monkeypatch: pytest.MonkeyPatch, cells: list[tuple[str, str, str, str]], title: str, width: int
) -> None:
    monkeypatch.setattr(long_table, "_AT_ONCE", 3)
    monkeypatch.setenv("COLUMNS", str(width or 80))
    monkeypatch.setenv("TERM", "dumb")
    printed = []
    for show in (
        lambda: show_table(COLUMNS, cells, title=title, **FIRM),
        lambda: show_long_table(COLUMNS, lambda: iter(cells), title=title, **FIRM),
    ):
        screen = Screen(terminal=width > 0)
        monkeypatch.setattr(sys, "stdout", screen)
        show()
        printed.append(screen.getvalue())
    monkeypatch.undo()
    assert printed[0] == printed[1]


def test_without_rows_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show_long_table(COLUMNS, lambda: iter(()), title="Undecided")
    assert capsys.readouterr().out == ""


def test_few_rows_are_in_memory(capsys: pytest.CaptureFixture[str]) -> None:
    alive = most = 0

    class Row(tuple[str, ...]):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def read_rows() -> "list[Row]":
        nonlocal alive, most
        for number in range(3000):
            alive += 1
            most = max(most, alive)
            yield Row((str(number), "name", "EUR 1.00", "why"))

    show_long_table(COLUMNS, read_rows, **FIRM)
    assert capsys.readouterr().out.count("EUR 1.00") == 3000
    assert most <= 2 * long_table._AT_ONCE


@pytest.mark.parametrize("values", [[], [1], [{"a": "two\nlines"}, {"b": [1, {"c": []}]}, "text"]])
def test_a_document_in_parts_is_the_document(capsys: pytest.CaptureFixture[str], values: list[object]) -> None:
    show_json({"head": {"x": 1}, "decisions": values, "remarks": []})
    whole = capsys.readouterr().out
    show_json_parts({"head": {"x": 1}, "decisions": iter(values), "remarks": []})
    assert capsys.readouterr().out == whole
    assert json.loads(whole)["decisions"] == values
