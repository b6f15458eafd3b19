"""One worker of the chaos runs: the real engine, presence and pulse; a handler that keeps books on itself.

    python tests/chaos/worker.py STORE_URL ENGINE_URL SECONDS_UNTIL_A_SILENT_WORKER_IS_LOST

Its books are tables beside the store's: which slots were done, by whom a ledger is worked on just now, and every
breach of a promise. They tell the truth also of workers that are killed at any moment.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from connector.errors import ConnectorError, TransientError
from connector.log import configure
from connector.runtime import grid
from connector.runtime.engine import Run
from connector.runtime.engine.presence import Presence
from connector.runtime.engine.transact import Transact
from connector.runtime.pulse import Pulse
from connector.store import BusyError, Store, open_store

KIND = "visit"
BOOKS = (
    "CREATE TABLE chaos_job (ledger TEXT, slot TEXT, seconds REAL, PRIMARY KEY (ledger, slot))",
    "CREATE TABLE chaos_done (ledger TEXT, slot TEXT, worker TEXT, PRIMARY KEY (ledger, slot))",
    "CREATE TABLE chaos_at_work (ledger TEXT PRIMARY KEY, slot TEXT, pid INTEGER)",
    "CREATE TABLE chaos_note (what TEXT, ledger TEXT, slot TEXT, pid INTEGER)",
)
_TEND_SECONDS = 0.5
_SWEEP_SECONDS = 1.0
# How many slots are due at a time.
_AHEAD = 200


class Books:
    """What a worker writes down."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, what: str, run: Run) -> None:
        with self._store.write() as tx:
            facts = {"what": what, "ledger": run.key, "slot": run.slot, "pid": os.getpid()}
            tx.execute(text("INSERT INTO chaos_note VALUES (:what, :ledger, :slot, :pid)"), facts)

    def begin(self, run: Run) -> None:
        """Before any lock: whether the engine alone kept everybody else out of this ledger."""
        with self._store.write() as tx:
            there = tx.execute(text("SELECT pid FROM chaos_at_work WHERE ledger = :l"), {"l": run.key}).scalar()
            tx.execute(text("DELETE FROM chaos_at_work WHERE ledger = :l"), {"l": run.key})
            facts = {"l": run.key, "s": run.slot, "p": os.getpid()}
            tx.execute(text("INSERT INTO chaos_at_work VALUES (:l, :s, :p)"), facts)
        if there is not None and is_alive(there):
            self.note("overlap", run)

    def end(self, run: Run) -> None:
        with self._store.write() as tx:
            facts = {"l": run.key, "p": os.getpid()}
            tx.execute(text("DELETE FROM chaos_at_work WHERE ledger = :l AND pid = :p"), facts)

    def seconds(self, run: Run) -> float | None:
        """How long the work of a slot takes; None when it is done."""
        facts = {"l": run.key, "s": grid_slot(run)}
        with self._store.read() as tx:
            if tx.execute(text("SELECT 1 FROM chaos_done WHERE ledger = :l AND slot = :s"), facts).scalar():
                return None
            return tx.execute(text("SELECT seconds FROM chaos_job WHERE ledger = :l AND slot = :s"), facts).scalar_one()

    def done(self, run: Run) -> None:
        facts = {"l": run.key, "s": grid_slot(run), "w": self._store.name}
        with self._store.write() as tx:
            tx.execute(text("INSERT INTO chaos_done VALUES (:l, :s, :w)"), facts)

    def undone(self) -> list[tuple[str, str]]:
        query = (
            "SELECT ledger, slot FROM chaos_job j WHERE NOT EXISTS "
            "(SELECT 1 FROM chaos_done d WHERE d.ledger = j.ledger AND d.slot = j.slot) ORDER BY slot, ledger"
        )
        with self._store.read() as tx:
            return [(ledger, slot) for ledger, slot in tx.execute(text(query))]


def grid_slot(run: Run) -> str:
    """The slot without the number of the try."""
    return run.slot.partition("~")[0]


def is_alive(pid: int) -> bool:
    """Whether a process lives that is not this one; a killed one that nobody has collected yet does not."""
    if pid == os.getpid():
        return True
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Worker:
    """The worker's handler, and what its clock would do."""

    def __init__(self, store: Store, engine: Transact) -> None:
        self._store = store
        self._books = Books(store)
        self._engine = engine
        self._over: set[tuple[str, str]] = set()

    def handle(self, run: Run) -> None:
        self._books.begin(run)
        try:
            with self._store.lock(f"ledger:{run.key}"):
                seconds = self._books.seconds(run)
                if seconds is None:
                    self._books.note("replay", run)
                    return
                time.sleep(seconds)
                self._books.done(run)
        except BusyError:
            self._books.note("busy", run)
            self._engine.submit(KIND, run.key, grid.again(run.slot))
        except IntegrityError:
            self._books.note("duplicate", run)
        except (TransientError, OperationalError):
            self._books.note("fenced", run)
        finally:
            self._books.end(run)

    def ring(self) -> None:
        """Submit what is not done: what the bells do, and the sweeper after them."""
        for ledger, slot in self._books.undone()[:_AHEAD]:
            if (ledger, slot) not in self._over:
                if self._engine.submit(KIND, ledger, slot):
                    self._books.note("submitted", Run(KIND, ledger, slot))
                self._over.add((ledger, slot))

    def sweep(self) -> None:
        """As the real one: only where nothing waits or runs; a slot whose run was lost gets another name."""
        before = set(self._over)
        busy = self._engine.inspect().keys
        for ledger, slot in self._books.undone():
            if ledger not in busy and (ledger, slot) in before:
                for attempt in range(20):
                    if self._engine.submit(KIND, ledger, f"{slot}~{attempt}" if attempt else slot):
                        break


def loop(act: object, seconds: float, stop: threading.Event) -> threading.Thread:
    def go() -> None:
        while not stop.wait(seconds):
            with suppress(ConnectorError):
                act()  # type: ignore[operator]

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    return thread


def main(store_url: str, engine_url: str, lost_after: float) -> None:
    configure("warning")
    store = open_store(store_url)
    presence = Presence(store, lost_after=lost_after)
    engine = Transact(engine_url, presence, at_once=8, poll=0.05)
    worker, pulse, stop = Worker(store, engine), Pulse(store, engine, presence), threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    with presence.held():
        pulse.first()
        engine.start({KIND: worker.handle})
        print("working", flush=True)
        for act, seconds in (
            (engine.tend, _TEND_SECONDS),
            (pulse.beat, _TEND_SECONDS),
            (worker.ring, 0.1),
            (worker.sweep, _SWEEP_SECONDS),
        ):
            loop(act, seconds, stop)
        stop.wait()
        finished = engine.stop(10)
        pulse.last()
    store.close()
    sys.exit(0 if finished else 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
