"""An attempt writes to the wire until its time is over, and not later."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connector.errors import TransientError, UnknownOutcome
from connector.http import Session
from connector.http.deadline import LateError, check_in_time, moment, write_until

AGO = timedelta(seconds=5)


@pytest.fixture
def server() -> Iterator[tuple[str, list[int]]]:
    heard: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            heard.append(len(self.rfile.read(length)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}/", heard
        httpd.shutdown()


def test_in_time_it_goes_out(server: tuple[str, list[int]]) -> None:
    url, heard = server
    with Session() as session, write_until(moment(), AGO):
        assert session.request("POST", url, data=b"x").status_code == 200
    assert heard == [1]


def test_a_worker_that_slept_sends_nothing_and_knows_it(server: tuple[str, list[int]]) -> None:
    url, heard = server
    with Session() as session, write_until(moment() - 6, AGO), pytest.raises(TransientError, match="Nothing was sent"):
        session.request("POST", url, data=b"x")
    assert heard == []


def test_what_is_late_in_the_middle_may_have_arrived(server: tuple[str, list[int]]) -> None:
    url, _ = server

    def slowly() -> Iterator[bytes]:
        yield b"half"
        while moment() < began + 0.3:
            threading.Event().wait(0.05)
        yield b"the rest"

    began = moment()
    with (
        Session() as session,
        write_until(began, timedelta(seconds=0.2)),
        pytest.raises(UnknownOutcome, match="time of this attempt was over"),
    ):
        session.request("POST", url, data=slowly())  # type: ignore[arg-type]


def test_outside_of_an_attempt_there_is_no_limit() -> None:
    with write_until(moment() - 6, AGO), pytest.raises(LateError):
        check_in_time()
    check_in_time()
