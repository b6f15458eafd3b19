"""The slots of a ledger: the moments at which it is visited, the same on every machine, with nothing to agree on."""

from datetime import UTC, datetime, timedelta
from zlib import crc32

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_slot(name: str, minutes: int) -> datetime:
    """The first slot there ever was. The name decides, so that ledgers of one interval do not all begin at once."""
    return _EPOCH + timedelta(seconds=crc32(name.encode()) % (minutes * 60))


def last_slot(name: str, minutes: int, at: datetime) -> datetime:
    """The newest slot that is not after the instant `at`."""
    first, step = first_slot(name, minutes), timedelta(minutes=minutes)
    return first + (at - first) // step * step


def next_mark(at: datetime, seconds: int) -> datetime:
    """The next whole multiple of `seconds` since 1970 after the instant `at`."""
    step = timedelta(seconds=seconds)
    return _EPOCH + ((at - _EPOCH) // step + 1) * step


def slot_text(slot: datetime) -> str:
    """A slot as it stands in the name of a run: `2026-03-02T09:00:00Z`."""
    return f"{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def again(slot: str) -> str:
    """The name of the next try at the work of a slot: a run that has ended swallows its own name for ever."""
    base, _, tries = slot.partition("~")
    return f"{base}~{int(tries or 0) + 1}"


def tries(slot: str) -> int:
    """How many tries at the work of a slot went before this one."""
    return int(slot.partition("~")[2] or 0)
