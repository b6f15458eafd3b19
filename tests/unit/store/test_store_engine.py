"""Transactions and locks on both databases."""

import threading

import pytest

from connector.store import BusyError, Store, open_store


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:  # noqa: PT012 - the block is the transaction
        tx.exec_driver_sql(
            "INSERT INTO dirty_claim (ledger, claim, since) VALUES ('a', 'b', '2026-01-01T00:00:00+00:00')"
        )
        raise RuntimeError
    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM dirty_claim").scalar() == 0


def test_sqlite_is_durable_and_checks_keys(store: Store) -> None:
    if store.dialect != "sqlite":
        return
    with store.read() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_lock_has_one_holder(store: Store, store_url: str) -> None:
    other = open_store(store_url)
    with store.lock("ledger:a"):
        with pytest.raises(BusyError, match="ledger:a"), other.lock("ledger:a"):
            pass
        with other.lock("ledger:b"):
            pass
    with other.lock("ledger:a"):
        pass
    other.close()


def test_a_lock_is_waited_for(store: Store, store_url: str) -> None:
    other = open_store(store_url)
    held, got = threading.Event(), threading.Event()

    def wait() -> None:
        held.wait(10)
        with other.lock("token", timeout=10):
            got.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    with store.lock("token"):
        held.set()
        assert not got.wait(0.2)
    waiting.join(10)
    assert got.is_set()
    other.close()


def test_a_lock_that_was_not_had_leaves_nothing_behind(store: Store, store_url: str) -> None:
    other = open_store(store_url)
    with other.read() as tx:
        patience = tx.exec_driver_sql("SHOW lock_timeout").scalar() if other.dialect == "postgresql" else None
    with store.lock("token"), pytest.raises(BusyError), other.lock("token", timeout=0.1):
        pass
    with other.lock("token", timeout=0.1):
        pass
    with other.read() as tx:
        now = tx.exec_driver_sql("SHOW lock_timeout").scalar() if other.dialect == "postgresql" else None
    assert now == patience
    other.close()


def test_writers_wait_for_each_other(store: Store, store_url: str) -> None:
    """Two transactions that read and then write: no update is lost."""
    other = open_store(store_url)
    with store.write() as tx:
        tx.exec_driver_sql("INSERT INTO cursor (scope, value, at) VALUES ('n', '0', '2026-01-01T00:00:00+00:00')")

    def count_up(one: Store) -> None:
        for _ in range(20):
            with one.lock("n", timeout=30), one.write() as tx:
                value = int(tx.exec_driver_sql("SELECT value FROM cursor WHERE scope = 'n'").scalar() or 0)
                tx.exec_driver_sql(f"UPDATE cursor SET value = '{value + 1}' WHERE scope = 'n'")

    threads = [threading.Thread(target=count_up, args=(one,)) for one in (store, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT value FROM cursor WHERE scope = 'n'").scalar() == "40"
    other.close()
