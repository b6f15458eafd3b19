"""The night: source, store and agency held against each other, and the list of what differs."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from desk import START, Desk, closed, invoice
from pydantic import ValidationError
from test_both_ways import at, euros, payment, payout, sync

from connector.config import Ledger
from connector.errors import ConfigError, QuotaError, TransientError
from connector.flow.handover import hand_over
from connector.flow.nightly import is_due, nightly
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import Report
from connector.model import (
    Accepted,
    CaseView,
    Closed,
    EventPage,
    LineView,
    Merged,
    Money,
    PaymentReversed,
    PaymentView,
    PhaseChanged,
)
from connector.store import agency, differences, journal
from connector.store.differences import Difference


class Portal:
    """How the agency shows its cases; each test changes what it wants to differ."""

    def __init__(self, desk: Desk) -> None:
        self._snapshot = desk.agency.snapshot
        self.payments: list[tuple[str, int]] = []
        self.changes: dict[str, object] = {}
        self.moved: dict[str, int] = {}
        self.extra: tuple[LineView, ...] = ()
        self.asked: list[str] = []
        self.fails_after: tuple[int, Exception] | None = None

    def snapshot(self, case_ref: str) -> CaseView | None:
        if self.fails_after and len(self.asked) >= self.fails_after[0]:
            raise self.fails_after[1]
        self.asked.append(case_ref)
        view = self._snapshot(case_ref)
        if view is None:
            return None
        shown = tuple(PaymentView(payment_id=a, received_on=date(2026, 3, 4), gross=euros(b)) for a, b in self.payments)
        lines = tuple(
            one.model_copy(update={"open": euros(one.open.minor + self.moved.get(one.line_id, 0))})
            for one in view.lines
        )
        return view.model_copy(update={"payments": shown, "lines": lines + self.extra, **self.changes})


@pytest.fixture
def portal(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Portal:
    portal = Portal(desk)
    monkeypatch.setattr(desk.agency, "snapshot", portal.snapshot)
    return portal


@pytest.fixture
def case_ref(desk: Desk, ledger: Ledger, portal: Portal) -> str:
    """Invoice 1 of EUR 100 is at the agency, which has accepted it."""
    return hand_over_all(desk, ledger, invoice("1"))[0]


def hand_over_all(desk: Desk, ledger: Ledger, *rows: object) -> list[str]:
    desk.books.holds(*rows)
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    refs = list(desk.agency.cases)
    desk.agency.feed += [Accepted(id=f"a-{ref}", case_ref=ref, occurred_at=at(0.5), agency_ref="A") for ref in refs]
    sync(desk, ledger)
    return refs


def night(desk: Desk, ledger: Ledger) -> Report:
    desk.later(days=1)
    return nightly(desk, ledger)


def listed(desk: Desk, *, closed: bool = False) -> list[Difference]:
    with desk.store.read() as tx:
        return differences.differences(tx, "acme", closed=closed)


def kinds(desk: Desk) -> list[tuple[str, str, tuple[int | None, int | None, int | None]]]:
    return [(one.kind, one.owner, one.amounts) for one in listed(desk)]


def test_sides_that_agree_leave_the_list_empty(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    report = night(desk, ledger)
    assert kinds(desk) == []
    assert report.counts["cases compared"] == 1


class TestEachKind:
    def test_the_agency_says_another_amount_is_left(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.moved[f"{case_ref}-1"] = 250
        night(desk, ledger)
        assert kinds(desk) == [("balance_differs", "agency", (10_000, 10_000, 10_250))]

    def test_what_the_store_has_not_told_is_the_operators(
        self, desk: Desk, ledger: Ledger, case_ref: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("connector.flow.follow.tell_changes", lambda *_: None)
        sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        night(desk, ledger)
        assert kinds(desk) == [("balance_differs", "operator", (6_000, 10_000, 10_000))]

    def test_the_agency_does_not_know_the_case(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        desk.agency.cases.clear()
        night(desk, ledger)
        assert kinds(desk) == [("case_unknown_there", "agency", (10_000, 10_000, None))]

    def test_the_agency_lists_no_such_line(self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str) -> None:
        portal.changes["lines"] = ()
        night(desk, ledger)
        assert kinds(desk) == [("line_unknown_there", "agency", (10_000, 10_000, None))]

    def test_the_agency_works_a_line_of_which_nobody_knows_here(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.extra = (LineView(line_id="x-9", open=euros(700)),)
        night(desk, ledger)
        assert kinds(desk) == [("line_unknown_here", "agency", (None, None, 700))]

    def test_a_payment_vanishes_without_an_event(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.payments = [("P1", 4_000), ("P2", 1_000)]
        desk.agency.feed += [payment(case_ref, 4_000), payment(case_ref, 1_000, name="P2")]
        sync(desk, ledger)
        night(desk, ledger)
        assert kinds(desk) == []
        portal.payments = [("P2", 1_000)]
        portal.moved[f"{case_ref}-1"] = 4_000
        night(desk, ledger)
        assert kinds(desk) == [("payment_vanished", "agency", (None, 4_000, 0))]

    def test_the_last_payment_vanishes_without_an_event(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        desk.agency.feed.append(payment(case_ref, 4_000))
        sync(desk, ledger)
        portal.moved[f"{case_ref}-1"] = 4_000
        night(desk, ledger)
        assert kinds(desk) == [("payment_vanished", "agency", (None, 4_000, 0))]

    def test_an_agency_that_lists_no_payments_has_lost_none(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        desk.agency.feed.append(payment(case_ref, 4_000))
        sync(desk, ledger)
        night(desk, ledger)
        assert kinds(desk) == []

    def test_a_payment_whose_split_would_be_a_guess_is_listed(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.payments = [("P7", 3_000)]
        portal.moved[f"{case_ref}-1"] = -4_000
        night(desk, ledger)
        assert ("payment_untold", "agency", (None, 0, 3_000)) in kinds(desk)

    def test_a_payment_has_another_amount_there(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        desk.agency.feed.append(payment(case_ref, 4_000))
        sync(desk, ledger)
        portal.payments = [("P1", 4_100)]
        night(desk, ledger)
        assert kinds(desk) == [("payment_differs", "agency", (None, 4_000, 4_100))]

    def test_a_payment_that_was_undone_is_still_shown(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        undone = PaymentReversed(id="u", case_ref=case_ref, occurred_at=at(5), payment_id="P1")
        desk.agency.feed += [payment(case_ref, 4_000), undone]
        sync(desk, ledger)
        portal.payments = [("P1", 4_000)]
        portal.moved[f"{case_ref}-1"] = 4_000
        night(desk, ledger)
        assert kinds(desk) == [("payment_differs", "agency", (None, 0, 4_000))]

    @pytest.mark.parametrize(
        ("axis", "word"), [("closure", "uncollectable"), ("phase", "judicial"), ("handover", "under_review")]
    )
    def test_the_snapshot_contradicts_the_events(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str, axis: str, word: str
    ) -> None:
        portal.changes[axis] = word
        night(desk, ledger)
        assert [(one.kind, one.owner) for one in listed(desk)] == [("standing_differs", "agency")]
        assert word.replace("_", " ") in listed(desk)[0].seen

    def test_the_case_was_closed_as_paid_and_the_source_shows_it_open(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(2), closure="paid"))
        sync(desk, ledger)
        portal.changes["closure"] = "paid"
        night(desk, ledger)
        assert kinds(desk) == [("open_at_source", "credit controller", (10_000, 10_000, 10_000))]

    def test_a_paid_case_whose_pay_out_is_to_come_is_no_difference(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        desk.agency.feed += [
            payment(case_ref, 10_000),
            Closed(id="c", case_ref=case_ref, occurred_at=at(2), closure="paid"),
        ]
        sync(desk, ledger)
        portal.changes["closure"] = "paid"
        portal.payments = [("P1", 10_000)]
        night(desk, ledger)
        assert kinds(desk) == []

    def test_the_source_is_settled_and_the_agency_collects(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        sync(desk, ledger, invoice("1", state="closed", open_minor=0, closed_reason="paid"))
        portal.moved[f"{case_ref}-1"] = 10_000
        night(desk, ledger)
        assert kinds(desk) == [("closed_at_source", "agency", (0, 0, 10_000))]

    def test_an_event_of_a_foreign_case(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        desk.agency.feed.append(Closed(id="c", case_ref="not-ours", occurred_at=at(2), closure="paid"))
        sync(desk, ledger)
        night(desk, ledger)
        assert [(one.kind, one.case_ref, one.owner) for one in listed(desk)] == [
            ("foreign_case", "not-ours", "operator")
        ]

    def test_the_sources_own_total_is_not_the_sum_of_its_rows(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(invoice("1"), control_total=Money(minor=12_500, currency="EUR"))
        pull(desk, ledger)
        assert kinds(desk) == [("control_total", "operator", (12_500, 10_000, None))]
        desk.books.holds(invoice("1"), control_total=Money(minor=10_000, currency="EUR"))
        pull(desk, ledger)
        assert kinds(desk) == []


class TestTakingIn:
    """A payment that the snapshot shows and no event told is a fact all the same."""

    def test_it_is_booked_with_the_split_that_the_balances_show(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.payments = [("P1", 4_500)]
        portal.moved[f"{case_ref}-1"] = -4_000
        report = night(desk, ledger)
        assert report.counts["payments found"] == 1
        assert kinds(desk) == []
        with desk.store.read() as tx:
            parts = [(component, minor) for _, _, component, _, minor in agency.payments(tx, case_ref)]
        assert parts == [("principal", 4_000), ("costs", 500)]

    def test_its_event_counts_when_it_comes_after_all(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.payments = [("P1", 4_500)]
        portal.moved[f"{case_ref}-1"] = -4_000
        night(desk, ledger)
        portal.moved.clear()
        portal.payments = [("P1", 4_000)]
        desk.agency.feed.append(payment(case_ref, 4_000))
        sync(desk, ledger)
        night(desk, ledger)
        with desk.store.read() as tx:
            assert agency.collected(tx, [case_ref]) == {(case_ref, f"{case_ref}-1"): 4_000}
        assert kinds(desk) == []


class TestTheList:
    def test_it_keeps_its_first_night_and_closes_by_itself(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.moved[f"{case_ref}-1"] = 250
        night(desk, ledger)
        first = listed(desk)[0]
        portal.moved[f"{case_ref}-1"] = 300
        night(desk, ledger)
        (second,) = listed(desk)
        assert (second.id, second.first_seen) == (first.id, first.first_seen)
        assert second.last_seen - second.first_seen == timedelta(days=1)
        assert second.agency_minor == 10_300
        portal.moved.clear()
        report = night(desk, ledger)
        assert report.counts["differences gone"] == 1
        assert kinds(desk) == []
        (gone,) = listed(desk, closed=True)
        assert (gone.closed_by, gone.closed_why, gone.closed_at) == (
            "incasso",
            "the sides agree again",
            desk.clock.now(),
        )

    def test_what_a_person_closed_comes_back_with_other_amounts_only(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        portal.moved[f"{case_ref}-1"] = 250
        night(desk, ledger)
        with desk.store.write() as tx:
            differences.close(tx, listed(desk)[0].id, at=desk.clock.now(), by="anna", why="the agency rounds")
        night(desk, ledger)
        assert kinds(desk) == []
        portal.moved[f"{case_ref}-1"] = 251
        night(desk, ledger)
        assert len(kinds(desk)) == 1

    def test_a_perhaps_paid_claim_is_a_task_and_no_difference(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        sync(desk, ledger, invoice("1", 6_000))
        night(desk, ledger)
        assert kinds(desk) == []

    def test_a_case_with_a_message_under_way_is_left_for_the_next_night(
        self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
    ) -> None:
        desk.agency.wire.append("refused")
        sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        assert night(desk, ledger).counts["cases not compared"] == 1
        assert portal.asked == []

    def test_a_merged_case_is_not_asked_about(self, desk: Desk, ledger: Ledger, portal: Portal, case_ref: str) -> None:
        desk.agency.feed.append(Merged(id="m", case_ref=case_ref, occurred_at=START, into_agency_ref="A-9"))
        sync(desk, ledger)
        night(desk, ledger)
        assert portal.asked == []


class TestBounds:
    @pytest.fixture
    def refs(self, desk: Desk, ledger: Ledger, portal: Portal) -> list[str]:
        return hand_over_all(desk, ledger, *(invoice(str(n), debtor_id=f"d{n}") for n in range(1, 4)))

    def test_the_next_night_goes_on_where_this_one_stopped(
        self, desk: Desk, ledger: Ledger, portal: Portal, refs: list[str]
    ) -> None:
        few = ledger.model_copy(update={"nightly_cases": 2})
        report = night(desk, few)
        assert len(portal.asked) == 2
        assert "the next one goes on" in report.remarks[0].text
        night(desk, few)
        assert len(portal.asked) == 4
        assert set(portal.asked) == set(refs), "the one that waited came first"

    def test_without_calls_left_the_night_ends_and_says_so(
        self, desk: Desk, ledger: Ledger, portal: Portal, refs: list[str]
    ) -> None:
        portal.fails_after = (1, QuotaError("no calls left", until=desk.clock.now()))
        report = night(desk, ledger)
        assert report.outcome == "ok"
        assert "takes no more calls" in report.remarks[0].text
        assert not is_due(desk, ledger)
        portal.fails_after = None
        night(desk, ledger)
        assert set(portal.asked) == set(refs)

    def test_a_night_that_broke_off_is_taken_up_at_the_next_visit(
        self, desk: Desk, ledger: Ledger, portal: Portal, refs: list[str]
    ) -> None:
        portal.fails_after = (1, TransientError("out of order"))
        with pytest.raises(TransientError):
            night(desk, ledger)
        assert is_due(desk, ledger)
        portal.fails_after = None
        nightly(desk, ledger)
        assert sorted(portal.asked) == sorted(refs), "each was asked about once"


@pytest.mark.parametrize(
    ("local", "due"), [("2026-03-02T03:29", False), ("2026-03-02T03:30", True), ("2026-03-02T23:59", True)]
)
def test_it_is_due_from_its_hour_on_by_the_ledgers_clock(desk: Desk, ledger: Ledger, local: str, due: bool) -> None:
    desk.clock.set(datetime.fromisoformat(f"{local}+01:00"))
    assert is_due(desk, ledger) is due


@pytest.mark.parametrize("hour", ["02:00", "02:59", "24:00", "3:30", "noon"])
def test_an_hour_that_comes_twice_or_never_is_refused(ledger: Ledger, hour: str) -> None:
    with pytest.raises(ValidationError, match="nightly_at"):
        Ledger.model_validate({**vars(ledger), "nightly_at": hour})


def test_an_agency_that_tells_no_standings_is_named_and_ends_no_night(
    desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
) -> None:
    portal.fails_after = (0, ConfigError("no status file was given yet"))
    report = nightly(desk, ledger)
    assert [one.text for one in report.remarks] == ["no status file was given yet"]
    assert not is_due(desk, ledger)


def test_it_is_due_once_a_day(desk: Desk, ledger: Ledger) -> None:
    nightly(desk, ledger)
    assert not is_due(desk, ledger)
    desk.later(hours=12)
    assert not is_due(desk, ledger)
    desk.later(hours=12)
    assert is_due(desk, ledger)


class TestReadingAgain:
    @pytest.fixture
    def feed(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
        """From where the agency's feed was read."""
        starts: list[str | None] = []
        changes = desk.agency.changes

        def noted(cursor: str | None) -> Iterator[EventPage]:
            starts.append(cursor)
            return changes(cursor)

        monkeypatch.setattr(desk.agency, "changes", noted)
        return starts

    def test_an_event_that_slipped_in_late_is_found(
        self, desk: Desk, ledger: Ledger, case_ref: str, feed: list[str | None]
    ) -> None:
        late = PhaseChanged(id="late", case_ref=case_ref, occurred_at=at(1), phase="amicable")
        desk.agency.feed.insert(0, late)
        with desk.store.read() as tx:
            before = journal.read_cursor(tx, "changes:agency")
        report = night(desk, ledger)
        assert (report.counts["events found late"], report.counts["events read again"]) == (1, 1)
        with desk.store.read() as tx:
            assert journal.read_cursor(tx, "changes:agency") == before, "the feed's own place stays"

    def test_it_begins_seven_days_back(self, desk: Desk, ledger: Ledger, case_ref: str, feed: list[str | None]) -> None:
        for day in range(1, 12):
            desk.later(days=1)
            desk.agency.feed.append(PhaseChanged(id=f"{day}", case_ref=case_ref, occurred_at=at(day), phase="judicial"))
            sync(desk, ledger)
        feed.clear()
        nightly(desk, ledger)
        assert feed == ["4"], "on the fourth day four events had been read before"

    def test_ledgers_that_share_an_agency_read_it_again_once(
        self, desk: Desk, ledger: Ledger, case_ref: str, feed: list[str | None]
    ) -> None:
        night(desk, ledger)
        nightly(desk, ledger.model_copy(update={"name": "second"}))
        assert len(feed) == 1


def test_a_pay_out_that_is_booked_keeps_the_sides_equal(
    desk: Desk, ledger: Ledger, portal: Portal, case_ref: str
) -> None:
    portal.payments = [("P1", 4_000)]
    desk.agency.feed.append(payment(case_ref, 4_000))
    desk.agency.payouts.append(payout(case_ref, 4_000))
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000, on=date(2026, 3, 10)))
    night(desk, ledger)
    assert kinds(desk) == []
