"""Perhaps paid freezes a file: the agency rests, and nothing of it leaves the house, until the ledger explains it."""

from datetime import date
from typing import Any

import pytest
from desk import Desk, closed, invoice
from test_both_ways import case_ref as _case_ref
from test_both_ways import kinds, sync

from connector.config import Ledger
from connector.flow import actions
from connector.flow.follow import follow
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.rest import CREDIT_TEXT, HOLE_TEXT, is_ours
from connector.model import Hold
from connector.store import people
from connector.testing import make_item

case_ref = _case_ref
RECEIPT = {
    "id": "r1", "claim": "R-1", "debtor_id": "d1", "kind": "receipt", "currency": "EUR",
    "amount_minor": -4_000, "original_minor": 0, "number": "",
}  # fmt: skip


def names(desk: Desk) -> list[str]:
    return [kind for kind, _ in kinds(desk)]


def vanish(desk: Desk, ledger: Ledger) -> None:
    """The invoice is not in the ledger any more."""
    sync_page(desk, ledger, gone=("t-1",))


def sync_page(desk: Desk, ledger: Ledger, *rows: Any, **changes: Any) -> None:
    desk.books.holds(*rows, **changes)
    pull(desk, ledger)
    follow(desk, ledger)


def open_kinds(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return sorted(task.kind for task in people.tasks(tx, "acme"))


@pytest.mark.usefixtures("case_ref")
class TestPerhapsPaid:
    def test_the_agency_rests_once_until_the_ledger_explains_it(self, desk: Desk, ledger: Ledger) -> None:
        vanish(desk, ledger)
        follow(desk, ledger)
        follow(desk, ledger)
        assert names(desk) == ["hold"]
        (hold,) = desk.agency.mutations
        assert isinstance(hold, Hold)
        assert (hold.reason, hold.until) == (HOLE_TEXT, None)
        assert open_kinds(desk) == ["perhaps_paid"]
        sync_page(desk, ledger, invoice("1"))
        assert names(desk) == ["hold", "resume"]
        assert open_kinds(desk) == []

    def test_what_it_turns_out_to_be_is_told_before_the_agency_goes_on(self, desk: Desk, ledger: Ledger) -> None:
        vanish(desk, ledger)
        sync_page(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        assert kinds(desk) == [("hold", 0), ("direct_payment", 4_000), ("resume", 0)]

    def test_a_person_who_only_ticks_the_task_off_wakes_nobody(self, desk: Desk, ledger: Ledger) -> None:
        vanish(desk, ledger)
        with desk.store.read() as tx:
            (task,) = people.tasks(tx, "acme")
        actions.finish_task(desk, task, outcome="fine", actor="anna")
        follow(desk, ledger)
        assert names(desk) == ["hold"]
        assert open_kinds(desk) == ["perhaps_paid"]

    def test_one_hold_stands_for_both_reasons_and_ends_with_the_last(self, desk: Desk, ledger: Ledger) -> None:
        vanish(desk, ledger)
        sync(desk, ledger, make_item(**RECEIPT, state="open", open_minor=-4_000))
        assert open_kinds(desk) == ["perhaps_paid", "unallocated"]
        sync_page(desk, ledger, invoice("1"))
        assert names(desk) == ["hold"]
        assert open_kinds(desk) == ["unallocated"]
        sync(desk, ledger, make_item(**RECEIPT, state="closed", open_minor=0))
        assert names(desk) == ["hold", "resume"]

    def test_a_persons_hold_outlives_the_ledgers(self, desk: Desk, ledger: Ledger) -> None:
        vanish(desk, ledger)
        until = date(2026, 4, 1)
        actions.hold_debtor(desk, ledger, "d1", reason="asked for time", until=until, actor="anna")
        sync_page(desk, ledger, invoice("1"))
        assert names(desk) == ["hold", "hold"]
        last = desk.agency.mutations[-1]
        assert isinstance(last, Hold)
        assert (last.reason, last.until) == ("asked for time", until)

    def test_the_ledgers_hold_outlives_a_persons(self, desk: Desk, ledger: Ledger) -> None:
        actions.hold_debtor(desk, ledger, "d1", reason="asked for time", until=None, actor="anna")
        vanish(desk, ledger)
        actions.resume_debtor(desk, ledger, "d1", actor="anna")
        follow(desk, ledger)
        assert names(desk) == ["hold", "hold"]
        sync_page(desk, ledger, invoice("1"))
        assert names(desk) == ["hold", "hold", "resume"]


def test_a_claim_at_home_that_is_perhaps_paid_is_not_handed_over(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.books.holds(invoice("1", 6_000))
    pull(desk, ledger)
    report, _ = make_plan(desk, ledger)
    assert report.counts["escalate"] == 0


@pytest.mark.parametrize(
    ("reason", "ours"),
    [(CREDIT_TEXT, True), (HOLE_TEXT, True), (f"{CREDIT_TEXT}; {HOLE_TEXT}", True), ("asked for time", False)],
)
def test_our_own_holds_are_known_by_their_reason(reason: str, ours: bool) -> None:
    assert is_ours(reason) is ours
