"""Two policies back-tested on a real ledger, as if it had been pulled every day: the table, and the CPU seconds.

    python benchmarks/backtest_real.py LEDGER.csv.gz [--from 2019-01-01] [--to 2019-09-30]
        [--policy b2b-fast --policy standard] [--chart FILE.svg]

The file has the columns invoice_id, customer_id, issue_date, due_date, cleared_date, amount: one settlement per
invoice. Each day's rows are stored by the function a pull stores with, at six in the morning of that day: an invoice
on its issue date, its payment on the day it was cleared, so that the history is the one daily pulls would have left.
"""

import argparse
import shutil
import tempfile
from collections import defaultdict
from datetime import UTC, date, datetime
from datetime import time as clock_time
from pathlib import Path
from time import perf_counter, process_time

from real_ledger import Row, read_rows

from connector.cli.backtest_chart import write_chart
from connector.cli.backtest_table import show_backtest
from connector.flow.backtest import back_test
from connector.flow.workspace import Workspace, open_workspace
from connector.model import Debtor, OpenItem
from connector.model.money import minor_units
from connector.policy import load_policy
from connector.store import Store, debtors, item_changes, open_store, schema

POLICIES = Path(__file__).parent.parent / "config" / "example" / "policies"
LEDGER = """
title = "A real ledger"
debtors_are = "business"

[source]
connection = "books"

[creditor]
name = "A real ledger B.V."
company_number = "24001234"
iban = "NL91ABNA0417164300"

[creditor.address]
lines = ["Maashaven 8"]
postcode = "3081 AE"
city = "Rotterdam"
country = "NL"
"""


def make_home(home: Path) -> Store:
    """An installation with one ledger, `real`, the example policies, and an empty database."""
    for folder in ("connections", "ledgers", "data"):
        (home / folder).mkdir()
    shutil.copytree(POLICIES, home / "policies")
    (home / "incasso.toml").write_text("", encoding="utf-8")
    (home / "connections" / "books.toml").write_text('plugin = "exact"\n', encoding="utf-8")
    (home / "ledgers" / "real.toml").write_text(LEDGER, encoding="utf-8")
    store = open_store(f"sqlite:///{home}/data/incasso.sqlite3")
    schema.upgrade(store)
    return store


def load(store: Store, rows: list[Row]) -> int:
    """Store every day's rows as a pull of that morning would have; returns how many days there were."""
    by_day: dict[date, dict[str, OpenItem]] = defaultdict(dict)
    for row in rows:
        if row.issued < row.cleared:
            by_day[row.issued][str(row.number)] = open_item(row)
        # What was paid before it was issued comes in closed.
        by_day[max(row.issued, row.cleared)][str(row.number)] = closed_item(row)
    for day in sorted(by_day):
        at = datetime.combine(day, clock_time(6, tzinfo=UTC))
        with store.write() as tx:
            people = {one.debtor_id for one in by_day[day].values()}
            debtors.store_debtors(tx, "real", [Debtor(id=key, name=key, code=key) for key in sorted(people)], at)
            item_changes.store_items(tx, "real", item_changes.facts_of(by_day[day].values()), at)
    return len(by_day)


def open_item(row: Row) -> OpenItem:
    """The invoice as it was issued."""
    minor = minor_units(row.amount, "EUR")
    return OpenItem(
        id=str(row.number),
        claim=str(row.number),
        debtor_id=row.customer,
        kind="invoice" if minor > 0 else "credit_note",
        state="open",
        currency="EUR",
        amount_minor=minor,
        open_minor=minor,
        original_minor=minor,
        number=str(row.number),
        invoice_date=row.issued,
        due_date=row.due,
    )


def closed_item(row: Row) -> OpenItem:
    """The invoice once it was paid."""
    return open_item(row).model_copy(
        update={"state": "closed", "open_minor": 0, "closed_reason": "paid", "settled_on": row.cleared}
    )


def run(workspace: Workspace, options: argparse.Namespace) -> None:
    """Try the policies, print the table, and what it cost."""
    ledger = workspace.ledger("real")
    policies = {name: load_policy(POLICIES / f"{name}.toml") for name in options.policy}
    wall, cpu = perf_counter(), process_time()
    found = back_test(workspace, ledger, policies, first=options.begin, last=options.end)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    show_backtest(workspace, found, files=options.files)
    if options.chart:
        write_chart(options.chart, found)
    decided = sum(one.figures.decided_days for one in found.tried)
    print(
        f"{cpu:.1f} s of CPU, {wall:.1f} s, for {len(policies)} policies over {found.period.days} days and "
        f"{found.debtors} debtors: {decided:,} decisions"
    )


def main() -> None:
    """Load the file, and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--from", dest="begin", type=date.fromisoformat, default=date(2019, 1, 1))
    parser.add_argument("--to", dest="end", type=date.fromisoformat, default=date(2019, 9, 30))
    parser.add_argument("--policy", action="append", help="give it again for more; b2b-fast and standard if left out")
    parser.add_argument("--files", action="store_true", help="list every file")
    parser.add_argument("--chart", type=Path)
    options = parser.parse_args()
    options.policy = options.policy or ["b2b-fast", "standard"]
    rows = read_rows(options.ledger)
    with tempfile.TemporaryDirectory(prefix="incasso-backtest-") as folder:
        home = Path(folder)
        store = make_home(home)
        began = process_time()
        days = load(store, rows)
        print(f"{len(rows):,} invoices stored as {days} daily pulls in {process_time() - began:.1f} s of CPU")
        store.close()
        with open_workspace(home, {}) as workspace:
            run(workspace, options)


if __name__ == "__main__":
    main()
