"""Every ledger once: what one ledger meets keeps the others from nothing."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from unit.flow.desk import Desk, open_desk

from connector.errors import TransientError
from connector.flow.runs import Progress, quiet
from connector.runtime.once import visit_once
from connector.store import Store


def watching() -> AbstractContextManager[Progress]:
    return nullcontext(quiet)


def two_ledgers(store: Store, folder: Path) -> tuple[Desk, list[Any]]:
    desk, acme = open_desk(store, folder)
    bakery = acme.model_copy(update={"name": "bakery"})
    settings = desk.settings.model_copy(update={"ledgers": {"acme": acme, "bakery": bakery}})
    return replace(desk, settings=settings), [acme, bakery]


def test_each_ledger_is_visited_in_turn(store: Store, tmp_path: Path) -> None:
    desk, ledgers = two_ledgers(store, tmp_path)
    turns, failed = visit_once(desk, ledgers, watching)
    assert failed == []
    assert [turn.ledger for turn in turns if turn.verb == "pull"] == ["acme", "bakery"]


def test_a_ledger_that_is_worked_on_is_told_and_the_next_is_visited(store: Store, tmp_path: Path) -> None:
    desk, ledgers = two_ledgers(store, tmp_path)
    with store.lock("ledger:acme"):
        turns, failed = visit_once(desk, ledgers, watching)
    assert [type(error) for error in failed] == [TransientError]
    assert {turn.ledger for turn in turns} == {"bakery"}


def test_after_a_signal_no_further_ledger_is_begun(store: Store, tmp_path: Path) -> None:
    desk, ledgers = two_ledgers(store, tmp_path)
    desk.stop.set()
    assert visit_once(desk, ledgers, watching) == ([], [])
