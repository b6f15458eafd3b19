"""What comes in: known kinds become our words, everything else goes to a person and stops nothing."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import TransientError
from connector.model import Event, PaymentReceived, Unmapped
from connector_agency_api.incoming import read_event, read_preflight, read_receipt, read_remittance, read_view

SEEN = datetime(2026, 6, 1, 12, tzinfo=UTC)
HEAD = {"id": "evt_1", "case_ref": "C-1", "occurred_at": "2026-06-01T09:00:00Z", "raw": "ONTVANGEN"}
EUR = {"minor": 100, "currency": "EUR"}
_FACTS: dict[str, dict[str, Any]] = {
    "received": {"agency_ref": "A-1"},
    "accepted": {"agency_ref": "A-1"},
    "under_review": {},
    "rejected": {"reasons": ["insolvent"]},
    "line_rejected": {"line_id": "L-1", "reason": "illegible"},
    "merged": {"into_agency_ref": "A-2", "into_case_ref": "C-2"},
    "phase_changed": {"phase": "judicial"},
    "activity_changed": {"activity": "on_hold", "until": "2026-07-01"},
    "info_requested": {
        "request_id": "r", "subject": "s", "questions": [{"question_id": "q", "label": "l", "type": "date"}],
    },
    "approval_requested": {"request_id": "r", "subject": "s", "estimate": EUR, "deadline": "2026-07-01"},
    "request_settled": {"request_id": "r"},
    "payment_received": {
        "payment_id": "p", "received_on": "2026-06-01", "gross": EUR,
        "allocation": [{"component": "principal", "amount": EUR, "line_id": "L-1"}],
    },
    "payment_reversed": {"payment_id": "p"},
    "cost_added": {"cost_id": "c", "cost_kind": "summons", "net": EUR, "vat": EUR, "borne_by": "creditor"},
    "message_received": {"message_id": "m", "text": "hello"},
    "remittance_paid": {"remittance_id": "rem"},
    "closed": {"closure": "paid"},
    "reopened": {},
    "withdrawal_refused": {"reason": "costs were made"},
}  # fmt: skip


def test_every_kind_of_event_the_model_knows_is_tried_here() -> None:
    kinds = {get_args(event.model_fields["kind"].annotation)[0] for event in get_args(get_args(Event)[0])}
    assert kinds - {"unmapped"} == set(_FACTS)


@pytest.mark.parametrize("kind", _FACTS)
def test_an_event_becomes_our_word_and_new_fields_are_passed_over(kind: str) -> None:
    event = read_event(HEAD | {"kind": kind, "from_tomorrow": [1]} | _FACTS[kind], SEEN)
    assert (event.kind, event.id, event.case_ref, event.raw) == (kind, "evt_1", "C-1", "ONTVANGEN")
    assert event.occurred_at == datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_new_fields_are_passed_over_in_depth() -> None:
    facts = _FACTS["payment_received"]
    allocation = [facts["allocation"][0] | {"new": 1, "amount": EUR | {"new": 2}}]
    event = read_event(HEAD | {"kind": "payment_received"} | facts | {"allocation": allocation}, SEEN)
    assert isinstance(event, PaymentReceived)
    assert event.allocation[0].amount.minor == 100


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (HEAD | {"kind": "photographed"}, "unknown kind 'photographed'"),
        (HEAD, "unknown kind ''"),
        (HEAD | {"kind": "phase_changed", "phase": "on_the_moon"}, "phase_changed: phase_changed.phase"),
        (HEAD | {"kind": "received"}, "received: received.agency_ref: Field required"),
        (HEAD | {"kind": "payment_received"} | _FACTS["payment_received"] | {"gross": EUR | {"minor": 1.5}},
         "payment_received.gross.minor"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_our_words_is_unmapped(entry: dict[str, Any], text: str) -> None:
    event = read_event(entry, SEEN)
    assert isinstance(event, Unmapped)
    assert (event.id, event.case_ref) == ("evt_1", "C-1")
    assert text in event.text


def test_an_event_without_an_id_gets_one_that_is_the_same_the_next_time() -> None:
    entry = {"kind": "photographed", "case_ref": "C-1"}
    first, again = read_event(entry, SEEN), read_event(dict(entry), SEEN)
    assert first.id == again.id
    assert first.id.startswith("digest:")
    assert read_event(entry | {"case_ref": "C-2"}, SEEN).id != first.id
    assert first.occurred_at == SEEN


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["id", "kind", "case_ref", "occurred_at", "raw", "gross"]), inner)
        ),
    )
)
def test_no_entry_stops_the_feed(entry: Any) -> None:
    assert read_event(entry, SEEN).id


def test_a_view_that_is_none_is_not_believed() -> None:
    with pytest.raises(TransientError, match="CaseView"):
        read_view({"case_ref": "C-1"})


def test_a_preflight_may_come_without_a_price() -> None:
    assert read_preflight({"findings": []}).price is None
    with pytest.raises(TransientError, match="no list findings"):
        read_preflight({"price": EUR})


def test_a_pay_out_in_two_currencies_is_an_answer_that_cannot_be_read() -> None:
    paid = {"remittance_id": "r", "paid_on": "2026-06-01", "gross": EUR, "costs": EUR, "vat": EUR, "net": EUR}
    with pytest.raises(TransientError):
        read_remittance(paid | {"vat": {"minor": 100, "currency": "USD"}})


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"agency_ref": "A", "handover": "received"}, "received"),
        ({"agency_ref": "A", "handover": "accepted"}, "accepted"),
        ({"reference": "booking_1"}, "done"),
    ],
)
def test_a_receipt_says_how_far_it_is(body: dict[str, str], state: str) -> None:
    receipt = read_receipt(body, replayed=False)
    assert receipt
    assert receipt.state == state
