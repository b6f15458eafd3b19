"""Call limits in every window, wherever it begins: processes that share them and are killed, over real HTTP.

    python tests/chaos/budget.py --seconds 3600 --workers 8 [--store URL] [--naive alone|minutes]

The server refuses nothing: it keeps the instant at which each call arrived. Prints the fullest window of each company,
and how much of what the limit allows was used; ends with 1 when a window held more than the limit. `--store` is the URL
of an upgraded database. `--naive` counts in each process alone, or in fixed windows: then it must fail.
"""

import argparse
import json
import math
import random
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from databases import upgraded
from killable import serving

_CALLER = Path(__file__).with_name("caller.py")


@dataclass(frozen=True)
class Found:
    """What the server saw. `arrivals`: monotonic seconds by company, in order."""

    limit: int
    window: float
    seconds: float
    kills: int
    arrivals: dict[str, list[float]]

    @property
    def calls(self) -> int:
        return sum(len(times) for times in self.arrivals.values())

    @property
    def worst(self) -> int:
        """The calls of the fullest window of any company."""
        return max((fullest(times, self.window) for times in self.arrivals.values()), default=0)

    @property
    def used(self) -> float:
        """The share of the calls that a limit of every window allows in this time."""
        return self.calls / (self.limit * math.ceil(self.seconds / self.window) * max(1, len(self.arrivals)))

    def __str__(self) -> str:
        return (
            f"{self.seconds:.0f} s, {len(self.arrivals)} companies, {self.kills} kills, {self.calls} calls: "
            f"{self.worst} in the fullest {self.window:g} s, {self.limit} allowed; {self.used:.0%} of the limit used"
        )


def fullest(times: list[float], window: float) -> int:
    """The calls of the fullest window [t, t + window), wherever it begins."""
    times = sorted(times)
    return max((bisect_left(times, at + window) - start for start, at in enumerate(times)), default=0)


@contextmanager
def a_server() -> Iterator[tuple[str, dict[str, list[float]]]]:
    """Answers everything, and notes when each call arrived. Yields its URL, and arrivals by company."""
    arrivals: dict[str, list[float]] = {}
    writing = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            at = time.monotonic()
            with writing:
                arrivals.setdefault(self.path.strip("/"), []).append(at)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_told: object) -> None:
            return None

    with serving(Handler) as url:
        yield url, arrivals


@dataclass
class Callers:
    """Processes of `caller.py` with one order."""

    order: dict[str, object]
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    kills: int = 0

    def start(self) -> None:
        self.running.append(subprocess.Popen([sys.executable, str(_CALLER), json.dumps(self.order)]))

    def kill_one(self, dice: random.Random) -> None:
        process = self.running.pop(dice.randrange(len(self.running)))
        process.kill()
        process.wait()
        self.kills += 1

    def check(self) -> None:
        ended = [process.returncode for process in self.running if process.poll() is not None]
        assert not ended, f"callers ended by themselves: {ended}"

    def end(self) -> None:
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait()


def call_on(
    store_url: str,
    *,
    workers: int,
    seconds: float,
    limit: int = 60,
    window: float = 60.0,
    companies: int = 2,
    kill_every: float = 10.0,
    naive: str = "",
    seed: int = 1,
) -> Found:
    """Let `workers` call for `seconds` from the first call on, killing and starting one every `kill_every` or so.

    A naive way of counting is over as soon as it has failed.
    """
    dice = random.Random(seed)
    names = [str(number) for number in range(companies)]
    with a_server() as (server, arrivals), tempfile.TemporaryDirectory() as folder:
        order = {"store": store_url, "server": server, "companies": names, "folder": folder}
        callers = Callers({**order, "limit": limit, "window": window, "naive": naive})
        try:
            for _ in range(workers):
                callers.start()
            while not arrivals:
                callers.check()
                time.sleep(0.01)
            began = time.monotonic()
            next_kill = began + kill_every * dice.uniform(0.5, 1.0)
            while time.monotonic() < began + seconds:
                time.sleep(0.05)
                if naive and max(fullest(list(times), window) for times in arrivals.values()) > limit:
                    break
                if time.monotonic() >= next_kill:
                    callers.check()
                    callers.kill_one(dice)
                    callers.start()
                    next_kill = time.monotonic() + kill_every * dice.uniform(0.5, 1.5)
            callers.check()
        finally:
            callers.end()
        return Found(limit, window, seconds, callers.kills, {name: list(times) for name, times in arrivals.items()})


def main() -> int:
    """Run, show, and end with 1 when a window held more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--window", type=float, default=60.0)
    parser.add_argument("--companies", type=int, default=2)
    parser.add_argument("--kill-every", type=float, default=10.0)
    parser.add_argument("--store", default="")
    parser.add_argument("--naive", choices=["", "alone", "minutes"], default="")
    parser.add_argument("--seed", type=int, default=1)
    given = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as folder:
        store = given.pop("store") or f"sqlite:///{folder}/store.sqlite3"
        upgraded(store).close()
        found = call_on(store, **given)
    print(f"{given['workers']} workers, {found}")
    return int(found.worst > found.limit)


if __name__ == "__main__":
    sys.exit(main())
