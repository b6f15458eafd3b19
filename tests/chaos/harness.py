"""Runs workers of `worker.py` against a store, kills them at random, and reads their books at the end."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.worker import BOOKS
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from connector.errors import TransientError
from connector.store import Store, open_store

_WORKER = Path(__file__).with_name("worker.py")
_SCHEMA = "incasso_engine"


@dataclass(frozen=True)
class Outcome:
    """What the books say. `lost` slots were never done; `overlaps`: two at once in one ledger, by the engine alone."""

    jobs: int
    done: int
    kills: int
    drops: int
    duplicates: int
    overlaps: int
    submitted_twice: int
    replays: int
    busy: int
    fenced: int
    seconds: float

    @property
    def lost(self) -> int:
        return self.jobs - self.done

    def __str__(self) -> str:
        return (
            f"jobs {self.jobs}, done {self.done}, kills {self.kills}, drops of the engine's tables {self.drops}: "
            f"duplicates {self.duplicates}, lost {self.lost}, overlaps {self.overlaps}, "
            f"slots submitted twice {self.submitted_twice} "
            f"(repeats answered from the books {self.replays}, busy {self.busy}, fenced {self.fenced}; "
            f"{self.seconds:.0f} s, {self.done / max(self.seconds, 0.001):.0f} a second)"
        )


@dataclass
class Chaos:
    """A store with books, and the workers on it."""

    store: Store
    store_url: str
    engine_url: str
    log: Path
    workers: list["subprocess.Popen[str]"] = field(default_factory=list)
    kills: int = 0
    drops: int = 0

    def jobs(self, ledgers: int, slots: int, *, seconds: float) -> None:
        rows = [{"l": f"ledger-{n:05}", "s": f"{s:05}", "t": seconds} for s in range(slots) for n in range(ledgers)]
        with self.store.write() as tx:
            tx.execute(text("INSERT INTO chaos_job VALUES (:l, :s, :t)"), rows)

    def start(self, lost_after: float = 60.0) -> "subprocess.Popen[str]":
        """A new worker; returns when it works."""
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, str(_WORKER), self.store_url, self.engine_url, str(lost_after)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.workers.append(process)
        return process

    def wait_until_working(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n", self.log.read_text()[-3000:]

    def kill(self, process: "subprocess.Popen[str]") -> None:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.workers.remove(process)
        self.kills += 1

    def drop(self) -> bool:
        """Take the engine's memory away while it works. False when that cannot be done just now."""
        try:
            with self.store.write() as tx:
                if not tx.execute(text(f"SELECT to_regclass('{_SCHEMA}.workflow_status')")).scalar():
                    return False
                tx.execute(text(f"DROP SCHEMA {_SCHEMA} CASCADE"))
        except (OperationalError, TransientError):
            # A deadlock with the engine's own transactions.
            return False
        self.drops += 1
        return True

    def count(self, query: str) -> int:
        with self.store.read() as tx:
            return int(tx.execute(text(query)).scalar() or 0)

    def done(self) -> int:
        return self.count("SELECT count(*) FROM chaos_done")

    def noted(self, what: str) -> int:
        with self.store.read() as tx:
            return int(tx.execute(text("SELECT count(*) FROM chaos_note WHERE what = :w"), {"w": what}).scalar() or 0)

    def wait(self, ask: Callable[[], object], *, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not ask():
            assert time.monotonic() < end, f"it did not happen; the workers said:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.05)

    def outcome(self, began: float) -> Outcome:
        twice = "SELECT count(*) FROM (SELECT 1 FROM chaos_note WHERE what = 'submitted' "
        return Outcome(
            jobs=self.count("SELECT count(*) FROM chaos_job"),
            done=self.done(),
            kills=self.kills,
            drops=self.drops,
            duplicates=self.noted("duplicate"),
            overlaps=self.noted("overlap"),
            submitted_twice=self.count(twice + "GROUP BY ledger, slot HAVING count(*) > 1) AS twice"),
            replays=self.noted("replay"),
            busy=self.noted("busy"),
            fenced=self.noted("fenced"),
            seconds=time.monotonic() - began,
        )


@contextmanager
def chaos(store_url: str, engine_url: str, folder: Path) -> Iterator[Chaos]:
    """Books in an upgraded store; whatever still works at the end is killed."""
    store = open_store(store_url)
    with store.write() as tx:
        for statement in BOOKS:
            tx.execute(text(statement))
    made = Chaos(store, store_url, engine_url, folder / "workers.log")
    made.log.touch()
    try:
        yield made
    finally:
        for process in made.workers:
            process.kill()
            process.communicate()
        store.close()


def rampage(
    made: Chaos,
    *,
    workers: int,
    patience: float,
    kill_every: float = 0.0,
    drop_every: float = 0.0,
    most_drops: int = 0,
    seed: int = 7,
) -> Outcome:
    """Let `workers` work until all is done or `patience` seconds have passed, killing and dropping meanwhile."""
    chance = random.Random(seed)
    began = time.monotonic()
    for process in [made.start() for _ in range(workers)]:
        made.wait_until_working(process)
    jobs = made.count("SELECT count(*) FROM chaos_job")
    next_kill = time.monotonic() + kill_every
    next_drop = time.monotonic() + drop_every
    while made.done() < jobs and time.monotonic() - began < patience:
        time.sleep(0.1)
        if kill_every and time.monotonic() >= next_kill:
            made.kill(chance.choice(made.workers))
            made.start()
            next_kill = time.monotonic() + kill_every * chance.uniform(0.5, 1.5)
        if made.drops < most_drops and time.monotonic() >= next_drop and made.drop():
            next_drop = time.monotonic() + drop_every
    return made.outcome(began)
