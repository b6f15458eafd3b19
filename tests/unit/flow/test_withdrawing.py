"""Asking a case back: its cost first, a state of its own until the agency confirms, and what a refusal does."""

import pytest
from desk import Desk, closed, invoice
from test_both_ways import at, kinds, sync
from test_both_ways import case_ref as _case_ref

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions, withdrawing
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import StoppedError
from connector.model import Closed, Money, Rejected, Withdraw, WithdrawalRefused
from connector.store import cases, people, withdrawals
from connector.store.withdrawals import Withdrawal

case_ref = _case_ref
FEE = Money(minor=2_500, currency="EUR")


def ask_back(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    withdrawing.withdraw(desk, ledger, case_ref, reason="settled", fee_ack=FEE, actor="anna")


def standing(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return list(withdrawals.standing(tx, "acme"))


def last(desk: Desk, case_ref: str) -> Withdrawal:
    with desk.store.read() as tx:
        return withdrawals.of_case(tx, case_ref)[-1]


def open_kinds(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return [task.kind for task in people.tasks(tx, "acme")]


class TestCost:
    def test_the_agency_is_asked_what_it_costs_now(
        self, desk: Desk, ledger: Ledger, case_ref: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []
        monkeypatch.setattr(desk.agency, "withdrawal_cost", lambda ref: asked.append(ref) or FEE, raising=False)
        assert withdrawing.cost(desk, ledger, case_ref) == FEE
        assert asked == [case_ref]
        assert desk.agency.mutations == []

    def test_an_agency_that_cannot_be_asked_does_not_say(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        assert withdrawing.cost(desk, ledger, case_ref) is None

    def test_a_case_that_has_not_left_costs_nothing(self, desk: Desk, ledger: Ledger) -> None:
        ref = queued(desk, ledger)
        assert withdrawing.cost(desk, ledger, ref) == Money(minor=0, currency="EUR")


def queued(desk: Desk, ledger: Ledger) -> str:
    """A case that waits to be sent."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    plan_id = make_plan(desk, ledger)[1].id
    with pytest.raises(StoppedError):
        hand_over(desk, ledger, plan_id, progress=lambda *_: desk.stop.set())
    desk.stop.clear()
    with desk.store.read() as tx:
        (row,) = cases.cases(tx, ledger="acme")
    return row.case_ref


class TestStanding:
    def test_it_stands_until_the_agency_has_closed_the_case(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        follow(desk, ledger)
        (sent,) = desk.agency.mutations
        assert isinstance(sent, Withdraw)
        assert sent.fee_ack == FEE
        assert standing(desk) == [case_ref]
        assert (last(desk, case_ref).asked_by, last(desk, case_ref).fee_minor) == ("anna", 2_500)
        desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(2), closure="withdrawn"))
        follow(desk, ledger)
        assert standing(desk) == []
        assert last(desk, case_ref).outcome == "confirmed"

    @pytest.mark.parametrize("closure", ["paid", "uncollectable"])
    def test_another_closing_ends_it_as_well(self, desk: Desk, ledger: Ledger, case_ref: str, closure: str) -> None:
        ask_back(desk, ledger, case_ref)
        desk.agency.feed.append(Closed(id="c", case_ref=case_ref, occurred_at=at(2), closure=closure))
        follow(desk, ledger)
        assert (standing(desk), last(desk, case_ref).why) == ([], closure)

    def test_no_claim_of_it_goes_anywhere_else_meanwhile(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        follow(desk, ledger)
        with desk.store.read() as tx:
            assert len(cases.live_lines(tx, "acme")) == 1
        report, _ = make_plan(desk, ledger)
        assert report.counts["escalate"] == 0

    def test_payments_still_go(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        sync(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        assert kinds(desk) == [("withdraw", 0), ("direct_payment", 4_000)]

    def test_it_is_asked_once(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        with pytest.raises(ConfigError, match="asked back on 2026-03-02 by anna"):
            ask_back(desk, ledger, case_ref)

    def test_a_case_that_nobody_knows_cannot_be_asked_back(self, desk: Desk, ledger: Ledger) -> None:
        with pytest.raises(ConfigError, match="there is no case acme-none"):
            ask_back(desk, ledger, "acme-none")

    def test_a_case_that_came_back_cannot_be_asked_back(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        desk.agency.feed.append(Rejected(id="x", case_ref=case_ref, occurred_at=at(2), reasons=("no",)))
        follow(desk, ledger)
        with pytest.raises(ConfigError, match="not at the agency any more"):
            withdrawing.cost(desk, ledger, case_ref)

    def test_one_that_has_not_left_is_taken_back_at_once(self, desk: Desk, ledger: Ledger) -> None:
        ref = queued(desk, ledger)
        ask_back(desk, ledger, ref)
        follow(desk, ledger)
        assert desk.agency.writes == 0
        assert (standing(desk), last(desk, ref).outcome) == ([], "taken_back")

    def test_a_hand_over_that_is_refused_after_all_ends_it_as_well(self, desk: Desk, ledger: Ledger) -> None:
        """It was asked back while nobody knew whether it had arrived, of an agency that cannot be asked."""
        desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False})
        desk.agency.wire = ["lost before", "rejected"]
        sync(desk, ledger, invoice("1"))
        hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
        with desk.store.read() as tx:
            (row,) = cases.cases(tx, ledger="acme")
        ask_back(desk, ledger, row.case_ref)
        desk.later(minutes=5)
        follow(desk, ledger)
        assert (standing(desk), desk.agency.cases, desk.agency.mutations) == ([], {}, [])
        found = last(desk, row.case_ref)
        assert (found.outcome, found.why, found.ended_at) == ("confirmed", "no address", desk.clock.now())


class TestRefused:
    def test_by_an_event_it_runs_on_and_a_person_looks(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        follow(desk, ledger)
        said = WithdrawalRefused(id="w", case_ref=case_ref, occurred_at=at(2), reason="summons is out")
        desk.agency.feed.append(said)
        follow(desk, ledger)
        assert standing(desk) == []
        assert (last(desk, case_ref).outcome, last(desk, case_ref).why) == ("refused", "summons is out")
        assert open_kinds(desk) == ["withdrawal_refused"]
        with desk.store.read() as tx:
            assert len(cases.live_lines(tx, "acme")) == 1

    def test_at_the_door_it_runs_on_and_a_person_looks(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        desk.agency.wire.append("rejected")
        ask_back(desk, ledger, case_ref)
        follow(desk, ledger)
        assert (standing(desk), last(desk, case_ref).outcome) == ([], "refused")
        assert open_kinds(desk) == ["rejected"]

    def test_in_words_only_a_person_says_so(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        withdrawing.keep(desk, ledger, case_ref, reason="told by phone", actor="anna")
        assert last(desk, case_ref).outcome == "refused"
        with pytest.raises(ConfigError, match="was not asked back"):
            withdrawing.keep(desk, ledger, case_ref, reason="told by phone", actor="anna")

    def test_it_can_be_asked_back_again(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        ask_back(desk, ledger, case_ref)
        withdrawing.keep(desk, ledger, case_ref, reason="told by phone", actor="anna")
        ask_back(desk, ledger, case_ref)
        follow(desk, ledger)
        assert standing(desk) == [case_ref]


def test_a_person_may_write_while_it_stands(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    ask_back(desk, ledger, case_ref)
    actions.write_message(desk, ledger, case_ref, "as told by phone", actor="anna")
    follow(desk, ledger)
    assert [kind for kind, _ in kinds(desk)] == ["withdraw", "message"]
