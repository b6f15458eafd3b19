"""The rules of delivery in virtual time, through every fault that a worker, a network and a receiver can have.

    python tests/chaos/simulation.py [--runs 50000] [--seed 1] [--receiver NAME] [--rules NAME] [--workers 2] [--json]

One run is one message to one receiver. The rules are those of the product (`connector.flow.protocol`); the store is
a row with compare-and-set, the receiver a model of what it declares. What it checks: at most one file at the receiver;
none where the message was taken for refused; one where it was taken for delivered; and an end in bounded time.
`--rules blind|hasty|ageless|forgetful` replaces a rule by the mistake it prevents: then the check must fail.
"""

import argparse
import heapq
import json
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from connector.flow import protocol
from connector.model import Capabilities
from connector.store.outbox import Outgoing

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# After this much virtual time nothing breaks any more; after the second span every message must have ended.
CALM = timedelta(hours=30)
END = timedelta(days=20)
FAULTS = 0.25

_P, _L = timedelta(seconds=60), timedelta(seconds=20)
RECEIVERS = {
    "key for ever": Capabilities(
        idempotent=True, key_life=timedelta(days=9999), lookup=False, max_processing=_P, read_lag=_L
    ),
    "key for an hour": Capabilities(
        idempotent=True, key_life=timedelta(hours=1), lookup=False, max_processing=_P, read_lag=_L
    ),
    "look-up": Capabilities(idempotent=False, lookup=True, max_processing=_P, read_lag=_L),
    "key for an hour and look-up": Capabilities(
        idempotent=True, key_life=timedelta(hours=1), lookup=True, max_processing=_P, read_lag=_L
    ),
    "neither": Capabilities(idempotent=False, lookup=False, max_processing=_P, read_lag=_L),
}


class Crash(Exception):
    """The worker's process is gone."""


@dataclass
class Receiver:
    """What a receiver keeps. A request takes effect some time after it came, and is seen some time after that."""

    promise: Capabilities
    dice: Random
    refuses: bool
    keys: dict[str, datetime] = field(default_factory=dict)
    # When each file came into being, and from when a look-up shows it.
    files: list[tuple[datetime, datetime]] = field(default_factory=list)

    def take(self, key: str, now: datetime) -> datetime:
        """A request arrives. Returns when its answer is ready."""
        if self.promise.idempotent:
            seen = self.keys.get(key)
            if seen is not None and now < seen + self.promise.key_life:
                return now
            self.keys[key] = now
        ready = now + self.promise.max_processing * self.dice.random()
        if not self.refuses:
            self.files.append((ready, ready + self.promise.read_lag * self.dice.random()))
        return ready

    def shows(self, now: datetime) -> bool:
        return any(seen <= now for _, seen in self.files)


@dataclass
class World:
    """One run: the row, the receiver, the dice, the time."""

    rules: Any
    receiver: Receiver
    dice: Random
    row: Outgoing
    now: datetime = START

    def move(self, seen: Outgoing, change: protocol.Move) -> bool:
        """Compare-and-set, as the store does it."""
        if (self.row.state, self.row.attempt) != (seen.state, seen.attempt):
            return False
        self.row = replace(self.row, state=change.state, **change.values)
        return True

    def breaks(self, share: float = FAULTS) -> bool:
        return self.now < START + CALM and self.dice.random() < share

    def nap(self) -> float:
        """Seconds until a worker goes on: as a rule at once, now and then it was frozen."""
        if not self.breaks(0.1):
            return 0.0
        return self.dice.choice((1.0, 20.0, 29.0, 31.0, 90.0, 4000.0, 90000.0))


def work(world: World) -> Iterator[float]:
    """One visit of one worker; yields the seconds until it goes on. Raises Crash where its process ends."""
    yield world.nap()
    if world.row.state == "SENDING":
        world.move(world.row, protocol.Move("UNKNOWN"))
    if world.row.state == "UNKNOWN":
        yield from doubt(world, world.row)
    elif world.row.state == "READY" and world.row.next_at <= world.now:
        yield from attempt(world, world.row)


def doubt(world: World, message: Outgoing) -> Iterator[float]:
    promise = world.receiver.promise
    way = world.rules.way_out(message, promise, now=world.now)
    if way == "repeat":
        yield from attempt(world, message)
    elif way == "park":
        world.move(message, protocol.Move("PARKED"))
    elif way == "look_up":
        yield world.nap()
        found = world.receiver.shows(world.now)
        yield world.nap()
        crash(world)
        world.move(message, world.rules.looked_up(found=found, now=world.now))


def attempt(world: World, message: Outgoing) -> Iterator[float]:
    promise = world.receiver.promise
    began = world.now
    crash(world)
    intent = world.rules.intend(message, promise, now=world.now)
    if not world.move(message, intent):
        return
    sending = world.row
    crash(world)
    yield world.nap()
    if world.now > began + protocol.SEND_BY:
        answer = "not_processed"
    else:
        answer = yield from wire(world, sending)
    crash(world)
    yield world.nap()
    world.move(sending, world.rules.answered(sending, answer, promise, now=world.now))


def wire(world: World, message: Outgoing) -> Iterator[float]:
    """The request on its way, and the answer on its way back."""
    dice, receiver = world.dice, world.receiver
    if world.breaks(0.15):
        return "not_processed"  # refused, no name, 401, 429: nothing left, or the receiver says so
    if world.breaks(0.1):
        yield 30.0
        return "unclear"  # lost on the way there
    if receiver.promise.idempotent and world.breaks(0.03):
        receiver.take(message.key, world.now)  # the network brings it twice
    ready = receiver.take(message.key, world.now)
    crash(world)
    if world.breaks():
        yield 30.0
        return "unclear"  # time-out, reset, 5xx after commit, an answer nobody can read
    yield (ready - world.now).total_seconds() + dice.random()
    return "refused" if receiver.refuses else "arrived"


def crash(world: World) -> None:
    if world.breaks(0.06):
        raise Crash


def simulate(seed: int, name: str, rules: Any) -> str:
    """One run. Returns how it ended, or what went wrong in a sentence that begins with a capital letter."""
    dice = Random(seed)
    receiver = Receiver(RECEIVERS[name], dice, refuses=dice.random() < 0.05)
    world = World(rules, receiver, dice, a_message(seed))
    agenda: list[tuple[datetime, int, Iterator[float]]] = []
    births = 0
    while world.row.state in ("READY", "SENDING", "UNKNOWN"):
        if not agenda or (world.breaks(0.1) and len(agenda) < 4):
            # A living worker's lock can be lost too: then the next one begins while it sleeps.
            births += 1
            pause = 60 * dice.random() if births > 1 else 0.0
            heapq.heappush(agenda, (world.now + pause * SECOND, births, work(world)))
        world.now, birth, worker = heapq.heappop(agenda)
        if world.now > START + END:
            return "Lost: it never came to an end"
        step(world, worker, lambda at, one=worker, key=birth: heapq.heappush(agenda, (at, key, one)))
    # Who still sleeps wakes up, and may do no harm any more.
    while agenda:
        at, _, worker = heapq.heappop(agenda)
        world.now = max(at, world.now)
        step(world, worker, lambda at, one=worker: heapq.heappush(agenda, (at, 0, one)))
    return verdict(world)


def step(world: World, worker: Iterator[float], again: Callable[[datetime], None]) -> None:
    """Let a worker go on until it waits; one that is done, or gone, does not come back."""
    with suppress(StopIteration, Crash):
        again(world.now + next(worker) * SECOND)


def verdict(world: World) -> str:
    files, state = len(world.receiver.files), world.row.state
    if files > 1:
        return f"Duplicate: {files} files, {state}"
    if state == "DELIVERED" and not (files or world.receiver.refuses):
        return "Lost: taken for delivered and not there"
    if state == "REJECTED" and files:
        return "Lost: taken for refused, and there"
    return state.lower()


def a_message(seed: int) -> Outgoing:
    return Outgoing(
        id=1, ledger="l", connection="c", kind="case.open", case_ref="r", seq=1, priority=5, payload=b"",
        payload_sha256="", key=f"k{seed}", state="READY", attempt=0, created_at=START, sent_at=None,
        doubtful_since=None, settle_until=None, next_at=START, reference="", last_error="", ended_at=None,
    )  # fmt: skip


def _blind(message: Outgoing, answer: Any, promise: Capabilities, *, now: datetime) -> protocol.Move:
    """Mistake: no answer means that nothing happened."""
    plain = "not_processed" if answer == "unclear" else answer
    return protocol.answered(replace(message, doubtful_since=message.sent_at), plain, promise, now=now)


def _hasty(message: Outgoing, promise: Capabilities, *, now: datetime) -> protocol.Way:
    """Mistake: the receiver is asked before everything can be seen there."""
    return protocol.way_out(replace(message, settle_until=None, next_at=now), promise, now=now)


def _ageless(message: Outgoing, promise: Capabilities, *, now: datetime) -> protocol.Way:
    """Mistake: a key is trusted for ever."""
    return protocol.way_out(replace(message, doubtful_since=None), promise, now=now)


def _forgetful(message: Outgoing, answer: Any, promise: Capabilities, *, now: datetime) -> protocol.Move:
    """Mistake: an attempt that surely failed clears the doubt about the one before it."""
    return protocol.answered(replace(message, doubtful_since=message.sent_at), answer, promise, now=now)


def rules_named(name: str) -> Any:
    """The product's rules, or with one of them replaced by a mistake."""
    ours = SimpleNamespace(
        intend=protocol.intend,
        answered=protocol.answered,
        way_out=protocol.way_out,
        looked_up=protocol.looked_up,
    )
    mistakes = {
        "blind": {"answered": _blind},
        "hasty": {"way_out": _hasty},
        "ageless": {"way_out": _ageless},
        "forgetful": {"answered": _forgetful},
    }
    vars(ours).update(mistakes.get(name, {}))
    return ours


def run(first: int, count: int, name: str, rules: str) -> tuple[Counter[str], list[tuple[int, str]]]:
    """`count` runs from seed `first`: how they ended, and the first bad ones with their seeds."""
    ends: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    chosen = rules_named(rules)
    for seed in range(first, first + count):
        end = simulate(seed, name, chosen)
        ends[end.partition(":")[0]] += 1
        if end[0].isupper() and len(bad) < 5:
            bad.append((seed, end))
    return ends, bad


def _run(job: tuple[int, int, str, str]) -> tuple[str, Counter[str], list[tuple[int, str]]]:
    return (job[2], *run(*job))


def main() -> int:
    """Run, show, and end with 1 when anything was doubled or lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=50_000, help="over all receivers together")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--receiver", choices=RECEIVERS)
    parser.add_argument("--rules", default="ours", choices=("ours", "blind", "hasty", "ageless", "forgetful"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = [options.receiver] if options.receiver else list(RECEIVERS)
    each = options.runs // len(names)
    size = max(1, min(5000, each))
    jobs = [
        (options.seed + start, min(size, each - start), name, options.rules)
        for name in names
        for start in range(0, each, size)
    ]
    ends: dict[str, Counter[str]] = {name: Counter() for name in names}
    bad: dict[str, list[tuple[int, str]]] = {name: [] for name in names}
    with multiprocessing.Pool(options.workers) as pool:
        for done, (name, counted, worst) in enumerate(pool.imap_unordered(_run, jobs), start=1):
            ends[name] += counted
            bad[name] += worst
            if sys.stderr.isatty():
                print(f"\r{done}/{len(jobs)}", end="", file=sys.stderr)
    if options.json:
        print(json.dumps({"rules": options.rules, "seed": options.seed, "ends": ends, "bad": bad}))
    else:
        show(options, ends, bad)
    return 1 if any(bad.values()) else 0


def show(options: argparse.Namespace, ends: dict[str, Counter[str]], bad: dict[str, list[tuple[int, str]]]) -> None:
    """A row a receiver."""
    print(f"rules: {options.rules}, seeds from {options.seed}")
    columns = ("delivered", "rejected", "parked", "Duplicate", "Lost")
    print(f"{'receiver':30}{'runs':>10}" + "".join(f"{one.lower():>11}" for one in columns))
    for name, counted in ends.items():
        print(f"{name:30}{sum(counted.values()):>10}" + "".join(f"{counted[one]:>11}" for one in columns))
    for name, worst in bad.items():
        for seed, end in worst[:5]:
            print(f"{name}: seed {seed}: {end}")


if __name__ == "__main__":
    sys.exit(main())
