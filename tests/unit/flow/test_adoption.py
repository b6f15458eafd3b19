"""Taking up again what a restored store forgot: nothing is concluded from what an agency shows in part."""

from datetime import date
from typing import Any

import pytest
from desk import Desk, invoice
from test_recovery import Life, credit, payment, told_later
from test_recovery import life as _life
from test_recovery_waits import shown_again, shown_otherwise

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.actions import hold_debtor
from connector.flow.adoption import Said, bring_forward, payments_differ
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.quarantined import adopt_as, owner_of
from connector.model import CaseView, Closed, LineView, Money, PaymentView
from connector.store import cases, outbox, people

life = _life

PARTS = ("told_direct", "told_credited", "told_corrected")
WHOLE = dict.fromkeys(PARTS, 0)


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


@pytest.fixture
def case_ref(desk: Desk, ledger: Ledger) -> str:
    """Invoice 1 of EUR 100 is at the agency."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    (ref,) = desk.agency.cases
    return ref


def view(desk: Desk, case_ref: str, left: int, told: dict[str, int], **more: Any) -> CaseView:
    shown = {name: euros(minor) for name, minor in told.items()}
    line = LineView(line_id=f"{case_ref}-1", open=euros(left), **shown)
    return CaseView(
        case_ref=case_ref, agency_ref="A-1", handover="accepted", lines=(line,), as_of=desk.clock.now(), **more
    )


def told_paid(desk: Desk, ledger: Ledger, case_ref: str, shown: CaseView) -> int:
    """What the line was told as payments, after the view was read."""
    with desk.store.write() as tx:
        row = cases.read_case(tx, case_ref)
        assert row is not None
        bring_forward(desk, tx, ledger, row, shown)
        (line,) = cases.lines(tx, case_ref)
    return line.told_paid


@pytest.mark.parametrize("missing", PARTS)
class TestAnAgencyThatSaysAPartOfWhatItWasTold:
    """The rest has to be concluded from what is open, with all that this asks for."""

    def test_its_own_payment_that_its_feed_has_not_told_is_not_taken_for_the_creditors(
        self, desk: Desk, case_ref: str, missing: str
    ) -> None:
        part = {name: minor for name, minor in WHOLE.items() if name != missing}
        paid = (PaymentView(payment_id="P1", received_on=date(2026, 3, 2), gross=euros(2_000)),)
        with desk.store.read() as tx:
            assert payments_differ(tx, case_ref, view(desk, case_ref, 8_000, part, payments=paid))
            assert not payments_differ(tx, case_ref, view(desk, case_ref, 8_000, WHOLE, payments=paid))
            assert not payments_differ(tx, case_ref, view(desk, case_ref, 10_000, part))

    def test_what_it_wrote_off_at_the_end_was_not_told(
        self, desk: Desk, ledger: Ledger, case_ref: str, missing: str
    ) -> None:
        part = {name: minor for name, minor in WHOLE.items() if name != missing}
        shown = view(desk, case_ref, 0, part, closure="uncollectable")
        assert told_paid(desk, ledger, case_ref, shown) == 0


def test_of_a_closed_case_an_agency_that_says_all_of_it_is_believed(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    said = view(desk, case_ref, 0, {**WHOLE, "told_direct": 4_000}, closure="uncollectable")
    assert told_paid(desk, ledger, case_ref, said) == 4_000


def test_what_is_open_of_a_case_that_goes_on_tells_what_was_told(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    assert told_paid(desk, ledger, case_ref, view(desk, case_ref, 7_000, {})) == 3_000


@pytest.fixture
def forgotten(life: Life) -> str:
    """The case of invoice 1, that was handed over after the back-up which was restored."""
    life.pull(invoice("1"))
    life.back_up()
    case_ref = life.hand_over(invoice("1"))
    life.restore()
    return case_ref


class TestACaseThatCannotBeTakenUpYet:
    def waits(self, life: Life, case_ref: str, why: str) -> bool:
        """A person is asked, nothing is kept of the case, and everything else is known again."""
        life.sync(invoice("1"))
        text = f"Case {case_ref} was handed over after the back-up, and {why}: incasso quarantine adopt {case_ref}"
        with life.desk.store.read() as tx:
            kept = cases.read_case(tx, case_ref)
        return life.tasks() == [("foreign_case", text)] and kept is None and life.standing is not None

    def test_the_agency_tells_of_it_and_does_not_show_it(self, life: Life, forgotten: str) -> None:
        shown_otherwise(life, lambda _view: None)  # type: ignore[arg-type, return-value]
        assert self.waits(life, forgotten, "the agency does not show it")
        shown_otherwise(life, lambda view: view.model_copy(update={"lines": ()}))
        assert self.waits(life, forgotten, "the agency does not show it")
        shown_again(life)
        life.settle(invoice("1"))
        life.agrees()

    def test_a_payment_on_it_is_listed_and_not_told_yet(self, life: Life, forgotten: str) -> None:
        life.agency.shows = frozenset({"whose"})
        event = payment(life, forgotten, 2_000)
        listed = PaymentView(payment_id="P1", received_on=event.received_on, gross=event.gross)
        shown_otherwise(life, lambda view: view.model_copy(update={"payments": (listed,)}))
        assert self.waits(life, forgotten, "its payments are not told yet as the agency shows them")
        life.agency.feed.append(event)
        life.settle(invoice("1"))
        (line,) = life.lines(forgotten)
        assert (line.handed_minor, line.told_paid) == (10_000, 0)
        life.agrees()


def test_of_two_who_take_up_the_same_case_one_comes_late(life: Life, forgotten: str) -> None:
    life.agency.shows = frozenset()
    life.sync(invoice("1"))
    _, stranger = owner_of(life.desk, forgotten)
    said = Said("d1", ("1",))
    adopt_as(life.desk, life.ledger, stranger, said, actor="jan")
    with pytest.raises(ConfigError, match="a case of this reference is known already"):
        adopt_as(life.desk, life.ledger, stranger, said, actor="eva")
    assert len(life.lines(forgotten)) == 1


def test_a_claim_that_stands_in_another_case_as_well_goes_to_a_person(life: Life) -> None:
    """The agency closed the first case, and its feed does not tell of that any more."""
    first = life.hand_over(invoice("1"))
    life.back_up()
    told_later(life, Closed, first, closure="withdrawn", reason="asked back")
    life.sync(invoice("1"))
    with life.desk.store.write() as tx:
        people.end_holds(tx, "acme", ["INV-1"], on=life.desk.clock.today(), at=life.desk.clock.now())
    life.desk.later(days=1)
    second = life.hand_over(invoice("1"), invoice("2"))
    life.agency.feed = [one for one in life.agency.feed if one.kind != "closed"]
    life.restore()
    life.sync(invoice("1"), invoice("2"))
    text = f"Case {second} is at the agency, and invoice 1 of it is in another case as well"
    assert life.tasks() == [("reopened", text)]
    assert [(one.number, one.live) for one in life.lines(second)] == [("1", False), ("2", True)]
    assert life.lines(first)[0].live


def test_a_rest_that_was_on_its_way_at_the_back_up_is_asked_for_once(life: Life) -> None:
    case_ref = life.hand_over(invoice("1"))
    life.agency.wire = ["refused"]
    life.sync(invoice("1"), credit(2_000))
    assert life.messages() == [("case.hold", "READY")]
    life.back_up()
    life.restore()
    life.settle(invoice("1"), credit(2_000))
    assert [kind for kind, _ in life.told()] == ["hold"]
    assert life.row(case_ref).credit_hold
    life.sync(invoice("1"), credit(2_000, open_minor=0, state="closed"))
    assert [kind for kind, _ in life.told()] == ["hold", "resume"]


def test_a_rest_that_a_person_asked_for_is_not_taken_for_our_own(life: Life) -> None:
    """Else nobody would ask the agency to rest when money comes in that is not allocated."""
    case_ref = life.hand_over(invoice("1"))
    hold_debtor(life.desk, life.ledger, "d1", reason="asked for time", until=None, actor="anna")
    life.sync(invoice("1"))
    life.back_up()
    life.restore()
    life.settle(invoice("1"))
    assert not life.row(case_ref).credit_hold
    life.sync(invoice("1"), credit(2_000))
    assert [kind for kind, _ in life.told()] == ["hold", "hold"]
    assert life.row(case_ref).credit_hold


def test_what_waited_and_is_told_anew_leaves_no_question_to_a_person(life: Life) -> None:
    """A payment that was parked at the back-up: its amount is in what is told now."""
    life.agency.promise = life.agency.promise.model_copy(update={"lookup": False, "idempotent": False})
    life.hand_over(invoice("1"))
    life.agency.wire = ["lost before"]
    rows = (invoice("1", 6_000), invoice("1", 4_000, id="t-1-b", open_minor=0, state="closed", closed_reason="paid"))
    life.sync(*rows)
    life.sync(*rows)
    assert [kind for kind, _ in life.tasks()] == ["parked", "payment_delay"]
    life.back_up()
    life.restore()
    life.settle(*rows)
    assert life.told() == [("direct_payment", 4_000)]
    assert life.tasks() == []
    with life.desk.store.read() as tx:
        (old,) = [one for one in people.tasks(tx, "acme", done=True) if one.kind == "parked"]
        (message,) = [one for one in outbox.of_case(tx, old.case_ref) if one.key == old.key]
    assert (message.state, message.ended_at, message.last_error) == (
        "CANCELLED", old.done_at, "told anew after the restore",
    )  # fmt: skip
    assert old.outcome == "told anew after the restore"
    life.agrees()
