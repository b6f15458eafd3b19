"""SIGTERM in every state: the daemon ends within its grace, and the next run finishes the work with nothing doubled."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from acceptance.installation import Installation, StandIn, install, read_address, stand_in

from connector.store import outbox

FEW = 25
GRACE = 3
# What a process takes to end once its work has: the engine looks whether work goes on every second.
LEEWAY = 5
_CODES = count(720_001)


@pytest.fixture
def agency(clock: Path) -> Iterator[StandIn]:
    with stand_in("agency", clock, {"scenario": "silent", "hang_seconds": "30"}) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, exact: StandIn, agency: StandIn) -> Installation:
    """A case at the agency, of which EUR 21 were paid at the creditor: the next visit tells the agency."""
    division = next(_CODES)
    exact.order("divisions", {"code": division})
    made = install(tmp_path / "home", exact, division, agency=agency)
    made.amend("incasso.toml", lambda text: text.replace("grace_seconds = 20", f"grace_seconds = {GRACE}"))
    made.invoices(FEW)
    made.hand_over()
    made.book("payments", invoice=1, amount="21.00")
    return made


@contextmanager
def daemon(home: Installation) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    process = home.start("run")
    try:
        yield read_address(process), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


def until(ask: Callable[[], Any], *, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def stop(process: "subprocess.Popen[str]", *, code: int = 0, within: float = GRACE + LEEWAY) -> str:
    """SIGTERM; it has to end with `code` in time. Returns what it logged."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    log = process.communicate(timeout=60)[1]
    assert process.returncode == code, log
    assert time.monotonic() - began < within, log
    assert "Traceback" not in log
    return log


def in_state(home: Installation, state: str) -> int:
    with home.store() as store, store.read() as tx:
        return outbox.counts(tx).get(("acme", state), 0)


def direct_payments(home: Installation, agency: StandIn) -> list[int]:
    """What the agency was told of payments, in minor units."""
    (case,) = agency.order("cases")["cases"]
    told = agency.order(f"cases/{case['submission']['case_ref']}")["received"]
    return [
        sum(line["amount"]["minor"] for line in one["lines"]) for one in told if one.get("kind") == "direct_payment"
    ]


def finish(home: Installation, agency: StandIn) -> None:
    """The next run, and as many as it takes for doubts to be settled: all has arrived, and once."""
    agency.order("faults", method="DELETE")
    for _ in range(4):
        home.pass_days(1)
        assert home.run("run", "--once").code in (0, 75)
    assert [in_state(home, state) for state in ("READY", "SENDING", "UNKNOWN", "PARKED")] == [0, 0, 0, 0]
    assert direct_payments(home, agency) == [2100]
    assert agency.order("counters")["calls"]["case"] == 1
    assert home.run("compare", "--json").code == 0


def test_while_the_agency_is_slow_to_answer_the_answer_is_waited_for(home: Installation, agency: StandIn) -> None:
    agency.order("faults", {"kind": "slow", "on": "writes", "path": "/v1/cases/*", "seconds": 1.5})
    with daemon(home) as (_, process):
        until(lambda: in_state(home, "SENDING"))
        stop(process)
    assert in_state(home, "DELIVERED") == 2
    assert direct_payments(home, agency) == [2100]
    finish(home, agency)


def test_while_the_agency_does_not_answer_at_all_it_ends_after_the_grace(home: Installation, agency: StandIn) -> None:
    agency.order("faults", {"kind": "timeout_after_commit", "on": "writes", "path": "/v1/cases/*", "seconds": 30})
    with daemon(home) as (_, process):
        until(lambda: in_state(home, "SENDING"))
        until(lambda: direct_payments(home, agency))
        log = stop(process)
    assert "the next run goes on from its last commit" in log
    assert in_state(home, "SENDING") == 1
    finish(home, agency)


def test_a_second_signal_in_the_middle_of_a_delivery_ends_it_at_once(home: Installation, agency: StandIn) -> None:
    agency.order("faults", {"kind": "timeout_after_commit", "on": "writes", "path": "/v1/cases/*", "seconds": 30})
    with daemon(home) as (_, process):
        until(lambda: direct_payments(home, agency))
        process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in (process.stderr.readline() if process.stderr else ""))
        stop(process, code=128 + signal.SIGTERM, within=1.5)
    finish(home, agency)


def test_in_the_middle_of_a_look_up(home: Installation, agency: StandIn) -> None:
    agency.order("faults", {"kind": "drop_after_commit", "on": "writes", "path": "/v1/cases/*"})
    home.run("pull")
    home.run("follow")
    assert in_state(home, "UNKNOWN") == 1
    # Its key is not trusted any more by then: it is asked for, not sent again.
    home.pass_days(28)
    agency.order("faults", method="DELETE")
    agency.order("faults", {"kind": "timeout_before_commit", "on": "reads", "path": "/v1/deliveries/*", "seconds": 30})
    with daemon(home) as (_, process):
        until(lambda: not agency.order("faults")["waiting"])
        stop(process)
    assert in_state(home, "UNKNOWN") == 1
    finish(home, agency)


@pytest.fixture
def books_of_today(tmp_path: Path) -> Iterator[StandIn]:
    """Books in the machine's own time: on a test clock nobody waits."""
    clock = tmp_path / "now.txt"
    clock.write_text(datetime.now(UTC).isoformat(), encoding="utf-8")
    with stand_in("exact", clock, {"minute_limit": "0"}) as running:
        yield running


def test_while_it_waits_for_calls_it_ends_at_once(tmp_path: Path, books_of_today: StandIn) -> None:
    exact, division = books_of_today, next(_CODES)
    exact.order("divisions", {"code": division})
    home = install(tmp_path / "home", exact, division)
    home.invoices(3000)
    home.amend("incasso.toml", lambda text: text.replace("test_file", "# test_file"))
    home.amend(
        "connections/books.toml",
        lambda text: text.replace("calls_per_minute = 100000", "keep_per_minute = 0\ncalls_per_minute = 2"),
    )
    # Early in a minute the wait for the next one is longer than any grace.
    until(lambda: datetime.now(UTC).second < 40, seconds=25)
    with daemon(home) as (url, process):
        until(lambda: requests.get(f"{url}/status", timeout=10).json()["ledgers"][0]["standing"] == "running")
        time.sleep(3)
        assert requests.get(f"{url}/status", timeout=10).json()["ledgers"][0]["standing"] == "running"
        log = stop(process, within=LEEWAY)
    assert "the next run goes on from its last commit" not in log
    home.amend("connections/books.toml", lambda text: text.replace("calls_per_minute = 2", "calls_per_minute = 9999"))
    assert home.run("pull").code == 0
    assert home.run("status", "--json").json["ledgers"][0]["open_items"] == 3000


def test_while_it_is_idle(home: Installation, agency: StandIn) -> None:
    with daemon(home) as (url, process):
        until(lambda: direct_payments(home, agency))
        until(lambda: requests.get(f"{url}/status", timeout=10).json()["ledgers"][0]["standing"] != "running")
        log = stop(process, within=LEEWAY)
    assert "the next run goes on from its last commit" not in log
    finish(home, agency)
