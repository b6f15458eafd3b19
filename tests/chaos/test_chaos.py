"""Workers are killed, frozen and robbed of their memory, in short. In long: `python tests/chaos/schedule.py --help`."""

import signal
import time
from pathlib import Path

import pytest
from chaos.harness import chaos, rampage
from databases import Databases, fresh_sqlite

from connector.store import switch_to_wal


def test_one_ledger_at_a_time_and_a_slot_once_over_workers_that_are_killed(postgres: Databases, tmp_path: Path) -> None:
    url = postgres.url()
    with chaos(url, url, tmp_path) as made:
        made.jobs(50, 10, seconds=0.02)
        outcome = rampage(made, workers=2, patience=120, kill_every=2.0)
    assert outcome.kills >= 2
    assert (outcome.lost, outcome.duplicates, outcome.overlaps, outcome.submitted_twice) == (0, 0, 0, 0), outcome


def test_a_slot_is_taken_once_by_three_processes_that_all_ring_for_it(postgres: Databases, tmp_path: Path) -> None:
    url = postgres.url()
    with chaos(url, url, tmp_path) as made:
        made.jobs(30, 2, seconds=0.0)
        outcome = rampage(made, workers=3, patience=60)
        assert made.noted("submitted") == outcome.jobs == outcome.done
    assert (outcome.submitted_twice, outcome.replays, outcome.duplicates, outcome.overlaps) == (0, 0, 0, 0), outcome


def test_nothing_is_lost_or_doubled_when_the_engines_tables_are_dropped_in_mid_run(
    postgres: Databases, tmp_path: Path
) -> None:
    url = postgres.url()
    with chaos(url, url, tmp_path) as made:
        made.jobs(40, 10, seconds=0.02)
        outcome = rampage(made, workers=2, patience=150, drop_every=1.0, most_drops=3)
    assert outcome.drops == 3
    assert (outcome.lost, outcome.duplicates) == (0, 0), outcome


def test_a_frozen_worker_is_taken_over_and_can_write_nothing_when_it_wakes(postgres: Databases, tmp_path: Path) -> None:
    url = postgres.url()
    with chaos(url, url, tmp_path) as made:
        made.jobs(1, 1, seconds=4.0)
        frozen = made.start(lost_after=4.0)
        made.wait_until_working(frozen)
        made.wait(lambda: made.count("SELECT count(*) FROM chaos_at_work"))
        time.sleep(0.5)
        frozen.send_signal(signal.SIGSTOP)
        other = made.start(lost_after=4.0)
        made.wait_until_working(other)
        made.wait(made.done)
        frozen.send_signal(signal.SIGCONT)
        made.wait(lambda: made.noted("fenced"))
        # It is alive again to the others, and works on.
        other.send_signal(signal.SIGTERM)
        assert other.wait(30) == 0
        with made.store.write() as tx:
            tx.exec_driver_sql("INSERT INTO chaos_job VALUES ('ledger-00000', 'next', 0)")
        made.wait(lambda: made.done() == 2)
        assert made.noted("duplicate") == 0


@pytest.mark.parametrize("forgets", [False, True], ids=["with its memory", "its file deleted"])
def test_embedded_work_goes_on_after_a_kill(forgets: bool, tmp_path: Path, sqlite_template: Path) -> None:
    url, memory = fresh_sqlite(tmp_path, sqlite_template), tmp_path / "engine.db"
    switch_to_wal(memory)
    with chaos(url, f"sqlite:///{memory}", tmp_path) as made:
        made.jobs(10, 6, seconds=0.02)
        first = made.start()
        made.wait_until_working(first)
        made.wait(lambda: made.done() >= 8)
        made.kill(first)
        if forgets:
            for file in tmp_path.glob("engine.db*"):
                file.unlink()
            switch_to_wal(memory)
        began = time.monotonic()
        made.wait_until_working(made.start())
        made.wait(lambda: made.done() == 60)
        outcome = made.outcome(began)
    assert (outcome.lost, outcome.duplicates, outcome.overlaps) == (0, 0, 0), outcome
