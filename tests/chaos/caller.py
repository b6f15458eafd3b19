"""One process that calls as often as the budget lets it; `budget.py` starts several and kills them.

    python caller.py '{"store": URL, "server": URL, "companies": ["1"], "limit": 60, "window": 60, "naive": "",
                       "folder": PATH}'

`naive` counts as one should not: `alone`, each process for itself in a file in `folder`, or `minutes`, in windows that
begin at fixed times.
"""

import json
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from databases import upgraded

from connector.api import Limits
from connector.clock import SystemClock
from connector.errors import QuotaError
from connector.http import Session
from connector.log import configure
from connector.quota import StoredBudget
from connector.store import Store, open_store
from connector.store.budgets import BudgetRow, change

_PEOPLE = 0.1
# Calls come in bursts: after so many, on average, a process rests for up to a window.
_BURST = 40
_MUCH = 10**9


class FixedWindows:
    """Counts in windows that begin at multiples of their length, exactly and over all processes."""

    def __init__(self, store: Store, company: str, *, limit: int, window: float) -> None:
        self._store, self._company, self._limit, self._window = store, company, limit, window

    def take(self, *, person: bool = False) -> None:
        while not self._counted():
            time.sleep(self._window - time.time() % self._window)

    def _counted(self) -> bool:
        def step(row: BudgetRow) -> tuple[BudgetRow, bool]:
            begins = int(time.time() // self._window)
            made = next((n for window, n in row.calls if window == begins), 0)
            go = made < self._limit
            return BudgetRow(calls=((begins, made + go),)), go

        with self._store.write() as tx:
            return change(tx, "chaos", self._company, step)


def open_budget(order: dict[str, Any], company: str) -> StoredBudget | FixedWindows:
    """The product's budget, or one of the naive ones."""
    if order["naive"] == "minutes":
        return FixedWindows(open_store(order["store"]), company, limit=order["limit"], window=order["window"])
    alone = order["naive"] == "alone"
    own = f"sqlite:///{order['folder']}/{os.getpid()}-{company}.sqlite3"
    store = upgraded(own) if alone else open_store(order["store"])
    limits = Limits(per_minute=order["limit"], per_day=_MUCH)
    return StoredBudget(store, "chaos", company, limits=limits, clock=SystemClock(), window=order["window"])


def main() -> None:
    """Call until killed, or until the starting process is gone."""
    parent = os.getppid()
    order = json.loads(sys.argv[1])
    configure("error", "console")
    dice = Random()
    budgets = {company: open_budget(order, company) for company in order["companies"]}
    with Session(clock=SystemClock()) as http:
        while os.getppid() == parent:
            company = dice.choice(order["companies"])
            try:
                budgets[company].take(person=dice.random() < _PEOPLE)
            except QuotaError:
                continue
            http.request("GET", f"{order['server']}/{company}")
            if dice.random() < 1 / _BURST:
                time.sleep(dice.uniform(0, order["window"]))


if __name__ == "__main__":
    main()
