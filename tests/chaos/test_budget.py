"""No window holds more calls than the limit, over processes that are killed; long: `python tests/chaos/budget.py`."""

from pathlib import Path

import pytest
from budget import call_on, fullest
from databases import fresh_sqlite

# A window of two seconds instead of a minute. The second that a call may be under way is as long as ever, so that of so
# short a window only two thirds can be used.
SHORT = {"limit": 30, "window": 2.0, "kill_every": 2.0}


def test_the_limit_holds_in_every_window_over_processes_that_are_killed(store_url: str) -> None:
    found = call_on(store_url, workers=4, seconds=6.0, **SHORT)
    print(found)
    assert found.worst <= found.limit, found
    assert found.kills >= 2
    assert found.used > 0.3, "the limit is kept by hardly calling at all"


@pytest.mark.parametrize("naive", ["alone", "minutes"])
def test_counting_alone_or_in_fixed_windows_exceeds_the_limit(
    naive: str, tmp_path: Path, sqlite_template: Path
) -> None:
    found = call_on(fresh_sqlite(tmp_path, sqlite_template), workers=4, seconds=60.0, naive=naive, **SHORT)
    assert found.worst > found.limit, "the check cannot fail: it proves nothing"


def test_the_fullest_window_is_found_wherever_it_begins() -> None:
    late_and_early = [57.0, 58.0, 59.0, 60.0, 61.0]
    assert fullest([0.0, *late_and_early, 119.0], 60.0) == 5
    assert fullest([0.0, 60.0], 60.0) == 1
