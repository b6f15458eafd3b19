"""The agency on a bad day, seen through the sink: what is surely not processed, what is unknown, what is found."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from connector.errors import AuthError, ConnectorError, QuotaError, TransientError, UnknownOutcome
from connector.model import Event
from connector.testing import RecordedContext, make_case, make_document, make_mutation
from connector_agency_api.sink import AgencySink
from plugins.agency_api.tests.api_cases import hand_over
from plugins.agency_api.tests.sandbox_server import SandboxServer

KEY = "KEY-0123456789"
_LOST = {
    "timeout_before_commit": False,
    "timeout_after_commit": True,
    "drop_before_commit": False,
    "drop_after_commit": True,
    "error_before_commit": False,
    "error_after_commit": True,
    "unavailable": False,
    "html": True,
    "truncated": True,
    "no_reference": True,
}


@pytest.mark.parametrize(("fault", "committed"), _LOST.items())
def test_an_answer_that_proves_nothing_is_unknown_and_found_by_its_key(
    server: SandboxServer, sink: AgencySink, fault: str, committed: bool
) -> None:
    server.fault(fault, on="writes", seconds=1.2)
    with pytest.raises(UnknownOutcome) as lost:
        sink.submit(make_case(), key=KEY)
    assert lost.value.key == KEY
    found = sink.find(KEY)
    assert (found is not None) == committed
    again = sink.submit(make_case(), key=KEY)
    assert again.replayed == committed
    assert found is None or found.reference == again.reference
    assert len(server.control("GET", "cases")["cases"]) == 1


@pytest.mark.parametrize("fault", ["drop_after_commit", "truncated", "error_after_commit"])
def test_mutations_and_documents_are_found_as_cases_are(server: SandboxServer, sink: AgencySink, fault: str) -> None:
    sink.submit(make_case(), key=KEY)
    sends: dict[str, Callable[[str], object]] = {
        "M-KEY": lambda key: sink.mutate(make_mutation("direct_payment"), key=key),
        "D-KEY": lambda key: sink.attach("IC-2026-000001", make_document(), key=key),
        "T-KEY": lambda key: sink.mutate(make_mutation("message"), key=key),
    }
    for key, send in sends.items():
        server.fault(fault, on="writes")
        with pytest.raises(UnknownOutcome) as lost:
            send(key)
        assert lost.value.key == key
        found = sink.find(key)
        assert found
        assert (found.state, found.replayed) == ("done", True)
        assert send(key) == found
    assert server.case("IC-2026-000001")["lines"][0]["direct"]["minor"] == 10


@pytest.mark.parametrize(
    ("fault", "error"),
    [("rate_limited", QuotaError), ("unauthorized", AuthError)],
)
def test_what_was_surely_not_processed_is_said_so(
    server: SandboxServer, sink: AgencySink, fault: str, error: type[ConnectorError]
) -> None:
    server.fault(fault, on="writes", retry_after=90)
    with pytest.raises(error):
        sink.submit(make_case(), key=KEY)
    assert server.control("GET", "cases")["cases"] == []


def test_a_pause_that_is_asked_for_is_told_to_everybody(
    server: SandboxServer, sink: AgencySink, context: RecordedContext
) -> None:
    server.fault("rate_limited", on="reads", retry_after=90)
    with pytest.raises(QuotaError) as refused:
        sink.snapshot("C-1")
    assert (refused.value.until - context.clock.now()).total_seconds() == 90
    assert context.budgets["agency"].refusals == [refused.value.until]


@pytest.mark.parametrize("fault", sorted({*_LOST} - {"no_reference"}))
def test_a_read_that_fails_may_be_repeated(server: SandboxServer, sink: AgencySink, fault: str) -> None:
    server.fault(fault, on="reads", seconds=1.2)
    with pytest.raises(TransientError):
        list(sink.changes(None))
    server.fault(fault, path="/v1/preflight", seconds=1.2)
    with pytest.raises(TransientError):
        sink.preflight(make_case())
    assert next(iter(sink.changes(None))).complete


def test_a_commit_that_comes_late_is_not_there_at_first_and_is_one_case_in_the_end(
    server: SandboxServer, sink: AgencySink
) -> None:
    server.fault("late_commit", on="writes", seconds=0.6)
    with pytest.raises(UnknownOutcome):
        sink.submit(make_case(), key=KEY)
    assert sink.find(KEY) is None
    _wait_for(lambda: sink.find(KEY) is not None)
    assert sink.submit(make_case(), key=KEY).replayed
    assert len(server.control("GET", "cases")["cases"]) == 1


def test_a_request_still_being_worked_is_neither_done_nor_absent(server: SandboxServer, sink: AgencySink) -> None:
    server.fault("slow", on="writes", seconds=0.6)
    with _in_background(lambda: sink.submit(make_case(), key=KEY)):
        _wait_for(lambda: _is_in_progress(sink))
        with pytest.raises(UnknownOutcome, match="still working") as unknown:
            sink.submit(make_case(), key=KEY)
        assert unknown.value.key == KEY
    assert sink.submit(make_case(), key=KEY).replayed
    assert server.control("GET", "counters")["calls"]["in_progress"] == 1


def test_an_agency_that_is_not_there_processed_nothing(open_sink: Callable[..., AgencySink]) -> None:
    gone = open_sink("http://127.0.0.1:1")
    with pytest.raises(TransientError):
        gone.submit(make_case(), key=KEY)


def test_repeated_and_reordered_events_are_delivered_as_the_feed_has_them(
    server: SandboxServer, sink: AgencySink
) -> None:
    hand_over(server, "C-1", scenario="collects")
    server.clock.advance(days=100)
    plain = _events(sink)
    server.fault("duplicate_events", on="reads", path="/v1/changes")
    twice = _events(sink)
    server.fault("reorder_events", on="reads", path="/v1/changes")
    backwards = _events(sink)
    assert twice == [event for event in plain for _ in range(2)]
    assert backwards == plain[::-1]
    assert _events(sink) == plain


def test_faults_are_counted_off_and_can_be_taken_back(server: SandboxServer) -> None:
    server.fault("unavailable", times=2, path="/v1/ping")
    server.fault("html", times=1, path="/v1/changes")
    assert [server.api("GET", "/v1/ping").status_code for _ in range(3)] == [503, 503, 200]
    assert [fault["kind"] for fault in server.control("GET", "faults")["waiting"]] == ["html"]
    server.control("DELETE", "faults")
    assert server.api("GET", "/v1/changes").headers["Content-Type"] == "application/json"
    assert server.control("GET", "counters")["faults"] == {}


def _events(sink: AgencySink) -> list[Event]:
    return [event for page in sink.changes(None) for event in page.events]


def _is_in_progress(sink: AgencySink) -> bool:
    try:
        sink.find(KEY)
    except TransientError as error:
        return "still working" in error.message
    return False


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


@contextmanager
def _in_background(work: Callable[[], object]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
