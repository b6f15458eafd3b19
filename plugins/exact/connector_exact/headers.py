"""What the rate headers say (Exact Online reference 3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connector.errors import ConfigError

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_MARGIN = timedelta(milliseconds=500)


@dataclass(frozen=True)
class Rates:
    """Calls left and the UTC instants at which the counts start again. None: the server did not say."""

    minute_left: int | None
    minute_reset: datetime | None
    day_left: int | None
    day_reset: datetime | None

    @property
    def silent(self) -> bool:
        """Whether no rate header came at all."""
        return self == Rates(minute_left=None, minute_reset=None, day_left=None, day_reset=None)


def read_rates(headers: Mapping[str, str]) -> Rates:
    """The rate headers of an answer; one that is missing or unreadable is None."""
    return Rates(
        minute_left=_number(headers.get("X-RateLimit-Minutely-Remaining")),
        minute_reset=_instant(headers.get("X-RateLimit-Minutely-Reset")),
        day_left=_number(headers.get("X-RateLimit-Remaining")),
        day_reset=_instant(headers.get("X-RateLimit-Reset")),
    )


def refused_until(rates: Rates, now: datetime) -> datetime:
    """When to call again after a 429: the reset of the limit that was hit, else the next full minute."""
    if rates.minute_reset is not None and now < rates.minute_reset <= now + 2 * _MINUTE:
        return rates.minute_reset + _MARGIN
    day_is_out = rates.day_left == 0 or (rates.minute_left is None and rates.minute_reset is None)
    if day_is_out and rates.day_reset is not None and now < rates.day_reset <= now + 2 * _DAY:
        return rates.day_reset + _MARGIN
    return now.replace(second=0, microsecond=0) + _MINUTE + _MARGIN


def refuse_skew(rates: Rates, *, before: datetime, after: datetime, tolerance: timedelta) -> None:
    """Raises ConfigError when the server's clock differs from ours by more than `tolerance`.

    A minute's reset lies within a minute of the server's present, a day's within a day. `before` and `after` are
    our clock around the call, so that a clock moved in between is no skew.
    """
    for reset, window in ((rates.minute_reset, _MINUTE), (rates.day_reset, _DAY)):
        if reset is None:
            continue
        behind, ahead = before - reset, reset - (after + window)
        off = max(behind, ahead)
        if off > tolerance:
            raise ConfigError(
                f"the clocks of this machine and of Exact Online differ by {int(off.total_seconds() / 60)} minutes",
                key="clock",
                mend="Set this machine's clock by NTP: token ages and call limits depend on it.",
            )


def _number(text: str | None) -> int | None:
    try:
        return max(0, int(text)) if text else None
    except ValueError:
        return None


def _instant(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text) / 1000, UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None
