"""Both sides held against each other: a case that one side does not know is a difference of its own kind."""

import pytest
from desk import START, Desk, invoice

from connector.config import Ledger
from connector.flow import actions
from connector.flow.compare import Comparison, compare
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import StoppedError
from connector.model import Case, CaseView, Closed, LineView, Merged, Money


@pytest.fixture
def case_ref(desk: Desk, ledger: Ledger) -> str:
    """Invoices 1 and 2, EUR 100 each, are at the agency."""
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    return next(iter(desk.agency.cases))


def told(found: list[Comparison]) -> list[tuple[str, str, int | None, int | None, bool]]:
    return [(one.number, one.standing, one.at_agency, one.difference, one.agrees) for one in found]


def shows(desk: Desk, monkeypatch: pytest.MonkeyPatch, **lines: int) -> None:
    """From now on the agency lists these lines, whatever is asked for."""
    views = tuple(LineView(line_id=key, open=Money(minor=minor, currency="EUR")) for key, minor in lines.items())

    def snapshot(case_ref: str) -> CaseView:
        return CaseView(case_ref=case_ref, agency_ref="A", handover="accepted", lines=views, as_of=START)

    monkeypatch.setattr(desk.agency, "snapshot", snapshot)


def test_both_sides_agree(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    assert told(compare(desk, ledger)) == [("1", "both", 10_000, 0, True), ("2", "both", 10_000, 0, True)]


def test_a_case_the_agency_does_not_know_is_no_zero(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.cases.clear()
    assert told(compare(desk, ledger)) == [
        ("1", "unknown_there", None, None, False),
        ("2", "unknown_there", None, None, False),
    ]


def test_a_paid_invoice_in_a_case_the_agency_does_not_know_differs_too(
    desk: Desk, ledger: Ledger, case_ref: str
) -> None:
    paid = [invoice(number, state="closed", open_minor=0, closed_reason="paid") for number in ("1", "2")]
    desk.books.holds(*paid)
    pull(desk, ledger)
    desk.agency.cases.clear()
    assert [one.agrees for one in compare(desk, ledger)] == [False, False]


def test_an_agency_may_forget_a_closed_case(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=START, closure="uncollectable"))
    follow(desk, ledger)
    desk.agency.cases.clear()
    assert {(one.standing, one.agrees) for one in compare(desk, ledger)} == {("unknown_there", True)}


def test_a_claim_the_agency_does_not_list_is_no_zero(
    desk: Desk, ledger: Ledger, case_ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(desk, monkeypatch, **{f"{case_ref}-1": 10_000})
    assert told(compare(desk, ledger)) == [("1", "both", 10_000, 0, True), ("2", "unknown_there", None, None, False)]


def test_a_claim_that_only_the_agency_has_is_a_difference(
    desk: Desk, ledger: Ledger, case_ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(desk, monkeypatch, **{f"{case_ref}-1": 10_000, f"{case_ref}-2": 10_000, "x-9": 700})
    assert told(compare(desk, ledger))[2:] == [("x-9", "unknown_here", 700, -700, False)]


class TestTakenBack:
    """A case that was taken back before it was sent should not be at the agency."""

    @pytest.fixture
    def taken_back(self, desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Case:
        desk.books.holds(invoice("1"))
        pull(desk, ledger)
        plan_id = make_plan(desk, ledger)[1].id
        built: list[Case] = []
        monkeypatch.setattr(desk.plugins, "before_handover", lambda case, _sink: built.append(case))
        with pytest.raises(StoppedError):
            hand_over(desk, ledger, plan_id, progress=lambda *_: desk.stop.set())
        desk.stop.clear()
        actions.hold_debtor(desk, ledger, "d1", reason="promised to pay", until=None, actor="anna")
        follow(desk, ledger)
        return built[0]

    def test_it_is_not_compared(self, desk: Desk, ledger: Ledger, taken_back: Case) -> None:
        assert compare(desk, ledger) == []

    def test_it_differs_when_the_agency_works_it_all_the_same(
        self, desk: Desk, ledger: Ledger, taken_back: Case
    ) -> None:
        desk.agency.cases[taken_back.case_ref] = taken_back
        assert told(compare(desk, ledger)) == [("1", "unknown_here", 10_000, -10_000, False)]


def test_a_case_that_went_into_another_is_not_compared(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(Merged(id="m", case_ref=case_ref, occurred_at=START, into_agency_ref="A-9"))
    follow(desk, ledger)
    assert compare(desk, ledger) == []
