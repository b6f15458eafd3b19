"""Call budgets kept in the store: counted before the call, shared by every process, known after a restart.

A minute is a fixed clock minute and a day a UTC day (Exact Online reference 3.1), until the server says when its
own ends. What the server says can lower what is left of a minute, never raise it, because answers overtake each
other; of the day it is taken as it is.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connector.api import Clock, Limits
from connector.errors import QuotaError
from connector.store import Store
from connector.store.budgets import BudgetRow, change, read

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
# Waiting is for the minute window; what takes longer is given back to whoever plans the work.
_LONGEST_WAIT = 65_000
# Servers start their minute a little late (Exact Online reference 3.2: reset + 0.5 s).
_MARGIN = 500
# Further ahead than this, a stored window comes from a clock that was set back, or a header from another unit.
_MINUTE_AHEAD = 3 * _MINUTE
_DAY_AHEAD = 2 * _DAY
_ROUNDS = 10


@dataclass(frozen=True)
class Usage:
    """The calls of the running UTC day: `used` are ours, exactly; `left` what the server or our limit leaves."""

    used: int
    left: int
    paused_until: datetime | None


@dataclass(frozen=True)
class _Answer:
    """`until` 0: go ahead. Otherwise when to ask again, in milliseconds, and why."""

    until: int = 0
    why: str = ""


class StoredBudget:
    """The calls left for one company at one connection. Implements `connector.api.Budget`."""

    def __init__(self, store: Store, connection: str, company: str, *, limits: Limits, clock: Clock) -> None:
        self._store = store
        self._connection = connection
        self._company = company
        self._limits = limits
        self._clock = clock

    def take(self, *, person: bool = False) -> None:
        """Count one call about to be made; waits, a minute or so at a time, while the minute is used up.

        A call on behalf of a waiting person may use the reserve. Raises QuotaError when the wait is longer: the day
        is used up, or the server refuses.

        On a test clock that stands still while we sleep the minute counts as over: it would never end, and a
        stand-in that lives by the same clock does not count minutes either.
        """
        still = False
        for _ in range(_ROUNDS):
            asked = self._clock.now()
            answer = self._ask(person=person, still=still)
            wait = answer.until - _milliseconds(asked) + _MARGIN
            if not answer.until:
                return
            if wait > _LONGEST_WAIT:
                break
            self._clock.sleep(wait / 1000)
            still = self._clock.now() == asked
        raise QuotaError(f"{self._connection}: {answer.why}.", until=_instant(answer.until))

    def observe(
        self,
        *,
        minute_left: int | None = None,
        minute_reset: datetime | None = None,
        day_left: int | None = None,
        day_reset: datetime | None = None,
    ) -> None:
        """What the server's headers said. A missing value, or one of a window that is over, leaves what is stored."""

        def _step(row: BudgetRow) -> tuple[BudgetRow, None]:
            now = _milliseconds(self._clock.now())
            row = _roll(row, now)
            row = _observe_minute(row, now, self._limits, left=minute_left, reset=minute_reset)
            return _observe_day(row, now, left=day_left, reset=day_reset), None

        with self._store.write() as tx:
            change(tx, self._connection, self._company, _step)

    def refused(self, until: datetime) -> None:
        """The server refused: nobody calls before `until`, people neither."""

        def _step(row: BudgetRow) -> tuple[BudgetRow, None]:
            return replace(row, paused_until=max(row.paused_until, _milliseconds(until))), None

        with self._store.write() as tx:
            change(tx, self._connection, self._company, _step)

    def usage(self) -> Usage:
        """What was used of the running day, for a status page."""
        now = _milliseconds(self._clock.now())
        with self._store.read() as tx:
            row = _roll(read(tx, self._connection, self._company), now)
        paused = _instant(row.paused_until) if row.paused_until > now else None
        return Usage(row.day_used, max(0, _day_left(row, self._limits)), paused)

    def _ask(self, *, person: bool, still: bool) -> _Answer:
        def _step(row: BudgetRow) -> tuple[BudgetRow, _Answer]:
            return _take(row, _milliseconds(self._clock.now()), self._limits, person=person, still=still)

        with self._store.write() as tx:
            return change(tx, self._connection, self._company, _step)


def _take(row: BudgetRow, now: int, limits: Limits, *, person: bool, still: bool) -> tuple[BudgetRow, _Answer]:
    """Count one call if there is one left; `still` takes the minute, and a pause as short, as over."""
    row = _roll(row, now)
    if still:
        row = replace(row, minute_used=0)
    if row.paused_until > now and not (still and row.paused_until - now <= _LONGEST_WAIT):
        return row, _Answer(row.paused_until, "the server refuses calls for now")
    if _day_left(row, limits) <= _kept(limits.day_reserve, limits.per_day, person=person):
        return row, _Answer(row.day_until, "the calls of the day are used up")
    if limits.per_minute - row.minute_used <= _kept(limits.reserve, limits.per_minute, person=person):
        return row, _Answer(row.minute_until, "the calls of the minute are used up")
    left = None if row.day_left is None else row.day_left - 1
    return replace(row, minute_used=row.minute_used + 1, day_used=row.day_used + 1, day_left=left), _Answer()


def _roll(row: BudgetRow, now: int) -> BudgetRow:
    """The row with windows that are over replaced by the running ones."""
    if not now < row.minute_until <= now + _MINUTE_AHEAD:
        row = replace(row, minute_until=_next(now, _MINUTE), minute_used=0)
    if not now < row.day_until <= now + _DAY_AHEAD:
        row = replace(row, day_until=_next(now, _DAY), day_used=0, day_left=None)
    return row


def _observe_minute(row: BudgetRow, now: int, limits: Limits, *, left: int | None, reset: datetime | None) -> BudgetRow:
    ends = row.minute_until if reset is None else _milliseconds(reset)
    if ends <= now:
        return row  # a late answer of a minute that is over
    if ends <= now + _MINUTE_AHEAD:
        row = replace(row, minute_until=max(row.minute_until, ends))
    return row if left is None else replace(row, minute_used=max(row.minute_used, limits.per_minute - left))


def _observe_day(row: BudgetRow, now: int, *, left: int | None, reset: datetime | None) -> BudgetRow:
    ends = row.day_until if reset is None else _milliseconds(reset)
    if ends <= now:
        return row
    if ends <= now + _DAY_AHEAD:
        row = replace(row, day_until=ends)
    return row if left is None else replace(row, day_left=left)


def _day_left(row: BudgetRow, limits: Limits) -> int:
    return limits.per_day - row.day_used if row.day_left is None else row.day_left


def _kept(reserve: int, limit: int, *, person: bool) -> int:
    """What is kept for people: at most half of a limit, so that a small limit does not keep the work from running."""
    return 0 if person else min(reserve, limit // 2)


def _next(now: int, length: int) -> int:
    """The end of the running window; minutes and days of UTC begin at multiples of their length."""
    return (now // length + 1) * length


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
