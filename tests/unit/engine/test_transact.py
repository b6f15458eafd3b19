"""What is particular to the engine on DBOS: runs that were lost or given up, and what its memory may hold."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Databases, fresh_sqlite

from connector.config import EngineSettings, Settings
from connector.errors import ConfigError, TransientError
from connector.runtime.engine import Run
from connector.runtime.engine.opening import open_engine
from connector.runtime.engine.presence import Presence
from connector.runtime.engine.transact import Transact
from connector.store import Store, open_store, switch_to_wal

_NAME = "Bakkerij De Korst"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def done() -> list[Run]:
    return []


@pytest.fixture(scope="module")
def engine(folder: Path, sqlite_template: Path, done: list[Run]) -> Iterator[Transact]:
    """An engine on a file, whose handler fails at slots that say so."""

    def handle(run: Run) -> None:
        done.append(run)
        if run.slot == "bad":
            raise RuntimeError(_NAME)

    store = open_store(fresh_sqlite(folder, sqlite_template))
    switch_to_wal(folder / "engine.db")
    presence = Presence(store)
    with presence.held():
        made = Transact(f"sqlite:///{folder / 'engine.db'}", presence, at_once=2, budget=60, poll=0.05, handoff=1)
        made.start({"visit": handle})
        yield made
        assert made.stop(5)
    store.close()


def until(ask: object, *, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not ask():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def change(folder: Path, key: str, **values: object) -> None:
    """What a fault in the library would leave in its memory."""
    with sqlite3.connect(folder / "engine.db", timeout=30) as memory:
        said = ", ".join(f"{name} = ?" for name in values)
        where = "WHERE queue_partition_key = ?"
        memory.execute(f"UPDATE workflow_status SET {said} {where}", (*values.values(), key))
    memory.close()


def worked(engine: Transact, done: list[Run], key: str, *slots: str) -> None:
    for slot in slots:
        engine.submit("visit", key, slot)
    until(lambda: len([run for run in done if run.key == key]) == len(slots))
    until(lambda: key not in engine.inspect().keys)


def test_its_memory_holds_ids_only(engine: Transact, folder: Path, done: list[Run]) -> None:
    worked(engine, done, "secretive", "bad")
    with sqlite3.connect(folder / "engine.db") as memory:
        dump = "\n".join(memory.iterdump())
    memory.close()
    assert "visit:secretive:bad" in dump
    assert _NAME not in dump


def test_its_file_keeps_readers_from_waiting(engine: Transact, folder: Path) -> None:
    with sqlite3.connect(folder / "engine.db") as memory:
        assert memory.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    memory.close()


def test_a_run_that_this_worker_was_given_and_does_not_know_of_begins_again(
    engine: Transact, folder: Path, done: list[Run]
) -> None:
    worked(engine, done, "lost", "one")
    long_ago = int(time.time() * 1000) - 50_000
    change(folder, "lost", status="PENDING", started_at_epoch_ms=long_ago, owner_xid="nobody")
    until(lambda: engine.inspect().stuck == (Run("visit", "lost", "one"),))
    engine.tend()
    until(lambda: engine.inspect().stuck == ())
    until(lambda: "lost" not in engine.inspect().keys)


def test_the_work_of_a_worker_that_is_gone_begins_again(engine: Transact, folder: Path, done: list[Run]) -> None:
    worked(engine, done, "orphan", "one")
    change(folder, "orphan", status="PENDING", executor_id="incasso-gone-1-abc", owner_xid="nobody")
    (going,) = [one for one in engine.inspect().going if one.run.key == "orphan"]
    assert going.worker == "incasso-gone-1-abc"
    engine.tend()
    until(lambda: "orphan" not in engine.inspect().keys)


def test_what_runs_for_longer_than_its_budget_is_stuck(engine: Transact, folder: Path, done: list[Run]) -> None:
    worked(engine, done, "slow", "one")
    change(folder, "slow", status="PENDING", executor_id="elsewhere", started_at_epoch_ms=int(time.time() - 61) * 1000)
    assert Run("visit", "slow", "one") in engine.inspect().stuck
    engine.tend()
    until(lambda: "slow" not in engine.inspect().keys)


def test_an_engine_that_is_not_running_says_so(postgres: Databases) -> None:
    store = open_store(postgres.url())
    idle = Transact(postgres.url(), Presence(store))
    with pytest.raises(TransientError, match="not running"):
        idle.submit("visit", "acme", "09:00")
    assert idle.stop(1)
    store.close()


def test_two_workers_on_a_server_live_side_by_side_and_see_each_other(postgres: Databases) -> None:
    url = postgres.url()
    one, two = open_store(url), open_store(url)
    first, second = Presence(one), Presence(two)
    with second.held():
        with first.held(), second.dead(first.worker) as is_dead:
            assert not is_dead
        with second.dead(first.worker) as is_dead:
            assert is_dead
        assert second.renew()
    one.close()
    two.close()


def test_an_engine_on_a_server_does_not_go_with_a_store_in_a_file(store: Store, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, store_url="unused", engine_url="postgresql://x/y", engine=EngineSettings())
    if store.dialect == "sqlite":
        with pytest.raises(ConfigError, match=r"engine\.url"):
            open_engine(settings, store, Presence(store))
    else:
        assert open_engine(settings, store, Presence(store)).running() == ()
