"""A full disk, a read-only database, cut connections harm nothing; in long: `python tests/chaos/store_trouble.py`."""

from pathlib import Path

import pytest
from store_trouble import befall
from world import a_world

# On both databases together the twenty that the claim names.
CASES = 10
NAMED = ("the disk of the database", "the database may not be written", "the connection to the database was lost",
         "the database cannot be reached", "this process was out of reach", "ended well",
         # A new token that could not be kept is gone: a person logs in again.
         "the log-in is no longer valid")  # fmt: skip


@pytest.mark.timeout(900)
def test_in_the_middle_of_visits(store_url: str, tmp_path: Path) -> None:
    kinds = ("cut", "readonly") if store_url.startswith("postgresql") else ("full", "readonly")
    with a_world(tmp_path, store=store_url) as world:
        tally, ends = befall(world, CASES, kinds=kinds, seed=1)
    print(tally, ends)
    assert tally.sound, tally
    assert tally.kills == 0, "a visit has to end by itself"
    assert [told for told in ends if not told.startswith(NAMED)] == [], "what went wrong has no name"
    assert sum(count for told, count in ends.items() if told != "ended well") >= CASES / 2
