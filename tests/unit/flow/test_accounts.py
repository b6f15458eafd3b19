"""What the rule layer sees of stored rows."""

from dataclasses import replace
from datetime import date, timedelta

from desk import Desk, invoice

from connector.config import Ledger
from connector.flow import actions
from connector.flow.accounts import accounts
from connector.flow.pull import pull
from connector.model import Account, HoldFact
from connector.store import journal


def seen(desk: Desk, ledger: Ledger, ahead: int | None = None) -> list[Account]:
    day = desk.clock.today()
    due_by = None if ahead is None else day + timedelta(days=ahead)
    with desk.store.read() as tx:
        return list(accounts(tx, ledger, day, due_by=due_by))


def test_what_is_built_of_rows_is_what_validation_makes(desk: Desk, ledger: Ledger) -> None:
    """Rows are not validated again; a wrong type would show here."""
    desk.books.holds(
        invoice("1"), invoice("2", due_date=None), invoice("3", debtor_id="d2", open_minor=4_000),
        invoice("4", -3_000, kind="credit_note", debtor_id="d2"), invoice("5", state="in_collection"),
    )  # fmt: skip
    pull(desk, ledger)
    actions.hold_debtor(desk, ledger, "d1", reason="asked", until=None, actor="anna", claims=["1"])
    actions.open_dispute(desk, ledger, "d2", reason="never came", claim="", actor="anna")
    found = seen(desk, ledger)
    assert [one.debtor_id for one in found] == ["d1", "d2"]
    for one in found:
        again = Account.model_validate(one.model_dump(warnings="error"))
        assert again == one
        assert again.model_fields_set == one.model_fields_set
        assert {claim.model_fields_set == type(claim).model_fields.keys() for claim in one.claims} == {True}


def test_who_has_nothing_due_is_left_out_on_request(desk: Desk, ledger: Ledger) -> None:
    day = desk.clock.today()
    later = day + timedelta(days=5)
    desk.books.holds(
        invoice("1", due_date=later),
        invoice("2", debtor_id="d2", due_date=day),
        invoice("3", debtor_id="d2", due_date=later),
        invoice("4", debtor_id="d3", due_date=None),
        invoice("5", -3_000, kind="credit_note", debtor_id="d4", due_date=None),
    )
    pull(desk, ledger)
    assert [one.debtor_id for one in seen(desk, ledger)] == ["d1", "d2", "d3", "d4"]
    due = seen(desk, ledger, 0)
    assert [(one.debtor_id, len(one.claims)) for one in due] == [("d2", 2), ("d3", 1)]
    assert [one.debtor_id for one in seen(desk, ledger, 5)] == ["d1", "d2", "d3"]


def test_a_brake_is_a_hold_on_the_whole_ledger(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"), invoice("2", debtor_id="d2"))
    pull(desk, ledger)
    for since, first in ((None, desk.clock.today()), (desk.clock.now() - timedelta(days=3), date(2026, 2, 27))):
        with desk.store.write() as tx:
            state = journal.read_ledger_state(tx, "acme")
            journal.write_ledger_state(tx, "acme", replace(state, brake_reason="25 are gone", brake_since=since))
        brake = HoldFact(scope="ledger", key="acme", since=first, reason="25 are gone", origin="brake")
        assert [one.holds for one in seen(desk, ledger)] == [(brake,), (brake,)]
