"""Single-use refresh tokens: processes that share a log-in and are killed while they renew it, over real HTTP.

    python tests/chaos/tokens.py --kills 1000 [--workers 3] [--store URL] [--naive unlocked|late]

The clock goes on by ten minutes at a time, so that the log-in is always due, and a process is killed at a random
moment, every other time while it renews. A log-in whose answer died with the process is lost, because the server had
given it out: it must be asked with once more, be reported as no longer valid, be left alone until a person logs in
again, and then work. Ends with 1 when a token was presented again whose renewal somebody lived to keep, when a token
was used in a call but never kept, or when a dead one was presented over and over. `--store` is the URL of an empty
database. `--naive` renews without the lock, or uses a log-in before it is kept: then it must fail.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

from recorder import Presented, Record, recording
from world import BEGIN, SERVERS

from connector.cli.demo.stage import SECRETS, Stage, log_in, set_stage
from connector.flow.workspace import Workspace, open_workspace
from connector.log import configure

_RENEWER = Path(__file__).with_name("renewer.py")
_AGE = timedelta(minutes=10)
_PATIENCE = 30.0
# Seconds: a renewal takes about as long; a process that calls shows what it does within the other.
_RENEWAL = 0.04
_A_WHILE = 0.15


@dataclass
class Tally:
    """What became of the log-ins. `lost`: given out by the server while the process that asked was killed."""

    kills: int = 0
    renewals: int = 0
    lost: int = 0
    spent_twice: int = 0
    used_unkept: int = 0
    again_and_again: int = 0
    troubles: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether everything ended as it must."""
        return not (self.spent_twice or self.used_unkept or self.again_and_again or self.troubles)

    def __str__(self) -> str:
        told = (
            f"{self.kills} kills, {self.renewals} renewals: presented twice {self.spent_twice}, "
            f"used before it was kept {self.used_unkept}, dead ones presented on {self.again_and_again}; "
            f"lost with the process and given anew {self.lost}"
        )
        return "\n".join([told, *self.troubles[:10]])


@dataclass
class Office:
    """The processes, the server's record of them, and the clock they live by. `kept`: what stood in the store."""

    stage: Stage
    workspace: Workspace
    record: Record
    renewer: "subprocess.Popen[str]"
    reports: Path
    processes: list[int] = field(default_factory=list)
    killed: set[int] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    asking: SimpleQueue[int] = field(default_factory=SimpleQueue)

    def start_one(self) -> None:
        assert self.renewer.stdin is not None
        assert self.renewer.stdout is not None
        self.renewer.stdin.write("\n")
        self.renewer.stdin.flush()
        self.processes.append(int(self.renewer.stdout.readline()))

    def kill(self, pid: int) -> None:
        self.processes.remove(pid)
        self.killed.add(pid)
        os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        for pid in self.processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def grow_old(self) -> None:
        """The log-in has to be renewed."""
        self.stage.clock.set(self.stage.clock.now() + _AGE)

    def asker(self) -> int | None:
        """The process that presents the refresh token next; None when nobody does for a while."""
        try:
            return self.asking.get(timeout=_A_WHILE)
        except Empty:
            return None

    def rest(self) -> dict[str, Any]:
        """The log-in that stands in the store once it is renewed, or dead."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            with self.workspace.closing():
                tokens = dict(json.loads(self.workspace.context("exact-nl").secrets.load("tokens") or "{}"))
            fresh = tokens.get("issued_at", "").replace("Z", "+00:00") == self.stage.clock.now().isoformat()
            if tokens["dead"] or fresh:
                if not tokens["dead"]:
                    self.kept.add(tokens["refresh"])
                return tokens
            time.sleep(0.005)
        raise AssertionError(f"the log-in does not come to rest: {self.told()[-5:]}")

    def told(self) -> list[dict[str, Any]]:
        """What the processes reported."""
        lines = self.reports.read_text(encoding="utf-8").splitlines() if self.reports.exists() else []
        return [json.loads(line) for line in lines]


@contextmanager
def an_office(folder: Path, *, store: str = "", workers: int = 3, naive: str = "") -> Iterator[Office]:
    """Stand-ins, an installation that is logged in, and processes that use the log-in."""
    with (
        set_stage(folder / "home", BEGIN, SERVERS, store=store) as stage,
        recording(stage.servers["exact"]) as recorded,
    ):
        address, record = recorded
        for file in (stage.home / "connections").glob("exact*.toml"):
            file.write_text(file.read_text().replace(stage.servers["exact"], address), encoding="utf-8")
        reports = folder / "reports.jsonl"
        command = [sys.executable, str(_RENEWER), str(stage.home), str(reports), *([naive] if naive else [])]
        with (
            open_workspace(stage.home, {**os.environ, **SECRETS}) as workspace,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as renewer,
        ):
            log_in(workspace, "exact-nl")
            office = Office(stage, workspace, record, renewer, reports)
            record.arrived = office.asking.put
            office.rest()
            try:
                for _ in range(workers):
                    office.start_one()
                yield office
            finally:
                office.end()
                assert renewer.stdin is not None
                renewer.stdin.close()


def kill_renewers(office: Office, kills: int, *, seed: int) -> Tally:
    """Kill `kills` processes; over as soon as something went wrong."""
    dice, tally = Random(seed), Tally()
    while tally.kills < kills:
        while not office.asking.empty():
            office.asking.get()
        told = len(office.told())
        office.grow_old()
        victim = office.asker() if dice.random() < 0.5 else None
        time.sleep(dice.uniform(0, _RENEWAL))
        office.kill(victim or dice.choice(office.processes))
        office.start_one()
        tally.kills += 1
        if office.rest()["dead"]:
            _mourn(office, tally, told)
        judge(office, tally)
        if not tally.sound:
            break
        if sys.stderr.isatty():
            print(f"\r{tally.kills} kills  ", end="", file=sys.stderr, flush=True)
    return tally


def lose_one(office: Office) -> Tally:
    """Kill the process that renews when the server has answered and nobody knows it yet."""
    tally, told = Tally(kills=1), len(office.told())

    def kill(pid: int) -> None:
        office.record.answered = lambda _pid: None
        office.kill(pid)

    office.record.answered = kill
    office.grow_old()
    if not office.rest()["dead"]:
        tally.troubles.append("a log-in that only the server knows is taken for a living one")
    _mourn(office, tally, told)
    office.grow_old()
    office.rest()
    judge(office, tally)
    return tally


def _mourn(office: Office, tally: Tally, told: int) -> None:
    """A dead log-in is reported (after the first `told` reports), presented no more, and replaced by a person."""
    before = len(office.record.presented)
    office.grow_old()
    time.sleep(_A_WHILE)
    end = time.monotonic() + _PATIENCE
    while not (reports := office.told()[told:]) and time.monotonic() < end:
        time.sleep(0.01)
    if not reports:
        tally.troubles.append("a dead log-in was not reported")
    tally.troubles += [str(one) for one in reports if one["kind"] != "AuthError"]
    if len(office.record.presented) > before:
        tally.troubles.append("a log-in that is known to be dead was presented")
    log_in(office.workspace, "exact-nl")
    office.rest()


def judge(office: Office, tally: Tally) -> None:
    """Read the server's record from the beginning."""
    by_token: dict[str, list[Presented]] = {}
    for one in list(office.record.presented):
        by_token.setdefault(one.token, []).append(one)
    tally.renewals = tally.lost = tally.spent_twice = tally.used_unkept = tally.again_and_again = 0
    for found in by_token.values():
        taken = next((number for number, one in enumerate(found) if one.status == 200), len(found))
        if taken == len(found):
            continue
        renewal, after = found[taken], found[taken + 1 :]
        tally.renewals += 1
        if renewal.refresh in office.kept or renewal.pid not in office.killed:
            tally.spent_twice += len(after)
        else:
            tally.lost += 1
            tally.used_unkept += renewal.access in office.record.used
            tally.again_and_again += len(after[1:])


def main() -> int:
    """Run, show, and end with 1 when something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--store", default="")
    parser.add_argument("--naive", choices=["", "unlocked", "late"], default="")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    configure("error", "console")
    folder = Path(tempfile.mkdtemp(prefix="incasso-tokens-"))
    began = time.monotonic()
    with an_office(folder, store=given.store, workers=given.workers, naive=given.naive) as office:
        tally = kill_renewers(office, given.kills, seed=given.seed)
    print(f"{given.workers} workers, {time.monotonic() - began:.0f} s, {tally}")
    return int(not tally.sound)


if __name__ == "__main__":
    sys.exit(main())
