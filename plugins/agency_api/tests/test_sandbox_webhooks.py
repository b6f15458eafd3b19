"""Webhooks of the stand-in: signed, repeated with back-off on the test clock, verified by the sink."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connector.errors import RejectedError
from connector.testing import ManualClock, make_context
from connector_agency_api.config import AgencyConfig
from connector_agency_api.sink import AgencySink
from plugins.agency_api.tests.api_cases import hand_over
from plugins.agency_api.tests.sandbox_server import START, SandboxServer, running_sandbox

SECRET = "whsec_" + base64.b64encode(b"a-secret-of-twenty-four.").decode()


@dataclass
class Receiver:
    """A creditor's end: keeps every call, answers with `statuses` in turn, then with 204."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.calls) < count:
            assert time.monotonic() < deadline, f"{len(self.calls)} calls instead of {count}"
            time.sleep(0.02)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = kept.statuses.pop(0) if kept.statuses else 204
            kept.calls.append((dict(self.headers), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        kept.url = f"http://127.0.0.1:{http.server_port}/webhooks/agency?from=sandbox"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield kept
        http.shutdown()
        thread.join()


@contextmanager
def _told(folder: Path, receiver: Receiver, payload: str) -> Iterator[SandboxServer]:
    options = {"webhook_url": receiver.url, "webhook_secret": SECRET, "webhook_payload": payload}
    with running_sandbox(folder, **options) as server:
        yield server


def _sink(*secrets: str) -> AgencySink:
    values = {f"env:S{number}": secret for number, secret in enumerate(secrets)}
    references = [{"env": f"S{number}"} for number in range(len(secrets))]
    settings = {"base_url": "http://127.0.0.1:1", "api_key": {"env": "K"}, "webhook_secrets": references}
    context = make_context(secrets=values, clock=ManualClock(START))
    return AgencySink(AgencyConfig.model_validate(settings), context)


def test_a_full_webhook_carries_the_events_of_the_feed(tmp_path: Path, receiver: Receiver) -> None:
    with _told(tmp_path, receiver, "full") as server:
        hand_over(server, "C-1")
        receiver.wait_for(1)
        fed = server.api("GET", "/v1/changes").json()["events"]
    headers, body = receiver.calls[0]
    events = _sink(SECRET).verify_webhook(headers, body)
    assert [event.id for event in events] == [event["id"] for event in fed]
    assert events[0].kind == "received"


def test_a_thin_webhook_only_rings(tmp_path: Path, receiver: Receiver) -> None:
    with _told(tmp_path, receiver, "thin") as server:
        hand_over(server, "C-1")
        receiver.wait_for(1)
    headers, body = receiver.calls[0]
    assert _sink(SECRET).verify_webhook(headers, body) == ()
    assert b"events" not in body


def test_a_new_secret_is_tried_beside_the_old_one(tmp_path: Path, receiver: Receiver) -> None:
    other = "whsec_" + base64.b64encode(b"another-secret").decode()
    with _told(tmp_path, receiver, "full") as server:
        hand_over(server, "C-1")
        receiver.wait_for(1)
    headers, body = receiver.calls[0]
    assert _sink(other, SECRET).verify_webhook(headers, body)
    with pytest.raises(RejectedError, match="wrong signature"):
        _sink(other).verify_webhook(headers, body)


def test_a_call_that_is_not_taken_is_repeated_with_back_off(tmp_path: Path, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    with _told(tmp_path, receiver, "full") as server:
        hand_over(server, "C-1")
        receiver.wait_for(1)
        server.clock.advance(minutes=1)
        receiver.wait_for(2)
        server.clock.advance(minutes=5)
        receiver.wait_for(3)
        _wait(lambda: server.control("GET", "webhooks")["deliveries"][0]["next"] is None)
        (delivery,) = server.control("GET", "webhooks")["deliveries"]
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["500", "503", "204"]
    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.calls}) == 3
    assert len({body for _, body in receiver.calls}) == 1


def test_a_receiver_that_never_answers_is_given_up(server: SandboxServer) -> None:
    created = server.api("POST", "/v1/webhooks", json={"url": "http://127.0.0.1:9/nobody", "payload": "full"})
    assert created.status_code == 201
    hand_over(server, "C-1")
    for tries in range(1, 6):
        _wait(lambda tries=tries: _attempts(server) == tries)  # type: ignore[misc]
        server.clock.advance(hours=2)
    _wait(lambda: server.control("GET", "webhooks")["deliveries"][0]["next"] is None)
    assert _attempts(server) == 5


def test_subscriptions_are_listed_without_their_secret_and_can_be_ended(server: SandboxServer) -> None:
    body = {"url": "http://127.0.0.1:9/a"}
    created = server.api("POST", "/v1/webhooks", json=body).json()
    assert created["secret"].startswith("whsec_")
    assert server.api("POST", "/v1/webhooks", json=body).status_code == 409
    listed = server.api("GET", "/v1/webhooks").json()["webhooks"]
    assert listed == [{name: value for name, value in created.items() if name != "secret"}]
    assert server.api("DELETE", f"/v1/webhooks/{created['webhook_id']}").status_code == 204
    assert server.api("DELETE", f"/v1/webhooks/{created['webhook_id']}").status_code == 404


@pytest.mark.parametrize(
    "url", ["https://example.org/x", "http://10.0.0.1/x", "http://127.0.0.1:0/x", "http://127.0.0.1:x/", "http://[::1/"]
)
def test_the_stand_in_calls_nobody_else(server: SandboxServer, url: str) -> None:
    refused = server.api("POST", "/v1/webhooks", json={"url": url})
    assert (refused.status_code, refused.json()["code"]) == (422, "url_not_allowed")


def _attempts(server: SandboxServer) -> int:
    deliveries = server.control("GET", "webhooks")["deliveries"]
    return len(deliveries[0]["attempts"]) if deliveries else 0


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
