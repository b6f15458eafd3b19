"""Must-have 14: subscription, handshake, signature, retries (reference 4.11)."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from plugins.exact.tests.sandbox_server import Client, SandboxServer


@dataclass
class Receiver:
    """A callback over real HTTP: answers `status`, keeps every body."""

    url: str = ""
    status: int = 200
    bodies: list[bytes] = field(default_factory=list)

    def wait_for(self, count: int) -> list[bytes]:
        """Bodies other than handshakes, as soon as there are `count`."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if len(found := [body for body in self.bodies if body]) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"only {len(self.bodies)} calls came")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def caller(sandbox: SandboxServer) -> Client:
    sandbox.control("toggles", {"minute_limit": 0})
    return sandbox.client()


def subscribe(caller: Client, url: str, topic: str = "Accounts") -> requests.Response:
    return caller.call("webhooks/WebhookSubscriptions", method="POST", json={"Topic": topic, "CallbackURL": url})


def test_the_handshake_is_an_empty_post_while_the_subscription_is_made(caller: Client, receiver: Receiver) -> None:
    assert subscribe(caller, receiver.url).status_code == 201
    assert receiver.bodies == [b""]
    (row,) = caller.rows("webhooks/WebhookSubscriptions")
    assert (row["Topic"], row["CallbackURL"], row["ClientID"]) == ("Accounts", receiver.url, "sandbox-client")


@pytest.mark.parametrize("status", [404, 500])
def test_a_failed_handshake_is_a_500_that_quotes_the_status(caller: Client, receiver: Receiver, status: int) -> None:
    receiver.status = status
    answer = subscribe(caller, receiver.url)
    assert answer.status_code == 500
    assert str(status) in answer.text
    assert caller.rows("webhooks/WebhookSubscriptions") == []


def test_a_callback_that_nobody_answers_fails_the_handshake(caller: Client) -> None:
    assert subscribe(caller, "http://127.0.0.1:9/hook").status_code == 500


def test_a_second_subscription_on_a_topic_and_a_change_are_a_500(caller: Client, receiver: Receiver) -> None:
    key = subscribe(caller, receiver.url).json()["d"]["ID"]
    again = subscribe(caller, receiver.url)
    assert (again.status_code, "Data already exists" in again.text) == (500, True)
    path = f"webhooks/WebhookSubscriptions(guid'{key}')"
    assert caller.call(path, method="PUT", json={"CallbackURL": receiver.url}).status_code == 500
    assert caller.call(path, method="DELETE").status_code == 204
    assert subscribe(caller, receiver.url).status_code == 201


@pytest.mark.parametrize("topic", ["PaymentTerms", "Receivables", "Matching"])
def test_there_is_no_topic_for_terms_or_matching(caller: Client, receiver: Receiver, topic: str) -> None:
    assert subscribe(caller, receiver.url, topic).status_code == 400


def test_the_callback_must_be_in_the_domain_of_the_redirect_address(caller: Client, receiver: Receiver) -> None:
    assert subscribe(caller, "https://elsewhere.example/hook").status_code == 400
    caller.server.control("toggles", {"redirect_mode": "strict"})
    assert subscribe(caller, receiver.url).status_code == 400


def test_a_change_is_told_with_a_signature_over_the_content_as_sent(caller: Client, receiver: Receiver) -> None:
    subscribe(caller, receiver.url)
    account = caller.server.books("accounts", {"code": "1", "name": "Café Jansen"})["id"]
    (body,) = receiver.wait_for(1)
    text = body.decode()
    raw = text.removeprefix('{"Content":').split(',"HashCode":')[0]
    expected = hmac.new(b"sandbox-webhook-secret", raw.encode(), hashlib.sha256).hexdigest().upper()
    message = json.loads(text)
    assert message["HashCode"] == expected
    assert message["Content"] == {
        "Topic": "Accounts",
        "ClientId": "sandbox-client",
        "Division": 123456,
        "Action": "Create",
        "Key": account,
        "ExactOnlineEndpoint": f"{caller.server.base}/api/v1/123456/crm/Accounts(guid'{account}')",
        "EventCreatedOn": "2026-03-02T09:00:00.000",
    }
    assert caller.get(message["Content"]["ExactOnlineEndpoint"])["ID"] == account


def actions(bodies: list[bytes]) -> list[str]:
    return [json.loads(body)["Content"]["Action"] for body in bodies]


def test_updates_and_deletes_are_told_and_create_is_a_toggle(caller: Client, receiver: Receiver) -> None:
    caller.server.control("toggles", {"webhook_create_action": "Update"})
    subscribe(caller, receiver.url)
    key = caller.call("crm/Accounts", method="POST", json={"Name": "X"}).json()["d"]["ID"]
    caller.call(f"crm/Accounts(guid'{key}')", method="PUT", json={"City": "Gouda"})
    caller.call(f"crm/Accounts(guid'{key}')", method="DELETE")
    assert actions(receiver.wait_for(3)) == ["Update", "Update", "Delete"]


def test_invoices_are_told_but_payments_are_not(caller: Client, receiver: Receiver) -> None:
    subscribe(caller, receiver.url, "SalesInvoices")
    caller.server.books("accounts", {"code": "1", "name": "X"})
    caller.server.books("invoices", {"account": "1", "number": 1, "date": "2026-01-05", "amount": "1.00"})
    receiver.wait_for(1)
    caller.server.books("payments", {"invoice": 1})
    caller.server.control("webhooks/deliver")
    assert len([body for body in receiver.bodies if body]) == 1


def test_a_refused_call_is_repeated_after_two_to_the_n_minutes_ten_times(caller: Client, receiver: Receiver) -> None:
    subscribe(caller, receiver.url)
    receiver.status = 500
    caller.server.books("accounts", {"code": "1", "name": "X"})
    receiver.wait_for(1)
    for number in range(1, 11):
        caller.server.control("webhooks/deliver")
        assert len(receiver.wait_for(number)) == number
        caller.server.advance(minutes=2**number, seconds=-1)
        caller.server.control("webhooks/deliver")
        assert len(receiver.wait_for(number)) == number
        caller.server.advance(seconds=1)
        receiver.wait_for(number + 1)
    state = wait_until_idle(caller.server)
    assert state == {"waiting": 0, "delivered": 0, "given_up": 1}


def wait_until_idle(server: SandboxServer) -> Any:
    end = time.monotonic() + 5
    while True:
        state = server.control("webhooks", method="GET")
        if not state["waiting"] or time.monotonic() > end:
            return state
        time.sleep(0.02)


def test_a_repeated_call_that_succeeds_is_not_sent_again(caller: Client, receiver: Receiver) -> None:
    subscribe(caller, receiver.url)
    receiver.status = 503
    caller.server.books("accounts", {"code": "1", "name": "X"})
    receiver.wait_for(1)
    receiver.status = 201
    caller.server.advance(minutes=2)
    assert len(receiver.wait_for(2)) == 2
    assert receiver.bodies[-1] == receiver.bodies[-2]
    caller.server.advance(days=2)
    caller.server.control("webhooks/deliver")
    assert len([body for body in receiver.bodies if body]) == 2
