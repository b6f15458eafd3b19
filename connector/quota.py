"""Call budgets kept in the store: counted before the call, shared by every process, known after a restart.

No more than the limit reaches the server in any 60 seconds, wherever they begin, however many processes call and
however often they are killed. Each call is noted with the instant until which it counts: the end of the second it was
made in, plus the window, plus a second in which a call may be quicker on its way than the one before it (connecting,
sending, clocks of several machines). A call whose count took longer than that to be committed is counted anew.

Why such a log, and not a leaking bucket (GCRA): a bucket lets through its burst plus what leaks in meanwhile, so it
keeps a limit of 60 in every window only with a burst of 30 and 30 calls a minute, or 10 and 50. The log gives all 60,
in whatever rhythm they are wanted. By whole seconds it has at most 63 entries whatever the limit, about a kilobyte,
and is read and written in the transaction that counts.

Servers may count otherwise, Exact Online by fixed clock minutes (reference 3.1), and others may call with our key. What
the server says is left of its own minute therefore holds as well; it can lower what is left, never raise it, because
answers overtake each other. A day is a UTC day until the server says when its own ends, and is taken as told.

The reserve of a minute is for people. Work uses it only where a person would get it back within fifteen seconds, and
where both wait for the same call the person comes first.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connector.api import Clock, Limits
from connector.errors import QuotaError
from connector.store import Store
from connector.store.budgets import BudgetRow, Calls, change, read

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
# How much longer one call may be under way to the server than the one after it.
_SPREAD = 1_000
# A call that comes free is left to people for so long.
_PEOPLE_FIRST = 250
# Waiting is for the minute; what takes longer is given back to whoever plans the work.
_LONGEST_WAIT = 65_000
# Servers start their minute a little late (Exact Online reference 3.2: reset + 0.5 s).
_LATE = 500
# Further ahead than this, a stored window comes from a clock that was set back, or a header from another unit.
_MINUTE_AHEAD = 3 * _MINUTE
_DAY_AHEAD = 2 * _DAY
# Others may win a call that came free, or the process be asked to end: then nobody sleeps any more.
_ROUNDS = 100


@dataclass(frozen=True)
class Usage:
    """The calls of the running UTC day: `used` are ours, exactly; `left` what the server or our limit leaves."""

    used: int
    left: int
    paused_until: datetime | None


@dataclass(frozen=True)
class _Answer:
    """Go ahead, counted at `at`; or ask again at `at` and `late` after it, and why. Milliseconds."""

    go: bool
    at: int
    why: str
    late: int = 0


class StoredBudget:
    """The calls left for one company at one connection. Implements `connector.api.Budget`.

    `window`: the seconds in which `limits.per_minute` calls may be made.
    """

    def __init__(
        self, store: Store, connection: str, company: str, *, limits: Limits, clock: Clock, window: float = 60.0
    ) -> None:
        self._store = store
        self._connection = connection
        self._company = company
        self._rules = _Rules(limits, int(window * 1000))
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
            wait = answer.at + answer.late - self._now()
            if answer.go and wait >= -_SPREAD:
                return
            if wait > _LONGEST_WAIT:
                break
            self._clock.sleep(max(0, wait) / 1000)
            still = self._clock.now() == asked
        raise QuotaError(f"{self._connection}: {answer.why}.", until=_instant(answer.at))

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
            now = self._now()
            row = _observe_minute(self._rules.roll(row, now), now, left=minute_left, reset=minute_reset)
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
        now = self._now()
        with self._store.read() as tx:
            row = self._rules.roll(read(tx, self._connection, self._company), now)
        paused = _instant(row.paused_until) if row.paused_until > now else None
        return Usage(row.day_used, max(0, self._rules.day_left(row)), paused)

    def _ask(self, *, person: bool, still: bool) -> _Answer:
        def _step(row: BudgetRow) -> tuple[BudgetRow, _Answer]:
            return self._rules.take(row, self._now(), person=person, still=still)

        with self._store.write() as tx:
            return change(tx, self._connection, self._company, _step)

    def _now(self) -> int:
        return _milliseconds(self._clock.now())


@dataclass(frozen=True)
class _Rules:
    """What may be called when. Everything in milliseconds."""

    limits: Limits
    window: int

    def take(self, row: BudgetRow, now: int, *, person: bool, still: bool) -> tuple[BudgetRow, _Answer]:
        """Count one call if there is one left; `still` takes the minute, and a pause as short, as over."""
        row = self.roll(row, now)
        if still:
            row = replace(row, calls=(), minute_left=None)
        if row.paused_until > now and not (still and row.paused_until - now <= _LONGEST_WAIT):
            return row, _Answer(go=False, at=row.paused_until, why="the server refuses calls for now", late=_LATE)
        if self.day_left(row) <= _kept(self.limits.day_reserve, self.limits.per_day, person=person):
            return row, _Answer(go=False, at=row.day_until, why="the calls of the day are used up", late=_LATE)
        free = max(self._free(row.calls, person=person), self._free_at_server(row, person=person))
        if free > now:
            return row, _Answer(go=False, at=free, why="the calls of the minute are used up")
        row = replace(
            row,
            calls=_add(row.calls, self._counts_until(now)),
            minute_left=_less(row.minute_left),
            day_used=row.day_used + 1,
            day_left=_less(row.day_left),
        )
        return row, _Answer(go=True, at=now, why="this machine takes too long to count a call")

    def roll(self, row: BudgetRow, now: int) -> BudgetRow:
        """The row without what is over. No call counts for longer than one made now: clocks are set back at times."""
        newest = self._counts_until(now)
        calls = tuple((min(until, newest), n) for until, n in row.calls if until > now - _PEOPLE_FIRST)
        row = replace(row, calls=calls)
        if not now < row.minute_until <= now + _MINUTE_AHEAD:
            row = replace(row, minute_until=0, minute_left=None)
        if not now < row.day_until <= now + _DAY_AHEAD:
            row = replace(row, day_until=_next(now, _DAY), day_used=0, day_left=None)
        return row

    def day_left(self, row: BudgetRow) -> int:
        """What the server said, or what our limit leaves."""
        return self.limits.per_day - row.day_used if row.day_left is None else row.day_left

    def _counts_until(self, now: int) -> int:
        return _next(now, max(1, self.window // 60)) + self.window + _SPREAD

    def _free(self, calls: Calls, *, person: bool) -> int:
        """From when on one more call keeps the limit."""
        limit = self.limits.per_minute
        if person:
            return _fewer(calls, limit)
        kept = _kept(self.limits.reserve, limit, person=False)
        return max(_fewer(calls, limit) + _PEOPLE_FIRST, _fewer(calls, limit - kept) - self._soon)

    def _free_at_server(self, row: BudgetRow, *, person: bool) -> int:
        """From when on the server, by its own count, lets us call."""
        kept = _kept(self.limits.reserve, self.limits.per_minute, person=person)
        if row.minute_left is None or row.minute_left > kept:
            return 0
        return row.minute_until - self._soon if row.minute_left > 0 else row.minute_until + _LATE

    @property
    def _soon(self) -> int:
        """How long a person may be asked to wait, while work uses up every minute: fifteen seconds."""
        return self.window // 4


def _fewer(calls: Calls, most: int) -> int:
    """The instant from which on fewer than `most` calls count; 0: they are fewer."""
    counted = 0
    for until, n in reversed(calls):
        counted += n
        if counted >= most:
            return until
    return 0


def _add(calls: Calls, until: int) -> Calls:
    if calls and calls[-1][0] == until:
        return (*calls[:-1], (until, calls[-1][1] + 1))
    return (*calls, (until, 1))


def _observe_minute(row: BudgetRow, now: int, *, left: int | None, reset: datetime | None) -> BudgetRow:
    ends = _milliseconds(reset) if reset else row.minute_until or _next(now, _MINUTE)
    if left is None or ends <= now:
        return row  # nothing said, or a late answer of a minute that is over
    if ends > now + _MINUTE_AHEAD:
        ends = _next(now, _MINUTE)
    if row.minute_left is None or ends - row.minute_until > _MINUTE // 2:
        return replace(row, minute_until=ends, minute_left=left)
    return replace(row, minute_until=max(row.minute_until, ends), minute_left=min(row.minute_left, left))


def _observe_day(row: BudgetRow, now: int, *, left: int | None, reset: datetime | None) -> BudgetRow:
    ends = row.day_until if reset is None else _milliseconds(reset)
    if ends <= now:
        return row
    if ends <= now + _DAY_AHEAD:
        row = replace(row, day_until=ends)
    return row if left is None else replace(row, day_left=left)


def _kept(reserve: int, limit: int, *, person: bool) -> int:
    """What is kept for people: at most half of a limit, so that a small limit does not keep the work from running."""
    return 0 if person else min(reserve, limit // 2)


def _less(left: int | None) -> int | None:
    return None if left is None else left - 1


def _next(now: int, length: int) -> int:
    """The end of the running window; minutes and days of UTC begin at multiples of their length."""
    return (now // length + 1) * length


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
