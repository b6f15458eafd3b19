"""What the tests over real processes share: one clock and one accounting package for a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.installation import START, StandIn, stand_in


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("time") / "clock.txt"
    path.write_text(START.isoformat(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def exact(clock: Path) -> Iterator[StandIn]:
    with stand_in("exact", clock, {"minute_limit": "0"}) as running:
        yield running
