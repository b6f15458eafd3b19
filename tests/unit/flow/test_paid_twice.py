"""Both paid at once: the debtor paid the creditor and the agency, together more than the claim."""

from datetime import date

import pytest
from desk import Desk, closed, invoice
from test_both_ways import at, kinds, payment, payout, sync
from test_both_ways import case_ref as _case_ref

from connector.config import Ledger
from connector.flow import actions
from connector.flow.follow import follow
from connector.flow.nightly import nightly
from connector.flow.paid_twice import PAID_TWICE, flag
from connector.flow.pull import pull
from connector.model import Closed, PaymentReversed
from connector.store import people
from connector.store.people import Task

case_ref = _case_ref


def twice(desk: Desk) -> list[Task]:
    with desk.store.read() as tx:
        return [task for task in people.tasks(tx, "acme") if task.kind == PAID_TWICE]


def paid_here(desk: Desk, ledger: Ledger, *, on: date = date(2026, 3, 3)) -> None:
    changes = {"state": "closed", "open_minor": 0, "closed_reason": "paid", "settled_on": on}
    sync(desk, ledger, invoice("1", **changes))


@pytest.fixture
def both(desk: Desk, ledger: Ledger, case_ref: str) -> str:
    """EUR 100 to the creditor on 3 March, EUR 40 to the agency on 4 March, on a claim of EUR 100."""
    desk.agency.feed.append(payment(case_ref, 4_000))
    paid_here(desk, ledger)
    return case_ref


def test_a_person_is_told_both_amounts_the_days_and_who_pays_back(desk: Desk, both: str) -> None:
    (task,) = twice(desk)
    assert task.case_ref == both
    assert task.subject == (
        "Invoice 1 was paid twice: EUR 100.00 to the creditor (2026-03-03) and EUR 40.00 to the agency (2026-03-04) "
        "on a claim of EUR 100.00. The agency has to pay EUR 40.00 back to the debtor."
    )
    assert (task.body["excess_minor"], task.body["pays_back"]) == (4_000, "agency")


def test_whoever_got_the_last_payment_pays_back(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(payment(case_ref, 4_000))
    paid_here(desk, ledger, on=date(2026, 3, 5))
    assert twice(desk)[0].body["pays_back"] == "creditor"


def test_the_creditor_pays_back_what_the_agency_has_paid_out(desk: Desk, ledger: Ledger, both: str) -> None:
    desk.agency.payouts.append(payout(both, 4_000))
    follow(desk, ledger)
    assert twice(desk)[0].body["pays_back"] == "creditor"


def test_of_each_agency_its_own_claims_are_looked_at(desk: Desk, ledger: Ledger, both: str) -> None:
    assert (flag(desk, ledger, "elsewhere"), flag(desk, ledger, "agency")) == (0, 1)
    assert twice(desk)[0].case_ref == both


def test_it_is_said_once(desk: Desk, ledger: Ledger, both: str) -> None:
    (task,) = twice(desk)
    actions.finish_task(desk, task, outcome="the agency paid back", actor="anna")
    follow(desk, ledger)
    assert twice(desk) == []


def test_more_of_it_is_said_again(desk: Desk, ledger: Ledger, both: str) -> None:
    (task,) = twice(desk)
    actions.finish_task(desk, task, outcome="the agency paid back", actor="anna")
    desk.agency.feed.append(payment(both, 1_000, name="P2"))
    follow(desk, ledger)
    assert [one.body["excess_minor"] for one in twice(desk)] == [5_000]


def test_it_closes_when_the_agency_undoes_its_payment(desk: Desk, ledger: Ledger, both: str) -> None:
    desk.agency.feed.append(PaymentReversed(id="u", case_ref=both, occurred_at=at(5), payment_id="P1"))
    follow(desk, ledger)
    assert twice(desk) == []


def test_it_closes_when_the_payment_here_bounces(desk: Desk, ledger: Ledger, both: str) -> None:
    sync(desk, ledger, invoice("1"))
    assert kinds(desk)[-1] == ("reverse_payment", 10_000)
    assert twice(desk) == []


def test_two_payments_that_fit_the_claim_are_no_such_thing(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(payment(case_ref, 4_000))
    sync(desk, ledger, invoice("1", 4_000), closed("1", 6_000))
    assert twice(desk) == []


def test_the_agencys_own_pay_out_is_no_second_payment(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.feed.append(payment(case_ref, 10_000))
    desk.agency.payouts.append(payout(case_ref, 10_000))
    paid_here(desk, ledger, on=date(2026, 3, 10))
    assert twice(desk) == []


def test_a_payment_here_after_the_case_was_closed_as_paid_is_found_by_the_night(
    desk: Desk, ledger: Ledger, case_ref: str
) -> None:
    over = Closed(id="c", case_ref=case_ref, occurred_at=at(2), closure="paid")
    desk.agency.feed += [payment(case_ref, 10_000), over]
    follow(desk, ledger)
    changes = {"state": "closed", "open_minor": 0, "closed_reason": "paid", "settled_on": date(2026, 3, 6)}
    desk.books.holds(invoice("1", **changes))
    pull(desk, ledger)
    follow(desk, ledger)
    assert twice(desk) == []
    nightly(desk, ledger)
    assert [one.body["pays_back"] for one in twice(desk)] == ["creditor"]
