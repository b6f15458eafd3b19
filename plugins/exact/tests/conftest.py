"""Fixtures shared by the tests of the Exact Online source."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from plugins.exact.tests.exact_ledger import ExactLedger
from plugins.exact.tests.sandbox_server import START, SandboxServer, run_sandbox

_CODES = count(700_001)


@pytest.fixture(scope="module")
def exact_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One stand-in for the tests of a module; each test opens an administration of its own in it."""
    with run_sandbox(Path(tmp_path_factory.mktemp("exact"))) as server:
        yield server


@pytest.fixture
def ledger(exact_server: SandboxServer) -> Iterator[ExactLedger]:
    """A new administration, logged in, an hour after whatever the last test did; toggles and faults put back."""
    exact_server.set_time(exact_server.now() + timedelta(hours=1))
    before = exact_server.control("toggles", method="GET")
    yield ExactLedger.open(exact_server, next(_CODES))
    exact_server.control("toggles", before)
    exact_server.control("faults", method="DELETE")
    exact_server.control("rights", {"user": "anna", "endpoints": []})
    exact_server.control("scopes", {"scopes": None})


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """One stand-in for all tests of the stand-in itself."""
    with run_sandbox(Path(tmp_path_factory.mktemp("sandbox"))) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_process: SandboxServer) -> SandboxServer:
    """The stand-in as it was when it started: nothing booked, no token given out, the clock at its start."""
    sandbox_process.set_time(START)
    sandbox_process.control("reset")
    return sandbox_process
