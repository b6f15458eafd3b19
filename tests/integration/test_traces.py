"""Traces from real runs to a collector on this machine, which takes them as OTLP over HTTP."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from acceptance.installation import START, Installation, StandIn, install, read_address, stand_in
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from connector import trace
from connector.errors import ConfigError, UnknownOutcome
from connector.http import Session

DIVISION = 710_001


@dataclass
class Collector:
    """Keeps every span it was sent, and the headers of other calls."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def spans(self) -> list[Any]:
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    kept = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.path == "/v1/traces":
                kept.bodies.append(body)
            else:
                kept.headers.append({key.lower(): value for key, value in self.headers.items()})
            if self.path == "/hangs-up":
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StandIn, StandIn]]:
    clock = tmp_path_factory.mktemp("time") / "clock.txt"
    clock.write_text(START.isoformat(), encoding="utf-8")
    with stand_in("exact", clock, {"minute_limit": "0"}) as exact, stand_in("agency", clock) as agency:
        exact.order("divisions", {"code": DIVISION})
        yield exact, agency


@pytest.fixture
def home(tmp_path: Path, sides: tuple[StandIn, StandIn]) -> Installation:
    exact, agency = sides
    return install(tmp_path / "home", exact, DIVISION, agency=agency)


def send_traces_to(home: Installation, url: str) -> None:
    home.amend("incasso.toml", lambda text: f'{text}\n[traces]\nendpoint = "{url}/v1/traces"\n')


def facts(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_visit_is_one_trace_with_its_verbs_and_calls_and_names_nobody(
    home: Installation, collector: Collector
) -> None:
    home.invoices(3)
    send_traces_to(home, collector.url)
    assert home.run_process("run", "--once").code == 0
    spans = collector.spans()
    by_id = {span.span_id: span for span in spans}
    (root,) = [span for span in spans if not span.parent_span_id]
    assert (root.name, facts(root)["incasso.ledger"]) == ("visit", "acme")
    assert {span.trace_id for span in spans} == {root.trace_id}
    verbs = [span for span in spans if span.parent_span_id == root.span_id]
    assert {span.name for span in verbs} >= {"pull", "plan", "follow", "report"}
    assert all(facts(span)["incasso.outcome"] == "ok" for span in verbs)
    calls = [span for span in spans if "incasso.status" in facts(span)]
    assert calls
    assert {by_id[span.parent_span_id].name for span in calls} >= {"pull", "follow"}
    told = b"".join(collector.bodies)
    for personal in (b"Korst", b"Oudegracht", b"68750110", b"121.00", b"sandbox-secret"):
        assert personal not in told


def test_an_error_is_told_by_its_class_alone(home: Installation, collector: Collector) -> None:
    send_traces_to(home, collector.url)
    home.exact.order("toggles", {"maintenance": True})
    try:
        home.run_process("pull")
    finally:
        home.exact.order("toggles", {"maintenance": False})
    (pull,) = [span for span in collector.spans() if span.name == "pull"]
    assert pull.status.code == 2
    assert not pull.status.message
    assert not pull.events
    assert facts(pull)["error.type"] == facts(pull)["incasso.outcome"] == "TransientError"


def test_a_receiver_is_told_of_which_trace_a_call_is_a_part(collector: Collector) -> None:
    tracing = trace.tracing(f"{collector.url}/v1/traces", version="1")
    with Session() as http, tracing, trace.span("follow", ledger="acme"):
        http.request("POST", f"{collector.url}/cases", json={})
        with pytest.raises(UnknownOutcome):
            http.request("POST", f"{collector.url}/hangs-up", headers={"Idempotency-Key": "k"})
    told, lost = (one["traceparent"].split("-") for one in collector.headers)
    call, failed, follow = collector.spans()
    assert told[1] == lost[1] == follow.trace_id.hex()
    assert [told[2], lost[2]] == [call.span_id.hex(), failed.span_id.hex()]
    assert facts(failed)["error.type"] == "UnknownOutcome"
    with Session() as http:
        http.request("POST", f"{collector.url}/cases", json={})
    assert "traceparent" not in collector.headers[-1]


def test_a_collector_that_is_gone_hinders_nobody(home: Installation, collector: Collector) -> None:
    home.amend("incasso.toml", lambda text: f'{text}\n[traces]\nendpoint = "http://127.0.0.1:9/v1/traces"\n')
    began = time.monotonic()
    assert home.run_process("run", "--once").code == 0
    assert time.monotonic() - began < 20


def test_nothing_of_it_is_imported_while_it_is_off(home: Installation) -> None:
    command = [sys.executable, "-X", "importtime", *home.command(["run"])[1:]]
    with subprocess.Popen(
        command, env=home.whole_environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        heard: list[str] = []
        reading = threading.Thread(target=lambda: heard.extend(process.stderr or ()))
        reading.start()
        read_address(process)
        end = time.monotonic() + 60
        while not any("verb done" in line and "report" in line for line in heard) and time.monotonic() < end:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        reading.join()
    imported = [line for line in heard if line.startswith("import time:")]
    assert any("connector.trace" in line for line in imported)
    assert any("requests" in line for line in imported)
    assert not [line for line in imported if "opentelemetry" in line]


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with (
        pytest.raises(ConfigError, match=r"pip install 'incasso-connector\[otel\]'"),
        trace.tracing("http://x", version="1"),
    ):
        pass
