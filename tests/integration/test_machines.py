"""Several services on one PostgreSQL database, and a second one on an SQLite file: who works, who takes over."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
import requests
from acceptance.installation import START, Installation, StandIn, install, stand_in
from databases import Databases
from integration.test_daemon import PAGES, ROWS_A_PAGE, daemon, ledger_status, stop, stored_items, until

_CODES = count(700_001)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    clock = tmp_path_factory.mktemp("time") / "clock.txt"
    clock.write_text(START.isoformat(), encoding="utf-8")
    with stand_in("exact", clock, {"minute_limit": "0"}) as running:
        yield running


def open_division(exact: StandIn) -> int:
    code = next(_CODES)
    exact.order("divisions", {"code": code})
    return code


@pytest.fixture
def home(tmp_path: Path, exact: StandIn, postgres: Databases) -> Installation:
    made = install(tmp_path / "home", exact, open_division(exact), store_url=postgres.url())
    made.invoices(PAGES * ROWS_A_PAGE)
    return made


def pulls(home: Installation) -> list[str]:
    return [one["outcome"] for one in home.run("runs", "--json").json if one["verb"] == "pull"]


def test_over_three_services_a_slot_is_worked_once_and_another_takes_over_the_work_of_one_that_is_killed(
    home: Installation, exact: StandIn
) -> None:
    exact.order("toggles", {"latency_ms": 1500})
    try:
        with ExitStack() as stack:
            services = [stack.enter_context(daemon(home)) for _ in range(3)]
            until(lambda: any(one["running"] for one in workers(home)))
            until(lambda: stored_items(home) > 0)
            (busy,) = [one["pid"] for one in workers(home) if one["running"]]
            killed = next(process for _, process in services if process.pid == busy)
            killed.kill()
            killed.communicate(timeout=20)
            exact.order("toggles", {"latency_ms": 0})
            others = [(url, process) for url, process in services if process.pid != busy]
            began = time.monotonic()
            until(lambda: stored_items(home) == PAGES * ROWS_A_PAGE)
            until(lambda: ledger_status(others[0][0])["plan"])
            assert time.monotonic() - began < 30
            told = home.run("status").out
            figures = requests.get(f"{others[0][0]}/metrics", timeout=10).text
            for _, process in others:
                stop(process)
    finally:
        exact.order("toggles", {"latency_ms": 0})
    assert pulls(home) == ["ok", "died"]
    assert "3 works" not in told
    assert told.count(" works ") >= 2
    assert "incasso_workers" in figures
    assert "incasso_engine_stuck 0.0" in figures
    # Those that ended as they should are gone; the killed one is silent until house is kept.
    assert [one["pid"] for one in workers(home)] == [busy]


def workers(home: Installation) -> list[dict[str, object]]:
    told = home.run("status", "--json")
    assert told.code == 0, told.out
    found: list[dict[str, object]] = told.json["workforce"]["workers"]
    return found


def test_a_second_service_on_an_sqlite_file_is_refused_in_a_sentence(tmp_path: Path, exact: StandIn) -> None:
    made = install(tmp_path / "home", exact, open_division(exact))
    with daemon(made) as (_, process):
        refused = made.run_process("run")
        stop(process)
    assert refused.code == 75
    assert "an SQLite file has room for one" in refused.err
    assert "Traceback" not in refused.err
    assert (made.home / "data" / "engine.db").exists()


def test_a_service_that_was_stopped_in_a_pull_goes_on_from_there_when_it_starts_again(
    home: Installation, exact: StandIn
) -> None:
    exact.order("toggles", {"latency_ms": 400})
    try:
        with daemon(home) as (_, process):
            until(lambda: 0 < stored_items(home) < PAGES * ROWS_A_PAGE)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            assert process.returncode == 0
    finally:
        exact.order("toggles", {"latency_ms": 0})
    assert stored_items(home) < PAGES * ROWS_A_PAGE
    with daemon(home) as (url, process):
        until(lambda: stored_items(home) == PAGES * ROWS_A_PAGE)
        until(lambda: ledger_status(url)["plan"])
        stop(process)
