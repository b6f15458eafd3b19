"""What happens after hand-over arrives on the other side, and both sides agree to the cent."""

from datetime import UTC, date, datetime, timedelta

import pytest
from desk import START, Desk, closed, invoice

from connector.config import Ledger
from connector.flow import actions
from connector.flow.compare import compare
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.report import report_back
from connector.model import (
    Accepted,
    Allocation,
    Closed,
    InfoRequested,
    Money,
    PaymentReceived,
    PaymentReversed,
    PhaseChanged,
    Question,
    Rejected,
    Remittance,
    RemittanceItem,
    Reopened,
)
from connector.store import cases, items, people
from connector.testing import make_item


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def sync(desk: Desk, ledger: Ledger, *items: object) -> None:
    if items:
        desk.books.holds(*items)
        pull(desk, ledger)
    follow(desk, ledger)


def kinds(desk: Desk) -> list[tuple[str, int]]:
    return [
        (mutation.kind, sum(line.amount.minor for line in getattr(mutation, "lines", ())))
        for mutation in desk.agency.mutations
    ]


@pytest.fixture
def case_ref(desk: Desk, ledger: Ledger) -> str:
    """Invoice 1 of EUR 100 is at the agency."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    return next(iter(desk.agency.cases))


def row_of(desk: Desk, case_ref: str) -> cases.CaseRow:
    with desk.store.read() as tx:
        row = cases.read_case(tx, case_ref)
    assert row is not None
    return row


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def payment(case_ref: str, minor: int, *, name: str = "P1", hours: float = 1) -> PaymentReceived:
    return PaymentReceived(
        id=f"e-{name}",
        case_ref=case_ref,
        occurred_at=at(hours),
        payment_id=name,
        received_on=date(2026, 3, 4),
        gross=euros(minor),
        allocation=(Allocation(component="principal", amount=euros(minor), line_id=f"{case_ref}-1"),),
    )


def payout(case_ref: str, minor: int, *, name: str = "P1", on: date = date(2026, 3, 9)) -> Remittance:
    item = RemittanceItem(
        case_ref=case_ref, payment_id=name, line_id=f"{case_ref}-1", gross=euros(minor), principal=euros(minor)
    )
    return Remittance(
        remittance_id=f"R-{name}",
        paid_on=on,
        gross=euros(minor),
        costs=euros(10),
        vat=euros(2),
        net=euros(minor - 12),
        items=(item,),
    )


def agree(desk: Desk, ledger: Ledger) -> bool:
    compared = compare(desk, ledger)
    return bool(compared) and all(one.agrees for one in compared)


def test_a_direct_payment_is_told_once(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    sync(desk, ledger)
    assert kinds(desk) == [("direct_payment", 4_000)]
    assert agree(desk, ledger)


def test_a_bounced_payment_is_taken_back(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    desk.books.holds(invoice("1"), gone=("t-1-b",))
    pull(desk, ledger)
    follow(desk, ledger)
    assert kinds(desk) == [("direct_payment", 4_000), ("reverse_payment", 4_000)]
    assert agree(desk, ledger)


def test_a_write_off_is_not_called_a_payment(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000, reason="unknown"))
    assert kinds(desk) == [("correct_claim", 4_000)]
    assert agree(desk, ledger)


def test_a_matched_credit_note_is_told_as_one(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    note = make_item(
        id="c1", claim="CR-1", debtor_id="d1", kind="credit_note", state="closed", closed_reason="credited",
        currency="EUR", amount_minor=-4_000, open_minor=0, original_minor=-4_000, number="900",
        settled_on=date(2026, 3, 3),
    )  # fmt: skip
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000, reason="unknown"), note)
    assert kinds(desk) == [("credit_note", 4_000)]


def test_a_credit_note_that_is_taken_back_adds_to_the_claim_again(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000, reason="credited"))
    desk.books.holds(invoice("1"), gone=("t-1-b",))
    pull(desk, ledger)
    follow(desk, ledger)
    assert kinds(desk) == [("credit_note", 4_000), ("correct_claim", 4_000)]
    assert (desk.agency.mutations[-1].direction, desk.agency.mutations[-1].reason) == (
        "up",
        "a credit note was taken back in the ledger",
    )
    assert agree(desk, ledger)


def test_a_write_off_that_is_taken_back_adds_to_the_claim_again(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000, reason="written_off"))
    desk.books.holds(invoice("1"), gone=("t-1-b",))
    pull(desk, ledger)
    follow(desk, ledger)
    assert [(one.direction, one.reason) for one in desk.agency.mutations] == [
        ("down", "closed in the ledger without a payment"),
        ("up", "open again in the ledger"),
    ]
    assert agree(desk, ledger)


def test_half_a_split_tells_nothing_until_it_is_whole(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000))
    assert kinds(desk) == [("hold", 0)]
    with desk.store.read() as tx:
        (task,) = people.tasks(tx, "acme")
    assert task.kind == "perhaps_paid"
    sync(desk, ledger, closed("1", 4_000))
    assert kinds(desk) == [("hold", 0), ("direct_payment", 4_000), ("resume", 0)]
    with desk.store.read() as tx:
        assert people.tasks(tx, "acme") == []


def test_unallocated_money_makes_the_agency_rest_until_it_is_allocated(
    desk: Desk, ledger: Ledger, case_ref: str
) -> None:
    receipt = {
        "id": "r1", "claim": "R-1", "debtor_id": "d1", "kind": "receipt", "currency": "EUR",
        "amount_minor": -4_000, "original_minor": 0, "number": "",
    }  # fmt: skip
    sync(desk, ledger, make_item(**receipt, state="open", open_minor=-4_000))
    assert [kind for kind, _ in kinds(desk)] == ["hold"]
    sync(
        desk,
        ledger,
        make_item(**receipt, state="closed", open_minor=0),
        invoice("1", 6_000),
        closed("1", 4_000),
    )
    assert kinds(desk) == [("hold", 0), ("direct_payment", 4_000), ("resume", 0)]
    assert agree(desk, ledger)


def test_credit_that_was_known_at_hand_over_makes_nobody_rest(desk: Desk, ledger: Ledger) -> None:
    note = {"kind": "credit_note", "original_minor": -1_000}
    desk.books.holds(invoice("1"), invoice("5", -1_000, **note))
    policy = desk.settings.policies["plain"]
    policy.write_text(policy.read_text() + '\n[gates.credit]\nbefore = "escalate"\naccept = "netted"\n')
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    assert len(desk.agency.cases) == 1
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    assert kinds(desk) == [("direct_payment", 4_000)]


def test_the_agencys_own_pay_out_is_not_told_back(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(payment(case_ref, 4_000))
    follow(desk, ledger)
    assert agree(desk, ledger), "collected and not yet booked"
    desk.agency.payouts.append(payout(case_ref, 4_000))
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000, on=date(2026, 3, 10)))
    assert kinds(desk) == []
    assert agree(desk, ledger)


def test_without_the_agencys_pay_outs_nothing_is_told(
    desk: Desk, ledger: Ledger, case_ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another ledger holds the feed: its own money coming in could be taken for a direct payment."""
    monkeypatch.setattr("connector.flow.feeds._FEED_WAIT", 0.0)
    desk.books.holds(invoice("1", 6_000), closed("1", 4_000))
    pull(desk, ledger)
    with desk.store.lock("feed:agency"):
        follow(desk, ledger)
    assert kinds(desk) == []
    follow(desk, ledger)
    assert kinds(desk) == [("direct_payment", 4_000)]


def test_events_count_once_and_in_any_order(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    accepted = Accepted(id="1", case_ref=case_ref, occurred_at=at(1), agency_ref="A-9")
    amicable = PhaseChanged(id="2", case_ref=case_ref, occurred_at=at(2), phase="amicable")
    judicial = PhaseChanged(id="3", case_ref=case_ref, occurred_at=at(3), phase="judicial")
    desk.agency.feed += [judicial, accepted, amicable, accepted, judicial]
    report = follow(desk, ledger)
    assert (report.counts["events"], report.counts["events repeated"]) == (3, 2)
    row = row_of(desk, case_ref)
    assert (row.handover, row.agency_ref, row.phase) == ("accepted", "A-9", "judicial")


def test_a_reversal_may_come_before_its_payment(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    undone = PaymentReversed(id="u", case_ref=case_ref, occurred_at=at(5), payment_id="P1")
    desk.agency.feed += [undone, payment(case_ref, 4_000)]
    follow(desk, ledger)
    from connector.store import agency

    with desk.store.read() as tx:
        assert agency.collected(tx, [case_ref]) == {}


def test_a_closed_case_frees_its_claims_and_a_reopened_one_takes_them_again(
    desk: Desk, ledger: Ledger, case_ref: str
) -> None:
    desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(1), closure="uncollectable"))
    follow(desk, ledger)
    with desk.store.read() as tx:
        assert cases.live_lines(tx, "acme") == []
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    desk.agency.feed.append(Reopened(id="r", case_ref=case_ref, occurred_at=at(2)))
    follow(desk, ledger)
    assert row_of(desk, case_ref).closure == ""
    assert kinds(desk) == [("direct_payment", 4_000)], "what happened while it was closed is told now"


def test_a_reopened_case_leaves_alone_what_went_out_again_meanwhile(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(1), closure="uncollectable"))
    follow(desk, ledger)
    actions.resume_debtor(desk, ledger, "d1", actor="anna")
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    (again,) = desk.agency.cases.keys() - {case_ref}
    desk.agency.feed.append(Reopened(id="r", case_ref=case_ref, occurred_at=at(2)))
    follow(desk, ledger)
    with desk.store.read() as tx:
        assert [line.case_ref for line in cases.live_lines(tx, "acme")] == [again]
        (task,) = people.tasks(tx, "acme")
    assert f"Case {case_ref} is open again, but invoice 1 went out again meanwhile" in task.subject


def test_a_payment_after_the_closing_is_nothing_to_the_agency(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(1), closure="uncollectable"))
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    desk.later(days=30)
    sync(desk, ledger, invoice("1", state="closed", open_minor=0, closed_reason="paid"))
    assert kinds(desk) == []
    with desk.store.read() as tx:
        assert items.dirty_claims(tx, "acme") == []


def test_a_closing_that_comes_after_its_reopening_changes_nothing(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Reopened(id="r", case_ref=case_ref, occurred_at=at(2)))
    desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(1), closure="paid"))
    follow(desk, ledger)
    assert row_of(desk, case_ref).closure == ""
    with desk.store.read() as tx:
        assert len(cases.live_lines(tx, "acme")) == 1


def test_a_late_rejection_frees_the_claims_and_asks_a_person(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Accepted(id="a", case_ref=case_ref, occurred_at=at(1), agency_ref="A-1"))
    desk.agency.feed.append(Rejected(id="x", case_ref=case_ref, occurred_at=at(2), reasons=("unknown address",)))
    follow(desk, ledger)
    row = row_of(desk, case_ref)
    assert (row.handover, row.closure, row.closure_why) == ("rejected", "rejected_late", "unknown address")
    with desk.store.read() as tx:
        assert [task.kind for task in people.tasks(tx, "acme")] == ["rejected"]


def test_a_question_waits_for_a_person_with_its_deadline(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    question = Question(question_id="q1", label="Was the delivery signed for?", type="yes_no")
    desk.agency.feed.append(
        InfoRequested(
            id="i",
            case_ref=case_ref,
            occurred_at=at(1),
            request_id="RQ-1",
            subject="Proof of delivery",
            questions=(question,),
            deadline=date(2026, 3, 20),
        )
    )
    follow(desk, ledger)
    with desk.store.read() as tx:
        (task,) = people.tasks(tx, "acme")
    assert (task.kind, task.key, task.deadline) == ("question", "RQ-1", date(2026, 3, 20))


def test_an_event_of_a_foreign_case_changes_nothing_and_is_shown(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Closed(id="c", case_ref="not-ours", occurred_at=at(1), closure="paid"))
    follow(desk, ledger)
    with desk.store.read() as tx:
        (task,) = people.tasks(tx)
    assert "not-ours" in task.subject


def test_the_ledger_gets_one_note_that_is_kept_up_to_date(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    report_back(desk, ledger)
    report_back(desk, ledger)
    assert len(desk.books.updates) == 1
    desk.agency.feed.append(payment(case_ref, 4_000))
    follow(desk, ledger)
    report_back(desk, ledger)
    first, second = desk.books.updates
    assert first.marker == second.marker
    assert [one.amount.minor for one in second.payments] == [4_000]
    assert "EUR 40.00" in second.body


def test_an_event_that_was_seen_has_its_instant_in_utc(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(PhaseChanged(id="2", case_ref=case_ref, occurred_at=at(2), phase="amicable"))
    follow(desk, ledger)
    assert row_of(desk, case_ref).phase_at == at(2).astimezone(UTC)
