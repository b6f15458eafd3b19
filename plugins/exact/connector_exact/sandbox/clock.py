"""The stand-in's time: the machine's clock, or the test clock in a file shared with the host."""

from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from connector.errors import ConfigError

DUTCH = ZoneInfo("Europe/Amsterdam")


class Clock:
    """One instant per request: `tick` reads the clock, `now` is what was read last (UTC).

    A request sees one instant from beginning to end, and a bulk load does not read a file per row.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.now = self.tick()

    def tick(self) -> datetime:
        """Read the clock. Raises ConfigError when the test clock's file holds no instant with a zone."""
        self.now = _read(self._file) if self._file else datetime.now(UTC)
        return self.now

    @property
    def today(self) -> date:
        """The calendar day in the Netherlands, where the imitated service keeps its time (reference 2.3)."""
        return wall_time(self.now).date()


def _read(file: Path) -> datetime:
    try:
        instant = datetime.fromisoformat(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(
            "the test clock cannot be read",
            file=str(file),
            mend="Write one ISO 8601 instant with a zone into it, such as 2026-01-31T09:00:00+00:00.",
            detail=str(error),
        ) from error
    if instant.tzinfo is None:
        raise ConfigError("the test clock has no zone", file=str(file), mend="Add +00:00.")
    return instant.astimezone(UTC)


@lru_cache(maxsize=65536)
def wall_time(value: date) -> datetime:
    """A date or an instant as naive Dutch wall-clock time, the only time the imitated service shows."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - naive on purpose
    return value.astimezone(DUTCH).replace(tzinfo=None) if value.tzinfo else value
