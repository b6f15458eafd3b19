"""A whole plan, from stored items to stored decisions with their reasons, beside the plainest loop over the same rows.

    python benchmarks/plan_stored.py [--items 100000 --items 1000000] [--policy FILE] [--repeat 3] [--json]

For each size one made-up ledger is stored. Then both sides run in turns, each in a process of its own: ours is
`incasso plan` without the printing; the plain loop reads due date and open amount of every row with the database's own
driver and computes nothing but the highest level of each debtor, without reasons, and keeps it nowhere. CPU seconds
are those of the process from the open database to the end, peak memory is the process's. Ours is measured for the first
plan, for the next one, in which nothing has changed, and for that of the next day; `grown` is by how much the database
grew.
"""

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

# As in `plan_speed`, which the plain loop does not load.
DAY = date(2026, 11, 22)
LEVELS = (14, 30, 45)
POLICIES = Path(__file__).parent.parent / "config" / "example" / "policies"
AT = datetime(DAY.year, DAY.month, DAY.day, 6, tzinfo=UTC)
CHUNK = 500
LEDGER = """
title = "Bench"
policy = "bench"

[source]
connection = "books"

[creditor]
name = "Bench B.V."
company_number = "24001234"
iban = "NL91ABNA0417164300"

[creditor.address]
lines = ["Maashaven 8"]
postcode = "3081 AE"
city = "Rotterdam"
country = "NL"

[law]
contractual = "yes"
due_date_agreed = "yes"
in_business = "yes"
registers_read = "yes"
receiver = "registered"
"""


def make_home(home: Path, items: int, policy: Path) -> None:
    """An installation with one ledger of so many open items, the debtors and steps of `plan_speed`."""
    from plan_speed import accounts

    from connector.model import Address, Debtor, OpenItem
    from connector.store import debtors, item_changes, open_store, people, schema

    for folder in ("connections", "ledgers", "data", "policies"):
        (home / folder).mkdir()
    shutil.copy(policy, home / "policies" / "bench.toml")
    clock = home / "clock.txt"
    clock.write_text(AT.isoformat(), encoding="utf-8")
    (home / "incasso.toml").write_text(f'[clock]\ntest_file = "{clock}"\n', encoding="utf-8")
    (home / "connections" / "books.toml").write_text('plugin = "exact"\n', encoding="utf-8")
    (home / "ledgers" / "bench.toml").write_text(LEDGER, encoding="utf-8")
    store = open_store(f"sqlite:///{home}/data/incasso.sqlite3")
    schema.upgrade(store)
    stream = accounts(items)
    while chunk := list(islice(stream, CHUNK)):
        people_of = [
            Debtor(
                id=one.debtor_id, code=one.debtor_id[-7:], name=one.debtor_id, kind=one.debtor_kind,
                blocked=one.debtor_blocked, addresses=(Address(postcode="3511 AA", country="NL"),),
            )
            for one in chunk
        ]  # fmt: skip
        found = [
            OpenItem(
                id=claim.claim, claim=claim.claim, debtor_id=one.debtor_id, kind="invoice", state="open",
                currency="EUR", amount_minor=claim.open_minor, open_minor=claim.open_minor,
                original_minor=claim.open_minor, number=claim.number, invoice_date=claim.invoice_date,
                due_date=claim.due_date,
            )
            for one in chunk
            for claim in one.claims
        ]  # fmt: skip
        found += [
            OpenItem(
                id=f"credit-{one.debtor_id}", claim=f"credit-{one.debtor_id}", debtor_id=one.debtor_id,
                kind="credit_note", state="open", currency="EUR", amount_minor=-minor, open_minor=-minor, number="C",
            )
            for one in chunk
            for minor in one.credit_minor.values()
        ]  # fmt: skip
        with store.write() as tx:
            debtors.store_debtors(tx, "bench", people_of, AT)
            item_changes.store_items(tx, "bench", item_changes.facts_of(found), AT)
            for one in chunk:
                for step in one.steps:
                    people.record_step(
                        tx, "bench", one.debtor_id, step.step, taken_on=step.taken_on, channel=step.channel,
                        origin=step.origin, at=AT,
                    )  # fmt: skip
                for hold in one.holds:
                    people.add_hold(tx, "bench", hold, at=AT)
                for dispute in one.disputes:
                    people.open_dispute(tx, "bench", one.debtor_id, dispute, at=AT)
    store.close()


def plain(home: Path) -> dict[str, Any]:
    """The highest level of every debtor, by the days his oldest open item is overdue."""
    database = sqlite3.connect(home / "data" / "incasso.sqlite3")
    began = process_time()
    levels: dict[str, int] = {}
    day = DAY
    query = "SELECT debtor_id, due_date, open_minor FROM open_item WHERE ledger = 'bench' AND NOT gone"
    for debtor_id, due, open_minor in database.execute(query):
        if due is None or open_minor <= 0:
            continue
        late = (day - date.fromisoformat(due)).days
        level = 3 if late >= LEVELS[2] else 2 if late >= LEVELS[1] else 1 if late >= LEVELS[0] else 0
        if level > levels.get(debtor_id, -1):
            levels[debtor_id] = level
    return {"cpu": process_time() - began, "moving": sum(1 for level in levels.values() if level)}


def ours(home: Path) -> dict[str, Any]:
    """`incasso plan`, without the printing."""
    from connector.flow.plan import make_plan
    from connector.flow.workspace import open_workspace

    with open_workspace(home, {}) as workspace:
        ledger = workspace.ledger("bench")
        began = process_time()
        report, _ = make_plan(workspace, ledger)
        return {"cpu": process_time() - began, "counts": dict(report.counts)}


def peak_mib() -> float:
    """The most memory this process held. What the parent held when it started us is in getrusage, and not in this."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def database_mib(home: Path) -> float:
    """What the database takes on the disk, what is not yet written over into it too."""
    return sum(file.stat().st_size for file in (home / "data").glob("incasso.sqlite3*")) / 2**20


def in_a_process(what: str, home: Path) -> dict[str, Any]:
    """One side, alone, so that memory is nobody else's."""
    command = [sys.executable, __file__, "--work", what, "--home", str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(items: int, policy: Path, repeat: int) -> Iterator[dict[str, Any]]:
    """A row for the first plan, one for another, in which nothing has changed, and one for that of the next day."""
    ours: dict[str, list[dict[str, Any]]] = {"first plan": [], "nothing changed": [], "next day": []}
    with tempfile.TemporaryDirectory(prefix="incasso-plan-") as folder:
        base = Path(folder) / "base"
        base.mkdir()
        make_home(base, items, policy)
        loop = []
        for number in range(repeat):
            home = Path(folder) / str(number)
            shutil.copytree(base, home)
            clock = home / "clock.txt"
            (home / "incasso.toml").write_text(f'[clock]\ntest_file = "{clock}"\n', encoding="utf-8")
            for what, runs in ours.items():
                if what == "next day":
                    clock.write_text((AT + timedelta(days=1)).isoformat(), encoding="utf-8")
                loop.append(in_a_process("plain", home))
                before = database_mib(home)
                runs.append(in_a_process("ours", home) | {"grown": database_mib(home) - before})
            shutil.rmtree(home)
    cpu = median(one["cpu"] for one in loop)
    for what, runs in ours.items():
        took = median(one["cpu"] for one in runs)
        yield {
            "items": items,
            "what": what,
            "cpu": round(took, 2),
            "plain_cpu": round(cpu, 2),
            "times": round(took / cpu, 2),
            "peak_mib": round(max(one["peak"] for one in runs)),
            "plain_peak_mib": round(max(one["peak"] for one in loop)),
            "grown_mib": round(median(one["grown"] for one in runs), 1),
            "counts": runs[0]["counts"],
        }


def main() -> None:
    """Run, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, action="append", help="open items; give it again for more sizes")
    parser.add_argument("--policy", type=Path, default=POLICIES / "standard.toml")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", choices=("plain", "ours"), help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        found = plain(options.home) if options.work == "plain" else ours(options.home)
        print(json.dumps(found | {"peak": peak_mib()}))
        return
    rows = [
        row for items in options.items or [100_000, 1_000_000] for row in measure(items, options.policy, options.repeat)
    ]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    print(
        f"{'items':>10}  {'what':<16} {'CPU s':>7} {'plain':>7} {'times':>6} {'peak MiB':>9} {'plain':>7}"
        f" {'grown MiB':>10}"
    )
    for row in rows:
        print(f"{row['items']:>10,}  {row['what']:<16} {row['cpu']:>7} {row['plain_cpu']:>7} {row['times']:>6}"
              f" {row['peak_mib']:>9} {row['plain_peak_mib']:>7} {row['grown_mib']:>10}  {row['counts']}")  # fmt: skip


if __name__ == "__main__":
    main()
