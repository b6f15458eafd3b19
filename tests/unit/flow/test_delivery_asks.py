"""What is noted of an attempt while it lasts, and when an agency is asked instead of being written to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from desk import Desk, closed, invoice
from test_delivery import bring, case_of, fails, hand, messages, tasks, when_writing

from connector.config import Ledger
from connector.errors import QuotaError, TransientError
from connector.flow.actions import hold_debtor
from connector.flow.delivery import deliver
from connector.flow.follow import follow
from connector.flow.protocol import SEND_BY, pause
from connector.flow.runs import Report
from connector.http import deadline
from connector.model import Case, Receipt
from connector.store import cases, journal, outbox, quarantine

SIXTY_DAYS = timedelta(days=60)


def go(desk: Desk, ledger: Ledger) -> Report:
    """Deliver once, with nothing before or after it."""
    report = Report("follow", ledger.name, "run", desk.clock.now())
    deliver(desk, ledger, ledger.sinks[0], desk.agency, report)
    return report


def asked(desk: Desk) -> list[str]:
    """From now on the keys that the agency is asked for."""
    found: list[str] = []
    plain = desk.agency.find

    def find(key: str) -> Receipt | None:
        found.append(key)
        return plain(key)

    desk.agency.find = find  # type: ignore[method-assign]
    return found


def promises(desk: Desk, **changes: object) -> None:
    desk.agency.promise = desk.agency.promise.model_copy(update=changes)


def trail(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return [action for _, _, action, _ in journal.audit_trail(tx, "acme", case_of(desk).case_ref)]


class TestWhileItIsOnTheWire:
    def test_its_intent_is_in_the_books(self, desk: Desk, ledger: Ledger) -> None:
        def look(_case: Case) -> None:
            now = desk.clock.now()
            (message,) = messages(desk)
            assert (message.state, message.attempt, message.sent_at, message.doubtful_since) == ("SENDING", 1, now, now)
            assert message.settle_until == now + SEND_BY + desk.agency.promise.max_processing + timedelta(seconds=5)
            assert case_of(desk).handover == "sending"

        promises(desk, read_lag=timedelta(seconds=5))
        when_writing(desk, look)
        assert hand(desk, ledger, invoice("1")).counts["delivered case.open"] == 1

    def test_nothing_leaves_after_its_time(self, desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """The clock of the wire began before the intent was written."""
        clock = [100.0]
        monkeypatch.setattr("connector.flow.delivery.moment", lambda: clock[0])
        monkeypatch.setattr(deadline, "moment", lambda: clock[0])

        def wait(_case: Case) -> None:
            clock[0] += SEND_BY.total_seconds()
            deadline.check_in_time()
            clock[0] += 0.001
            deadline.check_in_time()

        when_writing(desk, wait)
        hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        assert (message.state, desk.agency.cases) == ("UNKNOWN", {})
        assert message.last_error.startswith("the time of this attempt is over")

    @pytest.mark.parametrize(
        ("word", "handover"), [("accepted", "accepted"), ("received", "received"), ("done", "received")]
    )
    def test_the_answer_says_how_far_it_is(self, desk: Desk, ledger: Ledger, word: str, handover: str) -> None:
        plain = desk.agency.submit

        def submit(case: Case, *, key: str) -> Receipt:
            return plain(case, key=key).model_copy(update={"state": word})

        desk.agency.submit = submit  # type: ignore[method-assign]
        hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        assert (message.reference, message.ended_at, message.doubtful_since) == ("A-1", desk.clock.now(), None)
        assert (case_of(desk).handover, case_of(desk).agency_ref, case_of(desk).report_due) == (handover, "A-1", True)

    @pytest.mark.parametrize("fate", ["lost before", "conflict"])
    def test_what_became_of_it_shows_in_the_case(self, desk: Desk, ledger: Ledger, fate: str) -> None:
        desk.agency.wire = [fate]
        hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        assert message.next_at == (desk.clock.now() + pause(message) if fate == "lost before" else message.created_at)
        assert case_of(desk).handover == "unknown"

    def test_a_limit_of_calls_is_waited_for_to_the_minute(self, desk: Desk, ledger: Ledger) -> None:
        until = desk.clock.now() + timedelta(hours=7, minutes=3)
        fails(desk, QuotaError("no calls left", until=until))
        with pytest.raises(QuotaError):
            hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        assert (message.state, message.next_at, message.doubtful_since) == ("READY", until, None)
        assert (message.last_error, case_of(desk).handover) == ("no calls left", "queued")

    def test_another_refusal_of_a_moment_is_tried_again_after_the_pause(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["refused"]
        assert hand(desk, ledger, invoice("1")).counts["put off"] == 1
        (message,) = messages(desk)
        assert (message.state, message.next_at) == ("READY", desk.clock.now() + pause(message))
        assert case_of(desk).handover == "queued"

    def test_what_an_error_says_is_kept_without_what_is_personal(self, desk: Desk, ledger: Ledger) -> None:
        fails(desk, TransientError("no answer for NL91ABNA0417164300"))
        hand(desk, ledger, invoice("1"))
        assert messages(desk)[0].last_error == "no answer for [iban]"

    def test_a_run_that_died_leaves_a_doubt(self, desk: Desk, ledger: Ledger) -> None:
        promises(desk, idempotent=False)
        desk.agency.wire = ["crash after"]
        with pytest.raises(KeyboardInterrupt):
            hand(desk, ledger, invoice("1"))
        go(desk, ledger)
        (message,) = messages(desk)
        assert (message.state, message.last_error) == ("UNKNOWN", "the process ended while it was being sent")
        assert case_of(desk).handover == "unknown"


class TestTheAgencyIsAsked:
    @pytest.fixture(autouse=True)
    def _without_keys(self, desk: Desk) -> None:
        promises(desk, idempotent=False)

    def test_once_its_settle_time_is_over(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["lost after"]
        hand(desk, ledger, invoice("1"))
        (message,) = messages(desk)
        keys = asked(desk)
        assert (go(desk, ledger).counts["looked up"], keys) == (0, [])
        desk.later(days=1)
        report = go(desk, ledger)
        assert (report.counts["looked up"], keys) == (1, [message.key])
        assert (messages(desk)[0].state, messages(desk)[0].last_error, desk.agency.writes) == ("DELIVERED", "", 1)
        assert trail(desk)[-1] == "case.open.delivered"

    def test_what_is_not_there_goes_out_again_at_once(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["lost before"]
        hand(desk, ledger, invoice("1"))
        desk.later(days=1)
        report = go(desk, ledger)
        assert (report.counts["looked up"], report.counts["delivered case.open"]) == (1, 1)
        (message,) = messages(desk)
        assert (message.state, message.attempt, message.last_error) == ("DELIVERED", 2, "")
        assert case_of(desk).handover == "received"

    def test_of_a_payment_that_is_not_there_as_well(self, desk: Desk, ledger: Ledger) -> None:
        hand(desk, ledger, invoice("1"))
        bring(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        desk.agency.wire = ["lost before"]
        follow(desk, ledger)
        desk.later(days=1)
        assert go(desk, ledger).counts["delivered case.direct_payment"] == 1
        assert case_of(desk).handover == "received"
        assert [one.kind for one in desk.agency.mutations] == ["direct_payment"]

    @pytest.mark.parametrize("says", ["still looking", "still looking for NL91ABNA0417164300"])
    def test_one_that_cannot_say_yet_is_asked_again_after_a_pause(
        self, desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, says: str
    ) -> None:
        desk.agency.wire = ["lost after"]
        hand(desk, ledger, invoice("1"))
        desk.later(days=1)

        def busy(_key: str) -> None:
            raise TransientError(says)

        with monkeypatch.context() as patch:
            patch.setattr(desk.agency, "find", busy)
            assert go(desk, ledger).counts["looked up"] == 0
        (message,) = messages(desk)
        assert (message.state, message.attempt) == ("UNKNOWN", 1)
        assert message.next_at == desk.clock.now() + pause(message)
        assert message.last_error == says.replace("NL91ABNA0417164300", "[iban]")
        keys = asked(desk)
        go(desk, ledger)
        assert keys == []
        desk.later(minutes=2)
        go(desk, ledger)
        assert (keys, messages(desk)[0].state) == ([message.key], "DELIVERED")

    def test_one_that_cannot_be_asked_at_all_is_left_to_a_person(self, desk: Desk, ledger: Ledger) -> None:
        promises(desk, lookup=False)
        desk.agency.wire = ["lost after"]
        hand(desk, ledger, invoice("1"))
        assert go(desk, ledger).counts["parked"] == 1
        (task,), (message,) = tasks(desk), messages(desk)
        assert (message.state, message.last_error) == ("PARKED", "the agency cannot be asked by our key")
        assert task.subject.endswith("arrived: the agency cannot be asked by our key")

    @pytest.mark.parametrize(("lookup", "count"), [(True, 1), (False, 0)])
    def test_before_a_case_that_was_tried_is_taken_back(
        self, desk: Desk, ledger: Ledger, lookup: bool, count: int
    ) -> None:
        promises(desk, lookup=lookup)
        desk.agency.wire = ["refused"]
        hand(desk, ledger, invoice("1"))
        hold_debtor(desk, ledger, "d1", reason="asked for time", until=None, actor="anna")
        desk.later(minutes=5)
        keys = asked(desk)
        report = go(desk, ledger)
        assert (len(keys), report.counts["taken back"], desk.agency.writes) == (count, 1, 1)
        (remark,) = report.remarks
        said = f"case {case_of(desk).case_ref} was taken back before it was sent: debtor on hold since 2026-03-02"
        assert (remark.text, remark.debtor_id) == (f"{said}: asked for time", "d1")

    def test_a_case_that_was_never_tried_is_taken_back_unasked(self, desk: Desk, ledger: Ledger) -> None:
        when_writing(desk, lambda _case: desk.stop.set())
        hand(desk, ledger, invoice("1"), invoice("2", debtor_id="d2"))
        desk.stop.clear()
        for debtor in ("d1", "d2"):
            hold_debtor(desk, ledger, debtor, reason="asked for time", until=None, actor="anna")
        keys = asked(desk)
        assert go(desk, ledger).counts["taken back"] == 1
        assert keys == []


class TestSomeTimeAfterARestore:
    """The same facts give the same key: what was forgotten is found before it is sent again."""

    @pytest.fixture
    def restored(self, desk: Desk, ledger: Ledger) -> Callable[..., tuple[int, int]]:
        """So long after a restore a case is handed over: how often the agency was asked, and written to."""

        def hand_later(*, days: float, **first: object) -> tuple[int, int]:
            at = desk.clock.now()
            with desk.store.write() as tx:
                quarantine.begin(tx, at=at, backup_at=at)
                standing = quarantine.read(tx)
                assert standing is not None
                quarantine.reach(tx, "acme", "agency", standing, "told", at=at)
                quarantine.leave(tx, "acme", standing, at=at)
                quarantine.end(tx)
            desk.later(days=days)
            keys = asked(desk)
            hand(desk, ledger, invoice("1"))
            return len(keys), desk.agency.writes

        return hand_later

    def test_a_new_case_is_asked_for_before_it_is_sent(self, restored: Callable[..., tuple[int, int]]) -> None:
        assert restored(days=0) == (1, 1)

    def test_for_sixty_days(self, restored: Callable[..., tuple[int, int]]) -> None:
        assert restored(days=60) == (1, 1)

    def test_and_not_longer(self, restored: Callable[..., tuple[int, int]]) -> None:
        assert restored(days=60 + 1e-9) == (0, 1)

    def test_an_agency_that_cannot_be_asked_is_not(self, desk: Desk, restored: Callable[..., tuple[int, int]]) -> None:
        promises(desk, lookup=False)
        assert restored(days=0) == (0, 1)

    def test_a_payment_is_sent_unasked(
        self, desk: Desk, ledger: Ledger, restored: Callable[..., tuple[int, int]]
    ) -> None:
        restored(days=0)
        keys = asked(desk)
        bring(desk, ledger, invoice("1", 6_000), closed("1", 4_000))
        follow(desk, ledger)
        assert ([one.kind for one in desk.agency.mutations], keys) == (["direct_payment"], [])

    def test_what_was_tried_since_is_sent_unasked(
        self, desk: Desk, ledger: Ledger, restored: Callable[..., tuple[int, int]]
    ) -> None:
        desk.agency.wire = ["refused"]
        assert restored(days=0) == (1, 1)
        desk.later(minutes=5)
        keys = asked(desk)
        follow(desk, ledger)
        assert (keys, desk.agency.writes, len(desk.agency.cases)) == ([], 2, 1)

    def test_what_is_found_is_not_sent(
        self, desk: Desk, ledger: Ledger, restored: Callable[..., tuple[int, int]]
    ) -> None:
        plain = desk.agency.find

        def find(key: str) -> Receipt | None:
            return plain(key) or Receipt(reference="A-7")

        desk.agency.find = find  # type: ignore[method-assign]
        assert restored(days=0) == (1, 0)
        (message,) = messages(desk)
        assert (message.state, message.reference, message.attempt) == ("DELIVERED", "A-7", 0)
        assert (case_of(desk).handover, case_of(desk).agency_ref) == ("received", "A-7")


def test_of_several_in_doubt_each_goes_its_own_way(desk: Desk, ledger: Ledger) -> None:
    """One that waits holds up nobody else."""
    desk.agency.wire = ["lost before", "lost before"]
    hand(desk, ledger, invoice("1"), invoice("2", debtor_id="d2"))
    first, second = sorted(messages(desk), key=lambda one: one.id)
    with desk.store.write() as tx:
        outbox.move(tx, first, "UNKNOWN", next_at=desk.clock.now() + SIXTY_DAYS)
    desk.later(minutes=5)
    go(desk, ledger)
    found = {one.id: one.state for one in messages(desk)}
    assert found == {first.id: "UNKNOWN", second.id: "DELIVERED"}
    with desk.store.read() as tx:
        rows = {one.case_ref: one.handover for one in cases.cases(tx, ledger="acme")}
    assert rows == {first.case_ref: "unknown", second.case_ref: "received"}
