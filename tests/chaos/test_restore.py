"""An older back-up against an agency that lived on; the long form: `python tests/chaos/restore.py --restores 200`."""

from pathlib import Path

import pytest
from databases import Databases
from restore import restore_often
from world import a_world


@pytest.mark.timeout(900)
def test_a_restore_doubles_nothing_and_loses_nothing(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        tally = restore_often(world, 10, seed=1)
    print(tally)
    assert tally.agree, tally
    assert (tally.restores, tally.parked) == (10, 0)
    assert tally.adopted, "nothing was handed over after a back-up: it proves nothing"


@pytest.mark.timeout(900)
def test_on_postgresql_too(tmp_path: Path, postgres: Databases) -> None:
    with a_world(tmp_path, store=postgres.url()) as world:
        tally = restore_often(world, 2, seed=2)
    print(tally)
    assert tally.agree, tally
    assert (tally.restores, tally.parked) == (2, 0)


@pytest.mark.timeout(900)
def test_without_the_quarantine_a_restore_doubles(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        tally = restore_often(world, 5, seed=1, naive=True)
    print(tally)
    assert tally.doubles, "the check cannot fail: it proves nothing"
