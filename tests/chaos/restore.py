"""Restores of an older back-up against an agency that lived on.

    python tests/chaos/restore.py --restores 200 [--store URL] [--seed N]

Prints restores, duplicates, losses and parked messages; ends with 1 when there is a duplicate or a loss. Back-ups are
made at random moments, also in the middle of a visit that was killed; then hand-overs, payments, credits and
pay-outs go on for some days; then the older back-up is put back with the product's own means, and the ledger is
visited until it rests. `--naive` ends the quarantine at once: then it must fail. `--store` is the URL of an empty
database.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from world import DIVISION, Sides, World, a_world

from connector.flow import actions
from connector.log import configure
from connector.store import backups, cases, open_store, quarantine

# Visits, half an hour apart, in which a restored ledger has to come to rest.
_PATIENCE = 12


@dataclass
class Tally(Sides):
    """What was done to a world, and what became of it. `adopted`: cases that a restored store did not know."""

    restores: int = 0
    adopted: int = 0


def restore_often(world: World, restores: int, *, seed: int, naive: bool = False) -> Tally:
    """Go back in time `restores` times, and look at both sides after each."""
    dice = Random(seed)
    tally = Tally()
    for _ in range(3):
        world.live()
        world.visit()
    try:
        _go_on(world, dice, tally, restores, naive=naive)
    finally:
        world.stage.workspace.store.close()
    return tally


def _go_on(world: World, dice: Random, tally: Tally, restores: int, *, naive: bool) -> None:
    while tally.restores < restores and tally.agree:
        _live_on(world, dice, days=dice.randint(0, 1))
        file = world.stage.home / f"back-up-{tally.restores}"
        backups.back_up(world.stage.workspace.store, file, now=world.stage.clock.now)
        _live_on(world, dice, days=dice.randint(1, 3))
        known = {case["case_ref"] for case in world.cases()}
        _restore(world, file)
        tally.restores += 1
        tally.adopted += len(known - _known(world))
        # The facts change before anybody looks: what is planned now would not be what was handed over.
        _more_invoices(world, dice)
        if naive:
            with world.stage.workspace.store.write() as tx:
                quarantine.end(tx)
        _rest(world)
        tally.look(world)
        file.unlink()


def _live_on(world: World, dice: Random, *, days: int) -> None:
    """Days with visits; some are killed at any moment, so that messages are on their way."""
    for _ in range(days):
        world.live(dice.randint(1, 4))
        if dice.random() < 0.5:
            _more_invoices(world, dice)
        if dice.random() < 0.3:
            world.visit(after=dice.uniform(0.1, 0.6))
            world.pause(5)
        else:
            _visit(world)


def _more_invoices(world: World, dice: Random) -> None:
    """A debtor of the last days has one more invoice that is long overdue."""
    invoice = {
        "account": f"{max(1, world.number - dice.randint(0, 2)):05}", "number": dice.randint(20_000, 9_999_999),
        "amount": f"{dice.randint(60, 900)}.{dice.randint(0, 99):02}",
        "date": str(world.day - timedelta(days=90)), "due": str(world.day - timedelta(days=60)), "pdf": True,
    }  # fmt: skip
    world.stage.order("exact", f"{DIVISION}/load", {"invoices": [invoice]})


def _visit(world: World) -> None:
    """A visit; a log-in that the restore made old is given anew, as a person would."""
    if "log-in" in str(world.visit()["failed"]):
        world.log_in()
        world.visit()


def _restore(world: World, file: Path) -> None:
    workspace = world.stage.workspace
    url = workspace.store.engine.url.render_as_string(hide_password=False)
    workspace.store.close()
    put_back = open_store(url)
    backups.restore(put_back, file, replace=True, at=world.stage.clock.now(), actor="chaos")
    put_back.close()
    world.stage = replace(world.stage, workspace=replace(workspace, store=open_store(url)))


def _known(world: World) -> set[str]:
    with world.stage.workspace.store.read() as tx:
        return {row.case_ref for row in cases.cases(tx)}


def _rest(world: World) -> None:
    """Visits until nothing is on its way and the quarantine is over by itself."""
    for _ in range(_PATIENCE):
        world.pause(30)
        done = world.visit()
        if "log-in" in str(done["failed"]):
            world.log_in()
            continue
        assert done["code"] == 0, done
        _look_at_the_brake(world)
        waiting = world.waiting()
        # A new case leaves in the visit after the one that ended the quarantine.
        if not _in_quarantine(world) and not waiting.total() - waiting["PARKED"]:
            world.pause(30)
            world.visit()
            return
    raise AssertionError(f"it does not come to rest: {world.waiting()}, quarantine {_in_quarantine(world)}")


def _look_at_the_brake(world: World) -> None:
    """The days that are pulled again at once close more than the brake thinks likely: a person looks, and releases."""
    workspace = world.stage.workspace
    (ledger,) = workspace.settings.ledgers.values()
    actions.release(workspace, ledger, actor="chaos")


def _in_quarantine(world: World) -> bool:
    with world.stage.workspace.store.read() as tx:
        return quarantine.read(tx) is not None


def main() -> int:
    """Run, show, and end with 1 when anything was doubled or lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restores", type=int, default=200, metavar="N")
    parser.add_argument("--store", default="")
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure("error", "console")
    with a_world(Path(tempfile.mkdtemp(prefix="incasso-restores-")), store=options.store) as world:
        tally = restore_often(world, options.restores, seed=options.seed, naive=options.naive)
    print(json.dumps(asdict(tally)) if options.json else _sentence(tally))
    return 0 if tally.agree else 1


def _sentence(tally: Tally) -> str:
    done = f"{tally.restores} restores, {tally.adopted} forgotten cases; {tally.files} files at the agency"
    lines = [f"{done}; duplicates {len(tally.doubles)}, losses {len(tally.disagreements)}, parked {tally.parked}"]
    lines += [f"in two open files: invoice {number}" for number in tally.doubles]
    return "\n".join(lines + tally.disagreements)


if __name__ == "__main__":
    sys.exit(main())
