"""A worker that is killed anywhere doubles nothing and loses nothing; the long forms: `python tests/chaos/kills.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kills import kill_at, kill_at_random, learn
from world import World, a_world

RANDOM_KILLS = 50


@pytest.fixture
def world(store_url: str, tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path, store=store_url) as world:
        yield world


@pytest.mark.timeout(900)
def test_at_every_commit_and_every_call(world: World) -> None:
    places = learn(world)
    boundaries = {" ".join(place.split()[:2]) for place in places}
    assert boundaries == {"before commit", "after commit", "before wire", "after wire"}
    assert any("flow.delivery._send" in place for place in places), "nothing was ever handed over"
    tally = kill_at(world, [[place] for place in places])
    print(tally)
    assert tally.sound, tally
    assert (tally.parked, tally.kills >= len(places)) == (0, True)


@pytest.mark.timeout(900)
def test_at_any_moment(world: World) -> None:
    tally = kill_at_random(world, RANDOM_KILLS, seed=1)
    print(tally)
    assert tally.sound, tally
    assert tally.parked == 0


def test_without_the_protocol_a_kill_doubles(tmp_path: Path) -> None:
    with a_world(tmp_path) as world:
        for _ in range(3):
            # Nobody pays, so that what is being sent when the worker dies is a hand-over.
            world.live(payments=False)
            assert world.visit(kill="before commit flow.delivery._delivered", naive=True)["killed"]
            world.settle(naive=True)
        assert world.doubles(), "the check cannot fail: it proves nothing"
