"""Until when an attempt may write to the wire.

The receiver is asked about a lost attempt only when everything that attempt can have caused is visible. That holds
only if nothing of it leaves later than it promised, however long the process slept in between.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta


class LateError(OSError):
    """The attempt's time is over: what has not left stays here."""


class _Limit(threading.local):
    until: float | None = None


_limit = _Limit()


def moment() -> float:
    """Seconds on a clock that nobody sets, and that goes on while the machine sleeps where the system has one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@contextmanager
def write_until(began: float, within: timedelta) -> Iterator[None]:
    """In this block this thread writes to the wire until `within` after `began` (a `moment`), and not later."""
    _limit.until = began + within.total_seconds()
    try:
        yield
    finally:
        _limit.until = None


def check_in_time() -> None:
    """Call last thing before anything leaves. Raises LateError when it is too late for that."""
    if _limit.until is not None and moment() > _limit.until:
        raise LateError("the time of this attempt is over; a later run makes a new one")
