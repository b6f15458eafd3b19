"""The daemon as a process of its own between the two stand-in servers: its clock, its stop, its HTTP side."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from acceptance.installation import Installation, StandIn, install, read_address, stand_in
from prometheus_client.parser import text_string_to_metric_families

from connector.store import items

PAGES = 4
FEW = 25
ROWS_A_PAGE = 1000
_CODES = count(600_001)


@pytest.fixture
def slow(exact: StandIn) -> Iterator[Callable[[int], None]]:
    """Make every answer of the accounting package take so many milliseconds."""
    yield lambda milliseconds: exact.order("toggles", {"latency_ms": milliseconds})
    exact.order("toggles", {"latency_ms": 0})


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request: pytest.FixtureRequest, tmp_path: Path, exact: StandIn) -> Installation:
    """An installation with one debtor and pages of invoices, and no agency; on both databases."""
    server = "" if request.param == "sqlite" else request.getfixturevalue("postgres").url()
    made = install(tmp_path / "home", exact, _open_division(exact), store_url=server)
    made.invoices(PAGES * ROWS_A_PAGE)
    return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, exact: StandIn) -> Iterator[tuple[Installation, str]]:
    """A daemon whose first visit is over, for tests that only look at it."""
    made = install(tmp_path_factory.mktemp("served") / "home", exact, _open_division(exact))
    made.invoices(FEW)
    with daemon(made) as (url, _):
        until(lambda: ledger_status(url)["standing"] == "ok")
        yield made, url


@pytest.fixture
def with_agency(tmp_path: Path, exact: StandIn, clock: Path) -> Iterator[tuple[Installation, StandIn]]:
    with stand_in("agency", clock) as agency:
        made = install(tmp_path / "home", exact, _open_division(exact), agency=agency)
        made.invoices(FEW)
        yield made, agency


def _open_division(exact: StandIn) -> int:
    code = next(_CODES)
    exact.order("divisions", {"code": code})
    return code


@contextmanager
def daemon(home: Installation) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`incasso run`; yields its address and the process, which is ended if the test has not."""
    process = home.start("run")
    try:
        yield read_address(process), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


def until(ask: Callable[[], Any], *, seconds: float = 60) -> Any:
    """What `ask` answers as soon as that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def ledger_status(url: str) -> Any:
    return requests.get(f"{url}/status", timeout=10).json()["ledgers"][0]


def stored_items(home: Installation) -> int:
    with home.store() as store, store.read() as tx:
        return items.count_open(tx, "acme")


def stop(process: "subprocess.Popen[str]") -> str:
    """SIGTERM, and wait for the end; returns what it logged."""
    process.send_signal(signal.SIGTERM)
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 0, log
    return log


def test_a_visit_starts_at_once_and_is_reported(home: Installation) -> None:
    with daemon(home) as (url, process):
        seen = until(lambda: (one := ledger_status(url))["pulled_at"] and one["plan"] and one)
        stop(process)
    assert seen["open_items"] == PAGES * ROWS_A_PAGE
    assert seen["open"] == [{"minor": PAGES * ROWS_A_PAGE * 12100, "currency": "EUR"}]
    assert seen["debtors"] == 1
    verbs = {one["verb"]: one["outcome"] for one in home.run("runs", "--json").json}
    assert {"pull", "plan"} <= set(verbs)
    assert set(verbs.values()) == {"ok"}


def test_sigterm_in_the_middle_of_a_pull_ends_well_with_whole_pages_and_the_next_run_goes_on(
    home: Installation, slow: Callable[[int], None]
) -> None:
    slow(400)
    with daemon(home) as (_, process):
        until(lambda: 0 < stored_items(home) < PAGES * ROWS_A_PAGE)
        log = stop(process)
    stored = stored_items(home)
    assert 0 < stored < PAGES * ROWS_A_PAGE
    assert stored % ROWS_A_PAGE == 0
    assert "stopped" in log
    assert "Traceback" not in log
    slow(0)
    done = home.run("pull", "--json").json
    assert done["counts"]["items new"] == PAGES * ROWS_A_PAGE - stored
    assert stored_items(home) == PAGES * ROWS_A_PAGE
    assert home.run("status", "--json").json["ledgers"][0]["open_items"] == PAGES * ROWS_A_PAGE


def test_a_second_signal_ends_it_at_once_and_the_next_run_goes_on(
    home: Installation, slow: Callable[[int], None]
) -> None:
    slow(5000)
    with daemon(home) as (url, process):
        until(lambda: ledger_status(url)["standing"] == "running")
        process.send_signal(signal.SIGTERM)
        until(lambda: "stopping" in (process.stderr.readline() if process.stderr else ""))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM
        assert time.monotonic() - began < 4
    slow(0)
    assert home.run("pull").code == 0
    assert stored_items(home) == PAGES * ROWS_A_PAGE


def test_a_killed_daemon_leaves_whole_pages_and_its_lock_behind_for_nobody(
    home: Installation, slow: Callable[[int], None]
) -> None:
    slow(400)
    with daemon(home) as (_, process):
        until(lambda: 0 < stored_items(home) < PAGES * ROWS_A_PAGE)
        process.kill()
        process.communicate(timeout=20)
    assert stored_items(home) % ROWS_A_PAGE == 0
    slow(0)
    assert home.run("pull").code == 0
    assert stored_items(home) == PAGES * ROWS_A_PAGE


def test_a_verb_by_itself_stops_at_its_next_commit_and_says_to_run_it_again(
    home: Installation, slow: Callable[[int], None]
) -> None:
    slow(400)
    with home.start("pull") as process:
        until(lambda: 0 < stored_items(home) < PAGES * ROWS_A_PAGE)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 75
    assert told == "Error: stopped between two pages; the next run goes on from there\n"
    assert 0 < stored_items(home) < PAGES * ROWS_A_PAGE
    assert stored_items(home) % ROWS_A_PAGE == 0


def test_the_command_line_says_that_the_daemon_is_working_the_ledger(
    home: Installation, slow: Callable[[int], None]
) -> None:
    slow(400)
    with daemon(home) as (url, process):
        until(lambda: ledger_status(url)["standing"] == "running")
        refused = home.run("pull")
        stop(process)
    assert refused.code == 75
    assert "ledger acme is being worked on by another process" in refused.err


def test_it_is_live_and_ready(served: tuple[Installation, str]) -> None:
    _, url = served
    assert requests.get(f"{url}/livez", timeout=10).json() == {"ok": True}
    assert requests.get(f"{url}/readyz", timeout=10).json() == {"ok": True}


def test_metrics_are_prometheus_text_and_name_no_debtor(served: tuple[Installation, str]) -> None:
    home, url = served
    text = requests.get(f"{url}/metrics", timeout=10).text
    values = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    acme, books = ("ledger", "acme"), ("connection", "books")
    assert values["incasso_ledger_open_items", (acme,)] == FEW
    assert values["incasso_ledger_open_minor_units", (("currency", "EUR"), acme)] == FEW * 12100
    assert values["incasso_ledger_pull_age_seconds", (acme,)] == 0
    assert values["incasso_runs_total", (acme, ("outcome", "ok"), ("verb", "pull"))] == 1
    assert values["incasso_connection_state", (books, ("state", "ok"))] == 1
    assert values["incasso_connection_calls_left", (("company", str(home.division)), books)] > 0
    assert "Korst" not in text


def test_the_status_over_http_is_the_status_of_the_command_line(served: tuple[Installation, str]) -> None:
    home, url = served
    # A visit may end in between, so there are two readings around that of the command line.
    for _ in range(20):
        before, there, after = _status(url), home.run("status", "--json").json, _status(url)
        for one in (before, there, after):
            (worker,) = one["workforce"]["workers"]
            assert worker.pop("seen_at") >= worker["started_at"]
            assert worker["lives"]
        if before == after:
            break
    assert there in (before, after)


def _status(url: str) -> Any:
    return requests.get(f"{url}/status", timeout=10).json()


def test_a_taken_port_is_told_at_once(served: tuple[Installation, str]) -> None:
    home, url = served
    port = url.rpartition(":")[2]
    home.amend("incasso.toml", lambda text: text.replace("port = 0", f"port = {port}"))
    refused = home.run("run")
    home.amend("incasso.toml", lambda text: text.replace(f"port = {port}", "port = 0"))
    assert refused.code == 2
    assert "daemon.port" in refused.err
    assert "Traceback" not in refused.err


def test_a_webhook_for_nobody_is_not_found_and_a_huge_one_is_refused(served: tuple[Installation, str]) -> None:
    _, url = served
    assert requests.post(f"{url}/webhooks/nobody", data=b"{}", timeout=10).status_code == 404
    assert requests.post(f"{url}/webhooks/books", data=b"{}", timeout=10).status_code == 404
    assert requests.post(f"{url}/webhooks/books", data=b"x" * 1_000_001, timeout=10).status_code == 413


def test_it_is_not_ready_when_the_schema_is_another(home: Installation) -> None:
    with daemon(home) as (url, process):
        until(lambda: ledger_status(url)["plan"])
        with home.store() as store, store.write() as tx:
            tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        answer = requests.get(f"{url}/readyz", timeout=10)
        stop(process)
    assert answer.status_code == 503
    assert "schema 9999" in answer.json()["problems"][0]


def test_an_agency_that_is_down_keeps_the_ledger_from_nothing(with_agency: tuple[Installation, StandIn]) -> None:
    home, agency = with_agency
    agency.order("faults", {"kind": "unavailable", "times": 1000})
    done = {turn["verb"]: turn["outcome"] for turn in home.run("run", "--once", "--json").json}
    assert done["pull"] == done["plan"] == done["report"] == "ok"
    assert done["follow"] == "TransientError"
    assert home.run("status", "--json").json["ledgers"][0]["last_error"].startswith("follow: ")


def test_a_pull_that_fails_leaves_nothing_decided_and_the_agency_followed(
    with_agency: tuple[Installation, StandIn],
) -> None:
    home, _ = with_agency
    home.exact.order("toggles", {"maintenance": True})
    try:
        ended = home.run("run", "--once", "--json")
    finally:
        home.exact.order("toggles", {"maintenance": False})
    done = {turn["verb"]: turn["outcome"] for turn in ended.json}
    assert done["pull"] == "TransientError"
    assert done["follow"] == "ok"
    assert "plan" not in done
    assert "handover" not in done
    assert ended.code == 75


def test_an_unsigned_webhook_is_refused_and_a_signed_one_brings_the_events_in_at_once(
    with_agency: tuple[Installation, StandIn],
) -> None:
    home, agency = with_agency
    case_ref = home.hand_over()
    hook = f"http://127.0.0.1:{subscribe(home, agency)}/webhooks/agency"
    with daemon(home) as (url, process):
        assert hook.startswith(url)
        until(lambda: ledger_status(url)["standing"] == "ok")
        assert requests.post(hook, data=b"{}", timeout=10).status_code == 401
        agency.order(f"cases/{case_ref}/act", {"act": "accept"})
        until(lambda: {"word": "running", "count": 1} in ledger_status(url)["cases"])
        stop(process)
    assert home.run("case", "show", case_ref, "--json").json["case"]["handover"] == "accepted"


def subscribe(home: Installation, agency: StandIn) -> int:
    """Subscribe the daemon-to-be at the agency, and let it know the secret; returns the port it will listen on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    answer = requests.post(
        f"{agency.url}/v1/webhooks",
        json={"url": f"http://127.0.0.1:{port}/webhooks/agency", "payload": "full"},
        headers={"Authorization": "Bearer sandbox-key"},
        timeout=10,
    )
    home.environ["HOOK"] = answer.json()["secret"]
    home.amend("incasso.toml", lambda text: text.replace("port = 0", f"port = {port}"))
    home.amend("connections/agency.toml", lambda text: text + 'webhook_secrets = [{ env = "HOOK" }]\n')
    return port
