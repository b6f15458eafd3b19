"""What a process counted and heard since it began."""

from concurrent.futures import ThreadPoolExecutor

from connector.flow.observed import Observed
from connector.http import Offset


def test_what_runs_counted_adds_up_by_ledger_and_verb() -> None:
    one = Observed()
    one.count("acme", "pull", {"items": 3, "calls": 1})
    one.count("acme", "pull", {"items": 4})
    one.count("acme", "follow", {"calls": 2})
    one.count("zeta", "pull", {"items": 5})
    assert one.counts() == {
        ("acme", "pull", "items"): 7,
        ("acme", "pull", "calls"): 1,
        ("acme", "follow", "calls"): 2,
        ("zeta", "pull", "items"): 5,
    }


def test_what_is_asked_for_is_a_copy() -> None:
    one = Observed()
    one.counts()["acme", "pull", "items"] = 1
    assert one.counts() == {}


def test_of_each_server_the_last_word_counts() -> None:
    one = Observed()
    assert one.offsets() == ()
    one.hear([Offset("books", 0.0, 1.0), Offset("agency", -3.0, -2.0)])
    one.hear([Offset("books", 2.0, 2.5)])
    assert sorted(one.offsets(), key=lambda found: found.host) == [
        Offset("agency", -3.0, -2.0),
        Offset("books", 2.0, 2.5),
    ]


def test_runs_that_end_at_once_lose_no_count() -> None:
    one = Observed()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(400):
            pool.submit(one.count, "acme", "pull", {"items": 1, "calls": 2})
    assert one.counts() == {("acme", "pull", "items"): 400, ("acme", "pull", "calls"): 800}
