"""A payment that does not get through is told to a person after a quarter of an hour."""

import pytest
from desk import Desk, closed, invoice
from test_both_ways import case_ref as _case_ref
from test_both_ways import kinds, sync

from connector.config import Ledger
from connector.errors import TransientError
from connector.flow.delay import PAYMENT_DELAY
from connector.flow.follow import follow
from connector.flow.pull import pull
from connector.store import figures, people

case_ref = _case_ref


def alarms(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return [task.subject for task in people.tasks(tx, "acme") if task.kind == PAYMENT_DELAY]


@pytest.fixture
def stuck(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    """The agency takes no writes; a payment of EUR 40 waits."""
    desk.agency.wire += ["refused"] * 9
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))


@pytest.mark.usefixtures("stuck")
def test_not_before_a_quarter_of_an_hour(desk: Desk, ledger: Ledger) -> None:
    desk.later(minutes=15)
    follow(desk, ledger)
    assert alarms(desk) == []


@pytest.mark.usefixtures("stuck")
def test_after_it_once_and_done_when_it_arrived(desk: Desk, ledger: Ledger) -> None:
    with desk.store.read() as tx:
        since = figures.first_waiting(tx, "acme")
    assert since == desk.clock.now()
    desk.later(minutes=16)
    follow(desk, ledger)
    follow(desk, ledger)
    assert len(alarms(desk)) == 1
    assert f"{since:%Y-%m-%d %H:%M} UTC" in alarms(desk)[0]
    desk.agency.wire.clear()
    desk.later(hours=7)
    follow(desk, ledger)
    assert kinds(desk) == [("direct_payment", 4_000)]
    assert alarms(desk) == []


def test_a_parked_payment_still_waits(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False, "idempotent": False})
    desk.agency.wire.append("lost after")
    sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    desk.later(minutes=30)
    follow(desk, ledger)
    assert len(alarms(desk)) == 1


def test_a_payment_that_could_not_even_be_written_down_waits_too(
    desk: Desk, ledger: Ledger, case_ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agency's feed cannot be read, and without its pay-outs nothing is told."""

    def down(_cursor: str | None) -> None:
        raise TransientError("out of order")

    monkeypatch.setattr(desk.agency, "changes", down)
    desk.books.holds(invoice("1", 6_000), closed("1", 4_000))
    pull(desk, ledger)
    desk.later(minutes=16)
    with pytest.raises(TransientError):
        follow(desk, ledger)
    assert len(alarms(desk)) == 1


def test_an_invoice_that_is_perhaps_paid_has_its_own_task(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    sync(desk, ledger, invoice("1", 6_000))
    desk.later(hours=1)
    follow(desk, ledger)
    assert alarms(desk) == []
