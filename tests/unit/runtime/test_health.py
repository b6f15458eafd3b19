"""Health over real HTTP: a process that hangs, one that cannot work, and a ledger that waits are told apart."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from serving import Served
from sqlalchemy import text

from connector.cli.app import run
from connector.errors import AuthError
from connector.flow.pull import pull
from connector.model import Page

PERIOD_MINUTES = 15


def see_the_ledger(served: Served) -> None:
    served.desk.books.pages.append(Page(cursor="{}", complete=True))
    pull(served.desk, served.ledger)


def fail_to_see_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def _refuse(_cursor: str | None) -> None:
        raise AuthError("log in again")

    monkeypatch.setattr(served.desk.books, "pull", _refuse)
    with pytest.raises(AuthError):
        pull(served.desk, served.ledger)


def health(served: Served) -> tuple[int, Any]:
    answer = served.get("healthz")
    return answer.status_code, answer.json()


def test_a_service_that_works_is_live_ready_and_well(served: Served) -> None:
    see_the_ledger(served)
    assert served.get("livez").json() == served.get("readyz").json() == {"ok": True}
    code, found = health(served)
    assert (code, found["state"], found["problems"]) == (200, "ok", [])
    assert found["ledgers"][0]["state"] == "ok"


def test_a_ledger_is_stalled_after_two_periods_and_the_process_is_not(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    see_the_ledger(served)
    served.desk.later(minutes=2 * PERIOD_MINUTES)
    assert health(served)[1]["state"] == "ok"
    served.desk.later(seconds=90)
    fail_to_see_it(served, monkeypatch)
    code, found = health(served)
    assert (code, found["state"]) == (200, "stalled")
    (ledger,) = found["ledgers"]
    assert ledger["late_seconds"] == 90
    assert ledger["why"] == "pull: log in again"
    assert served.get("livez").status_code == served.get("readyz").status_code == 200
    assert served.get("status").json()["ledgers"][0]["fresh"] is False


def test_a_ledger_that_was_never_seen_has_two_periods_from_the_start_of_the_process(served: Served) -> None:
    assert health(served)[1]["ledgers"][0]["state"] == "new"
    served.desk.later(minutes=2 * PERIOD_MINUTES, seconds=1)
    assert health(served)[1]["state"] == "stalled"


def test_a_process_whose_scheduler_hangs_is_not_live_and_its_ledgers_are_well(served: Served) -> None:
    see_the_ledger(served)
    served.silent = 61
    assert served.get("livez").status_code == 503
    code, found = health(served)
    assert (code, found["state"], found["silent_seconds"]) == (503, "failing", 61)
    assert found["ledgers"][0]["state"] == "ok"


def test_a_process_without_its_key_or_with_another_schema_is_live_and_not_ready(served: Served) -> None:
    key = Path(served.desk.settings.keys[0].file)
    key.unlink()
    with served.desk.store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert served.get("livez").status_code == 200
    answer = served.get("readyz")
    assert answer.status_code == 503
    schema, keys = answer.json()["problems"]
    assert "9999" in schema
    assert "no such file" in keys
    assert health(served)[0] == 503


def test_it_is_live_while_every_thread_waits_for_the_database(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty threads answer what may wait; a probe that waits behind them would have a sound process restarted."""
    let_go = threading.Event()
    monkeypatch.setattr("connector.runtime.server.health.problems", lambda _workspace: let_go.wait(30) and [])
    waiting = [threading.Thread(target=served.get, args=["readyz"]) for _ in range(50)]
    try:
        for one in waiting:
            one.start()
        assert served.get("livez").status_code == 200
    finally:
        let_go.set()
        for one in waiting:
            one.join()


@pytest.mark.parametrize(("silent", "code", "said"), [(0.0, 0, "ok"), (75.0, 1, "not ticked for 75 s")])
def test_the_command_asks_the_service_and_tells_by_its_exit_code(
    served: Served, capsys: pytest.CaptureFixture[str], silent: float, code: int, said: str
) -> None:
    see_the_ledger(served)
    served.silent = silent
    assert run(["health", "--url", served.url]) == code
    assert said in capsys.readouterr().out


def test_the_command_names_a_stalled_ledger_and_calls_the_service_well(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.desk.later(minutes=3 * PERIOD_MINUTES)
    assert run(["health", "--url", served.url]) == 0
    assert capsys.readouterr().out == "stalled\nledger acme is 15 min late\n"


def test_the_command_says_that_nothing_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert run(["health", "--url", url, "--json"]) == 1
    assert "does not answer: connection refused" in json.loads(capsys.readouterr().out)["problems"][0]


def test_the_address_comes_from_the_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.joinpath("incasso.toml").write_text("[daemon]\nport = 0\n", encoding="utf-8")
    assert run(["--home", str(tmp_path), "health"]) == 2
    assert "Name the address it printed with --url" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    tmp_path.joinpath("incasso.toml").write_text(f'[daemon]\nhost = "0.0.0.0"\nport = {port}\n', encoding="utf-8")
    assert run(["--home", str(tmp_path), "health"]) == 1
    assert f"http://127.0.0.1:{port} does not answer" in capsys.readouterr().out


def test_a_table_of_the_law_that_ends_soon_is_named_and_changes_nothing_else(served: Served) -> None:
    see_the_ledger(served)
    assert health(served)[1]["law"] == []
    served.desk.later(days=230)
    code, found = health(served)
    assert code == 200
    assert [(one["table"], one["until"], one["days_left"]) for one in found["law"]] == [
        ("nl.statutory", "2026-11-22", 35)
    ]
    served.desk.later(days=40)
    assert [one["days_left"] for one in health(served)[1]["law"]] == [-5, 34, 34, 34]
