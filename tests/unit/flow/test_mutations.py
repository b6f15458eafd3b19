"""Telling an agency what changed: each cent once, by number, and nothing while the house is to be silent."""

from dataclasses import replace

import pytest
from desk import Desk, closed, invoice

from connector.config import Ledger
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.mutations import tell_changes
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import Report
from connector.model import OpenItem
from connector.store import items, journal, people, quarantine


def bring(desk: Desk, ledger: Ledger, *rows: OpenItem, gone: tuple[str, ...] = ()) -> None:
    desk.books.holds(*rows, gone=gone)
    pull(desk, ledger)


@pytest.fixture(autouse=True)
def _at_the_agency(desk: Desk, ledger: Ledger) -> None:
    """Invoices 1 and 2 of one debtor are in one case, invoice 3 of another is in its own."""
    bring(desk, ledger, invoice("1"), invoice("2"), invoice("3", debtor_id="d2"))
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    assert len(desk.agency.cases) == 2


def changed(desk: Desk, ledger: Ledger, minor: int = 4_000, *, reason: str = "paid") -> None:
    """Of each invoice the same amount is settled."""
    for number, debtor in (("1", "d1"), ("2", "d1"), ("3", "d2")):
        rows = (invoice(number, 10_000 - minor, debtor_id=debtor), closed(number, minor, reason=reason))
        bring(desk, ledger, rows[0], rows[1].model_copy(update={"debtor_id": debtor}))


def tell(desk: Desk, ledger: Ledger) -> Report:
    report = Report("follow", ledger.name, "run", desk.clock.now())
    tell_changes(desk, ledger, "agency", report)
    return report


def dirty(desk: Desk) -> set[str]:
    with desk.store.read() as tx:
        return set(items.dirty_claims(tx, "acme"))


def told(desk: Desk) -> list[tuple[str, int]]:
    return sorted((one.kind, line.amount.minor) for one in desk.agency.mutations for line in one.lines)


def test_each_change_is_counted_numbered_and_told_once(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    assert tell(desk, ledger).counts["mutations"] == 3
    assert dirty(desk) == set()
    assert tell(desk, ledger).counts["mutations"] == 0
    follow(desk, ledger)
    assert told(desk) == [("direct_payment", 4_000)] * 3
    first, second = sorted(desk.agency.cases.values(), key=lambda case: -len(case.lines))
    assert sorted(one.mutation_id for one in desk.agency.mutations) == sorted(
        [f"{first.case_ref}-1", f"{first.case_ref}-2", f"{second.case_ref}-1"]
    )
    assert {(one.case_ref in desk.agency.cases, str(one.effective_date)) for one in desk.agency.mutations} == {
        (True, "2026-03-02")
    }


@pytest.mark.parametrize(
    ("reason", "kind", "back"),
    [
        ("paid", "direct_payment", "reverse_payment"),
        ("credited", "credit_note", "correct_claim"),
        ("unknown", "correct_claim", "correct_claim"),
    ],
)
def test_a_single_cent_is_told_and_taken_back(desk: Desk, ledger: Ledger, reason: str, kind: str, back: str) -> None:
    bring(desk, ledger, invoice("1", 9_999), closed("1", 1, reason=reason))
    follow(desk, ledger)
    bring(desk, ledger, invoice("1"), gone=("t-1-b",))
    follow(desk, ledger)
    assert [(one.kind, one.lines[0].amount.minor) for one in desk.agency.mutations] == [(kind, 1), (back, 1)]
    if reason == "credited":
        assert (desk.agency.mutations[1].direction, desk.agency.mutations[1].reason) == (
            "up", "a credit note was taken back in the ledger",
        )  # fmt: skip
    if reason == "unknown":
        assert [one.direction for one in desk.agency.mutations] == ["down", "up"]
        assert desk.agency.mutations[0].reason == "closed in the ledger without a payment"
        assert desk.agency.mutations[1].reason == "open again in the ledger"


def test_the_rest_that_is_asked_for_is_counted(desk: Desk, ledger: Ledger) -> None:
    bring(desk, ledger, invoice("1", 6_000))
    assert tell(desk, ledger).counts["mutations"] == 1


def test_the_brake_holds_it_and_says_how_much(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    with desk.store.write() as tx:
        state = replace(journal.read_ledger_state(tx, "acme"), brake_reason="too much is gone")
        journal.write_ledger_state(tx, "acme", state)
    report = tell(desk, ledger)
    assert (report.counts["claims held by the brake"], report.counts["mutations"]) == (3, 0)
    assert dirty(desk) == {"INV-1", "INV-2", "INV-3"}


def test_a_restored_store_tells_nothing_before_it_knows_what_was_told(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    with desk.store.write() as tx:
        quarantine.begin(tx, at=desk.clock.now(), backup_at=desk.clock.now())
    assert tell(desk, ledger).counts["mutations"] == 0
    assert dirty(desk) == {"INV-1", "INV-2", "INV-3"}


def test_as_soon_as_an_agency_was_asked_payments_go_to_it(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    with desk.store.write() as tx:
        quarantine.begin(tx, at=desk.clock.now(), backup_at=desk.clock.now())
        standing = quarantine.read(tx)
        assert standing is not None
        quarantine.reach(tx, "acme", "agency", standing, "told", at=desk.clock.now())
    assert tell(desk, ledger).counts["mutations"] == 3


def test_only_what_has_changed_is_looked_at(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    with desk.store.write() as tx:
        items.clean(tx, "acme", ["INV-2"])
    assert tell(desk, ledger).counts["mutations"] == 2


def test_a_claim_that_is_at_no_agency_any_more_is_forgotten(desk: Desk, ledger: Ledger) -> None:
    with desk.store.write() as tx:
        items.mark_dirty(tx, "acme", ["INV-9"], desk.clock.now())
        items.mark_dirty(tx, "other", ["INV-9"], desk.clock.now())
    tell(desk, ledger)
    with desk.store.read() as tx:
        assert (set(items.dirty_claims(tx, "acme")), set(items.dirty_claims(tx, "other"))) == (set(), {"INV-9"})


def test_of_another_agency_nothing_is_told(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    report = Report("follow", ledger.name, "run", desk.clock.now())
    tell_changes(desk, ledger, "elsewhere", report)
    assert (report.counts["mutations"], dirty(desk)) == (0, {"INV-1", "INV-2", "INV-3"})


class TestAHole:
    """An invoice whose rows do not add up is perhaps paid: no amount is told, a person looks."""

    @staticmethod
    def task(desk: Desk) -> people.Task:
        with desk.store.read() as tx:
            (task,) = people.tasks(tx, "acme")
        return task

    def test_one_that_is_gone(self, desk: Desk, ledger: Ledger) -> None:
        bring(desk, ledger, gone=("t-1",))
        follow(desk, ledger)
        assert self.task(desk).subject == (
            "Invoice 1 is gone from the ledger: perhaps paid. The agency rests until the ledger explains it."
        )

    def test_one_that_does_not_add_up(self, desk: Desk, ledger: Ledger) -> None:
        bring(desk, ledger, invoice("1", 6_000))
        follow(desk, ledger)
        assert self.task(desk).subject == (
            "Invoice 1 does not add up in the ledger: perhaps paid. The agency rests until the ledger explains it."
        )
        assert dirty(desk) == {"INV-1"}

    def test_one_that_was_moved_to_another_debtor(self, desk: Desk, ledger: Ledger) -> None:
        bring(desk, ledger, invoice("1", debtor_id="d2"))
        follow(desk, ledger)
        assert self.task(desk).subject == (
            "Invoice 1 stands with another debtor in the ledger: perhaps paid. "
            "The agency rests until the ledger explains it."
        )

    def test_its_task_ends_when_the_ledger_explains_it(self, desk: Desk, ledger: Ledger) -> None:
        bring(desk, ledger, invoice("1", 6_000))
        follow(desk, ledger)
        bring(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        follow(desk, ledger)
        with desk.store.read() as tx:
            (task,) = people.tasks(tx, "acme", done=True)
        assert task.outcome == "the ledger explains it"


def test_what_could_not_be_written_is_told_by_the_next_run(desk: Desk, ledger: Ledger) -> None:
    changed(desk, ledger)
    desk.agency.wire = ["refused", "refused"]
    follow(desk, ledger)
    assert told(desk) == []
    desk.later(hours=1)
    follow(desk, ledger)
    assert told(desk) == [("direct_payment", 4_000)] * 3
