"""The machine's clock, and the test clock in a file."""

import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from connector.api import Clock
from connector.clock import FileClock, SystemClock, open_clock
from connector.errors import ConfigError

NEW_YEARS_EVE = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path) -> FileClock:
    clock = FileClock(tmp_path / "now.txt")
    clock.set(NEW_YEARS_EVE)
    return clock


def test_the_machines_clock_tells_utc_and_sleeps() -> None:
    clock: Clock = SystemClock()
    before = clock.now()
    clock.sleep(0.02)
    clock.sleep(-5)
    assert timedelta(seconds=0.02) <= clock.now() - before < timedelta(seconds=5)
    assert before.utcoffset() == timedelta(0)
    assert abs(before.timestamp() - time.time()) < 5


def test_the_day_is_the_zones_own(clock: FileClock) -> None:
    assert clock.today() == date(2026, 1, 1)
    assert clock.today("America/New_York") == date(2025, 12, 31)
    assert abs(SystemClock().today("UTC") - datetime.now(UTC).date()) <= timedelta(days=1)


def test_a_test_clock_is_one_for_all_who_read_its_file(clock: FileClock) -> None:
    other = open_clock(clock.path)
    clock.set(datetime(2026, 3, 1, 10, tzinfo=timezone(timedelta(hours=1))))
    assert other.now() == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_sleeping_on_a_test_clock_returns_at_once_and_moves_nothing(clock: FileClock) -> None:
    started = time.monotonic()
    clock.sleep(3600)
    assert time.monotonic() - started < 1
    assert clock.now() == NEW_YEARS_EVE


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-31T09:00:00"])
def test_a_test_clock_that_holds_no_instant_is_told_with_the_mend(clock: FileClock, text: str) -> None:
    clock.path.write_text(text)
    with pytest.raises(ConfigError, match=r"\+00:00") as caught:
        clock.now()
    assert caught.value.file == str(clock.path)


def test_a_missing_test_clock_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        FileClock(tmp_path / "absent.txt").now()


def test_no_reader_ever_sees_half_an_instant(clock: FileClock) -> None:
    stop = threading.Event()

    def move() -> None:
        moment = NEW_YEARS_EVE
        while not stop.is_set():
            moment += timedelta(seconds=1)
            clock.set(moment)

    mover = threading.Thread(target=move)
    mover.start()
    try:
        seen = [clock.now() for _ in range(500)]
    finally:
        stop.set()
        mover.join()
    assert seen == sorted(seen)


def test_without_a_file_it_is_the_machines_clock() -> None:
    assert isinstance(open_clock(None), SystemClock)


def test_nobody_sleeps_on_the_machines_clock_once_asked_to_stop() -> None:
    stop = threading.Event()
    clock = open_clock(None, stop)
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    clock.sleep(30)
    clock.sleep(30)
    assert time.monotonic() - began < 5
