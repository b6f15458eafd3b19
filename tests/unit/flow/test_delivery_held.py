"""What is ready and stays: in the quarantine after a restore, on the brake, and what is for another agency."""

from dataclasses import replace

import pytest
from desk import Desk, closed, invoice
from test_delivery import bring, hand, messages
from test_delivery_asks import go

from connector.config import Ledger
from connector.flow.actions import hold_debtor
from connector.flow.delivery import deliver
from connector.flow.mutations import tell_changes
from connector.flow.runs import Report
from connector.store import journal, quarantine
from connector.store.quarantine import Stage

REASON = "25 of 30 are gone"


def restore(desk: Desk, stage: Stage) -> None:
    """The store is what it was a moment ago, and its agency was asked as far as `stage` says."""
    at = desk.clock.now()
    with desk.store.write() as tx:
        quarantine.begin(tx, at=at, backup_at=at)
        standing = quarantine.read(tx)
        assert standing is not None
        quarantine.reach(tx, "acme", "agency", standing, stage, at=at)


def brake(desk: Desk) -> None:
    with desk.store.write() as tx:
        state = replace(journal.read_ledger_state(tx, "acme"), brake_reason=REASON, brake_since=desk.clock.now())
        journal.write_ledger_state(tx, "acme", state)


def states(desk: Desk) -> dict[str, str]:
    return {one.kind: one.state for one in messages(desk)}


@pytest.fixture
def case_ready(desk: Desk, ledger: Ledger) -> None:
    """A case could not be sent, and may be by now."""
    desk.agency.wire = ["refused"]
    hand(desk, ledger, invoice("1"))
    desk.later(minutes=5)


@pytest.fixture
def payment_ready(desk: Desk, ledger: Ledger) -> None:
    """A case is at the agency, and a payment waits to be told."""
    hand(desk, ledger, invoice("1"))
    bring(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
    tell_changes(desk, ledger, "agency", Report("follow", ledger.name, "run", desk.clock.now()))


@pytest.mark.usefixtures("case_ready")
class TestACase:
    @pytest.mark.parametrize("stage", ["doubted", "told"])
    def test_does_not_leave_while_the_quarantine_stands(self, desk: Desk, ledger: Ledger, stage: Stage) -> None:
        restore(desk, stage)
        go(desk, ledger)
        assert (states(desk), desk.agency.writes) == ({"case.open": "READY"}, 1)

    def test_leaves_when_the_ledger_is_out(self, desk: Desk, ledger: Ledger) -> None:
        restore(desk, "out")
        with desk.store.write() as tx:
            standing = quarantine.read(tx)
            assert standing is not None
            quarantine.leave(tx, "acme", standing, at=desk.clock.now())
        go(desk, ledger)
        assert states(desk) == {"case.open": "DELIVERED"}

    def test_does_not_leave_on_the_brake_and_the_run_says_so_once(self, desk: Desk, ledger: Ledger) -> None:
        brake(desk)
        report = Report("follow", ledger.name, "run", desk.clock.now())
        for _ in range(2):
            deliver(desk, ledger, ledger.sinks[0], desk.agency, report)
        assert (states(desk), report.counts["cases held by the brake"]) == ({"case.open": "READY"}, 1)
        said = f"the brake holds what was to be handed over ({REASON}): look, then incasso release acme"
        assert [(one.text, one.debtor_id) for one in report.remarks] == [(said, "")]

    def test_goes_to_its_own_agency_alone(self, desk: Desk, ledger: Ledger) -> None:
        other = ledger.sinks[0].model_copy(update={"connection": "other"})
        report = Report("follow", ledger.name, "run", desk.clock.now())
        deliver(desk, ledger, other, desk.agency, report)
        assert (states(desk), desk.agency.writes) == ({"case.open": "READY"}, 1)


def test_what_waits_for_its_time_is_not_held_by_a_brake_that_is_off(desk: Desk, ledger: Ledger) -> None:
    desk.agency.wire = ["refused"]
    hand(desk, ledger, invoice("1"))
    report = go(desk, ledger)
    assert (states(desk), report.counts["cases held by the brake"]) == ({"case.open": "READY"}, 0)
    assert report.remarks == []


@pytest.mark.usefixtures("payment_ready")
class TestAPayment:
    def test_does_not_leave_before_the_agency_was_asked(self, desk: Desk, ledger: Ledger) -> None:
        restore(desk, "doubted")
        go(desk, ledger)
        assert states(desk) == {"case.open": "DELIVERED", "case.direct_payment": "READY"}

    def test_leaves_while_cases_are_held(self, desk: Desk, ledger: Ledger) -> None:
        restore(desk, "told")
        go(desk, ledger)
        assert states(desk) == {"case.open": "DELIVERED", "case.direct_payment": "DELIVERED"}

    def test_leaves_on_the_brake(self, desk: Desk, ledger: Ledger) -> None:
        brake(desk)
        report = go(desk, ledger)
        assert states(desk) == {"case.open": "DELIVERED", "case.direct_payment": "DELIVERED"}
        assert (report.counts["cases held by the brake"], report.remarks) == (0, [])

    def test_in_doubt_does_not_go_to_another_agency(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["lost before"]
        go(desk, ledger)
        desk.later(minutes=5)
        other = ledger.sinks[0].model_copy(update={"connection": "other"})
        deliver(desk, ledger, other, desk.agency, Report("follow", ledger.name, "run", desk.clock.now()))
        assert (states(desk)["case.direct_payment"], desk.agency.writes) == ("UNKNOWN", 2)


@pytest.mark.parametrize(("held", "asked", "writes"), [("brake", 1, 1), ("hold", 2, 1), ("", 0, 2)])
def test_a_case_in_doubt_that_should_not_arrive_any_more_is_asked_for(
    desk: Desk, ledger: Ledger, held: str, asked: int, writes: int
) -> None:
    """By its key it would be sent again. What is not there is asked for once more before it is taken back."""
    desk.agency.wire = ["lost before"]
    hand(desk, ledger, invoice("1"))
    desk.later(minutes=5)
    if held == "brake":
        brake(desk)
    elif held:
        hold_debtor(desk, ledger, "d1", reason="asked for time", until=None, actor="anna")
    report = go(desk, ledger)
    assert (report.counts["looked up"], desk.agency.writes) == (asked, writes)
