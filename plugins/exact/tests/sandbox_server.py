"""The stand-in server as a process of its own, for tests over real HTTP."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REDIRECT = "http://127.0.0.1:8765/callback"
_RUN = (
    "import json,sys;from pathlib import Path;from connector_exact.sandbox import serve;"
    "serve(host='127.0.0.1',port=0,clock_file=Path(sys.argv[1]),options=json.loads(sys.argv[2]))"
)


@dataclass
class SandboxServer:
    """A running stand-in: `base` is its address; `clock` the file with its time."""

    base: str
    clock: Path
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    division: int = 123456

    def set_time(self, instant: datetime) -> None:
        """Move the test clock, as the host's FileClock does."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(instant.astimezone(UTC).isoformat(), encoding="utf-8")
        beside.replace(self.clock)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.clock.read_text(encoding="utf-8").strip())

    def advance(self, **amount: float) -> datetime:
        """Move the clock by a timedelta given as keywords; returns the new instant."""
        self.set_time(self.now() + timedelta(**amount))
        return self.now()

    def control(self, path: str, body: Any = None, *, method: str = "POST", expect: int | None = None) -> Any:
        """A call of the control interface; `path` below /sandbox/. Fails on an error unless one is expected."""
        answer = requests.request(method, f"{self.base}/sandbox/{path}", json=body, timeout=60)
        wanted = (200, 201) if expect is None else (expect,)
        assert answer.status_code in wanted, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def books(self, path: str, body: Any = None, **more: Any) -> Any:
        """A call of the control interface about the default division."""
        return self.control(f"{self.division}/{path}", body, **more)

    def balances(self) -> Any:
        return self.books("balances", method="GET")

    def code(self, **more: str) -> str:
        """A fresh authorization code, as it arrives at the redirect address (decoded)."""
        params = {"client_id": self.client_id, "redirect_uri": REDIRECT, "response_type": "code", "state": "s1"}
        answer = requests.get(f"{self.base}/api/oauth2/auth", params=params | more, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def token_call(self, **form: str) -> requests.Response:
        """A call of the token endpoint with the registration's credentials."""
        data = {"client_id": self.client_id, "client_secret": self.client_secret, **form}
        return requests.post(f"{self.base}/api/oauth2/token", data=data, timeout=10)

    def log_in(self, **more: str) -> dict[str, str]:
        """Consent and exchange: a new chain of tokens."""
        answer = self.token_call(grant_type="authorization_code", code=self.code(**more), redirect_uri=REDIRECT)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def client(self, **more: str) -> "Client":
        """A logged-in caller."""
        return Client(self, self.log_in(**more)["access_token"])


@dataclass
class Client:
    """Calls the API with one access token."""

    server: SandboxServer
    token: str

    def call(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> requests.Response:
        """Any call; `path` is below the division, or absolute, or starts with a slash below /api/v1."""
        url = path if path.startswith("http") else f"{self.server.base}/api/v1"
        if not path.startswith("http"):
            url += path if path.startswith("/") else f"/{self.server.division}/{path}"
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **(headers or {})}
        return requests.request(method, url, params=params, headers=sent, json=json, timeout=60)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The `d` of a good answer."""
        answer = self.call(path, params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()["d"]

    def rows(self, path: str, **params: str) -> list[dict[str, Any]]:
        """All rows over all pages. Keywords are options without their dollar sign."""
        options = {f"${name}": value for name, value in params.items()}
        found: list[dict[str, Any]] = []
        page = self.get(path, options)
        while True:
            if isinstance(page, list):
                return found + page
            found += page["results"]
            if "__next" not in page:
                return found
            page = self.get(page["__next"])


@contextmanager
def run_sandbox(
    folder: Path, options: Mapping[str, str] | None = None, *, start: datetime = START
) -> Iterator[SandboxServer]:
    """Start the stand-in on a free port with a test clock in `folder`, and stop it afterwards."""
    clock = folder / "clock"
    clock.write_text(start.isoformat(), encoding="utf-8")
    command = [sys.executable, "-c", _RUN, str(clock), json.dumps(dict(options or {}))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line.startswith("listening on "):
            raise AssertionError(f"the sandbox did not start: {line!r}")
        try:
            yield SandboxServer(base=line.removeprefix("listening on "), clock=clock)
        finally:
            process.terminate()
            process.wait(timeout=10)
