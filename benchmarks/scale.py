"""How many ledgers a minute: whole visits over 1, 2 and 4 services on one PostgreSQL server, with slow other sides.

    python benchmarks/scale.py
    python benchmarks/scale.py --ledgers 5000 --items 200 --workers 4

Every ledger is pulled, planned, handed over (one case), followed and reported back for the first time; each page of the
source and each call of the agency takes `--latency` seconds. Server, workers and both sides share this machine.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from databases import Databases, postgres_server
from sqlalchemy import text
from unit.flow.desk import Desk, MemoryAgency, open_desk

from connector.config import Ledger
from connector.errors import ConnectorError
from connector.log import configure
from connector.model import Page, Receipt, SourceUpdate
from connector.runtime.engine.presence import Presence
from connector.runtime.engine.transact import Transact
from connector.runtime.pulse import Pulse
from connector.runtime.work import VISIT, Work
from connector.store import open_store
from connector.testing import make_debtor, make_item

PAGE = 200
OVERDUE = 5
_PER_DEBTOR = 5


class SlowBooks:
    """A ledger of `items` invoices; the first five are overdue, of one debtor."""

    def __init__(self, items: int, latency: float) -> None:
        self._items, self._latency = items, latency

    def pull(self, cursor: str | None) -> Iterator[Page]:
        for start in range(0, self._items, PAGE):
            time.sleep(self._latency)
            rows = tuple(_invoice(number) for number in range(start, min(start + PAGE, self._items)))
            debtors = tuple(make_debtor(id=key) for key in sorted({row.debtor_id for row in rows}))
            last = start + PAGE >= self._items
            yield Page(items=rows, debtors=debtors, cursor=str(start), complete=last)

    def report(self, update: SourceUpdate, *, key: str) -> Receipt:
        time.sleep(self._latency)
        return Receipt(reference="note", state="done")


def _invoice(number: int) -> Any:
    return make_item(
        id=f"t-{number}",
        claim=f"INV-{number}",
        number=str(number),
        debtor_id=f"d{number // _PER_DEBTOR}",
        invoice_date=date(2026, 1, 1),
        due_date=date(2026, 1, 31) if number < OVERDUE else date(2026, 12, 31),
    )


class SlowAgency(MemoryAgency):
    """The agency in memory, at the end of a slow line."""

    latency = 0.0

    def changes(self, cursor: str | None) -> Iterator[Any]:
        time.sleep(self.latency)
        yield from super().changes(cursor)

    def submit(self, case: Any, *, key: str) -> Receipt:
        time.sleep(self.latency)
        return super().submit(case, key=key)


@dataclass(frozen=True)
class Slow(Desk):
    """A workspace in which every ledger has books of its own."""

    items: int = 0
    latency: float = 0.0
    agencies: dict[str, SlowAgency] = field(default_factory=dict)

    def source(self, ledger: Ledger) -> Any:
        return SlowBooks(self.items, self.latency)

    def sink(self, ledger: Ledger) -> Any:
        if ledger.name not in self.agencies:
            made = self.agencies[ledger.name] = SlowAgency()
            made.latency, made.now = self.latency, self.clock.now
        return self.agencies[ledger.name]


def work(url: str, given: argparse.Namespace) -> None:
    """One worker, until it is killed; the first one also rings."""
    configure("error")
    store = open_store(url)
    with tempfile.TemporaryDirectory() as folder:
        desk, acme = open_desk(store, Path(folder))
        sink = acme.sink
        assert sink is not None
        ledgers = {}
        for number in range(given.ledgers):
            name = f"ledger-{number:05}"
            own = sink.model_copy(update={"connection": f"agency-{number:05}"})
            changes = {"name": name, "sink": own, "handover": "automatic", "documents": False}
            ledgers[name] = acme.model_copy(update=changes)
        settings = desk.settings.model_copy(update={"ledgers": ledgers})
        facts = {name: getattr(desk, name) for name in ("store", "clock", "plugins", "reader")}
        slow = Slow(settings=settings, items=given.items, latency=given.latency, **facts)
        presence = Presence(store)
        engine = Transact(url, presence, at_once=given.at_once, poll=0.2)
        with presence.held():
            pulse = Pulse(store, engine, presence)
            pulse.first()
            engine.start(Work(slow, engine).handlers)
            print("working", flush=True)
            if given.ring:
                threading.Thread(target=_ring, args=(engine, sorted(ledgers)), daemon=True).start()
            while True:
                time.sleep(5)
                try:
                    pulse.beat()
                    engine.tend()
                except ConnectorError as error:
                    print(error, file=sys.stderr)


def _ring(engine: Transact, ledgers: list[str]) -> None:
    for name in ledgers:
        engine.submit(VISIT, name, "bench")


def measure(url: str, workers: int, given: argparse.Namespace) -> tuple[float, int, int]:
    """Seconds until every ledger was visited whole, cases in the store, and items in the store."""
    command = [sys.executable, __file__, "--url", url, "--at-once", str(given.at_once), "--latency", str(given.latency)]
    command += ["--ledgers", str(given.ledgers), "--items", str(given.items)]
    store = open_store(url)
    started = [
        subprocess.Popen(command + (["--ring"] if number == 0 else []), stdout=subprocess.PIPE, text=True)
        for number in range(workers)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "working\n"
        began = time.monotonic()
        ended = "SELECT count(DISTINCT ledger) FROM run WHERE verb = 'report' AND outcome = 'ok'"
        while True:
            with store.read() as tx:
                if tx.execute(text(ended)).scalar_one() >= given.ledgers:
                    break
            time.sleep(0.25)
        seconds = time.monotonic() - began
        with store.read() as tx:
            cases = tx.execute(text("SELECT count(*) FROM collection_case")).scalar_one()
            items = tx.execute(text("SELECT count(*) FROM open_item")).scalar_one()
    finally:
        for process in started:
            process.kill()
            process.communicate()
        store.close()
    return seconds, cases, items


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ledgers", type=int, default=200)
    parser.add_argument("--items", type=int, default=200, help="open items of each ledger")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    parser.add_argument("--ring", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.url:
        work(given.url, given)
        return
    print("workers  ledgers      items    cases  seconds  ledgers/s  items/s")
    with postgres_server() as server:
        databases = Databases(server)
        for workers in given.workers:
            took, cases, items = measure(databases.url(), workers, given)
            rates = f"{given.ledgers / took:>9.1f}  {items / took:>7.0f}"
            print(f"{workers:>7}  {given.ledgers:>7}  {items:>9}  {cases:>7}  {took:>7.1f}  {rates}", flush=True)


if __name__ == "__main__":
    main()
