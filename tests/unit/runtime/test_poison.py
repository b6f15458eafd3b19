"""A verb that keeps ending its process is left out for a while; the rest of the visit goes on."""

from datetime import timedelta

import pytest
from desk import Desk, invoice
from serving import Served

from connector.config import Ledger
from connector.errors import TransientError
from connector.flow.follow import follow
from connector.runtime.poison import IN_A_ROW, LEFT_OUT, refuse
from connector.runtime.visit import Turn, alone, visit
from connector.store import journal


@pytest.fixture
def desk(served: Served) -> Desk:
    return served.desk


@pytest.fixture
def ledger(served: Served) -> Ledger:
    return served.ledger


def die_in(desk: Desk, ledger: Ledger, verb: str, times: int) -> None:
    """As a process leaves it: the run is noted, and its end is not."""
    for number in range(times):
        desk.later(minutes=15)
        with alone(desk, ledger), desk.store.write() as tx:
            journal.start_run(tx, f"{desk.clock.now():%H%M}-{number}", ledger.name, verb, at=desk.clock.now())


def go(desk: Desk, ledger: Ledger) -> dict[str, Turn]:
    desk.books.holds(invoice("1"))
    return {turn.verb: turn for turn in visit(desk, ledger)}


def outcomes(desk: Desk, verb: str) -> list[str]:
    with desk.store.read() as tx:
        return [run.outcome for run in journal.last_runs(tx, "acme") if run.verb == verb]


def test_a_run_that_has_no_process_any_more_is_found_dead_by_the_next(desk: Desk, ledger: Ledger) -> None:
    die_in(desk, ledger, "pull", 1)
    assert outcomes(desk, "pull") == ["running"]
    desk.later(minutes=15)
    go(desk, ledger)
    assert outcomes(desk, "pull") == ["ok", "died"]


def test_it_is_left_out_after_so_many_deaths_and_the_rest_goes_on(desk: Desk, ledger: Ledger) -> None:
    die_in(desk, ledger, "pull", IN_A_ROW)
    desk.later(minutes=15)
    turns = go(desk, ledger)
    assert turns["pull"].outcome == "TransientError"
    assert (
        f"pull ended its process {IN_A_ROW} times in a row and is left out until 2026-03-02 15:30 UTC"
        in turns["pull"].told
    )
    assert "plan" not in turns
    assert turns["follow"].outcome == "ok"


def test_fewer_deaths_and_a_good_end_between_them_leave_nothing_out(desk: Desk, ledger: Ledger) -> None:
    die_in(desk, ledger, "follow", IN_A_ROW - 1)
    desk.later(minutes=15)
    assert go(desk, ledger)["follow"].outcome == "ok"
    die_in(desk, ledger, "follow", IN_A_ROW - 1)
    desk.later(minutes=15)
    assert go(desk, ledger)["follow"].outcome == "ok"


def test_it_is_tried_again_after_hours_and_by_its_own_command_at_once(desk: Desk, ledger: Ledger) -> None:
    die_in(desk, ledger, "follow", IN_A_ROW)
    with alone(desk, ledger), pytest.raises(TransientError, match="follow ended its process"):
        refuse(desk, ledger, "follow")
    desk.clock.set(desk.clock.now() + LEFT_OUT - timedelta(seconds=1))
    with pytest.raises(TransientError):
        refuse(desk, ledger, "follow")
    desk.later(seconds=1)
    refuse(desk, ledger, "follow")
    desk.later(hours=-1)
    follow(desk, ledger)
    refuse(desk, ledger, "follow")


def test_other_ledgers_and_verbs_do_not_count(desk: Desk, ledger: Ledger) -> None:
    die_in(desk, ledger, "report", IN_A_ROW)
    with alone(desk, ledger):
        refuse(desk, ledger, "pull")
    other = ledger.model_copy(update={"name": "other"})
    with alone(desk, other):
        refuse(desk, other, "report")
    assert outcomes(desk, "report") == ["died"] * IN_A_ROW
