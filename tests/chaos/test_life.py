"""The life of a ledger in any order, in short; the long form is `python tests/chaos/life.py --examples 100000`."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase
from life import live, memory_folder

# Together the 2,000 lives that the claim names; apart, so that all cores work on them.
PARTS, EACH = 4, 500
# A life that must go wrong is not worth being shortened.
FOUND: dict[str, Any] = {"examples": 500, "phases": [Phase.generate], "report_multiple_bugs": False}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_source_store_and_agency_agree_whatever_happened(part: int) -> None:
    with memory_folder() as folder:
        live(Path(folder), examples=EACH)


def test_the_agencys_own_money_taken_for_the_debtors_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.flow.balance._echo", lambda *_given: 0)
    with memory_folder() as folder, pytest.raises(AssertionError):
        live(Path(folder), **FOUND)


def test_a_change_that_is_told_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.store.cases.change_line", lambda *_given, **_named: None)
    with memory_folder() as folder, pytest.raises(AssertionError):
        live(Path(folder), **FOUND)
