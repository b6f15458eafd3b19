"""Pulling 100,000 receivables from the Exact Online stand-in, beside the plainest loop that does the same.

    python benchmarks/pull_speed.py [--items 100000] [--json] [--limited]

Both sides run in a process of their own against one stand-in, in turn, several times: CPU seconds, peak memory and
calls are the contestant's own. The plain loop is requests + one pydantic `validate_json` and one upsert a page, of
the same columns; ours makes money exact, keeps the history, the debtors and the cursor as well. With `--limited`
the stand-in refuses past 60 calls a minute on the machine's clock: what counts then is that no call is refused
(this takes two minutes).
"""

import argparse
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.cli.demo.stage import Stage

DIVISION = 123456
# What the product asks for, so that both read the same bytes.
COLUMNS = (
    "ID,Account,TransactionEntryID,TransactionID,TransactionType,TransactionIsReversal,Status,AmountDC,AmountFC,"
    "TransactionAmountDC,TransactionAmountFC,Currency,InvoiceNumber,EntryNumber,YourRef,Description,PaymentReference,"
    "InvoiceDate,DueDate,LastPaymentDate,LineType,Timestamp"
)


def plain(base: str, token: str) -> dict[str, int]:
    """The plainest loop: every page validated at once and upserted, nothing else."""
    import requests
    from pydantic import BaseModel, TypeAdapter

    class Term(BaseModel):
        ID: str
        Account: str
        TransactionEntryID: str | None
        TransactionID: str | None
        TransactionType: int
        TransactionIsReversal: bool | None
        Status: int
        AmountDC: float
        AmountFC: float | None
        TransactionAmountDC: float | None
        TransactionAmountFC: float | None
        Currency: str
        InvoiceNumber: int | None
        EntryNumber: int | None
        YourRef: str | None
        Description: str | None
        PaymentReference: str | None
        InvoiceDate: str | None
        DueDate: str | None
        LastPaymentDate: str | None
        LineType: int
        Timestamp: int

    class Results(BaseModel):
        results: list[Term]
        next: str | None = None

    class Answer(BaseModel):
        d: Results

    adapter = TypeAdapter(Answer)
    names = COLUMNS.split(",")
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(f"{folder}/plain.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(f"CREATE TABLE term ({', '.join(names)}, PRIMARY KEY (ID))")
        upsert = f"INSERT OR REPLACE INTO term VALUES ({', '.join('?' * len(names))})"
        session = requests.Session()
        session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})
        url = f"{base}/api/v1/{DIVISION}/sync/Cashflow/PaymentTerms?$select={COLUMNS}&$filter=Timestamp gt 1"
        calls = rows = 0
        while url:
            body = session.get(url, timeout=60).content
            calls += 1
            terms = adapter.validate_json(body).d.results
            database.execute("BEGIN")
            database.executemany(upsert, [tuple(getattr(term, name) for name in names) for term in terms])
            database.execute("COMMIT")
            rows += len(terms)
            # The pager's address is read as text: it is not worth a second parse of the page.
            _, found, rest = body.rpartition(b'"__next"')
            url = json.loads(rest[rest.index(b'"') : rest.index(b'"', rest.index(b'"') + 1) + 1]) if found else ""
    return {"calls": calls, "rows": rows}


def ours(home: Path) -> dict[str, int]:
    """The product: `pull` of the ledger into a fresh database."""
    from connector.flow.pull import pull
    from connector.flow.workspace import open_workspace
    from connector.log import configure

    configure("error", "console")
    with open_workspace(home, os.environ) as workspace:
        report = pull(workspace, workspace.ledger("molen"))
    return {"calls": report.counts["calls"], "rows": report.counts["items new"] + report.counts["items unchanged"]}


def contest(which: str, home: str, base: str, token: str) -> None:
    """Run one contestant in this process and print its own figures."""
    done = plain(base, token) if which == "plain" else ours(Path(home))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**done, "cpu": usage.ru_utime + usage.ru_stime, "mib": peak_mib()}))


def peak_mib() -> float:
    """Peak resident memory of this process. `ru_maxrss` would carry the starting process's own peak over."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(which: str, stage: "Stage", token: str) -> dict[str, Any]:
    """One contestant in a process of its own, with its byte code at hand as an installation has it."""
    from connector.cli.demo.stage import SECRETS

    command = [sys.executable, __file__, "--contestant", which, str(stage.home), stage.servers["exact"], token]
    # A checkout may be on a machine that is told to write none, and then every start pays for compiling.
    compiled = {"PYTHONPYCACHEPREFIX": str(stage.home / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    env = {**os.environ, **SECRETS, **compiled}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def fill(stage: "Stage", items: int) -> None:
    """Book `items` open invoices of 2,000 debtors into the stand-in."""
    accounts = [{"code": str(n), "name": f"Customer {n}", "country": "NL"} for n in range(1, 2001)]
    stage.order("exact", f"{DIVISION}/load", {"accounts": accounts})
    for start in range(0, items, 5000):
        invoices = [
            {
                "account": str(number % 2000 + 1),
                "number": number,
                "amount": f"{number % 5000 + 1}.{number % 100:02}",
                "date": "2026-01-05",
                "due": "2026-02-04",
                "your_ref": f"ORDER-{number}",
            }
            for number in range(start + 1, min(start + 5000, items) + 1)
        ]
        stage.order("exact", f"{DIVISION}/load", {"invoices": invoices})


def fresh(stage: "Stage") -> None:
    """Forget what was pulled, but not the log-in."""
    with sqlite3.connect(stage.home / "data" / "incasso.sqlite3") as database:
        for table in ("open_item", "open_item_history", "debtor", "debtor_part", "cursor", "plugin_state"):
            database.execute(f"DELETE FROM {table}")


def measure(items: int, *, rounds: int) -> dict[str, Any]:
    """All contestants in turn, `rounds` times."""
    # Imported here: the plain contestant must not pay for the product's modules.
    from connector.cli.demo.stage import set_stage

    options = {"minute_limit": "0", "day_limit": "100000"}
    home = Path(tempfile.mkdtemp(prefix="incasso-pull-"))
    found: dict[str, list[dict[str, Any]]] = {"plain": [], "ours": [], "ours again, nothing changed": []}
    with set_stage(home, datetime(2026, 3, 2, 8, tzinfo=UTC), {"exact": options, "agency": {}}) as stage:
        fill(stage, items)
        token = json.loads(stage.workspace.context("exact-nl").secrets.load("tokens") or "{}").get("access", "")
        for which in ("plain", "ours"):
            run(which, stage, token)  # writes the byte code
        for _ in range(rounds):
            found["plain"].append(run("plain", stage, token))
            fresh(stage)
            stage.order("exact", "counters/reset", {})
            found["ours"].append(run("ours", stage, token))
            found["ours again, nothing changed"].append(run("ours", stage, token))
    return {"items": items, "runs": found}


def measure_limited(items: int) -> dict[str, Any]:
    """One pull while the stand-in refuses past 60 calls a minute, on the machine's clock."""
    from connector.cli.demo.stage import set_stage

    home = Path(tempfile.mkdtemp(prefix="incasso-pull-"))
    with set_stage(home, datetime.now(UTC), {"exact": {"minute_limit": "60"}, "agency": {}}) as stage:
        fill(stage, items)
        # The product lives by the machine's clock here, and the stand-in's file is kept in step with it.
        installation = home / "incasso.toml"
        text = installation.read_text(encoding="utf-8")
        installation.write_text(text.replace('test_file = "clock.txt"', ""), encoding="utf-8")
        stop = threading.Event()
        mover = threading.Thread(target=_keep_time, args=(stage, stop))
        mover.start()
        began = datetime.now(UTC)
        try:
            done = run("ours", stage, "")
            seconds = (datetime.now(UTC) - began).total_seconds()
        finally:
            stop.set()
            mover.join()
        endpoints = stage.order("exact", "counters")
    return {**done, "seconds": seconds, "endpoints": endpoints}


def _keep_time(stage: "Stage", stop: threading.Event) -> None:
    while not stop.wait(0.05):
        stage.clock.set(datetime.now(UTC))


def show(found: dict[str, Any]) -> None:
    """A table of medians, and our ratio to the plain loop."""
    print(f"{found['items']:,} receivables, pages of 1,000")
    print(f"{'contestant':32}{'CPU s':>8}{'ratio':>8}{'peak MiB':>10}{'calls':>8}{'rows':>10}")
    base = statistics.median(one["cpu"] for one in found["runs"]["plain"])
    for name, runs in found["runs"].items():
        cpu = statistics.median(one["cpu"] for one in runs)
        memory = statistics.median(one["mib"] for one in runs)
        last = runs[-1]
        print(f"{name:32}{cpu:8.2f}{cpu / base:8.2f}{memory:10.0f}{last['calls']:8}{last['rows']:10,}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--limited", action="store_true")
    parser.add_argument("--contestant", nargs=4, metavar=("WHICH", "HOME", "BASE", "TOKEN"))
    options = parser.parse_args()
    if options.contestant:
        contest(*options.contestant)
        return
    found = measure_limited(options.items) if options.limited else measure(options.items, rounds=options.rounds)
    if options.json or options.limited:
        print(json.dumps(found, indent=1))
    else:
        show(found)


if __name__ == "__main__":
    main()
