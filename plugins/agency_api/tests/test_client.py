"""What odd answers mean: sorted as reliability reference 3.2, rule 4 says."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses

from connector.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    ConnectorError,
    QuotaError,
    RejectedError,
    TransientError,
    UnknownOutcome,
)
from connector.testing import RecordedContext, make_case, make_context, make_mutation
from connector_agency_api.config import AgencyConfig
from connector_agency_api.sink import AgencySink

BASE = "https://agency.example"
KEY = "KEY-0123456789"
GOOD = {
    "case_ref": "IC-2026-000001",
    "agency_ref": "A-1",
    "handover": "received",
    "received_at": "2026-06-01T09:00:00Z",
}


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.fixture
def context() -> RecordedContext:
    return make_context()


@pytest.fixture
def sink(context: RecordedContext) -> AgencySink:
    return AgencySink(AgencyConfig.model_validate({"base_url": f"{BASE}/", "api_key": {"env": "K"}}), context)


def _problem(status: int, code: str = "some_code", **more: Any) -> dict[str, Any]:
    body = {"type": "about:blank", "title": "No", "status": status, "class": "business", "code": code, "message": "No!"}
    return {"json": body | {"retryable": False} | more, "status": status, "content_type": "application/problem+json"}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": "oops"},
        {"status": 502, "json": {"error": "bad gateway"}},
        _problem(503, "maintenance"),
        {"status": 200, "body": "<html>", "content_type": "text/html"},
        {"status": 201, "body": "{", "content_type": "application/json"},
        {"status": 201, "json": ["a list"]},
        {"status": 201, "json": {}},
        {"status": 201, "json": {"agency_ref": ""}},
        {"status": 201, "json": {"agency_ref": 7}},
        {"status": 202, "json": GOOD},
        {"status": 204, "body": ""},
        {"status": 302, "body": "", "headers": {"Location": "https://elsewhere.example/"}},
        {"status": 404, "body": "<html>", "content_type": "text/html"},
        {"status": 400, "json": {"error": "no"}},
        {"status": 422, "json": {"class": "business", "code": 7, "message": "No!"}},
        _problem(409, "in_progress"),
    ],
    ids=lambda answer: str(answer["status"]),
)
def test_whatever_proves_nothing_leaves_a_write_unknown(
    mock: responses.RequestsMock, sink: AgencySink, answer: dict[str, Any]
) -> None:
    mock.post(f"{BASE}/v1/cases", **answer)
    with pytest.raises(UnknownOutcome) as unknown:
        sink.submit(make_case(), key=KEY)
    assert unknown.value.key == KEY
    assert len(mock.calls) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"body": requests.ConnectTimeout()}, TransientError),
        ({"status": 401, "body": "<html>"}, AuthError),
        ({"status": 403, "json": {}}, AuthError),
        ({"status": 429, "body": "slow down"}, QuotaError),
        (_problem(422, "below_minimum", field="total.minor"), RejectedError),
        (_problem(400, "field_invalid"), RejectedError),
        (_problem(409, "idempotency_key_reused"), RejectedError),
    ],
    ids=lambda value: str(value.get("status")) if isinstance(value, dict) else value.__name__,
)
def test_what_is_known_is_said(
    mock: responses.RequestsMock, sink: AgencySink, answer: dict[str, Any], error: type[ConnectorError]
) -> None:
    mock.post(f"{BASE}/v1/cases", **answer)
    with pytest.raises(error):
        sink.submit(make_case(), key=KEY)


def test_a_refusal_is_told_in_the_agencys_words(mock: responses.RequestsMock, sink: AgencySink) -> None:
    mock.post(f"{BASE}/v1/cases", **_problem(422, "below_minimum", field="total.minor", message="At least 25 euro."))
    with pytest.raises(RejectedError) as refused:
        sink.submit(make_case(), key=KEY)
    assert refused.value.reasons == ("below_minimum: total.minor: At least 25 euro.",)
    assert refused.value.message == "The agency refuses: At least 25 euro."


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("90", 90), ("", 60), ("soon", 60), ("Mon, 02 Mar 2026 09:02:00 GMT", 120), ("Mon, 02 Mar 2020 09:02:00 GMT", 1)],
)
def test_the_pause_is_as_long_as_asked_for(
    mock: responses.RequestsMock, sink: AgencySink, context: RecordedContext, header: str, seconds: int
) -> None:
    mock.get(f"{BASE}/v1/ping", status=429, headers={"Retry-After": header} if header else {})
    with pytest.raises(QuotaError) as refused:
        sink.check()
    assert refused.value.until - context.clock.now() == timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [404, 405])
def test_another_server_at_the_address_is_a_matter_of_configuration(
    mock: responses.RequestsMock, sink: AgencySink, status: int
) -> None:
    mock.get(f"{BASE}/v1/ping", status=status, body="<html>", content_type="text/html")
    with pytest.raises(ConfigError, match="base_url"):
        sink.check()


def test_every_call_is_counted_and_carries_the_key(
    mock: responses.RequestsMock, sink: AgencySink, context: RecordedContext
) -> None:
    mock.post(f"{BASE}/v1/cases", json=GOOD, status=201)
    sink.submit(make_case(), key=KEY)
    sent = mock.calls[0].request
    assert sent.headers["Idempotency-Key"] == KEY
    assert sent.headers["Authorization"] == f"Bearer {next(iter(context.secrets.handed_out))}"
    assert context.budgets["agency"].taken == 1


def test_a_file_under_our_reference_counts_only_when_debtor_and_amount_agree(
    mock: responses.RequestsMock, sink: AgencySink
) -> None:
    case = make_case()
    same = {
        "case_ref": case.case_ref, "agency_ref": "A-9", "handover": "accepted", "debtor_id": case.debtor.id,
        "total": {"minor": case.open.minor, "currency": "EUR"},
    }  # fmt: skip
    mock.post(f"{BASE}/v1/cases", **_problem(409, "reference_exists", existing=same))
    receipt = sink.submit(case, key=KEY)
    assert (receipt.reference, receipt.state, receipt.replayed) == ("A-9", "accepted", True)


@pytest.mark.parametrize(
    "existing",
    [
        None,
        "A-9",
        {"agency_ref": "A-9"},
        {"agency_ref": "A-9", "debtor_id": "debtor-1", "total": {"minor": 1, "currency": "EUR"}},
        {"agency_ref": "A-9", "debtor_id": "other", "total": {"minor": 123485, "currency": "EUR"}},
        {"debtor_id": "debtor-1", "total": {"minor": 123485, "currency": "EUR"}},
    ],
)
def test_another_file_under_our_reference_goes_to_a_person(
    mock: responses.RequestsMock, sink: AgencySink, existing: Any
) -> None:
    mock.post(f"{BASE}/v1/cases", **_problem(409, "reference_exists", existing=existing))
    with pytest.raises(ConflictError, match="another case under the reference IC-2026-000001"):
        sink.submit(make_case(), key=KEY)


def test_a_mutation_id_used_for_something_else_goes_to_a_person(mock: responses.RequestsMock, sink: AgencySink) -> None:
    mock.post(f"{BASE}/v1/cases/IC-2026-000001/mutations", **_problem(409, "reference_exists"))
    with pytest.raises(ConflictError):
        sink.mutate(make_mutation("hold"), key=KEY)


def test_a_key_the_agency_could_not_store_never_leaves(sink: AgencySink) -> None:
    for send in (lambda key: sink.submit(make_case(), key=key), sink.find):
        with pytest.raises(RejectedError, match="delivery key"):
            send("not a key/")


@pytest.mark.parametrize(
    "page",
    [{}, {"events": {}}, {"events": [], "next_cursor": "", "has_more": False}, {"events": [], "next_cursor": "c"}],
)
def test_a_page_that_does_not_say_where_it_ends_is_not_believed(
    mock: responses.RequestsMock, sink: AgencySink, page: dict[str, Any]
) -> None:
    mock.get(f"{BASE}/v1/changes", json=page)
    with pytest.raises(TransientError):
        list(sink.changes(None))


def test_a_feed_that_does_not_move_on_is_not_read_for_ever(mock: responses.RequestsMock, sink: AgencySink) -> None:
    mock.get(f"{BASE}/v1/changes", json={"events": [], "next_cursor": "c1", "has_more": True})
    with pytest.raises(TransientError, match="does not move on"):
        list(sink.changes(None))
    assert len(mock.calls) == 2


def test_a_list_of_pay_outs_that_does_not_move_on_is_not_read_for_ever(
    mock: responses.RequestsMock, sink: AgencySink
) -> None:
    mock.get(f"{BASE}/v1/remittances", json={"remittances": [], "next_cursor": "c1", "has_more": True})
    with pytest.raises(TransientError, match="does not move on"):
        list(sink.remittances(None))


def test_a_cursor_the_agency_forgot_starts_the_feed_anew(
    mock: responses.RequestsMock, sink: AgencySink, context: RecordedContext
) -> None:
    mock.get(f"{BASE}/v1/changes", **_problem(410, "cursor_unknown"))
    mock.get(f"{BASE}/v1/changes", json={"events": [], "next_cursor": "c9", "has_more": False})
    (page,) = sink.changes("old")
    assert page.cursor == "c9"
    assert "cursor=old" in str(mock.calls[0].request.url)
    assert "cursor" not in str(mock.calls[1].request.url)
    assert "cursor forgotten" in context.log.text()


def test_a_feed_that_is_gone_altogether_is_not_asked_for_ever(mock: responses.RequestsMock, sink: AgencySink) -> None:
    mock.get(f"{BASE}/v1/changes", **_problem(410, "cursor_unknown"))
    with pytest.raises(RejectedError):
        list(sink.changes("old"))
    assert len(mock.calls) == 2


def test_pay_outs_are_read_over_pages_and_named_by_their_payer(mock: responses.RequestsMock, sink: AgencySink) -> None:
    one = {"minor": 100, "currency": "EUR"}
    nothing = {"minor": 0, "currency": "EUR"}
    paid = {"paid_on": "2026-06-01", "gross": one, "costs": nothing, "vat": nothing, "net": one, "items": [], "new": 1}
    pages = [
        {"remittances": [paid | {"remittance_id": "r1"}], "next_cursor": "c1", "has_more": True},
        {"remittances": [paid | {"remittance_id": "r2", "payer_iban": "NL13TEST0123456789"}], "next_cursor": "c2",
         "has_more": False},
    ]  # fmt: skip
    for page in pages:
        mock.get(f"{BASE}/v1/remittances", json=page)
    assert [(it.remittance_id, it.payer_iban) for it in sink.remittances(None)] == [
        ("r1", ""),
        ("r2", "NL13TEST0123456789"),
    ]


def test_a_pay_out_that_does_not_add_up_is_not_believed(mock: responses.RequestsMock, sink: AgencySink) -> None:
    one, two = {"minor": 100, "currency": "EUR"}, {"minor": 200, "currency": "EUR"}
    paid = {"remittance_id": "r1", "paid_on": "2026-06-01", "gross": one, "costs": one, "vat": one, "net": two}
    mock.get(f"{BASE}/v1/remittances", json={"remittances": [paid], "next_cursor": "c1", "has_more": False})
    with pytest.raises(TransientError, match="does not add up"):
        list(sink.remittances(None))


def test_a_key_that_is_known_without_a_reference_proves_nothing(mock: responses.RequestsMock, sink: AgencySink) -> None:
    mock.get(f"{BASE}/v1/deliveries/{KEY}", json={"key": KEY, "operation": "case", "state": "done", "case_ref": "C"})
    with pytest.raises(TransientError, match="names no reference"):
        sink.find(KEY)


def test_the_limits_the_agency_publishes_become_capabilities(mock: responses.RequestsMock, sink: AgencySink) -> None:
    assert sink.capabilities().minimum == {}
    limits = {
        "minimum": {"EUR": 4000},
        "countries": ["NL"],
        "currencies": ["EUR"],
        "key_life_days": 60,
        "max_processing_seconds": 20,
        "read_lag_seconds": 1,
        "max_document_bytes": 5,
        "per_minute": 10,
    }
    mock.get(f"{BASE}/v1/ping", json={"agency": "x", "api_version": "1.0.0", "time": "2026-06-01T09:00:00Z"})
    mock.get(f"{BASE}/v1/dictionaries", json={"limits": limits})
    sink.check()
    able = sink.capabilities()
    assert (able.minimum, able.countries, able.key_life.days) == ({"EUR": 4000}, frozenset({"NL"}), 60)
    assert (able.max_processing.seconds, able.read_lag.seconds, able.max_document_bytes) == (20, 1, 5)
    assert set(able.mutations.values()) == {"native"}
