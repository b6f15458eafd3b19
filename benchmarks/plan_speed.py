"""How fast a plan is decided, beside the plainest loop that only computes a level.

    python benchmarks/plan_speed.py [--items 100000 --items 1000000] [--policy FILE] [--repeat 3] [--json]

For each size the same made-up ledger is streamed, 500 debtors at a time, through `decide` and through a
loop that does no more than days overdue -> level, highest per debtor. Timed is the deciding alone, in turns on the
same accounts, so that a busy machine slows both. Memory is the peak of a process that does one thing only; `read`
is the process that makes the accounts and decides nothing.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time

from connector.model import Account, Claim, DisputeFact, HoldFact, LegalFacts, PriorStep
from connector.policy import Policy, decide, load_policy

DAY = date(2026, 11, 22)
ITEMS_A_DEBTOR = 20 / 3
CHUNK = 500  # debtors at a time, as a plan reads them
LEVELS = (14, 30, 45)
# What such a ledger's file says for the law: without it every hand-over would be undecided.
LEGAL = LegalFacts(
    contractual="yes", due_date_agreed="yes", in_business="yes", registers_read="yes", receiver="registered"
)
POLICY = Path(__file__).parent.parent / "config" / "example" / "policies" / "standard.toml"


@dataclass
class Run:
    """One process: what it did, over how many items, how long, and the most memory it held."""

    what: str
    items: int
    debtors: int
    decide_seconds: float = 0.0
    decide_cpu: float = 0.0
    plain_seconds: float = 0.0
    plain_cpu: float = 0.0
    peak_mib: float = 0.0
    actions: dict[str, int] | None = None


def accounts(items: int) -> Iterator[Account]:
    """A ledger of `items` open claims, the same at every call: 70 % of the debtors pay on time."""
    dice = random.Random(20261122)
    left, number = items, 0
    while left:
        number += 1
        count = min(left, dice.choice((1, 3, 5, 6, 7, 8, 10, 13)))
        left -= count
        yield _account(f"debtor-{number:07d}", count, dice)


def _account(debtor_id: str, count: int, dice: random.Random) -> Account:
    worst = 0 if dice.random() < 0.7 else dice.choice((5, 12, 20, 25, 33, 40, 50, 70, 110))
    claims = tuple(_claim(f"{debtor_id}-{place}", worst, dice) for place in range(count))
    steps = [("remind", 15), ("notice", 31)] if dice.random() < 0.8 else []
    taken = tuple(
        PriorStep(step=name, taken_on=DAY - timedelta(days=worst - at), channel="email", origin=f"letter {debtor_id}")
        for name, at in steps
        if at < worst
    )
    luck = dice.random()
    return Account(
        ledger="bench",
        debtor_id=debtor_id,
        debtor_kind=dice.choice(("business", "business", "business", "sole_trader", "unknown")),
        debtor_country="NL",
        debtor_blocked=luck > 0.99,
        legal=LEGAL,
        day=DAY,
        claims=claims,
        credit_minor={"EUR": dice.randrange(100, 20_000)} if dice.random() < 0.08 else {},
        steps=taken,
        holds=(HoldFact(scope="debtor", key=debtor_id, since=DAY, until=DAY + timedelta(days=9)),)
        if luck < 0.01
        else (),
        disputes=(DisputeFact(claim=claims[0].claim, opened_on=DAY),) if 0.01 < luck < 0.03 else (),
    )


def _claim(key: str, worst: int, dice: random.Random) -> Claim:
    late = worst - dice.randrange(0, 60) if worst else -dice.randrange(0, 45)
    amount = dice.randrange(500, 250_000)
    due = DAY - timedelta(days=late)
    return Claim(
        claim=f"00000000-0000-4000-8000-{key}",
        number=f"2026-{key}",
        currency="EUR",
        open_minor=amount,
        overdue_minor=amount if late > 0 else 0,
        original_minor=amount,
        invoice_date=due - timedelta(days=30),
        due_date=due,
    )


def plain_levels(account: Account) -> int:
    """The least that can be done: days overdue -> level, and the highest one of the debtor."""
    day, highest = account.day, 0
    for claim in account.claims:
        due = claim.due_date
        if due is not None and claim.open_minor > 0:
            late = (day - due).days
            level = 3 if late >= LEVELS[2] else 2 if late >= LEVELS[1] else 1 if late >= LEVELS[0] else 0
            highest = max(highest, level)
    return highest


def work(what: str, items: int, policy: Policy) -> Run:
    """Stream the ledger once. `time` does both in turns; `decide`, `plain` and `read` do one thing, for memory."""
    run, actions = Run(what, items, 0), Counter[str]()
    stream = accounts(items)
    while chunk := list(islice(stream, CHUNK)):
        run.debtors += len(chunk)
        if what in ("time", "decide"):
            wall, cpu = perf_counter(), process_time()
            for account in chunk:
                actions[decide(account, policy).action] += 1
            run.decide_seconds += perf_counter() - wall
            run.decide_cpu += process_time() - cpu
        if what in ("time", "plain"):
            wall, cpu = perf_counter(), process_time()
            for account in chunk:
                plain_levels(account)
            run.plain_seconds += perf_counter() - wall
            run.plain_cpu += process_time() - cpu
    run.actions = dict(sorted(actions.items()))
    run.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return run


def in_a_process(what: str, items: int, policy: Path) -> Run:
    """The same in a process of its own, so that memory is nobody else's."""
    command = [sys.executable, __file__, "--work", what, "--items", str(items), "--policy", str(policy)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Run(**json.loads(done.stdout))


def measure(items: int, policy: Path, repeat: int) -> dict[str, object]:
    """One size: the fastest of `repeat` timed runs, and the peaks."""
    best = min((in_a_process("time", items, policy) for _ in range(repeat)), key=lambda run: run.decide_cpu)
    peaks = {what: round(in_a_process(what, items, policy).peak_mib, 1) for what in ("read", "plain", "decide")}
    return {
        "items": items,
        "debtors": best.debtors,
        "actions": best.actions,
        "items_a_second": round(items / best.decide_seconds),
        "decide_seconds": round(best.decide_seconds, 3),
        "decide_cpu_seconds": round(best.decide_cpu, 3),
        "plain_items_a_second": round(items / best.plain_seconds),
        "plain_seconds": round(best.plain_seconds, 3),
        "plain_cpu_seconds": round(best.plain_cpu, 3),
        "times_the_plain_loop": round(best.decide_cpu / best.plain_cpu, 2),
        "peak_mib": peaks,
    }


def show(rows: list[dict[str, object]]) -> None:
    """A table for people."""
    print(f"{'items':>10} {'debtors':>8} {'items/s':>10} {'seconds':>8} {'CPU s':>7} {'plain CPU s':>11} {'times':>6}"
          f" {'peak MiB (decide / plain / read)':>34}")  # fmt: skip
    for row in rows:
        peaks = row["peak_mib"]
        assert isinstance(peaks, dict)
        shown = " / ".join(str(peaks[what]) for what in ("decide", "plain", "read"))
        print(f"{row['items']:>10,} {row['debtors']:>8,} {row['items_a_second']:>10,} {row['decide_seconds']:>8}"
              f" {row['decide_cpu_seconds']:>7} {row['plain_cpu_seconds']:>11} {row['times_the_plain_loop']:>6}"
              f" {shown:>34}")  # fmt: skip
        print(f"           {row['actions']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, action="append", help="open items; give it again for more sizes")
    parser.add_argument("--policy", type=Path, default=POLICY)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", choices=("time", "decide", "plain", "read"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = options.items or [100_000, 1_000_000]
    if options.work:
        print(json.dumps(asdict(work(options.work, sizes[0], load_policy(options.policy)))))
        return
    rows = [measure(items, options.policy, options.repeat) for items in sizes]
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()
