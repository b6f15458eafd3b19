"""A hand-over leaves out what has changed since the plan, and names it."""

from collections.abc import Callable
from datetime import date

import pytest
from desk import POLICY, Desk, closed, invoice

from connector.config import Ledger
from connector.flow import actions
from connector.flow.handover import hand_over
from connector.flow.letters import record_letter
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.model import LetterFact, OpenItem

ANNA = "anna"
CHANGED = "left out, changed since the plan was made: "
NOT_NOW = "left out, it would not be handed over now: "
TWO_STEPS = POLICY.replace(
    "[[step]]", '[[step]]\nname = "remind"\naction = "remind"\ntitle = "R"\ndays_overdue = 1\n\n[[step]]'
)


class Since:
    """A plan that hands invoices 1 and 2 of d1 over, and what is left out of it after something has changed."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self.desk, self.ledger = desk, ledger
        self.comes(invoice("1"), invoice("2"))
        self.plan_id = make_plan(desk, ledger)[1].id
        desk.later(minutes=5)

    def comes(self, *rows: OpenItem) -> None:
        self.desk.books.holds(*rows)
        pull(self.desk, self.ledger)

    def left_out(self) -> str:
        report = hand_over(self.desk, self.ledger, self.plan_id)
        assert self.desk.agency.cases == {}
        (remark,) = report.remarks
        return remark.text


@pytest.fixture
def since(desk: Desk, ledger: Ledger) -> Since:
    return Since(desk, ledger)


def settled(number: str, reason: str) -> OpenItem:
    return invoice(number, open_minor=0, state="closed", closed_reason=reason)


@pytest.mark.parametrize(
    ("reason", "word"), [("paid", "paid"), ("credited", "credited"), ("written_off", "written off")]
)
def test_a_settled_invoice_is_named_with_how(since: Since, reason: str, word: str) -> None:
    since.comes(settled("2", reason))
    assert since.left_out() == f"{CHANGED}2 {word}; EUR 200.00 -> EUR 100.00"


def test_a_payment_in_part_is_named_with_the_amounts(since: Since) -> None:
    since.comes(invoice("1", 4_000), closed("1", 6_000))
    assert since.left_out() == f"{CHANGED}1 paid in part, EUR 100.00 -> EUR 40.00; EUR 200.00 -> EUR 140.00"


def test_an_invoice_that_came_in_is_named(since: Since) -> None:
    since.comes(invoice("3"))
    assert since.left_out() == f"{CHANGED}3 came in, EUR 100.00; EUR 200.00 -> EUR 300.00"


def test_an_invoice_that_is_not_due_is_named_as_well(since: Since) -> None:
    since.comes(invoice("3", due_date=date(2026, 12, 31)))
    assert since.left_out() == f"{CHANGED}3 came in, EUR 100.00"


def test_everything_paid(since: Since) -> None:
    since.comes(settled("1", "paid"), settled("2", "paid"))
    assert since.left_out() == f"{NOT_NOW}1 paid; 2 paid"


def test_everything_deleted_at_the_source(since: Since) -> None:
    since.desk.books.holds(gone=("t-1", "t-2"))
    pull(since.desk, since.ledger)
    assert since.left_out().startswith(f"{NOT_NOW}1 deleted at the source; 2 deleted at the source")


def test_a_credit_that_came_in(since: Since) -> None:
    since.comes(invoice("9", -2_000, kind="credit_note", original_minor=-2_000))
    assert since.left_out() == f"{NOT_NOW}Is there no open credit? EUR 20.00 not yet matched to an invoice"


SAID: dict[str, tuple[Callable[[Since], object], str]] = {
    "hold": (
        lambda one: actions.hold_debtor(one.desk, one.ledger, "d1", reason="promised", until=None, actor=ANNA),
        f"{NOT_NOW}Is there no hold on the debtor? debtor on hold since 2026-03-02: promised",
    ),
    "dispute of everything": (
        lambda one: actions.open_dispute(one.desk, one.ledger, "d1", reason="broken", claim="", actor=ANNA),
        f"{NOT_NOW}Is there no dispute about everything? disputed since 2026-03-02: broken",
    ),
    "dispute of one invoice": (
        lambda one: actions.open_dispute(one.desk, one.ledger, "d1", reason="broken", claim="INV-2", actor=ANNA),
        f"{CHANGED}2 takes no part any more; EUR 200.00 -> EUR 100.00; Is 2 free of dispute? disputed since 2026-03-02",
    ),
    "kind": (
        lambda one: actions.confirm_kind(one.desk, one.ledger, "d1", "consumer", actor=ANNA),
        f"{NOT_NOW}Is the debtor one of: business, sole trader, public body? consumer",
    ),
    "kind that may go, too": (
        lambda one: actions.confirm_kind(one.desk, one.ledger, "d1", "public_body", actor=ANNA),
        f"{CHANGED}Is the debtor one of: business, sole trader, public body? business -> public body",
    ),
    "letter": (
        lambda one: record_letter(
            one.desk,
            one.ledger,
            "d1",
            LetterFact(kind="interruption", sent_on=date(2026, 3, 1), channel="post", valid="yes"),
            actor=ANNA,
        ),
        f"{CHANGED}a letter was recorded, interruption sent on 2026-03-01",
    ),
}


@pytest.mark.parametrize("said", SAID.values(), ids=list(SAID))
def test_what_somebody_said_is_named(since: Since, said: tuple[Callable[[Since], object], str]) -> None:
    say, told = said
    say(since)
    assert since.left_out().startswith(told)


def test_a_hold_that_is_over_changes_nothing_that_is_told(desk: Desk, ledger: Ledger) -> None:
    since = Since(desk, ledger)
    actions.hold_debtor(desk, ledger, "d1", reason="promised", until=None, actor=ANNA)
    desk.later(days=2)
    actions.resume_debtor(desk, ledger, "d1", actor=ANNA)
    assert since.left_out() == f"{CHANGED}debtor on hold since 2026-03-02 until 2026-03-03: promised"


def test_what_is_kept_nowhere_is_told_as_such(since: Since) -> None:
    since.desk.later(minutes=-5)
    actions.open_dispute(since.desk, since.ledger, "d1", reason="broken", claim="INV-9", actor=ANNA)
    assert since.left_out() == "left out, changed since the plan was made, in something that no condition shows"


def test_another_version_of_the_policy(since: Since) -> None:
    rules = since.desk.settings.policies["plain"]
    rules.write_text(POLICY.replace('version = "1"', 'version = "2"'), encoding="utf-8")
    assert since.left_out().startswith(f"{CHANGED}the policy, plain 1")


def test_a_policy_that_has_another_step_now(since: Since) -> None:
    rules = since.desk.settings.policies["plain"]
    rules.write_text(POLICY.replace("days_overdue = 10", "days_overdue = 90"), encoding="utf-8")
    told = since.left_out()
    assert told.startswith(f"{NOT_NOW}the policy, plain 1")
    assert told.endswith("Is the oldest claim at least 90 days overdue? 30 days: 1 fell due on 2026-01-31")


def test_a_step_that_was_recorded_since(desk: Desk, ledger: Ledger) -> None:
    desk.settings.policies["plain"].write_text(TWO_STEPS, encoding="utf-8")
    desk.books.holds(invoice("4", debtor_id="d4", due_date=date(2026, 2, 27)))
    pull(desk, ledger)
    reminding = make_plan(desk, ledger)[1]
    since = Since(desk, ledger)
    # Both debtors: the plan of before reminds d4 alone, and d1 was called by hand.
    actions.record_steps(
        desk, ledger, reminding.id, action="remind", taken_on=date(2026, 3, 2), channel="post", actor=ANNA
    )
    assert hand_over(desk, ledger, since.plan_id).counts["cases"] == 1, "what d4 got is nothing to d1"
