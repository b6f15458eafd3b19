"""What an agency tells ends in one state and one sum of money, whatever the order and however often it is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.flow.events import apply
from connector.model import (
    Accepted,
    ActivityChanged,
    Allocation,
    ApprovalRequested,
    Closed,
    CostAdded,
    Event,
    InfoRequested,
    LineRejected,
    Merged,
    MessageReceived,
    Money,
    PaymentReceived,
    PaymentReversed,
    PhaseChanged,
    Received,
    Rejected,
    Reopened,
    RequestSettled,
    UnderReview,
    Unmapped,
    WithdrawalRefused,
)
from connector.store import Store, Tx, agency, cases, people
from connector.store.cases import CaseRow, LineRow

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
REF = "acme-c1"


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


@contextmanager
def a_case(store: Store) -> Iterator[Tx]:
    """Invoices 1 and 2 of EUR 100 are at the agency. Nothing of it is left after the block."""
    row = CaseRow(
        case_ref=REF, ledger="acme", connection="agency", debtor_id="d1", currency="EUR", plan_id=1,
        opened_at=START, handover="received", handover_at=START, agency_ref="A-1",
    )  # fmt: skip
    lines = [
        LineRow(
            case_ref=REF, line_id=f"{REF}-{n}", ledger="acme", claim=f"INV-{n}", number=str(n),
            handed_minor=10_000, base_paid=0, base_other=0,
        )
        for n in (1, 2)
    ]  # fmt: skip
    with store.write() as tx:
        story = tx.begin_nested()
        cases.open_case(tx, row, lines)
        yield tx
        story.rollback()


def outcome(tx: Tx) -> dict[str, Any]:
    """Everything that a set of events may change, apart from when it was seen."""
    row = cases.read_case(tx, REF)
    assert row is not None
    today = START.date()
    return {
        "case": {name: value for name, value in vars(row).items() if name != "report_due"},
        "live": [line.line_id for line in cases.lines(tx, REF) if line.live],
        "held": sorted({one.key for one in people.holds(tx, "acme") if one.until is None or one.until >= today}),
        "payments": agency.payments(tx, REF),
        "collected": agency.collected(tx, [REF]),
        "costs": agency.costs(tx, REF),
        "tasks": sorted((one.kind, one.key, one.subject) for one in people.tasks(tx)),
    }


def after(store: Store, *events: Event) -> dict[str, Any]:
    with a_case(store) as tx:
        for event in events:
            apply(tx, "agency", event, at=START)
        return outcome(tx)


def about(name: str, hour: float) -> dict[str, Any]:
    return {"id": name, "case_ref": REF, "occurred_at": START + timedelta(hours=hour)}


def payment(name: str, hour: float, *, of: str = "P1", minor: int = 4_000, line: int = 1) -> PaymentReceived:
    part = Allocation(component="principal", amount=euros(minor), line_id=f"{REF}-{line}")
    return PaymentReceived(
        **about(name, hour), payment_id=of, received_on=date(2026, 3, 2), gross=euros(minor), allocation=(part,)
    )


ONE = st.sampled_from((1, 2))
MAKERS: dict[str, Callable[[st.DrawFn, dict[str, Any]], Event]] = {
    "received": lambda draw, it: Received(**it, agency_ref=draw(st.sampled_from(("A-1", "A-2")))),
    "under_review": lambda draw, it: UnderReview(**it, raw="IN BEHANDELING"),
    "accepted": lambda draw, it: Accepted(**it, agency_ref=draw(st.sampled_from(("A-1", "A-2")))),
    "rejected": lambda draw, it: Rejected(**it, reasons=("unknown address",)),
    "line_rejected": lambda draw, it: LineRejected(**it, line_id=f"{REF}-{draw(ONE)}", reason="not plausible"),
    "merged": lambda draw, it: Merged(**it, into_agency_ref=draw(st.sampled_from(("A-8", "A-9")))),
    "phase": lambda draw, it: PhaseChanged(**it, phase=draw(st.sampled_from(("amicable", "judicial")))),
    "activity": lambda draw, it: ActivityChanged(**it, activity=draw(st.sampled_from(("running", "on_hold")))),
    "question": lambda draw, it: InfoRequested(
        **it, request_id=f"R{draw(ONE)}", subject=draw(st.sampled_from(("Contract?", "Delivered?"))), questions=()
    ),
    "approval": lambda draw, it: ApprovalRequested(**it, request_id="R3", subject="Summons?"),
    "settled": lambda draw, it: RequestSettled(**it, request_id=f"R{draw(st.sampled_from((1, 2, 3)))}"),
    "payment": lambda draw, it: payment(
        it["id"], draw(st.integers(0, 5)), of=f"P{draw(ONE)}", minor=draw(st.sampled_from((100, 4_000))), line=draw(ONE)
    ),
    "undone": lambda draw, it: PaymentReversed(**it, payment_id=f"P{draw(ONE)}"),
    "cost": lambda draw, it: CostAdded(
        **it, cost_id=f"K{draw(ONE)}", cost_kind="summons", net=euros(draw(st.integers(1, 3))), vat=euros(0),
        borne_by="creditor",
    ),
    "message": lambda draw, it: MessageReceived(**it, message_id=f"M{draw(ONE)}", text="Please call"),
    "closed": lambda draw, it: Closed(**it, closure=draw(st.sampled_from(("paid", "uncollectable"))), reason="over"),
    "reopened": lambda draw, it: Reopened(**it),
    "refusal": lambda draw, it: WithdrawalRefused(**it, reason="nearly paid"),
    "unmapped": lambda draw, it: Unmapped(**it, raw="GEFOTOGRAFEERD", text="?"),
}  # fmt: skip


@st.composite
def told(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """A set of events as they happened, and the same ones as they were told: mixed up, some of them again."""
    kinds = draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=2, max_size=8))
    # Few hours, so that some happen at one instant.
    events = [MAKERS[kind](draw, about(f"e{number}", draw(st.integers(0, 5)))) for number, kind in enumerate(kinds)]
    again = draw(st.lists(st.sampled_from(events), max_size=4))
    return sorted(events, key=lambda one: (one.occurred_at, one.id)), draw(st.permutations([*events, *again]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told())
def test_any_order_and_repetition_ends_in_one_state_and_one_sum(
    store: Store, story: tuple[list[Event], list[Event]]
) -> None:
    as_it_happened, as_it_was_told = story
    assert after(store, *as_it_was_told) == after(store, *as_it_happened)


ACCEPTED = Accepted(**about("a", 1), agency_ref="A-1")
CLOSED = Closed(**about("c", 5), closure="uncollectable", reason="gone abroad")
REOPENED = Reopened(**about("r", 6))


def test_repeated(store: Store) -> None:
    once = after(store, ACCEPTED, payment("p", 2))
    assert after(store, ACCEPTED, payment("p", 2), payment("p", 2), ACCEPTED) == once
    assert once["collected"] == {(REF, f"{REF}-1"): 4_000}


def test_told_again_under_another_id_a_payment_counts_once(store: Store) -> None:
    told_twice = after(store, payment("p", 2), payment("again", 2))
    assert told_twice["collected"] == {(REF, f"{REF}-1"): 4_000}
    assert told_twice["tasks"] == []


def test_what_names_no_case_reaches_a_person_with_its_text_and_is_no_foreign_case(store: Store) -> None:
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    line = Unmapped(
        id="u-1", case_ref="", occurred_at=at, raw="unreadable file", text="events_a.jsonl, line 2: no JSON"
    )
    for _ in range(2):
        with store.write() as tx:
            apply(tx, "agency", line, at=at)
    with store.read() as tx:
        (task,) = people.tasks(tx, "")
        assert agency.strangers(tx, "agency") == []
    assert task.kind == "unmapped"
    assert "events_a.jsonl, line 2: no JSON" in task.subject


def test_reordered(store: Store) -> None:
    judicial, amicable = (
        PhaseChanged(**about("j", 3), phase="judicial"),
        PhaseChanged(**about("m", 2), phase="amicable"),
    )
    case = after(store, judicial, ACCEPTED, amicable)["case"]
    assert (case["handover"], case["phase"]) == ("accepted", "judicial")


def test_an_answer_that_comes_before_its_question_leaves_nothing_to_do(store: Store) -> None:
    asked = InfoRequested(**about("q", 2), request_id="R1", subject="Contract?", questions=())
    assert after(store, RequestSettled(**about("s", 3), request_id="R1"), asked)["tasks"] == []


def test_late(store: Store) -> None:
    """A word from before the closing changes where the case stood, and not that it is closed."""
    late = PhaseChanged(**about("l", 4), phase="judicial")
    found = after(store, ACCEPTED, CLOSED, late)
    assert (found["case"]["phase"], found["case"]["closure"], found["live"]) == ("judicial", "uncollectable", [])


def test_contradicting_amounts_of_one_payment_go_to_a_person_and_the_last_word_counts(store: Store) -> None:
    found = after(store, payment("new", 3, minor=2_500), payment("old", 2))
    assert found["collected"] == {(REF, f"{REF}-1"): 2_500}
    assert [kind for kind, _, _ in found["tasks"]] == ["contradiction"]


def test_contradicting_a_refusal_by_accepting_takes_the_claims_out_again(store: Store) -> None:
    refused = Rejected(**about("x", 2), reasons=("no address",))
    taken = Accepted(**about("y", 3), agency_ref="A-2")
    found = after(store, ACCEPTED, refused, taken)
    assert (found["case"]["handover"], found["case"]["closure"], found["case"]["agency_ref"]) == ("accepted", "", "A-2")
    assert (len(found["live"]), found["held"]) == (2, [])


def test_a_payment_after_the_closure_is_booked_and_opens_nothing(store: Store) -> None:
    found = after(store, ACCEPTED, CLOSED, payment("p", 7))
    assert found["collected"] == {(REF, f"{REF}-1"): 4_000}
    assert (found["case"]["closure"], found["live"]) == ("uncollectable", [])


@pytest.mark.parametrize("order", [(ACCEPTED, CLOSED, REOPENED), (REOPENED, CLOSED, ACCEPTED)])
def test_reopened(store: Store, order: tuple[Event, ...]) -> None:
    found = after(store, *order)
    assert (found["case"]["closure"], len(found["live"]), found["held"]) == ("", 2, [])


def test_a_line_that_was_refused_stays_at_home_when_the_case_is_reopened(store: Store) -> None:
    refused = LineRejected(**about("l", 2), line_id=f"{REF}-2", reason="not plausible")
    found = after(store, ACCEPTED, refused, CLOSED, REOPENED)
    assert (found["live"], found["held"]) == ([f"{REF}-1"], ["INV-2"])


def test_one_that_was_taken_back_before_it_was_sent_stays_at_home_whatever_is_told(store: Store) -> None:
    with a_case(store) as tx:
        cases.change_case(tx, REF, handover="draft", closure="withdrawn")
        cases.free_lines(tx, REF)
        for event in (Accepted(**about("a", 1), agency_ref="A-9"), payment("p", 2), Reopened(**about("r", 3))):
            assert apply(tx, "agency", event, at=START)
        row = cases.read_case(tx, REF)
        assert row is not None
        assert (row.handover, row.closure, row.agency_ref, row.report_due) == ("draft", "withdrawn", "A-1", True)
        assert [line.live for line in cases.lines(tx, REF)] == [False, False]
        assert agency.collected(tx, [REF]) == {(REF, f"{REF}-1"): 4_000}


def test_merged(store: Store) -> None:
    """The claims of a case that went into another are still at the agency, and its payments still come."""
    merged = Merged(**about("m", 2), into_agency_ref="A-9")
    found = after(store, payment("p", 3), merged, ACCEPTED)
    assert (found["case"]["merged_into"], len(found["live"])) == ("A-9", 2)
    assert found["collected"] == {(REF, f"{REF}-1"): 4_000}
