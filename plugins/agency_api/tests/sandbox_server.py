"""Runs the stand-in agency as a process of its own, and talks to its control surface."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

API_KEY = "sandbox-key"
START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
_RUN = """
import json, sys
from pathlib import Path
from connector_agency_api import register_sandboxes
(sandbox,) = register_sandboxes()
clock = Path(sys.argv[1]) if sys.argv[1] else None
sandbox.serve(host="127.0.0.1", port=0, clock_file=clock, options=json.loads(sys.argv[2]))
"""


class TestClock:
    """The test clock's file, moved by the test. It is a `connector.api.Clock` as well."""

    __test__ = False

    def __init__(self, path: Path, start: datetime = START) -> None:
        self.path = path
        self.set(start)

    def now(self) -> datetime:
        return self._now

    def set(self, instant: datetime) -> None:
        self._now = instant
        beside = self.path.with_suffix(".new")
        beside.write_text(instant.isoformat(), encoding="utf-8")
        beside.replace(self.path)

    def advance(self, **delta: float) -> None:
        self.set(self._now + timedelta(**delta))


class SandboxServer:
    """A running stand-in."""

    def __init__(self, url: str, clock: TestClock) -> None:
        self.url = url
        self.clock = clock
        self._session = requests.Session()
        self._session.trust_env = False

    def api(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        """A call of the agency API, with the key."""
        with_key = {"Authorization": f"Bearer {API_KEY}"} | (headers or {})
        return self._session.request(method, self.url + path, headers=with_key, timeout=10, **more)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control surface; its JSON answer."""
        response = self._session.request(method, f"{self.url}/sandbox/{path}", json=body, timeout=10)
        assert response.ok, f"{response.status_code}: {response.text}"
        return response.json() if response.content else None

    def fault(self, kind: str, **more: Any) -> None:
        """Ask for a fault."""
        self.control("POST", "faults", {"kind": kind, **more})

    def act(self, case_ref: str, act: str, **more: Any) -> Any:
        """Let the agency do something now."""
        return self.control("POST", f"cases/{case_ref}/act", {"act": act, **more})

    def case(self, case_ref: str) -> Any:
        """All that the agency knows of a case."""
        return self.control("GET", f"cases/{case_ref}")

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()


@contextmanager
def running_sandbox(folder: Path, **options: str) -> Iterator[SandboxServer]:
    """A stand-in on a free port, with a test clock in `folder`, stopped at the end."""
    import json

    clock = TestClock(folder / "clock")
    command = [sys.executable, "-c", _RUN, str(clock.path), json.dumps(options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        server = SandboxServer(line.removeprefix("listening on ").strip(), clock)
        yield server
        server.close()
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
