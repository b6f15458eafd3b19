"""Stands before the Exact Online stand-in and writes down which process presented which token, and what it got."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from killable import serving

_TOKENS = "/api/oauth2/token"
_DROPPED = frozenset({"connection", "transfer-encoding", "content-length", "date", "server", "host"})


@dataclass(frozen=True)
class Presented:
    """One refresh token presented by a process; the new pair when it was taken."""

    token: str
    pid: int
    status: int
    access: str = ""
    refresh: str = ""


@dataclass
class Record:
    """All that was presented, in the order of the answers, and the access tokens that were used in calls.

    `arrived` is called with the process when a refresh token arrives, `answered` when the server has answered and the
    process does not know it yet.
    """

    presented: list[Presented] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    arrived: Callable[[int], None] = lambda _pid: None
    answered: Callable[[int], None] = lambda _pid: None


@contextmanager
def recording(target: str) -> Iterator[tuple[str, Record]]:
    """Pass everything on to `target`. Yields the address to call instead, and the record."""
    record = Record()
    with serving(_handler(record, urlsplit(target).netloc)) as url:
        yield url, record


def _handler(record: Record, target: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            if kind == "Bearer":
                record.used.add(token)
            self._pass_on(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            if self.path != _TOKENS or form.get("grant_type") != "refresh_token":
                self._pass_on(body)
                return
            pid = int(self.headers["User-Agent"])
            record.arrived(pid)

            def note(status: int, answer: bytes) -> None:
                _note(record, form["refresh_token"], pid, status, answer)
                record.answered(pid)

            self._pass_on(body, note)

        def _pass_on(self, body: bytes, note: Callable[[int, bytes], None] = lambda _status, _answer: None) -> None:
            """The note is made before the answer goes out: the caller may not live to hear it."""
            onward = HTTPConnection(target, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
            onward.request(self.command, self.path, body or None, headers)
            with onward.getresponse() as answer:
                content = answer.read()
            onward.close()
            note(answer.status, content)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _DROPPED:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_told: object) -> None:
            return None

    return Handler


def _note(record: Record, token: str, pid: int, status: int, answer: bytes) -> None:
    pair = json.loads(answer) if status == 200 else {}
    record.presented.append(Presented(token, pid, status, pair.get("access_token", ""), pair.get("refresh_token", "")))
