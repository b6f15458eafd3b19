"""Delivery: what an attempt's end makes of a message, and that nobody who comes late changes anything."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from desk import Desk, closed, invoice
from sqlalchemy import delete

from connector.config import Ledger
from connector.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    ConnectorError,
    RejectedError,
    TransientError,
    UnknownOutcome,
)
from connector.flow.delivery import deliver, note_arrival
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import Report, StoppedError
from connector.model import Accepted, Capabilities, Case, OpenItem, Receipt
from connector.store import StoreError, Tx, cases, journal, outbox, people, quarantine
from connector.store.outbox import Outgoing
from connector.store.tables import document
from connector.testing import make_document


def bring(desk: Desk, ledger: Ledger, *items: OpenItem) -> None:
    desk.books.holds(*items)
    pull(desk, ledger)


def hand(desk: Desk, ledger: Ledger, *items: OpenItem) -> Any:
    bring(desk, ledger, *items)
    return hand_over(desk, ledger, make_plan(desk, ledger)[1].id)


def messages(desk: Desk, case_ref: str = "") -> list[Outgoing]:
    with desk.store.read() as tx:
        rows = cases.cases(tx, ledger="acme")
        return [one for row in rows if case_ref in ("", row.case_ref) for one in outbox.of_case(tx, row.case_ref)]


def case_of(desk: Desk) -> cases.CaseRow:
    with desk.store.read() as tx:
        (row,) = cases.cases(tx, ledger="acme")
    return row


def tasks(desk: Desk) -> list[people.Task]:
    with desk.store.read() as tx:
        return people.tasks(tx, "acme")


def when_writing(desk: Desk, act: Callable[[Case], object]) -> None:
    """While a case is on the wire, `act` happens first."""
    submit = desk.agency.submit

    def slow(case: Case, *, key: str) -> Receipt:
        act(case)
        return submit(case, key=key)

    desk.agency.submit = slow  # type: ignore[method-assign]


def when_asked(desk: Desk, act: Callable[[str], object]) -> None:
    """While a look-up is on the wire, `act` happens first."""
    find = desk.agency.find

    def slow(key: str) -> Receipt | None:
        act(key)
        return find(key)

    desk.agency.find = slow  # type: ignore[method-assign]


def fails(desk: Desk, error: Exception) -> None:
    def act(_case: Case) -> None:
        raise error

    when_writing(desk, act)


class TestSomebodyElseWasQuicker:
    """A worker that slept while another one settled its message changes nothing when it wakes."""

    @staticmethod
    def settles(desk: Desk) -> Callable[..., None]:
        def settle(*_given: object) -> None:
            with desk.store.write() as tx:
                (message,) = outbox.in_state(tx, "acme", "SENDING") or outbox.in_state(tx, "acme", "UNKNOWN")
                assert note_arrival(desk, tx, message, Receipt(reference="A-9"))

        return settle

    @pytest.mark.parametrize("fate", ["", "rejected", "conflict", "refused", "lost before", "lost after"])
    def test_while_it_was_on_the_wire(self, desk: Desk, ledger: Ledger, fate: str) -> None:
        when_writing(desk, self.settles(desk))
        desk.agency.wire = [fate]
        hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        assert (message.state, message.reference, message.last_error) == ("DELIVERED", "A-9", "")
        row = case_of(desk)
        assert (row.handover, row.agency_ref, row.closure) == ("received", "A-9", "")
        assert tasks(desk) == []

    def test_while_it_was_asked_for(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.promise = desk.agency.promise.model_copy(update={"idempotent": False})
        desk.agency.wire = ["lost before"]
        hand(desk, ledger, invoice("1"))
        when_asked(desk, self.settles(desk))
        desk.later(days=1)
        follow(desk, ledger)
        (message,) = messages(desk)
        assert (message.state, message.reference, desk.agency.writes) == ("DELIVERED", "A-9", 1)
        assert case_of(desk).handover == "received"

    def test_while_it_was_to_be_taken_back(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["refused"]
        hand(desk, ledger, invoice("1"))
        bring(desk, ledger, invoice("1", 6_000), invoice("1", 4_000, id="t-1-b", state="closed", open_minor=0))
        when_asked(desk, self.sends_itself(desk))
        desk.later(hours=1)
        report = follow(desk, ledger)
        assert report.counts["taken back"] == 0
        assert case_of(desk).closure == ""

    def test_before_its_attempt_began(self, desk: Desk, ledger: Ledger) -> None:
        sends, promise = self.sends_itself(desk), desk.agency.promise

        def slow() -> Capabilities:
            with desk.store.read() as tx:
                waits = bool(outbox.in_state(tx, "acme", "READY"))
            if waits:
                sends()
            return promise

        bring(desk, ledger, invoice("1"))
        plan_id = make_plan(desk, ledger)[1].id
        desk.agency.capabilities = slow  # type: ignore[method-assign]
        hand_over(desk, ledger, plan_id)
        (message,) = messages(desk)
        assert (message.state, message.reference, message.attempt) == ("DELIVERED", "A-9", 1)
        assert (desk.agency.writes, case_of(desk).agency_ref) == (0, "A-9")

    def sends_itself(self, desk: Desk) -> Callable[..., None]:
        def send(*_given: object) -> None:
            with desk.store.write() as tx:
                for message in outbox.in_state(tx, "acme", "READY"):
                    outbox.move(tx, message, "SENDING", attempt=message.attempt + 1)
            self.settles(desk)()

        return send


class TestTheEndOfAnAttempt:
    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (StoreError("the disk is full"), "UNKNOWN"),
            (UnknownOutcome("no answer", key="k"), "UNKNOWN"),
            (ValueError("a mistake of the plugin"), "UNKNOWN"),
            (TransientError("503"), "READY"),
            (RejectedError("no"), "REJECTED"),
            (ConflictError("something else is there"), "PARKED"),
        ],
    )
    def test_what_it_makes_of_the_message(self, desk: Desk, ledger: Ledger, error: Exception, state: str) -> None:
        fails(desk, error)
        report = hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        assert (message.state, message.attempt, message.last_error) == (state, 1, str(error))
        counted = {"UNKNOWN": "unknown", "READY": "put off", "REJECTED": "rejected", "PARKED": "parked"}
        assert report.counts[counted[state]] == 1

    @pytest.mark.parametrize("error", [AuthError("log in again"), ConfigError("no address")])
    def test_what_stops_the_connection_is_said_and_the_message_is_ready(
        self, desk: Desk, ledger: Ledger, error: Exception
    ) -> None:
        fails(desk, error)
        bring(desk, ledger, invoice("1"), invoice("2", debtor_id="d2"))
        plan_id = make_plan(desk, ledger)[1].id
        with pytest.raises(type(error)):
            hand_over(desk, ledger, plan_id)
        assert sorted((one.state, one.attempt) for one in messages(desk)) == [("READY", 0), ("READY", 1)]

    def test_a_mistake_of_the_plugin_is_logged_without_its_text(
        self, desk: Desk, ledger: Ledger, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fails(desk, ValueError("Jan de Vries"))
        hand(desk, ledger, invoice("1"))
        said = capsys.readouterr().out + caplog.text
        assert "the sink failed" in said
        assert "ValueError" in said
        assert "Jan de Vries" not in said

    def test_an_error_without_words_is_named_by_its_kind(self, desk: Desk, ledger: Ledger) -> None:
        fails(desk, ValueError())
        hand(desk, ledger, invoice("1"))
        assert messages(desk)[0].last_error == "ValueError"

    def test_an_event_that_was_quicker_than_the_answer_stands(self, desk: Desk, ledger: Ledger) -> None:
        def tell(case: Case) -> None:
            desk.agency.feed.append(
                Accepted(id="e1", case_ref=case.case_ref, occurred_at=desk.clock.now(), agency_ref="A-1")
            )
            with desk.store.write() as tx:
                cases.change_case(tx, case.case_ref, handover="accepted", agency_ref="A-1")

        when_writing(desk, tell)
        hand(desk, ledger, invoice("1"))
        assert case_of(desk).handover == "accepted"

    def test_what_the_agency_told_stands_though_a_look_up_finds_nothing(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.promise = desk.agency.promise.model_copy(update={"idempotent": False})
        desk.agency.wire = ["lost before"]
        hand(desk, ledger, invoice("1"))
        desk.later(days=1)

        def tell(_key: str) -> None:
            with desk.store.write() as tx:
                cases.change_case(tx, case_of(desk).case_ref, handover="accepted")
            desk.stop.set()

        when_asked(desk, tell)
        with suppress(StoppedError):
            follow(desk, ledger)
        assert (case_of(desk).handover, messages(desk)[0].state) == ("accepted", "READY")


class TestTheStop:
    def test_nothing_more_is_sent(self, desk: Desk, ledger: Ledger) -> None:
        when_writing(desk, lambda _case: desk.stop.set())
        hand(desk, ledger, invoice("1"), invoice("2", debtor_id="d2"))
        assert desk.agency.writes == 1
        assert sorted(one.state for one in messages(desk)) == ["DELIVERED", "READY"]

    def test_nothing_more_is_asked(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.promise = desk.agency.promise.model_copy(update={"idempotent": False})
        desk.agency.wire = ["lost after", "lost after"]
        hand(desk, ledger, invoice("1"), invoice("2", debtor_id="d2"))
        desk.later(days=1)
        when_asked(desk, lambda _key: desk.stop.set())
        with suppress(StoppedError):
            follow(desk, ledger)
        assert sorted(one.state for one in messages(desk)) == ["DELIVERED", "UNKNOWN"]


class TestDocuments:
    """Papers go after their case."""

    @pytest.fixture(autouse=True)
    def _with_papers(self, desk: Desk) -> None:
        desk.books.papers["INV-1"] = make_document(id="pdf-1")

    def test_they_arrive_after_the_case(self, desk: Desk, ledger: Ledger) -> None:
        hand(desk, ledger, invoice("1"))
        assert [one.state for one in messages(desk)] == ["DELIVERED", "DELIVERED"]
        ((case_ref, paper),) = desk.agency.documents
        assert (case_ref, paper.content) == (case_of(desk).case_ref, make_document().content)

    def test_one_that_is_not_kept_any_more_goes_to_a_person(self, desk: Desk, ledger: Ledger) -> None:
        def lose(_case: Case) -> None:
            with desk.store.write() as tx:
                tx.execute(delete(document))

        when_writing(desk, lose)
        hand(desk, ledger, invoice("1"))
        assert [one.state for one in messages(desk)] == ["DELIVERED", "REJECTED"]
        (task,) = tasks(desk)
        assert (task.kind, "the document is not kept any more" in task.subject) == ("rejected", True)
        assert case_of(desk).handover == "received"

    def test_a_refused_case_takes_its_papers_with_it(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["rejected"]
        hand(desk, ledger, invoice("1"))
        assert [(one.state, one.last_error) for one in messages(desk)] == [
            ("REJECTED", "no address"),
            ("CANCELLED", "the hand-over was refused"),
        ]
        assert desk.agency.documents == []


class TestWhatGoesIntoTheBooks:
    """A refusal and a parked message say everything a person needs, once in each place."""

    @staticmethod
    def trail(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
        with desk.store.read() as tx:
            found = journal.audit_trail(tx, "acme", case_of(desk).case_ref)
        return [(action, detail) for _, _, action, detail in found]

    def test_of_a_refusal(self, desk: Desk, ledger: Ledger) -> None:
        fails(desk, RejectedError("no", reasons=("no address", "too old")))
        hand(desk, ledger, invoice("1"))
        row, (message,) = case_of(desk), messages(desk)
        said = "no address; too old"
        assert (row.handover, row.handover_at, row.closure_why) == ("rejected", desk.clock.now(), said)
        assert (message.last_error, message.ended_at, message.doubtful_since) == (said, desk.clock.now(), None)
        (task,) = tasks(desk)
        assert (task.case_ref, task.key) == (row.case_ref, message.key)
        assert task.subject == f"The agency refused case.open of case {row.case_ref}: {said}"
        assert self.trail(desk)[-1] == ("case.open.rejected", {"attempt": 1, "reasons": "(text)"})
        with desk.store.read() as tx:
            (hold,) = people.holds(tx, "acme")
        assert (hold.key, said in hold.reason) == ("INV-1", True)

    def test_of_one_that_is_parked(self, desk: Desk, ledger: Ledger) -> None:
        fails(desk, ConflictError("something else is there"))
        hand(desk, ledger, invoice("1"))
        (message,), (task,) = messages(desk), tasks(desk)
        assert (task.key, task.case_ref, task.body) == (message.key, message.case_ref, {"message": message.id})
        assert task.opened_at == desk.clock.now()
        assert task.subject.endswith(f"of case {message.case_ref} arrived: something else is there")
        assert self.trail(desk)[-1] == ("case.open.parked", {"attempt": 1, "why": "(text)"})

    def test_of_an_arrival(self, desk: Desk, ledger: Ledger) -> None:
        hand(desk, ledger, invoice("1"))
        assert self.trail(desk)[-1] == ("case.open.delivered", {"attempt": 1, "reference": "A-1"})


class TestAfterARestore:
    """More than one message of a case can be in doubt, and what is not known yet leaves nothing alone."""

    @pytest.fixture(autouse=True)
    def _two_in_doubt(self, desk: Desk, ledger: Ledger) -> None:
        hand(desk, ledger, invoice("1"))
        bring(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        desk.agency.wire = ["refused"]
        follow(desk, ledger)
        desk.agency.answers.clear()
        desk.agency.cases.clear()
        desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False})
        desk.agency.writes = 0
        with desk.store.write() as tx:
            for message in outbox.of_case(tx, case_of(desk).case_ref):
                outbox.move(tx, message, "UNKNOWN", doubtful_since=desk.clock.now(), next_at=desk.clock.now())

    @staticmethod
    def hold_back(desk: Desk, stage: str) -> None:
        with desk.store.write() as tx:
            quarantine.begin(tx, at=desk.clock.now(), backup_at=desk.clock.now())
            standing = quarantine.read(tx)
            assert standing is not None
            quarantine.reach(tx, "acme", "agency", standing, stage, at=desk.clock.now())  # type: ignore[arg-type]

    def go(self, desk: Desk, ledger: Ledger) -> list[str]:
        desk.later(minutes=10)
        with suppress(ConnectorError):
            deliver(desk, ledger, ledger.sinks[0], desk.agency, Report("follow", ledger.name, "run", desk.clock.now()))
        return [one.state for one in messages(desk)]

    def test_the_second_waits_for_the_first(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["lost before"]
        assert self.go(desk, ledger) == ["UNKNOWN", "UNKNOWN"]
        assert desk.agency.writes == 1

    def test_when_the_first_arrived_the_second_goes(self, desk: Desk, ledger: Ledger) -> None:
        assert self.go(desk, ledger) == ["DELIVERED", "UNKNOWN"]
        assert self.go(desk, ledger) == ["DELIVERED", "DELIVERED"]
        assert desk.agency.writes == 2

    def test_nothing_leaves_while_all_is_held(self, desk: Desk, ledger: Ledger) -> None:
        self.hold_back(desk, "doubted")
        assert self.go(desk, ledger) == ["UNKNOWN", "UNKNOWN"]
        assert desk.agency.writes == 0

    def test_no_case_leaves_while_cases_are_held(self, desk: Desk, ledger: Ledger) -> None:
        self.hold_back(desk, "told")
        assert self.go(desk, ledger) == ["UNKNOWN", "UNKNOWN"]
        assert desk.agency.writes == 0

    def test_a_payment_leaves_while_cases_are_held(self, desk: Desk, ledger: Ledger) -> None:
        with desk.store.write() as tx:
            first = outbox.of_case(tx, case_of(desk).case_ref)[0]
            outbox.move(tx, first, "DELIVERED")
        self.hold_back(desk, "told")
        assert self.go(desk, ledger) == ["DELIVERED", "DELIVERED"]


def test_the_list_of_messages_can_be_of_one_ledger(desk: Desk, ledger: Ledger) -> None:
    desk.agency.wire = ["refused"]
    hand(desk, ledger, invoice("1"))

    def listed(tx: Tx, **wanted: str) -> list[str]:
        return [one.kind for one in outbox.listing(tx, limit=10, **wanted)]

    with desk.store.read() as tx:
        assert listed(tx, ledger="acme") == listed(tx) == listed(tx, ledger="acme", state="READY") == ["case.open"]
        assert listed(tx, ledger="other") == listed(tx, state="UNKNOWN") == []
