"""Killing the worker at every commit and every wire boundary of a visit, over real HTTP on both ends.

    python tests/chaos/kills.py [--pairs | --random N] [--store URL] [--naive] [--seed 1] [--json]

The places are those that a visit passes (`connector.failpoints`); each is reached in a life of the ledger in which
new invoices, payments, collections and pay-outs go on. After each few kills the ledger is visited until it rests: no
invoice may stand in two open files at the agency, and both sides must agree to the cent. `--pairs` kills the visit
that clears up as well. `--random` kills at random moments instead, in a new world every few hundred kills, as no ledger
adds debtors for ever. `--store` is the URL of an empty database.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from world import Sides, World, a_world

from connector.log import configure

# Kills before the ledger is let come to rest.
_AT_ONCE = 3
_DAYS_TO_LEARN = 9
_A_WORLD = 250
_ROUNDS = 20_000
_SHOWN = 10


@dataclass
class Tally(Sides):
    """What was done to a world, and what became of it."""

    places: int = 0
    kills: int = 0
    never_reached: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing doubled, nothing lost, everything tried."""
        return self.agree and not self.never_reached


def learn(world: World) -> list[str]:
    """The places that visits pass while everything that can happen happens."""
    found: set[str] = set()
    for _ in range(_DAYS_TO_LEARN):
        world.live()
        found.update(world.visit()["places"])
    return sorted(found)


def kill_at(world: World, places: list[list[str]], *, naive: bool = False) -> Tally:
    """Kill at each of `places` in turn (at more than one: in visits after each other), and look at both sides."""
    tally = Tally(places=len(places))
    waiting = list(places)
    for _ in range(_ROUNDS):
        if not waiting or tally.doubles:
            break
        _show(f"{len(waiting)} places to go")
        world.live()
        for chain in waiting[:_AT_ONCE]:
            done = [world.visit(kill=place, naive=naive)["killed"] for place in chain]
            tally.kills += sum(done)
            if all(done):
                waiting.remove(chain)
            else:
                # What this visit had no reason to do comes up on another day.
                waiting.append(waiting.pop(waiting.index(chain)))
        rest(world, tally, naive=naive)
    tally.never_reached = [" + ".join(chain) for chain in waiting]
    return tally


def kill_at_random(world: World, kills: int, *, seed: int, naive: bool = False) -> Tally:
    """Kill visits at random moments, `kills` times."""
    dice = Random(seed)
    tally = Tally()
    while tally.kills < kills and not tally.doubles:
        _show(f"{tally.kills} kills")
        world.live()
        for _ in range(dice.randint(1, 4)):
            tally.kills += world.visit(after=dice.uniform(0.02, 0.6), naive=naive)["killed"]
        rest(world, tally, naive=naive)
    return tally


def kill_in_worlds(kills: int, *, seed: int, naive: bool = False) -> Tally:
    """As `kill_at_random`, in as many worlds as it takes, each of its own seed."""
    tally = Tally()
    while tally.kills < kills and tally.agree:
        print(f"{tally.kills} kills, seed {seed}", file=sys.stderr, flush=True)
        with TemporaryDirectory(prefix="incasso-kills-") as folder, a_world(Path(folder)) as world:
            one = kill_at_random(world, min(_A_WORLD, kills - tally.kills), seed=seed, naive=naive)
        tally.kills += one.kills
        tally.add(one)
        seed += 1
    return tally


def _show(how_far: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{how_far}  ", end="", file=sys.stderr, flush=True)


def rest(world: World, tally: Tally, *, naive: bool = False) -> None:
    """Let the ledger come to rest, and look at both sides."""
    world.settle(naive=naive)
    tally.look(world)


def main() -> int:
    """Run, show, and end with 1 when anything was doubled or lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--random", type=int, default=0, metavar="N")
    parser.add_argument("--store", default="")
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure("error", "console")
    if options.random and not options.store:
        tally = kill_in_worlds(options.random, seed=options.seed, naive=options.naive)
    else:
        tally = _in_one_world(options)
    print(json.dumps(asdict(tally)) if options.json else _sentence(tally))
    return 0 if tally.sound else 1


def _in_one_world(options: argparse.Namespace) -> Tally:
    with TemporaryDirectory(prefix="incasso-kills-") as home, a_world(Path(home), store=options.store) as world:
        if options.random:
            return kill_at_random(world, options.random, seed=options.seed, naive=options.naive)
        chains = [[place] for place in learn(world)]
        if options.pairs:
            chains = [[*first, *second] for first in chains for second in chains]
            Random(options.seed).shuffle(chains)
        return kill_at(world, chains, naive=options.naive)


def _sentence(tally: Tally) -> str:
    done = f"{tally.kills} kills, {tally.places} places; {tally.files} files at the agency"
    lines = [f"{done}; duplicates {len(tally.doubles)}, losses {len(tally.disagreements)}, parked {tally.parked}"]
    lines += [f"in two open files: invoice {number}" for number in tally.doubles[:_SHOWN]]
    lines += tally.disagreements[:_SHOWN]
    lines += [f"never reached: {place}" for place in tally.never_reached[:_SHOWN]]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
