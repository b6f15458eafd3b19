"""The rows of a plan against the plan before: new, changed, held, withdrawn, unchanged, undecided."""

import json
from datetime import date, timedelta

import pytest
from desk import Desk, closed, invoice

from connector.cli.plan_table import Shown, show_plan
from connector.config import Ledger
from connector.flow import actions
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.model import OpenItem
from connector.store import plans
from connector.store.plans import Plan

LADDER = """
name = "plain"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 1

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 40
minimum = "50.00"
"""


@pytest.fixture(autouse=True)
def _ladder(desk: Desk) -> None:
    """A reminder on the first day, the agency after 40 days; the invoices of the desk are 30 days late."""
    desk.settings.policies["plain"].write_text(LADDER, encoding="utf-8")


class Days:
    """Pulls, plans and what came of it."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self.desk, self.ledger = desk, ledger

    def plan(self, *rows: OpenItem) -> dict[str, tuple[str, str]]:
        """State and difference by debtor, after these rows came in."""
        if rows:
            self.desk.books.holds(*rows)
            pull(self.desk, self.ledger)
        self.made = make_plan(self.desk, self.ledger)[1]
        return self.rows(self.made)

    def rows(self, plan: Plan) -> dict[str, tuple[str, str]]:
        with self.desk.store.read() as tx:
            return {one.decision.debtor_id: (one.change, one.change_why) for one in plans.decisions(tx, plan.id)}

    def shown(self, capsys: pytest.CaptureFixture[str], *, differing: bool = False, as_json: bool = False) -> str:
        capsys.readouterr()
        show_plan(self.desk, self.ledger, self.made, shown=Shown(differing=differing), as_json=as_json)
        return capsys.readouterr().out


@pytest.fixture
def days(desk: Desk, ledger: Ledger) -> Days:
    return Days(desk, ledger)


def test_a_first_step_is_new_and_then_unchanged(days: Days) -> None:
    assert days.plan(invoice("1")) == {"d1": ("new", "")}
    assert days.plan() == {"d1": ("unchanged", "")}
    assert days.made.counts == {"remind": 1, "unchanged": 1}


def test_a_payment_in_part_changes_the_amount_and_is_named_by_invoice(days: Days) -> None:
    days.plan(invoice("1"), invoice("2"))
    assert days.plan(invoice("1", 4_000), closed("1", 6_000)) == {
        "d1": ("changed", "EUR 200.00 -> EUR 140.00: 1 paid in part, EUR 100.00 -> EUR 40.00")
    }


@pytest.mark.parametrize(
    ("reason", "word"), [("paid", "paid"), ("credited", "credited"), ("written_off", "written off"), ("", "closed")]
)
def test_how_an_invoice_was_settled_is_told(days: Days, reason: str, word: str) -> None:
    days.plan(invoice("1"), invoice("2"))
    gone = invoice("2", open_minor=0, state="closed", closed_reason=reason)
    assert days.plan(gone) == {"d1": ("changed", f"EUR 200.00 -> EUR 100.00: 2 {word}")}


def test_what_was_paid_before_is_not_told_again(days: Days) -> None:
    days.plan(invoice("1", 4_000), closed("1", 6_000))
    credited = invoice("1", 1_500, id="t-1-c", open_minor=0, state="closed", closed_reason="credited")
    assert days.plan(invoice("1", 2_500), closed("1", 6_000), credited) == {
        "d1": ("changed", "EUR 40.00 -> EUR 25.00: 1 credited in part, EUR 40.00 -> EUR 25.00")
    }


def test_a_step_is_withdrawn_once_everything_is_paid(days: Days) -> None:
    days.plan(invoice("1"), invoice("2", debtor_id="d2"))
    paid = invoice("1", open_minor=0, state="closed", closed_reason="paid")
    assert days.plan(paid)["d1"] == ("withdrawn", "remind -> nothing: 1 paid, nothing is open")
    assert days.made.counts == {"none": 1, "remind": 1, "unchanged": 1, "withdrawn": 1}
    assert days.plan() == {"d2": ("unchanged", "")}, "it is told once"
    assert days.plan(invoice("3"))["d1"][0] == "new"


def test_who_only_owes_what_falls_due_later_is_counted_and_his_step_withdrawn(days: Days, desk: Desk) -> None:
    """Nothing of him is due any more: the plan looks at him for the last time."""
    later = desk.clock.today() + timedelta(days=60)
    days.plan(invoice("1"), invoice("2", due_date=later), invoice("3", debtor_id="d2", due_date=later))
    assert days.made.counts == {"none": 1, "remind": 1, "new": 1}
    paid = invoice("1", open_minor=0, state="closed", closed_reason="paid")
    state, why = days.plan(paid)["d1"]
    assert (state, why.partition(",")[0]) == ("withdrawn", "remind -> nothing: 1 paid")
    assert "nothing is open" not in why
    assert days.made.counts == {"none": 2, "withdrawn": 1}
    assert days.plan() == {}
    assert days.made.counts == {"none": 2}


def test_a_step_is_withdrawn_when_too_little_is_left(days: Days, desk: Desk) -> None:
    days.plan(invoice("1"))
    actions.record_steps(
        desk, days.ledger, days.made.id, action="remind", taken_on=desk.clock.today(), channel="post", actor="anna"
    )
    desk.later(days=11)
    assert days.plan() == {"d1": ("changed", "remind -> escalate")}
    (row,) = days.plan(invoice("1", 4_000), closed("1", 6_000)).values()
    state, why = row
    assert state == "withdrawn"
    assert why.startswith("escalate -> nothing: 1 paid in part, EUR 100.00 -> EUR 40.00, ")
    assert why.endswith("Is at least EUR 50.00 open after credit? EUR 40.00 in 1 claim")


def test_a_direct_debit_on_its_way_withdraws_the_step(days: Days) -> None:
    days.plan(invoice("1"))
    (row,) = days.plan(invoice("1", state="in_collection")).values()
    assert row == ("withdrawn", "remind -> nothing: 1 on its way by direct debit, EUR 100.00 is on its way")


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 2, 20)])
def test_a_step_that_was_taken_is_not_withdrawn(days: Days, desk: Desk, day: date) -> None:
    days.plan(invoice("1"), invoice("2", debtor_id="d2"))
    actions.record_steps(desk, days.ledger, days.made.id, action="remind", taken_on=day, channel="post", actor="anna")
    paid = invoice("2", debtor_id="d2", open_minor=0, state="closed", closed_reason="paid")
    assert {state for state, _ in days.plan(paid).values()} == {"none"}


def test_what_was_handed_over_is_not_withdrawn(days: Days, desk: Desk) -> None:
    desk.later(days=11)
    days.plan(invoice("1"))
    hand_over(desk, days.ledger, days.made.id)
    assert days.plan() == {"d1": ("none", "")}
    assert days.plan(invoice("1", open_minor=0, state="closed", closed_reason="paid")) == {}


def test_a_hold_keeps_the_step_back_until_it_is_taken_off(days: Days, desk: Desk) -> None:
    days.plan(invoice("1"))
    actions.hold_debtor(desk, days.ledger, "d1", reason="calls back", until=None, actor="anna")
    assert days.plan() == {"d1": ("held", "remind -> remind held")}
    assert days.made.counts == {"none": 1, "held": 1}
    assert days.plan() == {"d1": ("held", "")}, "it stays in sight"
    actions.resume_debtor(desk, days.ledger, "d1", actor="anna")
    assert days.plan() == {"d1": ("new", "remind held -> remind")}


class TestOnTheScreen:
    @pytest.fixture(autouse=True)
    def second_plan(self, days: Days, desk: Desk) -> None:
        """One debtor of each state."""
        rows = [invoice(str(number), debtor_id=f"d{number}") for number in range(1, 6)]
        days.plan(*rows, invoice("7", debtor_id="d7", due_date=None))
        actions.hold_debtor(desk, days.ledger, "d3", reason="calls back", until=None, actor="anna")
        days.plan(
            invoice("2", 4_000, debtor_id="d2"),
            closed("2", 6_000).model_copy(update={"debtor_id": "d2"}),
            invoice("4", debtor_id="d4", open_minor=0, state="closed", closed_reason="paid"),
            invoice("6", debtor_id="d6"),
        )

    def test_the_states_stand_under_each_other_with_their_counts(
        self, days: Days, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lines = [" ".join(line.split()) for line in days.shown(capsys).splitlines()]
        titles = ["New: 1", "Changed: 1", "Held: 1", "Withdrawn: 1", "Unchanged: 2", "Undecided, a fact is missing: 1"]
        assert [line for line in lines if line in titles] == titles
        text = "\n".join(lines)
        assert "EUR 100.00 -> EUR 40.00: 2 paid in part, EUR 100.00 -> EUR 40.00" in text
        assert "Is there no hold on the debtor? debtor on hold since 2026-03-02: calls back" in text
        assert "remind -> nothing: 4 paid, nothing is open" in text
        assert "1 held: EUR 100.00" in lines
        assert "Against the plan before: 1 new, 1 changed, 1 held, 1 withdrawn, 2 unchanged, 1 undecided." in lines

    def test_only_what_differs(self, days: Days, capsys: pytest.CaptureFixture[str]) -> None:
        shown = days.shown(capsys, differing=True)
        assert "Unchanged:" not in shown
        assert "Undecided" not in shown, "the fact was missing before, too"
        assert "Held: 1" in shown
        document = json.loads(days.shown(capsys, differing=True, as_json=True))
        assert {one["decision"]["debtor_id"]: one["change"] for one in document["decisions"]} == {
            "d2": "changed", "d3": "held", "d4": "withdrawn", "d6": "new",
        }  # fmt: skip

    def test_when_nothing_differs_there_is_no_table(self, days: Days, capsys: pytest.CaptureFixture[str]) -> None:
        days.plan()
        first, *rest = days.shown(capsys, differing=True).splitlines()
        assert first.startswith(f"Plan {days.made.id} of acme")
        assert rest[0] == "4 reminders: EUR 340.00"
