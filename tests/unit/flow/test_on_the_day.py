"""A hold that begins later is told to the agency on its first day, if it stands by then; lifted, it is taken back."""

from datetime import date, timedelta
from typing import Any

import pytest
from desk import START, Desk, invoice

from connector.config import Ledger
from connector.flow import actions
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.store import cases

ANNA = "anna"
TODAY = START.date()
SOON = TODAY + timedelta(days=3)


@pytest.fixture
def gone(desk: Desk, ledger: Ledger) -> Ledger:
    """Invoices 1 and 2 of EUR 100 are at the agency, in one case."""
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    return ledger


def hold(desk: Desk, ledger: Ledger, **changes: Any) -> int:
    values = {"reason": "sales", "until": None, "since": SOON, "actor": ANNA}
    return actions.hold_debtor(desk, ledger, "d1", **values | changes)


def told(desk: Desk, ledger: Ledger) -> list[tuple[str, date]]:
    follow(desk, ledger)
    return [(one.kind, one.effective_date) for one in desk.agency.mutations]


def test_a_hold_is_told_on_its_first_day_and_once(desk: Desk, gone: Ledger) -> None:
    assert hold(desk, gone, until=SOON + timedelta(days=9)) == 0
    assert told(desk, gone) == []
    desk.later(days=2)
    assert told(desk, gone) == []
    desk.later(days=1)
    assert told(desk, gone) == [("hold", SOON)]
    assert desk.agency.mutations[0].until == SOON + timedelta(days=9)
    assert told(desk, gone) == [("hold", SOON)]


def test_payments_do_not_wait_behind_it(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone)
    desk.books.holds(invoice("1", open_minor=0, state="closed", closed_reason="paid", settled_on=TODAY), invoice("2"))
    pull(desk, gone)
    assert [kind for kind, _ in told(desk, gone)] == ["direct_payment"]


def test_one_that_was_lifted_before_its_day_is_never_told_nor_taken_back(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone)
    assert actions.resume_debtor(desk, gone, "d1", actor=ANNA) == 1
    desk.later(days=4)
    assert told(desk, gone) == []


def test_one_that_was_told_is_taken_back_when_it_is_lifted(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone)
    desk.later(days=3)
    # Lifted before anything ran that day: told, and taken back.
    assert actions.resume_debtor(desk, gone, "d1", actor=ANNA) == 1
    assert [kind for kind, _ in told(desk, gone)] == ["hold", "resume"]


def test_one_that_was_over_before_anybody_told_it_is_not_told(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone, until=SOON)
    desk.later(days=6)
    assert told(desk, gone) == []


def test_a_late_run_tells_what_still_stands(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone, until=SOON + timedelta(days=9))
    desk.later(days=6)
    assert told(desk, gone) == [("hold", TODAY + timedelta(days=6))]


def test_the_longer_of_two_is_what_the_agency_hears(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone, since=None)
    hold(desk, gone, until=SOON + timedelta(days=1), reason="another")
    desk.later(days=3)
    follow(desk, gone)
    assert [(one.reason, one.until) for one in desk.agency.mutations] == [("sales", None), ("sales", None)]


def test_a_hold_on_a_claim_concerns_the_cases_with_it(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone, claims=("INV-9",))
    desk.later(days=3)
    assert told(desk, gone) == []
    hold(desk, gone, since=SOON + timedelta(days=1), claims=("INV-2",))
    desk.later(days=1)
    assert [kind for kind, _ in told(desk, gone)] == ["hold"]


def test_a_case_that_is_closed_by_then_is_not_told(desk: Desk, gone: Ledger) -> None:
    hold(desk, gone)
    with desk.store.write() as tx:
        [row] = cases.cases(tx, ledger="acme")
        cases.free_lines(tx, row.case_ref)
    desk.later(days=3)
    assert told(desk, gone) == []


def test_an_agency_that_rests_for_the_ledger_hears_it_when_that_ends(desk: Desk, gone: Ledger) -> None:
    desk.books.holds(invoice("1"), invoice("2"), invoice("9", -2_000, original_minor=-2_000))
    pull(desk, gone)
    hold(desk, gone)
    assert [kind for kind, _ in told(desk, gone)] == ["hold"]
    desk.later(days=3)
    assert [kind for kind, _ in told(desk, gone)] == ["hold"]
    desk.books.holds(invoice("1"), invoice("2"), invoice("9", 0, open_minor=0, original_minor=-2_000, state="closed"))
    pull(desk, gone)
    follow(desk, gone)
    assert [(one.kind, getattr(one, "reason", "")) for one in desk.agency.mutations][1:] == [("hold", "sales")]
