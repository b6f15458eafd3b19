"""Fixtures of the acceptance tests: a clock and a stand-in ledger a module, an administration and a home a test.

One clock for all would run on for years, and out of what the tables of the law cover.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from acceptance.installation import START, Installation, StandIn, install, stand_in

_CODES = count(800_001)


@pytest.fixture(scope="module")
def clock_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("time") / "clock.txt"
    path.write_text(START.isoformat(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def exact(clock_file: Path) -> Iterator[StandIn]:
    with stand_in("exact", clock_file, {"minute_limit": "0"}) as running:
        yield running


@pytest.fixture
def agency_options() -> dict[str, str]:
    """How the agency behaves; a test of another agency replaces this."""
    return {}


@pytest.fixture
def agency(clock_file: Path, agency_options: dict[str, str]) -> Iterator[StandIn]:
    with stand_in("agency", clock_file, agency_options) as running:
        yield running


@pytest.fixture
def division(exact: StandIn) -> int:
    code = next(_CODES)
    exact.order("divisions", {"code": code})
    return code


@pytest.fixture
def server_url() -> str:
    """The URL of a database on a server; empty for the SQLite file. A module that runs on both replaces this."""
    return ""


@pytest.fixture
def plain(tmp_path: Path, exact: StandIn, division: int, server_url: str) -> Installation:
    """An installation that only reads."""
    return install(tmp_path / "home", exact, division, store_url=server_url)


@pytest.fixture
def whole(tmp_path: Path, exact: StandIn, agency: StandIn, division: int, server_url: str) -> Installation:
    """An installation with an agency; a person approves what is handed over."""
    return install(tmp_path / "home", exact, division, agency=agency, store_url=server_url)
