"""A real ledger, synced day by day through `incasso run --once`, handing over what the policy says.

    python benchmarks/real_ledger.py LEDGER.csv.gz --from 2019-05-01 --to 2019-07-31

The file has the columns invoice_id, customer_id, issue_date, due_date, cleared_date, amount: one settlement per
invoice. It is booked into the Exact Online stand-in as it happened: invoices on their issue date, payments on the
day they were cleared. Two debtors of three pay the creditor as the file says, also after hand-over; with every
third the agency collects instead, and a bookkeeper books its pay-outs. At the end both sides are compared.
"""

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, NamedTuple

from connector.cli.demo.stage import SECRETS, Stage, set_stage
from connector.log import configure as configure_log

DIVISION = 123456
SERVERS = {
    "exact": {"minute_limit": "0", "day_limit": "100000"},
    "agency": {"scenario": "accepts", "remit_every": "week", "minimum_minor": "5000"},
}


class Row(NamedTuple):
    """One invoice of the file. `number` is ours: the stand-in numbers invoices with integers."""

    number: int
    customer: str
    issued: date
    due: date
    cleared: date
    amount: str


def read_rows(path: Path) -> list[Row]:
    """The invoices of the file, in the order of issue."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = sorted(csv.DictReader(lines), key=lambda one: (one["issue_date"], one["invoice_id"]))
    return [
        Row(
            number,
            one["customer_id"],
            date.fromisoformat(one["issue_date"]),
            date.fromisoformat(one["due_date"]),
            date.fromisoformat(one["cleared_date"]),
            one["amount"],
        )
        for number, one in enumerate(records, start=1)
    ]


class Books:
    """Books the file into the stand-in, and the agency's pay-outs beside it."""

    def __init__(self, stage: Stage, rows: list[Row]) -> None:
        self._stage = stage
        self._issued = _by_day(rows, "issued")
        self._cleared = _by_day(rows, "cleared")
        self._accounts = sorted({row.customer for row in rows})
        self._booked: set[tuple[str, int]] = set()
        self.collected_elsewhere: set[int] = set()

    def open_accounts(self) -> None:
        """All customers, and which of them the agency will collect from."""
        accounts = [
            {
                "code": code,
                "name": f"Customer {code} B.V.",
                "address": f"Straat {place}",
                "postcode": "1000 AA",
                "city": "Amsterdam",
                "country": "NL",
                "chamber_of_commerce": f"{10_000_000 + place}",
            }
            for place, code in enumerate(self._accounts, start=1)
        ]
        self._stage.order("exact", f"{DIVISION}/load", {"accounts": accounts})

    def live(self, day: date) -> None:
        """Book what happened on a day."""
        invoices = [
            {
                "account": row.customer,
                "number": row.number,
                "amount": row.amount,
                "date": row.issued.isoformat(),
                "due": row.due.isoformat(),
                "pdf": True,
            }
            for row in self._issued.get(day, ())
        ]
        payments = [
            {"invoice": row.number, "date": day.isoformat()}
            for row in self._cleared.get(day, ())
            if row.number not in self.collected_elsewhere
        ]
        self._stage.order("exact", f"{DIVISION}/load", {"invoices": invoices, "payments": payments})

    def look_at_agency(self, day: date) -> None:
        """Send new files of every third debtor down the collecting road, and book pay-outs two days old."""
        for case in self._stage.order("agency", "cases")["cases"]:
            lines = {line["line_id"]: line for line in case["submission"]["lines"]}
            if case["scenario"] == "collects":
                self.collected_elsewhere.update(int(line["number"]) for line in lines.values())
        for paid in self._stage.order("agency", "remittances")["remittances"]:
            if date.fromisoformat(paid["paid_on"]) + timedelta(days=2) > day:
                continue
            for place, item in enumerate(paid["items"]):
                mark = (paid["remittance_id"], place)
                minor = item["principal"]["minor"]
                if mark not in self._booked and minor > 0:
                    self._booked.add(mark)
                    self._book(item, minor, day=day)

    def _book(self, item: dict[str, Any], minor: int, *, day: date) -> None:
        case = self._stage.order("agency", f"cases/{item['case_ref']}")
        number = next(line["number"] for line in case["submission"]["lines"] if line["line_id"] == item["line_id"])
        amount = f"{minor // 100}.{minor % 100:02}"
        order = {"invoice": int(number), "amount": amount, "date": day.isoformat()}
        self._stage.order("exact", f"{DIVISION}/payments", order)


def _by_day(rows: list[Row], field: str) -> dict[date, list[Row]]:
    found: dict[date, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, field)].append(row)
    return found


def incasso(home: Path, *words: str) -> Any:
    """One command as a person or a timer gives it; returns its JSON."""
    command = [sys.executable, "-m", "connector", "--home", str(home), *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **SECRETS}, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout)


def configure(home: Path) -> None:
    """Hand over automatically, by a policy that needs no history of letters."""
    policy = Path(__file__).parent.parent / "config" / "example" / "policies" / "b2b-fast.toml"
    (home / "policies" / policy.name).write_text(policy.read_text(encoding="utf-8"), encoding="utf-8")
    path = home / "ledgers" / "molen.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('handover = "person"', 'handover = "automatic"\ndebtors_are = "business"')
    path.write_text(text.replace('"standard"', '"b2b-fast"'), encoding="utf-8")


def main() -> None:
    """Run it, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--from", dest="begin", type=date.fromisoformat, default=date(2019, 5, 1))
    parser.add_argument("--to", dest="end", type=date.fromisoformat, default=date(2019, 7, 31))
    options = parser.parse_args()
    configure_log("error", "console")
    rows = read_rows(options.ledger)
    home = Path(tempfile.mkdtemp(prefix="incasso-real-"))
    began = time.monotonic()
    first = min(row.issued for row in rows)
    with set_stage(home, _morning(options.begin), SERVERS) as stage:
        configure(home)
        books = Books(stage, rows)
        books.open_accounts()
        for place, code in enumerate(sorted({row.customer for row in rows})):
            if place % 3 == 0:
                _collects(stage, code)
        day = first
        while day < options.begin:
            books.live(day)
            day += timedelta(days=1)
        days = 0
        counts: Counter[str] = Counter()
        while day <= options.end:
            stage.clock.set(_morning(day))
            books.live(day)
            books.look_at_agency(day)
            for turn in incasso(home, "run", "--once"):
                if turn["report"] is None:
                    raise SystemExit(f"{day}: {turn['verb']} failed: {turn['message']}")
                counts.update({f"{turn['verb']}: {word}": count for word, count in turn["report"]["counts"].items()})
            days += 1
            sys.stderr.write(f"{day} done\n" if days % 10 == 0 else "")
            day += timedelta(days=1)
        show(stage, home, counts, rows=len(rows), days=days, seconds=time.monotonic() - began)


def _morning(day: date) -> datetime:
    return datetime.combine(day, clock_time(6, tzinfo=UTC))


def _collects(stage: Stage, code: str) -> None:
    balances = stage.order("exact", f"{DIVISION}/accounts", {"code": code})
    stage.order("agency", "scenario", {"scenario": "collects", "debtor_id": balances["id"]})


def show(stage: Stage, home: Path, counts: Counter[str], *, rows: int, days: int, seconds: float) -> None:
    """The figures of the run, and whether both sides agree."""
    exact = stage.order("exact", "counters")
    compared = incasso(home, "compare")
    differing = [one for one in compared if one["difference"]]
    print(f"{rows:,} invoices in the file, {days} days by `incasso run --once`, {seconds:.0f} s in all")
    calls = {name: tally["calls"] for name, tally in exact["endpoints"].items()}
    refused = sum(tally["refused"] for tally in exact["endpoints"].values())
    print(f"calls to Exact Online: {sum(calls.values()):,}, {sum(calls.values()) / days:.1f} a day, {refused} refused")
    for name, count in sorted(calls.items(), key=lambda one: -one[1]):
        print(f"    {count:7,}  {name}")
    for word, count in sorted(counts.items()):
        print(f"{count:11,}  {word}")
    print(f"{len(compared):,} claim lines compared, {len(differing)} differ")
    for one in differing[:20]:
        print(f"    {one}")
    print("both sides agree to the cent" if compared and not differing else "THE TWO SIDES DO NOT AGREE")
    print(f"installation in {home}")


if __name__ == "__main__":
    main()
