"""What every engine promises, asked of each: in this process, on an SQLite file, on PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path

import pytest
from databases import fresh_sqlite

from connector.runtime.engine import URGENT, Engine, Run
from connector.runtime.engine.inline import Inline
from connector.runtime.engine.presence import Presence
from connector.runtime.engine.transact import Transact
from connector.store import open_store, switch_to_wal

KINDS = ("inline", "sqlite", "postgresql")
_NAMES = (f"ledger-{number}" for number in count())


class Bench:
    """An engine at work, and what its handler was asked to do; `act` is what the handler does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.done: list[tuple[Run, float, float]] = []
        self.act: Callable[[Run], None] = lambda _run: None
        self._lock = threading.Lock()

    def handle(self, run: Run) -> None:
        began = time.monotonic()
        try:
            self.act(run)
        finally:
            with self._lock:
                self.done.append((run, began, time.monotonic()))

    def start(self) -> None:
        self.engine.start({"visit": self.handle, "follow": self.handle})

    def of(self, key: str) -> list[tuple[Run, float, float]]:
        return [one for one in self.done if one[0].key == key]

    def wait_for(self, key: str, wanted: int) -> list[tuple[Run, float, float]]:
        until(lambda: len(self.of(key)) >= wanted)
        return self.of(key)


def until(ask: Callable[[], object], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def opened(kind: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Bench]:
    """An engine that has not begun."""
    with ExitStack() as stack:
        if kind == "inline":
            yield Bench(Inline(at_once=4))
            return
        if kind == "sqlite":
            url = fresh_sqlite(folder, request.getfixturevalue("sqlite_template"))
            switch_to_wal(folder / "engine.db")
            memory = f"sqlite:///{folder / 'engine.db'}"
        else:
            url = memory = request.getfixturevalue("postgres").url()
        store = open_store(url)
        stack.callback(store.close)
        presence = Presence(store)
        stack.enter_context(presence.held())
        yield Bench(Transact(memory, presence, at_once=4, poll=0.05))


@pytest.fixture(scope="module", params=KINDS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One engine for many tests: each has a key of its own."""
    with opened(request.param, request, tmp_path_factory.mktemp("engine")) as made:
        made.start()
        yield made
        assert made.engine.stop(10)


@pytest.fixture
def key() -> str:
    return next(_NAMES)


@pytest.fixture(autouse=True)
def idle(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "bench" in request.fixturenames:
        request.getfixturevalue("bench").act = lambda _run: None


def test_the_same_slot_twice_is_one_run_also_when_it_has_ended(bench: Bench, key: str) -> None:
    assert bench.engine.submit("visit", key, "09:00")
    assert not bench.engine.submit("visit", key, "09:00")
    (done,) = bench.wait_for(key, 1)
    assert done[0] == Run("visit", key, "09:00")
    assert not bench.engine.submit("visit", key, "09:00")
    assert bench.engine.submit("visit", key, "09:15")
    assert bench.engine.submit("follow", key, "09:15")
    assert len(bench.wait_for(key, 3)) == 3


def test_work_of_one_ledger_never_overlaps_and_that_of_many_does(bench: Bench, key: str) -> None:
    bench.act = lambda _run: time.sleep(0.15)
    keys = [f"{key}-{number}" for number in range(3)]
    for slot in range(3):
        for one in keys:
            bench.engine.submit("visit" if slot % 2 else "follow", one, str(slot))
    spans = [
        [(began, ended) for _, began, ended in sorted(bench.wait_for(one, 3), key=lambda it: it[1])] for one in keys
    ]
    for mine in spans:
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(mine))
    flat = [span for mine in spans for span in mine]
    assert any(a[0] < b[0] < a[1] for a in flat for b in flat), "nothing ran side by side"


def test_a_run_does_not_begin_before_its_time(bench: Bench, key: str) -> None:
    begin = datetime.now(UTC) + timedelta(seconds=1.2)
    bench.engine.submit("visit", key, "later", not_before=begin)
    bench.engine.submit("visit", f"{key}-now", "now")
    bench.wait_for(f"{key}-now", 1)
    assert bench.of(key) == []
    assert key in bench.engine.inspect().keys
    bench.wait_for(key, 1)
    assert datetime.now(UTC) >= begin


def test_what_is_urgent_goes_first(bench: Bench, key: str) -> None:
    release = threading.Event()
    bench.act = lambda run: release.wait(10) and None if run.slot == "first" else None
    bench.engine.submit("visit", key, "first")
    until(lambda: any(run.key == key for run in bench.engine.running()))
    bench.engine.submit("visit", key, "usual")
    bench.engine.submit("follow", key, "urgent", priority=URGENT)
    release.set()
    assert [run.slot for run, _, _ in bench.wait_for(key, 3)] == ["first", "urgent", "usual"]


def test_a_handler_that_fails_does_not_block_its_ledger(bench: Bench, key: str) -> None:
    def act(run: Run) -> None:
        if run.slot == "bad":
            raise RuntimeError("Bakkerij De Korst, iban NL91ABNA0417164300")

    bench.act = act
    bench.engine.submit("visit", key, "bad")
    bench.engine.submit("visit", key, "good")
    assert [run.slot for run, _, _ in bench.wait_for(key, 2)] == ["bad", "good"]


def test_what_waits_and_runs_is_seen(bench: Bench, key: str) -> None:
    release = threading.Event()
    bench.act = lambda _run: release.wait(10) and None
    bench.engine.submit("visit", key, "one")
    until(lambda: Run("visit", key, "one") in bench.engine.running())
    bench.engine.submit("visit", key, "two")
    load = bench.engine.inspect()
    going = next(one for one in load.going if one.run.key == key)
    assert going.run.slot == "one"
    assert abs(datetime.now(UTC) - going.since) < timedelta(seconds=30)
    assert Run("visit", key, "two") in load.waiting
    assert key in load.keys
    assert load.stuck == ()
    release.set()
    bench.wait_for(key, 2)
    until(lambda: key not in bench.engine.inspect().keys)


def test_ended_runs_are_forgotten_and_open_ones_kept(bench: Bench, key: str) -> None:
    bench.engine.submit("visit", key, "ended")
    bench.engine.submit("visit", key, "open", not_before=datetime.now(UTC) + timedelta(hours=1))
    bench.wait_for(key, 1)
    until(lambda: [run.slot for run in bench.engine.inspect().waiting if run.key == key] == ["open"])
    assert bench.engine.prune(datetime.now(UTC) - timedelta(days=1)) == 0
    until(lambda: bench.engine.prune(datetime.now(UTC) + timedelta(seconds=5)) >= 1)
    assert bench.engine.submit("visit", key, "ended")
    assert not bench.engine.submit("visit", key, "open")


def test_a_handler_may_ask_for_the_next_run_of_its_own_ledger(bench: Bench, key: str) -> None:
    def act(run: Run) -> None:
        if run.slot == "one":
            assert bench.engine.submit("visit", key, "two")

    bench.act = act
    bench.engine.submit("visit", key, "one")
    assert [run.slot for run, _, _ in bench.wait_for(key, 2)] == ["one", "two"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_waits_for_what_runs_and_leaves_the_rest(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with opened(kind, request, tmp_path) as bench:
        begun = threading.Event()

        def act(_run: Run) -> None:
            begun.set()
            time.sleep(0.5)

        bench.act = act
        bench.start()
        for slot in range(5):
            bench.engine.submit("visit", "acme", str(slot))
        begun.wait(10)
        assert bench.engine.stop(10)
        ended = len(bench.done)
        assert 1 <= ended < 5
        time.sleep(0.7)
        assert len(bench.done) == ended


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_says_when_work_goes_on_after_the_grace(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with opened(kind, request, tmp_path) as bench:
        release = threading.Event()
        bench.act = lambda _run: release.wait(20) and None
        bench.start()
        bench.engine.submit("visit", "acme", "long")
        until(bench.engine.running)
        assert not bench.engine.stop(1)
        release.set()
        until(lambda: not bench.engine.running())


def test_what_runs_longer_than_its_budget_is_called_stuck() -> None:
    bench = Bench(Inline(at_once=1, budget=0.1))
    release = threading.Event()
    bench.act = lambda _run: release.wait(10) and None
    bench.start()
    bench.engine.submit("visit", "acme", "long")
    until(lambda: bench.engine.inspect().stuck == (Run("visit", "acme", "long"),))
    release.set()
    assert bench.engine.stop(10)
