"""How often Python looks for garbage in rings, while millions of records are made that are in none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

# Every 700 new records it looks at those, and time and again at all there are: a tenth of the time a plan takes.
_SELDOM = 50_000


class _Turns:
    """Ledgers are planned side by side: the first in sets the pace for all, the last out sets it back."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._usual = gc.get_threshold()

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._usual = gc.get_threshold()
                # 0 means never, and stays so.
                gc.set_threshold(max(_SELDOM, self._usual[0]) if self._usual[0] else 0, *self._usual[1:])
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                gc.set_threshold(*self._usual)


_turns = _Turns()


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for rings seldom in this block. What is in none goes at once, as ever."""
    _turns.enter()
    try:
        yield
    finally:
        _turns.leave()
