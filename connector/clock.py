"""The host's clock, and a test clock that a demonstration moves."""

from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from connector.api import Clock
from connector.errors import ConfigError


class SystemClock:
    """The machine's clock. Its sleep is over once `stop` is set: nobody waits for calls who was asked to end."""

    def __init__(self, stop: Event | None = None) -> None:
        self._stop = stop or Event()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self, zone: str = "Europe/Amsterdam") -> date:
        return self.now().astimezone(ZoneInfo(zone)).date()

    def sleep(self, seconds: float) -> None:
        self._stop.wait(max(0.0, seconds))


class FileClock:
    """A test clock: the instant stands in a file, so that several processes live in the same time.

    Sleeping returns at once: whoever moves the clock moves it for everybody.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        try:
            instant = datetime.fromisoformat(self.path.read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            raise ConfigError(
                "the test clock cannot be read",
                file=str(self.path),
                mend="Write one ISO 8601 instant with a zone into it, such as 2026-01-31T09:00:00+00:00.",
                detail=str(error),
            ) from error
        if instant.tzinfo is None:
            raise ConfigError("the test clock has no zone", file=str(self.path), mend="Add +00:00.")
        return instant.astimezone(UTC)

    def today(self, zone: str = "Europe/Amsterdam") -> date:
        return self.now().astimezone(ZoneInfo(zone)).date()

    def sleep(self, seconds: float) -> None:
        return None

    def set(self, instant: datetime) -> None:
        """Move the clock: written beside and renamed, so that no reader ever sees half an instant."""
        beside = self.path.with_suffix(".new")
        beside.write_text(instant.astimezone(UTC).isoformat(), encoding="utf-8")
        beside.replace(self.path)


def open_clock(test_file: Path | None, stop: Event | None = None) -> Clock:
    """The machine's clock, on which nobody sleeps once `stop` is set, or the test clock in `test_file`."""
    return FileClock(test_file) if test_file else SystemClock(stop)
