"""A refresh token is never spent twice, whoever is killed; the long form: `python tests/chaos/tokens.py`."""

from pathlib import Path

import pytest
from tokens import an_office, kill_renewers, lose_one

# On each database.
KILLS = 25


@pytest.mark.timeout(300)
def test_a_refresh_token_is_never_spent_twice(store_url: str, tmp_path: Path) -> None:
    with an_office(tmp_path, store=store_url) as office:
        tally = kill_renewers(office, KILLS, seed=1)
    print(tally)
    assert tally.sound, tally
    assert tally.kills == KILLS
    assert tally.renewals >= KILLS
    assert tally.lost < KILLS


def test_a_log_in_lost_with_its_process_is_tried_once_reported_and_given_anew(tmp_path: Path) -> None:
    with an_office(tmp_path) as office:
        tally = lose_one(office)
    assert tally.sound, tally
    assert (tally.renewals, tally.lost) == (2, 1)


@pytest.mark.parametrize("naive", ["unlocked", "late"])
def test_without_the_lock_or_used_before_it_is_kept_a_log_in_breaks(naive: str, tmp_path: Path) -> None:
    with an_office(tmp_path, naive=naive) as office:
        tally = kill_renewers(office, 200, seed=1)
    print(tally)
    # Without the lock two may present one token at once, or the second presents what the first has spent already.
    found = tally.spent_twice or tally.again_and_again if naive == "unlocked" else tally.used_unkept
    assert found, "the check cannot fail: it proves nothing"
