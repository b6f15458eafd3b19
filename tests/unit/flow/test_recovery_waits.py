"""What keeps a restored store in its quarantine, ledger by ledger, until it is known what left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from desk import Desk, closed, invoice
from test_recovery import Life, payment
from test_recovery import life as _life

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.actions import write_message
from connector.flow.follow import follow
from connector.flow.pull import pull
from connector.flow.quarantined import end, owner_of, standing
from connector.flow.runs import StoppedError
from connector.model import CaseView, EventPage, PaymentView
from connector.store import outbox, quarantine

life = _life
SINCE = "in quarantine since the restore: "


def shown_otherwise(life: Life, change: Callable[[CaseView], CaseView]) -> None:
    """From now on the agency shows its cases like this."""
    plain = type(life.agency).snapshot

    def snapshot(case_ref: str) -> CaseView | None:
        view = plain(life.agency, case_ref)
        return view and change(view)

    life.agency.snapshot = snapshot


def shown_again(life: Life) -> None:
    del life.agency.snapshot


@pytest.fixture
def restored(life: Life) -> Life:
    """Invoice 1 went out before the back-up; EUR 40 of it were paid and told after it."""
    life.hand_over(invoice("1"))
    life.back_up()
    life.sync(invoice("1", 6_000), closed("1", 4_000))
    life.restore()
    return life


def look(life: Life) -> list[str]:
    return life.sync(invoice("1", 6_000), closed("1", 4_000))


def over(life: Life) -> bool:
    """The quarantine ends, and what was told before is not told again."""
    look(life)
    life.agrees()
    return life.standing is None and life.told() == [("direct_payment", 4_000)]


class TestTheAgency:
    def test_its_feed_has_to_be_read_to_the_end(self, restored: Life) -> None:
        plain = restored.agency.changes

        def cut(cursor: str | None) -> Iterator[EventPage]:
            for page in plain(cursor):
                yield page.model_copy(update={"complete": False})

        restored.agency.changes = cut
        assert look(restored) == [f"{SINCE}the agency's feed was not read to its end yet"]
        restored.agency.changes = plain
        assert over(restored)

    def test_a_view_from_before_the_restore_says_nothing(self, restored: Life) -> None:
        assert restored.standing is not None
        # Until then a request that was on the wire at the restore may be taken in.
        sure = restored.standing.at + timedelta(seconds=30) + restored.agency.promise.max_processing
        early = sure - timedelta(microseconds=1)
        shown_otherwise(restored, lambda view: view.model_copy(update={"as_of": early}))
        assert look(restored) == [
            f"{SINCE}what the agency shows is as of {early:%Y-%m-%d %H:%M} UTC, before the restore"
        ]
        shown_otherwise(restored, lambda view: view.model_copy(update={"as_of": sure}))
        assert over(restored)

    def test_payments_that_its_feed_has_not_told_are_waited_for(self, restored: Life) -> None:
        (case_ref,) = restored.agency.cases
        restored.agency.shows = frozenset({"whose"})
        event = payment(restored, case_ref, 2_000)
        listed = PaymentView(payment_id="P1", received_on=event.received_on, gross=event.gross)
        shown_otherwise(restored, lambda view: view.model_copy(update={"payments": (listed,)}))
        assert look(restored) == [f"{SINCE}the payments of case {case_ref} are not told yet as the agency shows them"]
        restored.agency.feed.append(event)
        assert over(restored)

    def test_one_that_cannot_say_what_it_was_told_is_named(self, restored: Life) -> None:
        def refuse(_view: CaseView) -> CaseView:
            raise ConfigError("no right to read cases")

        shown_otherwise(restored, refuse)
        assert look(restored) == [f"{SINCE}the agency cannot say what it was told (no right to read cases)"]
        shown_again(restored)
        assert over(restored)

    def test_a_case_that_it_does_not_show_keeps_nothing_in(self, restored: Life) -> None:
        shown_otherwise(restored, lambda _view: None)  # type: ignore[arg-type, return-value]
        look(restored)
        assert restored.standing is None


def test_a_run_that_is_stopped_between_two_cases_goes_on_from_there(life: Life) -> None:
    life.hand_over(invoice("1"), invoice("2", debtor_id="d2"))
    life.back_up()
    life.restore()
    asked: list[str] = []

    def note(view: CaseView) -> CaseView:
        asked.append(view.case_ref)
        life.desk.stop.set()
        return view

    shown_otherwise(life, note)
    with pytest.raises(StoppedError, match="the next run goes on from there"):
        life.sync(invoice("1"), invoice("2", debtor_id="d2"))
    life.desk.stop.clear()
    assert asked == sorted(life.agency.cases)[:1]
    life.agency.feed.clear()
    life.desk.later(minutes=5)
    with pytest.raises(StoppedError):
        follow(life.desk, life.ledger)
    assert asked == sorted(life.agency.cases)
    life.desk.stop.clear()
    follow(life.desk, life.ledger)
    assert (life.standing, len(asked)) == (None, 2)


def test_what_a_person_wrote_after_the_restore_is_in_no_doubt(life: Life) -> None:
    case_ref = life.hand_over(invoice("1"))
    life.back_up()
    life.restore()
    life.desk.later(minutes=1)
    write_message(life.desk, life.ledger, case_ref, "They called us.", actor="anna")
    follow(life.desk, life.ledger)
    assert life.messages() == [("case.message", "READY")]
    life.settle(invoice("1"))
    assert [one.text for one in life.agency.mutations] == ["They called us."]


class TestTwoLedgers:
    """The quarantine is the store's: it ends with the last ledger."""

    @pytest.fixture
    def two(self, life: Life) -> Life:
        other = life.ledger.model_copy(update={"name": "zeta"})
        ledgers = {"acme": life.ledger, "zeta": other}
        life.desk = replace(life.desk, settings=life.desk.settings.model_copy(update={"ledgers": ledgers}))
        life.hand_over(invoice("1"))
        life.back_up()
        life.restore()
        return life

    def other(self, life: Life) -> Ledger:
        return life.desk.settings.ledgers["zeta"]

    def test_one_is_out_and_works_while_the_other_is_in(self, two: Life) -> None:
        assert two.sync(invoice("1")) == ["out of quarantine: what left after the back-up is known again"]
        assert two.standing is not None
        # Out once: nothing is asked again, nothing is said again, and what happens is told.
        assert two.sync(invoice("1", 6_000), closed("1", 4_000)) == []
        assert two.told() == [("direct_payment", 4_000)]
        found = standing(two.desk)
        assert found is not None
        assert [(one.ledger, one.stage) for one in found[1]] == [("acme", "out"), ("zeta", "")]
        two.desk.books.holds(invoice("9", debtor_id="d9"))
        pull(two.desk, self.other(two))
        said = [one.text for one in follow(two.desk, self.other(two)).remarks]
        assert said == ["out of quarantine: what left after the back-up is known again", "the quarantine is over"]
        assert two.standing is None

    def test_what_is_not_asked_about_is_refused_by_name(self, two: Life) -> None:
        with pytest.raises(ConfigError, match="acme-none is not asked about"):
            owner_of(two.desk, "acme-none")


def test_without_a_quarantine_there_is_nothing_to_show_and_nothing_to_ask(desk: Desk) -> None:
    assert standing(desk) is None
    with pytest.raises(ConfigError, match="is not asked about"):
        owner_of(desk, "acme-none")


def test_of_several_strangers_each_is_found(life: Life) -> None:
    life.agency.shows = frozenset()
    life.pull(invoice("1"), invoice("2", debtor_id="d2"))
    life.back_up()
    life.hand_over(invoice("1"), invoice("2", debtor_id="d2"))
    life.restore()
    life.sync(invoice("1"), invoice("2", debtor_id="d2"))
    assert [owner_of(life.desk, ref)[1].case_ref for ref in life.agency.cases] == list(life.agency.cases)


def test_a_store_whose_ledgers_hand_nothing_over_is_let_out_without_force(desk: Desk, ledger: Ledger) -> None:
    alone = ledger.model_copy(update={"sinks": ()})
    home = replace(desk, settings=desk.settings.model_copy(update={"ledgers": {"acme": alone}}))
    with home.store.write() as tx:
        quarantine.begin(tx, at=home.clock.now(), backup_at=None)
    end(home, force=False, reason="", actor="jan")
    assert standing(home) is None


@pytest.mark.parametrize("known", [True, False])
def test_a_message_is_in_doubt_from_the_back_up_on_or_from_its_first_doubt(life: Life, known: bool) -> None:
    """Its first attempt that is forgotten may have been made at once after the back-up: so old its key may be."""
    life.agency.wire = ["lost before" if known else "refused"]
    life.hand_over(invoice("1"))
    first = life.desk.clock.now()
    life.desk.later(minutes=1)
    life.back_up()
    taken = life.desk.clock.now()
    life.desk.later(hours=5)
    life.restore()
    back = life.desk.clock.now()
    follow(life.desk, life.ledger)
    with life.desk.store.read() as tx:
        (message,) = outbox.listing(tx, limit=2)
    settled: Any = back + timedelta(seconds=30) + life.agency.promise.max_processing + life.agency.promise.read_lag
    assert (message.state, message.doubtful_since) == ("UNKNOWN", first if known else taken)
    assert (message.settle_until, message.next_at) == (settled, settled)
    assert message.last_error == "the store was restored from a back-up"
    assert life.row(message.case_ref).handover == "unknown"
