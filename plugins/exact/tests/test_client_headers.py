"""Rate headers: what is read, when to call again, and when the clocks differ."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.errors import ConfigError
from connector_exact.headers import Rates, read_rates, refuse_skew, refused_until

NOW = datetime(2026, 11, 22, 10, 0, 40, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)


def epoch(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))


def rates(*, minute_in: float | None = None, day_in: float | None = None, day_left: int | None = None) -> Rates:
    return Rates(
        minute_left=None,
        minute_reset=None if minute_in is None else NOW + timedelta(seconds=minute_in),
        day_left=day_left,
        day_reset=None if day_in is None else NOW + timedelta(hours=day_in),
    )


def test_every_header_is_read() -> None:
    tomorrow = datetime(2026, 11, 23, tzinfo=UTC)
    found = read_rates({
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4990",
        "X-RateLimit-Reset": epoch(tomorrow),
        "X-RateLimit-Minutely-Limit": "60",
        "X-RateLimit-Minutely-Remaining": "0",
        "X-RateLimit-Minutely-Reset": epoch(NOW + timedelta(seconds=20)),
    })  # fmt: skip
    assert found == Rates(minute_left=0, minute_reset=NOW + timedelta(seconds=20), day_left=4990, day_reset=tomorrow)
    assert not found.silent


@pytest.mark.parametrize("text", ["", "soon", "1e99", "9" * 40])
def test_a_header_that_makes_no_sense_counts_as_missing(text: str) -> None:
    names = ("X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Minutely-Reset")
    found = read_rates(dict.fromkeys(names, text))
    assert (found.day_reset, found.minute_reset) == (None, None)


def test_no_header_at_all_is_silence() -> None:
    assert read_rates({"Content-Type": "text/html"}).silent


def test_the_reset_of_the_minute_is_waited_for_with_a_margin() -> None:
    assert refused_until(rates(minute_in=20), NOW) == NOW + timedelta(seconds=20.5)


def test_the_reset_of_the_day_is_taken_when_the_day_is_used_up() -> None:
    assert refused_until(rates(day_in=14), NOW) == NOW + timedelta(hours=14, seconds=0.5)
    assert refused_until(rates(minute_in=-3, day_in=14, day_left=0), NOW) == NOW + timedelta(hours=14, seconds=0.5)


@pytest.mark.parametrize("found", [rates(), rates(minute_in=-3), rates(minute_in=3600), rates(day_in=-1)])
def test_without_a_sensible_reset_the_next_full_minute_is_taken(found: Rates) -> None:
    assert refused_until(found, NOW) == datetime(2026, 11, 22, 10, 1, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "found",
    [rates(), rates(minute_in=20), rates(minute_in=-299), rates(minute_in=359), rates(day_in=14), rates(day_in=24)],
)
def test_clocks_that_differ_a_little_are_fine(found: Rates) -> None:
    refuse_skew(found, before=NOW, after=NOW, tolerance=TOLERANCE)


@pytest.mark.parametrize(
    ("found", "minutes"), [(rates(minute_in=-600), 10), (rates(minute_in=960), 15), (rates(day_in=26), 120)]
)
def test_clocks_that_differ_are_named_with_the_difference(found: Rates, minutes: int) -> None:
    with pytest.raises(ConfigError, match=f"clock: the clocks .* differ by {minutes} minutes.*NTP"):
        refuse_skew(found, before=NOW, after=NOW, tolerance=TOLERANCE)


def test_a_clock_that_was_moved_during_the_call_is_no_difference() -> None:
    refuse_skew(rates(minute_in=20), before=NOW, after=NOW + timedelta(days=30), tolerance=TOLERANCE)
    refuse_skew(rates(minute_in=30 * 86_400), before=NOW, after=NOW + timedelta(days=30), tolerance=TOLERANCE)
