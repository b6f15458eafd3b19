"""A run that does not end keeps its process from giving signs of life."""

import threading
from collections.abc import Iterator

import pytest

from connector.runtime.engine.inline import Inline
from connector.runtime.engine.port import Run
from connector.runtime.hanging import Hanging


@pytest.fixture
def held() -> Iterator[threading.Event]:
    release = threading.Event()
    yield release
    release.set()


def test_a_run_hangs_after_three_budgets_and_until_it_ends(
    held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("connector.runtime.hanging.monotonic", lambda: now[0])
    begun, engine = threading.Event(), Inline(budget=60)

    def stand_still(_run: Run) -> None:
        begun.set()
        held.wait(10)

    engine.start({"visit": stand_still})
    hanging = Hanging(engine, budget=60)
    engine.submit("visit", "acme", "slot")
    assert begun.wait(5)
    assert hanging.look() == []
    now[0] += 180
    assert hanging.look() == []
    now[0] += 1
    assert hanging.look() == [Run("visit", "acme", "slot").id]
    held.set()
    assert engine.stop(5)
    assert hanging.look() == []


def test_each_run_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now, going = [0.0], [Run("visit", "acme", "1")]
    monkeypatch.setattr("connector.runtime.hanging.monotonic", lambda: now[0])
    engine = Inline()
    monkeypatch.setattr(engine, "running", lambda: tuple(going))
    hanging = Hanging(engine, budget=60)
    hanging.look()
    now[0], going[0] = 170.0, Run("visit", "acme", "2")
    hanging.look()
    now[0] = 190.0
    assert hanging.look() == []
