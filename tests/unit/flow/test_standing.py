"""Where a case stands, rule by rule; `test_events.py` holds that the order of arrival does not matter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.flow.standing import SNAPSHOT, Standing, in_order, newest, stand
from connector.model import (
    Accepted,
    ActivityChanged,
    ApprovalRequested,
    Closed,
    Event,
    InfoRequested,
    LineRejected,
    Merged,
    PhaseChanged,
    Received,
    Rejected,
    Reopened,
    RequestSettled,
    UnderReview,
)
from connector.store.cases import CaseRow

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ROW = CaseRow(
    case_ref="acme-c1", ledger="acme", connection="agency", debtor_id="d1", currency="EUR", plan_id=1,
    opened_at=START, handover="unknown", handover_at=START + timedelta(minutes=1), agency_ref="A-0",
    raw_status="NIEUW", closure_why="refused on the wire",
)  # fmt: skip


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def make(kind: Any, at: float, **facts: Any) -> Any:
    return kind(**{"id": f"e{at}", "case_ref": "acme-c1", "occurred_at": hour(at), **facts})


RECEIVED = make(Received, 1, agency_ref="A-1")
REVIEW = make(UnderReview, 2)
QUESTION = make(InfoRequested, 3, request_id="R1", subject="Contract?", questions=())
SETTLED = make(RequestSettled, 4, request_id="R1")
ACCEPTED = make(Accepted, 5, agency_ref="A-2")
REJECTED = make(Rejected, 6, reasons=("too old", "no address"))


def told(*events: Event, row: CaseRow = ROW) -> Standing:
    return stand(row, events)


class TestTheHandOver:
    def test_before_the_agency_speaks_the_delivery_counts(self) -> None:
        now = told(make(PhaseChanged, 1, phase="judicial"))
        assert (now.handover, now.handover_at, now.agency_ref) == ("unknown", ROW.handover_at, "A-0")
        assert (now.phase, now.phase_at, now.closure_why) == ("judicial", hour(1), "")

    def test_a_refusal_on_the_wire_keeps_its_reason_until_the_agency_speaks(self) -> None:
        refused = CaseRow(**{**vars(ROW), "handover": "rejected"})
        assert told(row=refused).closure_why == "refused on the wire"
        assert told(make(ActivityChanged, 1, activity="on_hold"), row=refused).closure_why == "refused on the wire"
        assert told(ACCEPTED, row=refused).closure_why == ""

    def test_step_by_step(self) -> None:
        events = (RECEIVED, REVIEW, QUESTION, SETTLED, ACCEPTED)
        words = [told(*events[: number + 1]) for number in range(5)]
        assert [(one.handover, one.handover_at) for one in words] == [
            ("received", hour(1)),
            ("under_review", hour(2)),
            ("needs_info", hour(3)),
            ("under_review", hour(4)),
            ("accepted", hour(5)),
        ]
        assert [one.agency_ref for one in words] == ["A-1", "A-1", "A-1", "A-1", "A-2"]

    def test_one_that_begins_with_a_word_other_than_received_was_received_when_it_was_opened(self) -> None:
        now = told(SETTLED, REVIEW)
        assert (now.handover, now.handover_at) == ("under_review", hour(2))
        assert told(make(Reopened, 1)).handover_at == START
        # An answer alone says nothing of the hand-over.
        assert told(SETTLED).handover == "unknown"

    def test_a_question_after_it_was_taken_changes_nothing(self) -> None:
        late = make(InfoRequested, 7, request_id="R2", subject="IBAN?", questions=())
        assert told(ACCEPTED, late).handover == "accepted"
        assert told(REJECTED, late).handover == "rejected"

    def test_an_answer_without_an_open_question_changes_nothing(self) -> None:
        now = told(ACCEPTED, make(RequestSettled, 7, request_id="R1"))
        assert (now.handover, now.handover_at) == ("accepted", hour(5))

    def test_a_review_after_it_was_taken_counts_and_after_a_refusal_does_not(self) -> None:
        again = make(UnderReview, 7)
        assert told(ACCEPTED, again).handover == "under_review"
        assert (told(REJECTED, again).handover, told(REJECTED, again).handover_at) == ("rejected", hour(6))

    def test_a_receipt_after_a_refusal_gives_it_its_number_alone(self) -> None:
        now = told(REJECTED, make(Received, 7, agency_ref="A-9"))
        assert (now.handover, now.handover_at, now.agency_ref) == ("rejected", hour(6), "A-9")


class TestTheEnd:
    def test_a_refusal_says_why_and_closes_nothing(self) -> None:
        now = told(RECEIVED, REJECTED)
        assert (now.handover, now.handover_at, now.closure, now.closure_why) == (
            "rejected", hour(6), "", "too old; no address",
        )  # fmt: skip
        assert (now.closure_at, now.before_rejection, now.is_away) == (hour(6), "received", False)

    def test_a_refusal_after_it_was_taken_is_a_closure(self) -> None:
        now = told(ACCEPTED, REJECTED)
        assert (now.closure, now.before_rejection, now.is_away) == ("rejected_late", "accepted", False)

    def test_a_second_refusal_remembers_what_was_before_the_first(self) -> None:
        now = told(ACCEPTED, REJECTED, make(Rejected, 7, reasons=("too old",)))
        assert (now.before_rejection, now.closure, now.closure_why) == ("accepted", "rejected_late", "too old")

    def test_taken_after_all_a_late_refusal_stands_no_more(self) -> None:
        now = told(ACCEPTED, REJECTED, make(Accepted, 7, agency_ref="A-3"))
        assert (now.handover, now.closure, now.closure_at, now.closure_why) == ("accepted", "", hour(7), "")
        assert (now.agency_ref, now.is_away) == ("A-3", True)

    def test_a_closure_that_is_no_refusal_outlives_an_acceptance(self) -> None:
        now = told(make(Closed, 4, closure="paid", reason="paid in full"), ACCEPTED)
        assert (now.closure, now.closure_at, now.closure_why) == ("paid", hour(4), "paid in full")
        assert not now.is_away

    @pytest.mark.parametrize(
        ("before", "word"),
        [((ACCEPTED,), "accepted"), ((REVIEW,), "under_review"), ((ACCEPTED, REJECTED), "accepted"), ((), "received")],
    )
    def test_reopened_it_stands_where_it_stood(self, before: tuple[Event, ...], word: str) -> None:
        over = make(Closed, 7, closure="paid", reason="paid")
        now = told(*before, over, make(Reopened, 8))
        assert (now.handover, now.closure, now.closure_at, now.closure_why) == (word, "", hour(8), "")
        assert now.is_away

    def test_one_that_was_refused_unseen_is_under_review_when_it_is_opened_again(self) -> None:
        refused = CaseRow(**{**vars(ROW), "handover": "rejected"})
        assert told(make(Reopened, 8), row=refused).handover == "received"
        assert Standing(handover="rejected", handover_at=START).before_rejection == "under_review"


def test_the_other_axes_are_kept_apart() -> None:
    now = told(
        ACCEPTED,
        make(PhaseChanged, 6, phase="judicial"),
        make(ActivityChanged, 7, activity="on_hold", raw="RUST"),
        make(Merged, 8, into_agency_ref="A-7"),
        make(LineRejected, 9, line_id="l1", reason="too old"),
        make(LineRejected, 10, line_id="l2", reason="too old"),
        make(ApprovalRequested, 11, request_id="R9", subject="Summons?"),
    )
    assert (now.handover, now.phase, now.phase_at) == ("accepted", "judicial", hour(6))
    assert (now.activity, now.activity_at, now.merged_into) == ("on_hold", hour(7), "A-7")
    assert (now.refused, now.raw_status, now.is_away) == (frozenset({"l1", "l2"}), "RUST", True)


def test_the_agencys_own_word_is_the_last_that_it_said() -> None:
    first, last = make(PhaseChanged, 1, phase="amicable", raw="MINNELIJK"), make(PhaseChanged, 2, phase="judicial")
    assert told(first, last).raw_status == "MINNELIJK"
    assert told(last).raw_status == "NIEUW"


def test_what_is_kept_of_it_is_what_a_case_has() -> None:
    columns = told(ACCEPTED).columns()
    assert columns.keys() <= vars(ROW).keys()
    assert (columns["handover"], columns["agency_ref"]) == ("accepted", "A-2")
    assert columns.keys() == vars(told()).keys() - {"refused", "before_rejection"}


class TestTheOrder:
    def test_of_one_instant_a_hand_over_goes_its_way(self) -> None:
        same = [
            make(kind, 1, id=f"e{9 - place}", **facts)
            for place, (kind, facts) in enumerate(
                [
                    (Received, {"agency_ref": "A"}),
                    (UnderReview, {}),
                    (InfoRequested, {"request_id": "R", "subject": "?", "questions": ()}),
                    (RequestSettled, {"request_id": "R"}),
                    (Accepted, {"agency_ref": "A"}),
                    (Closed, {"closure": "paid", "reason": "paid"}),
                ]
            )
        ]
        assert in_order(reversed(same)) == same

    def test_of_one_instant_and_rank_the_id_decides(self) -> None:
        one, other = make(Merged, 1, id="a", into_agency_ref="A"), make(PhaseChanged, 1, id="b", phase="judicial")
        assert in_order([other, one]) == [one, other]

    def test_what_was_read_off_a_snapshot_yields_to_the_event_of_it(self) -> None:
        read = make(PhaseChanged, 9, id=f"{SNAPSHOT}1", phase="judicial")
        event = make(PhaseChanged, 1, id="e", phase="amicable")
        later = make(PhaseChanged, 2, id="d", phase="judicial")
        assert newest([read, event]) == event
        assert newest([later, event, read]) == later
