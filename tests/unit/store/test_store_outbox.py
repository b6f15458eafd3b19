"""The outbox: what is sent next, what waits behind what, and that only who knows a message's state can move it."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.store import Store, Tx, outbox
from connector.store.outbox import DOCUMENT, Outgoing

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


class Box:
    """Puts messages with as few words as possible; `number` in the order in which they were put."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count = 0

    def put(
        self,
        kind: str = "case.open",
        *,
        case: str = "c1",
        seq: int = 0,
        priority: int = 5,
        ledger: str = "acme",
        connection: str = "agency",
        at: datetime = AT,
    ) -> int:
        self.count += 1
        with self.store.write() as tx:
            outbox.put(
                tx, ledger=ledger, connection=connection, kind=kind, case_ref=case, seq=seq, priority=priority,
                payload=b"sealed", payload_sha256="0" * 64, key=f"k{self.count}", at=at,
            )  # fmt: skip
            (found,) = (one for one in outbox.of_case(tx, case) if one.key == f"k{self.count}")
        return found.id

    def move(self, number: int, state: str, **values: object) -> bool:
        with self.store.write() as tx:
            return outbox.move(tx, self.read(number, tx), state, **values)

    def read(self, number: int, tx: Tx | None = None) -> Outgoing:
        if tx is None:
            with self.store.read() as reading:
                return self.read(number, reading)
        found = outbox.read(tx, number)
        assert found is not None
        return found

    def due(self, *, at: datetime = AT, ledger: str = "acme", connection: str = "", without: str = "") -> int | None:
        with self.store.read() as tx:
            found = outbox.due(tx, ledger, at=at, connection=connection, without=without)
        return found.id if found else None


@pytest.fixture
def box(store: Store) -> Box:
    return Box(store)


def test_a_new_message_is_ready_and_says_nothing_yet(box: Box) -> None:
    one = box.read(box.put(seq=3, priority=4))
    assert (one.state, one.attempt, one.created_at, one.next_at) == ("READY", 0, AT, AT)
    assert (one.reference, one.last_error, one.sent_at, one.ended_at) == ("", "", None, None)
    assert (one.ledger, one.connection, one.kind, one.case_ref, one.seq, one.priority) == (
        "acme", "agency", "case.open", "c1", 3, 4,
    )  # fmt: skip


def test_an_unknown_number_is_no_message(box: Box) -> None:
    with box.store.read() as tx:
        assert outbox.read(tx, 99) is None


class TestWhatIsDue:
    def test_payments_first_then_the_oldest(self, box: Box) -> None:
        later, second, first = (box.put(case=f"c{n}", priority=n) for n in (5, 1, 0))
        same = box.put(case="c9", priority=0)
        order = []
        while (number := box.due()) is not None:
            order.append(number)
            box.move(number, "DELIVERED")
        assert order == [first, same, second, later]

    def test_of_one_priority_the_oldest_though_it_was_tried_before(self, box: Box) -> None:
        first, second = box.put(case="c1"), box.put(case="c2")
        box.move(first, "SENDING", attempt=1)
        box.move(first, "READY")
        assert box.due() == first
        with box.store.read() as tx:
            assert [one.id for one in outbox.in_state(tx, "acme", "READY")] == [first, second]
            assert [one.id for one in outbox.listing(tx, limit=2)] == [first, second]

    def test_of_every_kind_to_every_receiver_unless_it_is_said(self, box: Box) -> None:
        number = box.put()
        with box.store.read() as tx:
            found = outbox.due(tx, "acme", at=AT)
        assert found == box.read(number)

    def test_nothing_before_its_time_and_everything_from_it_on(self, box: Box) -> None:
        number = box.put(at=LATER)
        assert box.due(at=LATER - timedelta(microseconds=1)) is None
        assert box.due(at=LATER) == number

    def test_nothing_of_another_ledger(self, box: Box) -> None:
        number = box.put(ledger="other", priority=0)
        mine = box.put(case="c2")
        assert (box.due(), box.due(ledger="other"), box.due(ledger="none")) == (mine, number, None)

    @pytest.mark.parametrize("state", ["SENDING", "UNKNOWN", "PARKED"])
    def test_what_is_in_doubt_holds_up_its_case_and_no_other(self, box: Box, state: str) -> None:
        first = box.put()
        box.put("case.hold", seq=1, priority=0)
        elsewhere = box.put(case="c2", priority=9)
        box.move(first, state)
        assert box.due() == elsewhere
        box.move(elsewhere, "DELIVERED")
        assert box.due() is None

    @pytest.mark.parametrize("state", outbox.ENDED)
    def test_what_has_ended_holds_nothing_up(self, box: Box, state: str) -> None:
        first, second = box.put(), box.put("case.hold", seq=1)
        box.move(first, state)
        assert box.due() == second

    def test_a_case_goes_in_its_order_whatever_the_priority(self, box: Box) -> None:
        first = box.put(priority=5)
        box.put("case.hold", seq=1, priority=0)
        assert box.due() == first

    def test_a_document_holds_nothing_up(self, box: Box) -> None:
        paper = box.put(DOCUMENT, seq=0, priority=7)
        payment = box.put("case.direct_payment", seq=1, priority=0)
        box.move(paper, "UNKNOWN")
        assert box.due() == payment

    def test_the_same_reference_at_another_agency_is_another_case(self, box: Box) -> None:
        first = box.put(connection="agency")
        other = box.put(connection="other", seq=1)
        box.move(first, "UNKNOWN")
        assert box.due() == other

    def test_what_is_left_out_holds_up_its_case(self, box: Box) -> None:
        box.put(priority=0)
        box.put("case.hold", seq=1, priority=0)
        other = box.put("case.hold", case="c2", seq=1)
        assert box.due(without="case.open") == other

    def test_what_has_ended_is_not_due(self, box: Box) -> None:
        for state in outbox.STATES[1:]:
            box.move(box.put(case=f"c-{state}"), state)
        assert box.due() is None


class TestMoving:
    def test_who_knows_the_state_moves_it_and_the_values(self, box: Box) -> None:
        number, other = box.put(), box.put(case="c2")
        assert box.move(number, "SENDING", attempt=1, sent_at=AT)
        one = box.read(number)
        assert (one.state, one.attempt, one.sent_at) == ("SENDING", 1, AT)
        assert box.read(other).state == "READY"

    def test_who_comes_late_moves_nothing(self, box: Box) -> None:
        number = box.put()
        old = box.read(number)
        box.move(number, "SENDING", attempt=1)
        sending = box.read(number)
        box.move(number, "READY")
        box.move(number, "SENDING", attempt=2)
        for stale in (old, sending):
            with box.store.write() as tx:
                assert not outbox.move(tx, stale, "DELIVERED", reference="late")
        assert (box.read(number).state, box.read(number).reference) == ("SENDING", "")


class TestLooking:
    def test_in_a_state_of_a_ledger_payments_first(self, box: Box) -> None:
        numbers = [box.put(case=f"c{n}", priority=priority) for n, priority in enumerate((5, 0, 5, 0))]
        foreign = box.put(case="c8", ledger="other")
        for number in (*numbers, foreign):
            box.move(number, "UNKNOWN")
        box.put(case="c9")
        with box.store.read() as tx:
            found = [one.id for one in outbox.in_state(tx, "acme", "UNKNOWN")]
            assert outbox.in_state(tx, "acme", "PARKED") == []
        assert found == [numbers[1], numbers[3], numbers[0], numbers[2]]

    def test_those_of_a_case_in_order(self, box: Box) -> None:
        third, first, second = (box.put("case.hold", seq=seq) for seq in (3, 1, 2))
        box.put(case="c2")
        with box.store.read() as tx:
            assert [one.id for one in outbox.of_case(tx, "c1")] == [first, second, third]

    def test_the_list_is_short_and_begins_with_what_matters(self, box: Box) -> None:
        numbers = [box.put(case=f"c{n}", priority=priority) for n, priority in enumerate((5, 0, 5, 0))]
        with box.store.read() as tx:
            listed = [one.id for one in outbox.listing(tx, limit=3)]
        assert listed == [numbers[1], numbers[3], numbers[0]]

    def test_the_list_is_of_one_ledger_or_state_when_that_is_asked_for(self, box: Box) -> None:
        mine, theirs = box.put(case="c1"), box.put(case="c2", ledger="other")
        parked, ended = box.put(case="c3"), box.put(case="c4")
        box.move(parked, "PARKED")
        box.move(ended, "DELIVERED")

        def listed(**wanted: str) -> list[int]:
            with box.store.read() as tx:
                return [one.id for one in outbox.listing(tx, limit=9, **wanted)]

        assert listed() == [mine, theirs, parked]
        assert (listed(ledger="acme"), listed(ledger="other"), listed(ledger="none")) == ([mine, parked], [theirs], [])
        assert (listed(state="PARKED"), listed(state="DELIVERED")) == ([parked], [ended])
        assert (listed(ledger="other", state="READY"), listed(ledger="other", state="PARKED")) == ([theirs], [])

    def test_what_waits_to_be_sent_is_counted_by_kind(self, box: Box) -> None:
        box.put()
        box.put(case="c2")
        box.put("case.hold", seq=1)
        box.move(box.put(case="c3"), "SENDING")
        box.put(case="c4", ledger="other")
        with box.store.read() as tx:
            assert outbox.count_ready(tx, "acme", "case.open") == 2
            assert outbox.count_ready(tx, "none", "case.open") == 0

    def test_how_many_stand_in_each_state(self, box: Box) -> None:
        box.put()
        box.put(case="c2")
        box.move(box.put(case="c3"), "PARKED")
        box.put(case="c4", ledger="other")
        with box.store.read() as tx:
            assert outbox.counts(tx) == {("acme", "READY"): 2, ("acme", "PARKED"): 1, ("other", "READY"): 1}
            assert outbox.counts(tx, ["other"]) == {("other", "READY"): 1}

    def test_since_when_the_oldest_waits(self, box: Box) -> None:
        box.move(box.put(at=AT - timedelta(days=1)), "DELIVERED")
        box.put(case="c2", at=LATER)
        box.put(case="c3", at=AT)
        box.put(case="c4", at=AT - timedelta(days=2), ledger="other")
        with box.store.read() as tx:
            assert outbox.oldest_waiting(tx, "acme") == AT
            assert outbox.oldest_waiting(tx, "none") is None


def test_each_receiver_has_a_queue_of_its_own(box: Box) -> None:
    north, south = box.put(case="c1", connection="north"), box.put(case="c2", connection="south", priority=0)
    assert (box.due(connection="north"), box.due(connection="south"), box.due()) == (north, south, south)
    assert box.due(connection="west") is None
    with box.store.read() as tx:
        assert [one.id for one in outbox.in_state(tx, "acme", "READY", connection="north")] == [north]
        assert [one.id for one in outbox.in_state(tx, "acme", "READY")] == [south, north]
