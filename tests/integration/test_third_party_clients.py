"""Clients that others wrote read the Exact stand-in: the check that it is more than our own idea of the service.

They are installed from the package index into a virtual environment of their own, kept in pytest's cache.
Without an index the tests are skipped with a loud reason on a developer's machine, and fail where CI=true.
"""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugins.exact.tests.sandbox_server import REDIRECT, SandboxServer, run_sandbox

CLIENTS = ("exactonline==0.4.0", "exact-online-sdk==2.0.0", "exactpy==0.0.24", "feedparser==6.0.12")
SCRIPTS = Path(__file__).parent / "foreign_clients"
INVOICES = 70
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def foreign_python(pytestconfig: pytest.Config) -> Path:
    """The interpreter of an environment that holds the clients."""
    key = hashlib.sha256(f"{CLIENTS}{sys.version}".encode()).hexdigest()[:12]
    home = Path(pytestconfig.cache.mkdir("foreign-clients")) / key
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as lock:
        # Two workers of a parallel run must not install at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            install(home)
    return home / "venv" / "bin" / "python"


def install(home: Path) -> None:
    """Make the environment. A failing index skips the tests, or fails them where CI=true."""
    venv.create(home / "venv", with_pip=True, clear=True)
    command = [home / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--retries", "2", *CLIENTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        (home / "ready").touch()
        return
    reason = f"THIRD-PARTY CLIENTS NOT TRIED: they could not be installed: {done.stderr.strip()[-600:]}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """A stand-in in the present, for the clients go by the machine's clock."""
    with run_sandbox(tmp_path_factory.mktemp("exact"), {"minute_limit": "1000"}, start=datetime.now(UTC)) as server:
        server.books("accounts", {"code": "25", "name": "Bakkerij Jansen", "iban": "NL02ABNA0123456789"})
        numbers = range(1001, 1001 + INVOICES)
        invoices = [
            {"account": "25", "number": number, "date": "2025-10-01", "amount": "121.00", "pdf": number == 1001}
            for number in numbers
        ]
        server.books("load", {"invoices": invoices, "payments": [{"invoice": 1001, "amount": "50.00"}]})
        yield server


def read_with(script: str, python: Path, server: SandboxServer, *arguments: str | Path) -> dict[str, Any]:
    """What a client read, as its script printed it. No call of it may have been refused."""
    server.control("counters/reset")
    command = [python, SCRIPTS / script, server.base, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    counted = server.control("counters", method="GET")
    assert counted["calls"] > 1
    assert (counted["refused"], counted["errors"]) == (0, 0), counted
    return json.loads(done.stdout.splitlines()[-1])


def open_invoices(sign: int = 1) -> list[list[float]]:
    """What every client must find: 1001 is paid in part."""
    return [[1001, 71.0 * sign], *([number, 121.0 * sign] for number in range(1002, 1001 + INVOICES))]


def test_the_oldest_client_reads_divisions_accounts_receivables_and_a_pdf(
    foreign_python: Path, server: SandboxServer, tmp_path: Path
) -> None:
    found = read_with("osso.py", foreign_python, server, REDIRECT, tmp_path)
    assert found["divisions"] == {"123456": "Voorbeeldadministratie 123456"}
    assert found["accounts"] == ["Bakkerij Jansen"]
    assert sorted(found["receivables"]) == open_invoices()
    assert found["overdue"] == 2
    assert found["pdf"] == "%PDF-"


def test_the_typed_sdk_reads_divisions_accounts_receivables_and_a_pdf(
    foreign_python: Path, server: SandboxServer, tmp_path: Path
) -> None:
    found = read_with("sdk.py", foreign_python, server, REDIRECT, tmp_path)
    assert found["current"] == 123456
    assert found["divisions"] == {"123456": "Voorbeeldadministratie 123456"}
    assert found["accounts"] == ["Bakkerij Jansen"]
    # Terms, closed pieces included, with the sign of the vendor's terms: what is owed is negative.
    closed = [[1001, -50.0], [1001, 50.0]]
    assert sorted(found["receivables"]) == sorted([*open_invoices(sign=-1), *closed])
    assert found["pages"] == [60, INVOICES + 2 - 60]
    assert 0 < found["typed"] <= 60
    assert found["pdf"] == "%PDF-"


def test_the_dataframe_client_reads_divisions_accounts_receivables_ageing_and_a_pdf(
    foreign_python: Path, server: SandboxServer, tmp_path: Path
) -> None:
    found = read_with("xpy.py", foreign_python, server, REDIRECT, tmp_path)
    assert found["divisions"] == {"123456": "Voorbeeldadministratie 123456"}
    assert found["accounts"] == ["Bakkerij Jansen"]
    assert sorted(found["receivables"]) == open_invoices()
    assert found["pages"] == [60, INVOICES - 60]
    assert found["count"] == found["inline_count"] == INVOICES
    total = sum(amount for _, amount in open_invoices())
    assert found["ageing"] == [total]
    assert found["outstanding"] == [total]
    assert found["pdf"] == "%PDF-"


def test_a_feed_reader_finds_the_atom_form_sound(foreign_python: Path, server: SandboxServer) -> None:
    found = read_with("atom.py", foreign_python, server, server.log_in()["access_token"])
    assert found["faults"] == []
    assert found["version"] == "atom10"
    assert found["titles"] == ["ReceivablesList"]
    assert len(set(found["entries"])) == INVOICES
