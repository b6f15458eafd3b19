"""Call budgets: never more than the limit in any minute, whatever the server, the threads and the processes do.

On both databases.
"""

import itertools
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.api import Budget, Limits
from connector.clock import FileClock
from connector.errors import QuotaError
from connector.quota import StoredBudget
from connector.store import Store, open_store
from connector.store.budgets import read

START = datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC)
NEXT_MINUTE = datetime(2026, 3, 2, 10, 1, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
TEN = Limits(per_minute=10, per_day=100, reserve=0, day_reserve=0)


class SteppingClock:
    """A clock that stands until somebody sleeps, and then moves by as much."""

    def __init__(self, now: datetime = START) -> None:
        self.moment = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def today(self, zone: str = "Europe/Amsterdam") -> date:
        return self.moment.date()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


class RunningClock:
    """A clock that runs from the start; it remembers when this thread looked before the last time.

    The budget looks at it while it counts, and once more before it lets the call through.
    """

    def __init__(self) -> None:
        self.origin = time.monotonic()
        self.seen = threading.local()

    def now(self) -> datetime:
        self.seen.before = getattr(self.seen, "last", None)
        self.seen.last = START + timedelta(seconds=time.monotonic() - self.origin)
        return self.seen.last

    def today(self, zone: str = "Europe/Amsterdam") -> date:
        return self.now().date()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


Open = Callable[..., StoredBudget]


@pytest.fixture
def open_budget(store: Store, clock: SteppingClock) -> Open:
    def _open(limits: Limits = TEN, *, connection: str = "exact", company: str = "1234") -> StoredBudget:
        return StoredBudget(store, connection, company, limits=limits, clock=clock)

    return _open


def take(budget: Budget, times: int, *, person: bool = False) -> None:
    for _ in range(times):
        budget.take(person=person)


def worst(taken: list[datetime], window: float = 60.0) -> int:
    """The calls of the fullest window, wherever it begins."""
    times = sorted(taken)
    ends = [bisect_left(times, at + timedelta(seconds=window)) for at in times]
    return max((end - start for start, end in enumerate(ends)), default=0)


def test_calls_within_the_minute_go_at_once_and_are_counted(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    take(budget, 10)
    assert clock.slept == []
    assert (budget.usage().used, budget.usage().left) == (10, 90)


def test_the_call_after_the_last_waits_until_the_first_is_a_minute_old(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    take(budget, 4)
    clock.moment += timedelta(seconds=20)
    take(budget, 7)
    assert clock.slept == [42.25], "the rest of its second, the minute, a second on the way, a moment for people"
    take(budget, 3)
    assert len(clock.slept) == 1, "four came free"
    take(budget, 1)
    assert clock.slept == [42.25, 20.0]
    assert budget.usage().used == 15


def test_two_full_minutes_do_not_follow_each_other(open_budget: Open, clock: SteppingClock) -> None:
    clock.moment = NEXT_MINUTE - timedelta(seconds=1)
    budget = open_budget()
    taken = []
    for _ in range(40):
        budget.take()
        taken.append(clock.now())
    assert worst(taken) == 10
    assert clock.now() - taken[0] < 3.2 * timedelta(seconds=60), "nor are calls given away"


def test_the_log_stays_small_whatever_the_limit(open_budget: Open, store: Store, clock: SteppingClock) -> None:
    budget = open_budget(Limits(per_minute=10_000, per_day=100_000, reserve=0, day_reserve=0))
    for _ in range(300):
        take(budget, 2)
        clock.moment += timedelta(seconds=0.4)
    with store.read() as tx:
        calls = read(tx, "exact", "1234").calls
    assert len(calls) <= 63
    assert 300 <= sum(n for _, n in calls) <= 315


def test_the_count_outlives_the_process(store_url: str, clock: SteppingClock) -> None:
    for _ in range(3):
        opened = open_store(store_url)
        take(StoredBudget(opened, "exact", "1234", limits=TEN, clock=clock), 4)
        opened.close()
    assert clock.slept == [62.25]


def test_companies_and_connections_have_budgets_of_their_own(open_budget: Open, clock: SteppingClock) -> None:
    for connection, company in (("exact", "1"), ("exact", "2"), ("other", "1")):
        take(open_budget(connection=connection, company=company), 10)
    assert clock.slept == []


def test_work_leaves_the_reserve_to_people(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget(Limits(per_minute=10, per_day=100, reserve=3, day_reserve=0))
    take(budget, 7)
    take(budget, 3, person=True)
    assert clock.slept == []
    budget.take(person=True)
    assert clock.slept == [62.0]


def test_work_has_the_reserve_where_a_person_gets_it_back_in_fifteen_seconds(
    open_budget: Open, clock: SteppingClock
) -> None:
    budget = open_budget(Limits(per_minute=10, per_day=100, reserve=3, day_reserve=0))
    take(budget, 10)
    assert clock.slept == [47.0]
    budget.take(person=True)
    assert clock.slept == [47.0, 15.0]


def test_a_person_comes_before_work_that_waits_for_the_same_call(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    take(budget, 10)
    clock.moment += timedelta(seconds=62)
    budget.take(person=True)
    assert clock.slept == []
    budget.take()
    assert clock.slept == [0.25]


def test_a_call_that_took_long_to_be_counted_is_counted_anew(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    looks = itertools.count()
    now = clock.now

    def stalled() -> datetime:
        if next(looks) == 2:
            # The look after the count: the disk stood still.
            clock.moment += timedelta(seconds=1.5)
        return now()

    clock.now = stalled  # type: ignore[method-assign]
    budget.take()
    assert budget.usage().used == 2


def test_the_days_reserve_is_for_people_alone(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget(Limits(per_minute=100, per_day=20, reserve=0, day_reserve=5))
    take(budget, 15)
    with pytest.raises(QuotaError) as caught:
        budget.take()
    assert caught.value.until == MIDNIGHT
    assert "exact: the calls of the day are used up" in caught.value.message
    take(budget, 5, person=True)
    with pytest.raises(QuotaError):
        budget.take(person=True)
    assert budget.usage().used == 20, "a refused call is not counted"
    clock.moment = MIDNIGHT
    budget.take()
    assert budget.usage().used == 1


def test_a_reserve_larger_than_the_limit_still_lets_work_through(open_budget: Open) -> None:
    budget = open_budget(Limits(per_minute=4, per_day=10, reserve=5, day_reserve=250))
    take(budget, 5)
    with pytest.raises(QuotaError):
        budget.take()


# What the server says.


def test_the_server_can_lower_what_is_left_of_the_minute(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    budget.take()
    budget.observe(minute_left=2, minute_reset=NEXT_MINUTE)
    take(budget, 2)
    assert clock.slept == []
    budget.take()
    assert clock.slept == [55.5]


def test_an_answer_that_was_overtaken_does_not_raise_what_is_left(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    take(budget, 3)
    budget.observe(minute_left=0, minute_reset=NEXT_MINUTE)
    budget.observe(minute_left=9, minute_reset=NEXT_MINUTE)
    budget.take()
    assert clock.slept == [55.5]


def test_the_servers_next_minute_begins_anew_though_ours_still_runs(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    budget.observe(minute_left=0, minute_reset=NEXT_MINUTE)
    budget.observe(minute_left=9, minute_reset=NEXT_MINUTE + timedelta(minutes=1))
    take(budget, 9)
    assert clock.slept == []


def test_people_have_the_reserve_of_the_servers_minute_too(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget(Limits(per_minute=10, per_day=100, reserve=3, day_reserve=0))
    budget.observe(minute_left=4, minute_reset=NEXT_MINUTE)
    take(budget, 1)
    take(budget, 1, person=True)
    assert clock.slept == []
    take(budget, 1)
    assert clock.slept == [40.0], "fifteen seconds before the server's minute ends a person can wait for the next"
    budget.observe(minute_left=0, minute_reset=NEXT_MINUTE)
    take(budget, 1, person=True)
    assert clock.slept == [40.0, 15.5]


def test_the_server_says_when_its_minute_ends(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    budget.observe(minute_left=0, minute_reset=NEXT_MINUTE + timedelta(seconds=4))
    budget.take()
    assert clock.now() == NEXT_MINUTE + timedelta(seconds=4.5)


def test_the_servers_day_is_taken_as_it_is_up_and_down(open_budget: Open) -> None:
    budget = open_budget(Limits(per_minute=100, per_day=20, reserve=0, day_reserve=0))
    take(budget, 5)
    budget.observe(day_left=2, day_reset=MIDNIGHT)
    take(budget, 2)
    assert budget.usage().left == 0
    with pytest.raises(QuotaError):
        budget.take()
    budget.observe(day_left=500)
    take(budget, 20)
    assert (budget.usage().used, budget.usage().left) == (27, 480)


def test_the_server_says_when_its_day_ends(open_budget: Open) -> None:
    budget = open_budget()
    budget.observe(day_left=0, day_reset=MIDNIGHT + timedelta(hours=1))
    with pytest.raises(QuotaError) as caught:
        budget.take()
    assert caught.value.until == MIDNIGHT + timedelta(hours=1)


def test_missing_headers_leave_what_is_known(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    budget.observe(minute_left=0, minute_reset=NEXT_MINUTE, day_left=3, day_reset=MIDNIGHT)
    budget.observe()
    budget.observe(day_reset=MIDNIGHT)
    budget.observe(minute_reset=NEXT_MINUTE)
    assert budget.usage().left == 3
    budget.take()
    assert clock.slept == [55.5]


def test_a_late_answer_of_a_window_that_is_over_changes_nothing(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    clock.moment = MIDNIGHT + timedelta(seconds=1)
    budget.observe(minute_left=0, minute_reset=MIDNIGHT, day_left=0, day_reset=MIDNIGHT)
    take(budget, 10)
    assert clock.slept == []


def test_a_reset_in_another_unit_does_not_stop_everything_for_years(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    absurd = START + timedelta(days=20_000)
    budget.observe(minute_left=0, minute_reset=absurd, day_left=50, day_reset=absurd)
    budget.take()
    assert clock.slept == [55.5]
    assert budget.usage().left == 49


def test_a_refusal_stops_everybody_until_then(open_budget: Open, clock: SteppingClock) -> None:
    budget, other = open_budget(), open_budget()
    budget.refused(START + timedelta(minutes=65))
    budget.refused(START + timedelta(minutes=5))
    for one, person in ((budget, False), (other, True)):
        with pytest.raises(QuotaError) as caught:
            one.take(person=person)
        assert caught.value.until == START + timedelta(minutes=65), "the longer refusal holds"
    assert other.usage().paused_until == START + timedelta(minutes=65)
    clock.moment = START + timedelta(minutes=65)
    budget.take()
    assert budget.usage().paused_until is None


def test_a_short_refusal_is_waited_for(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    budget.refused(START + timedelta(seconds=30))
    budget.take()
    assert clock.slept == [30.5]


# Odd clocks.


def test_on_a_test_clock_that_stands_still_the_minute_counts_as_over(store: Store, tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "now.txt")
    clock.set(START)
    budget = StoredBudget(store, "exact", "1234", limits=TEN, clock=clock)
    take(budget, 35)
    assert budget.usage().used == 35
    budget.refused(START + timedelta(seconds=30))
    budget.take()
    budget.refused(START + timedelta(hours=1))
    with pytest.raises(QuotaError):
        budget.take()
    clock.set(START + timedelta(days=1))
    budget.take()
    assert budget.usage().used == 1


def test_on_a_test_clock_that_stands_still_the_day_is_still_a_day(store: Store, tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "now.txt")
    clock.set(START)
    budget = StoredBudget(store, "exact", "1234", limits=TEN, clock=clock)
    with pytest.raises(QuotaError):
        take(budget, 101)
    assert budget.usage().used == 100


def test_after_a_clock_was_set_back_nobody_waits_longer_than_a_minute(open_budget: Open, clock: SteppingClock) -> None:
    budget = open_budget()
    clock.moment = START + timedelta(days=30)
    take(budget, 10)
    clock.moment = START
    take(budget, 10)
    assert clock.slept == [62.25], "nobody knows how long ago they were made"
    assert budget.usage().used == 10


def test_a_minute_that_others_always_win_ends_in_a_quota_error(open_budget: Open, clock: SteppingClock) -> None:
    limits = Limits(per_minute=10, per_day=10_000, reserve=0, day_reserve=0)
    greedy, slow = open_budget(limits), open_budget(limits)
    take(greedy, 10)
    nap = clock.sleep

    def others_first(seconds: float) -> None:
        nap(seconds)
        clock.sleep = nap  # type: ignore[method-assign]
        take(greedy, 10)
        clock.sleep = others_first  # type: ignore[method-assign]

    clock.sleep = others_first  # type: ignore[method-assign]
    with pytest.raises(QuotaError, match="the calls of the minute are used up"):
        slow.take()


# Together.


def test_several_threads_never_exceed_the_limit_of_a_window(store: Store) -> None:
    clock = RunningClock()
    limits = Limits(per_minute=20, per_day=10_000, reserve=0, day_reserve=0)
    taken: list[datetime] = []

    def work() -> None:
        budget = StoredBudget(store, "exact", "1234", limits=limits, clock=clock, window=1.0)
        for _ in range(10):
            budget.take()
            taken.append(clock.seen.before)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 50
    assert worst(taken, window=1.0) <= 20


WORKER = """
import sys, time
from datetime import UTC, datetime
from connector.api import Limits
from connector.quota import StoredBudget
from connector.store import open_store

origin, start = float(sys.argv[2]), datetime.fromisoformat(sys.argv[3])

class Clock:
    last = None
    def now(self):
        self.before, self.last = self.last, datetime.fromtimestamp(start.timestamp() + time.time() - origin, UTC)
        return self.last
    def sleep(self, seconds):
        time.sleep(seconds)

clock = Clock()
limits = Limits(per_minute=25, per_day=70, reserve=0, day_reserve=0)
budget = StoredBudget(open_store(sys.argv[1]), "exact", "1234", limits=limits, clock=clock, window=1.0)
try:
    while True:
        budget.take()
        print(clock.before.isoformat(), flush=True)
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
"""


def test_several_processes_one_of_them_killed_never_exceed_window_and_day(store_url: str, store: Store) -> None:
    command = [sys.executable, "-c", WORKER, store_url, str(time.time()), START.isoformat()]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    killed, *others = workers
    assert killed.stdout is not None
    told = [killed.stdout.readline()]
    killed.kill()
    # What `readline` has read ahead is lost to `communicate`.
    told += killed.stdout.read().splitlines()
    killed.communicate()
    for worker in others:
        out, why = worker.communicate(timeout=60)
        assert why == "QuotaError\n"
        told += out.splitlines()
    taken = [datetime.fromisoformat(line.strip()) for line in told if line.endswith(("+00:00", "\n"))]
    assert worst(taken, window=1.0) <= 25
    with store.read() as tx:
        assert read(tx, "exact", "1234").day_used == 70
    assert 69 <= len(taken) <= 70, "only the killed process may have counted a call that it did not tell"


moves = st.lists(
    st.one_of(
        st.just(("take", 0)),
        st.just(("person", 0)),
        st.tuples(st.just("pass"), st.integers(0, 90)),
        st.tuples(st.just("minute"), st.integers(0, 12)),
        st.tuples(st.just("day"), st.integers(300, 900)),
    ),
    max_size=30,
)
company = itertools.count()


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_whatever_happens_no_minute_anywhere_exceeds_the_limit_and_every_call_is_counted(
    store: Store, moves: list[tuple[str, int]]
) -> None:
    clock = SteppingClock()
    limits = Limits(per_minute=10, per_day=1000, reserve=2, day_reserve=5)
    budget = StoredBudget(store, "exact", str(next(company)), limits=limits, clock=clock)
    taken: list[datetime] = []
    for move, amount in moves:
        if move in {"take", "person"}:
            for _ in range(4):
                budget.take(person=move == "person")
                taken.append(clock.now())
        elif move == "pass":
            clock.moment += timedelta(seconds=amount)
        else:
            minute = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
            if move == "minute":
                budget.observe(minute_left=amount, minute_reset=minute)
            else:
                budget.observe(day_left=amount)
    assert worst(taken) <= 10
    assert budget.usage().used == len(taken)
