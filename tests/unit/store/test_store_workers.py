"""Signs of life by the database's clock, and what a worker that was given up can still do: nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from databases import Databases
from sqlalchemy import text

from connector.errors import TransientError
from connector.store import BusyError, Store, open_store, workers
from connector.store.workers import Seen


def beat(store: Store, name: str = "one", **seen: int) -> None:
    with store.write() as tx:
        workers.beat(tx, name, host="here", pid=7, version="1", seen=Seen(**seen))


def known(store: Store) -> list[workers.Worker]:
    with store.read() as tx:
        return workers.all_workers(tx)


def test_a_sign_of_life_adds_a_worker_once_and_then_moves_it(store: Store) -> None:
    beat(store)
    (first,) = known(store)
    beat(store, running=2, queued=5, stuck=1, lag=30)
    (second,) = known(store)
    assert (second.id, second.host, second.pid, second.started_at) == ("one", "here", 7, first.started_at)
    assert second.seen_at > first.seen_at
    assert (second.running, second.queued, second.stuck, second.lag) == (2, 5, 1, 30)


def test_the_clock_of_all_is_near_ours(store: Store) -> None:
    with store.read() as tx:
        assert abs(workers.now(tx) - datetime.now(UTC)) < timedelta(seconds=10)


def test_silence_is_counted_and_the_silent_are_forgotten(store: Store) -> None:
    beat(store)
    beat(store, "two")
    with store.write() as tx:
        longer_ago = text("UPDATE worker SET seen_at = :at WHERE id = 'one'")
        tx.execute(longer_ago, {"at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()})
        assert 3500 < (workers.silent_for(tx, "one") or 0) < 3700
        assert (workers.silent_for(tx, "two") or 0) < 60
        assert workers.silent_for(tx, "nobody") is None
        assert workers.forget(tx, silent=timedelta(minutes=30)) == 1
    assert [one.id for one in known(store)] == ["two"]


def test_a_worker_that_leaves_is_gone(store: Store) -> None:
    beat(store)
    with store.write() as tx:
        workers.leave(tx, "one")
    assert known(store) == []


def test_whoever_lost_a_lock_cannot_write_over_the_work_of_the_next_holder(postgres: Databases) -> None:
    url = postgres.url()
    frozen, other = open_store(url), open_store(url)
    try:
        with frozen.lock("ledger:acme") as lock:
            with pytest.raises(BusyError), other.lock("ledger:acme"):
                pass
            beat(frozen)
            assert workers.end_sessions(other, frozen.name) >= 1
            with other.lock("ledger:acme"):
                assert not lock.is_held()
                with pytest.raises(TransientError, match="another took over"):
                    beat(frozen, running=9)
        # Free again, and without that lock it writes as everybody does.
        beat(frozen, running=1)
        assert [one.running for one in known(other)] == [1]
    finally:
        frozen.close()
        other.close()


def test_a_transaction_that_was_open_when_the_sessions_were_ended_is_not_committed(postgres: Databases) -> None:
    url = postgres.url()
    frozen, other = open_store(url), open_store(url)

    def _write() -> None:
        with frozen.lock("ledger:acme"), frozen.write() as tx:
            workers.beat(tx, "one", host="here", pid=7, version="1", seen=Seen())
            workers.end_sessions(other, frozen.name)

    try:
        with pytest.raises(Exception, match=r"terminating connection|was lost"):
            _write()
        assert known(other) == []
    finally:
        frozen.close()
        other.close()


def test_whoever_takes_a_lock_over_waits_for_what_the_last_holder_is_committing(postgres: Databases) -> None:
    url = postgres.url()
    killed, other = open_store(url), open_store(url)
    holders = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND application_name = :name"
    )
    try:
        with killed.lock("token:exact"), killed.write() as tx:
            workers.beat(tx, "one", host="here", pid=7, version="1", seen=Seen())
            # The server has noticed the end of one connection of a killed process, and not yet that of the other.
            with other.write() as ending:
                assert ending.execute(text(holders), {"name": killed.name}).scalars().all() == [True]
            for patience in (0.0, 0.3):
                with pytest.raises(BusyError), other.lock("token:exact", timeout=patience):
                    pass
        with other.lock("token:exact"):
            assert len(known(other)) == 1
    finally:
        killed.close()
        other.close()


def test_a_lock_of_a_file_is_ours_until_it_is_given_back(store: Store) -> None:
    with store.lock("ledger:acme") as lock:
        assert lock.is_held()
        beat(store)
    with store.lock("ledger:acme"):
        pass


def test_the_sessions_of_two_openings_have_two_names(store_url: str) -> None:
    one, two = open_store(store_url), open_store(store_url)
    try:
        assert one.name != two.name
        assert len(one.name) <= 63
    finally:
        one.close()
        two.close()
