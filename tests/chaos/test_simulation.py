"""The rules of delivery through every fault, in short; the long form is `python tests/chaos/simulation.py`."""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest
import simulation

EACH = 10_000


@pytest.mark.parametrize("receiver", simulation.RECEIVERS)
def test_nothing_is_doubled_and_nothing_lost(receiver: str) -> None:
    ends, bad = simulation.run(1, EACH, receiver, "ours")
    print(f"{receiver}: {EACH} runs from seed 1: {dict(ends)}")
    assert bad == []
    assert sum(ends.values()) == EACH
    if receiver in ("key for ever", "look-up", "key for an hour and look-up"):
        assert ends["parked"] == 0, "a person was asked though the receiver could be"


@pytest.mark.parametrize(
    ("mistake", "receiver"),
    [
        ("blind", "look-up"),
        ("blind", "neither"),
        ("hasty", "look-up"),
        ("ageless", "key for an hour"),
        ("forgetful", "key for an hour"),
        ("forgetful", "key for an hour and look-up"),
    ],
)
def test_each_rule_is_there_for_a_reason(mistake: str, receiver: str) -> None:
    ends, bad = simulation.run(1, 2_000, receiver, mistake)
    assert ends["Duplicate"] > 0
    assert bad[0][1].startswith("Duplicate")


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    with ProcessPoolExecutor(1) as other:
        there: tuple[Counter[str], list[tuple[int, str]]] = other.submit(
            simulation.run, 7, 300, "key for an hour", "forgetful"
        ).result()
    assert simulation.run(7, 300, "key for an hour", "forgetful") == there
