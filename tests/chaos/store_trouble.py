"""The disk is full, the database is read-only, its connections are cut: in the middle of visits over real HTTP.

    python tests/chaos/store_trouble.py [--cases 1000] [--store URL] [--seed 1]

Each case befalls one visit at one of the places it passes; the visit has to end by itself, with an error that has a
name. Then the ledger is visited until it rests: no invoice in two open files, both sides equal to the cent.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from kills import Tally, learn, rest
from world import World, a_world

from connector.log import configure

_BETWEEN = 4


def befall(world: World, cases: int, *, kinds: tuple[str, ...], seed: int) -> tuple[Tally, Counter[str]]:
    """Let `cases` troubles befall visits; returns what became of both sides, and how the visits ended."""
    places = [place for place in learn(world) if not place.startswith("after wire")]
    dice, tally, ends = Random(seed), Tally(), Counter[str]()
    for number in range(cases):
        world.live()
        kind = kinds[number % len(kinds)]
        done = world.visit(befall=kind, at=dice.choice(places))
        tally.kills += done["killed"]
        ends.update(done["failed"].values() if done["failed"] else ["ended well"])
        if number % _BETWEEN == _BETWEEN - 1 or number == cases - 1:
            rest(world, tally)
    return tally, ends


def main() -> int:
    """Run, show, and end with 1 when anything was doubled or lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--store", default="")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure("error", "console")
    kinds = ("cut", "readonly") if options.store.startswith("postgresql") else ("full", "readonly")
    with a_world(Path(tempfile.mkdtemp(prefix="incasso-trouble-")), store=options.store) as world:
        tally, ends = befall(world, options.cases, kinds=kinds, seed=options.seed)
    lost, twice = len(tally.disagreements), len(tally.doubles)
    print(f"{options.cases} cases of {', '.join(kinds)}; {tally.files} files; duplicates {twice}, losses {lost}")
    for told, count in ends.most_common():
        print(f"{count:6}  {told}")
    return 0 if tally.sound else 1


if __name__ == "__main__":
    sys.exit(main())
