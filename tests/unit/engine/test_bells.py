"""The bells: which run they ask for, and that the sweeper makes up for every ring that was lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.flow.desk import Desk, invoice, open_desk

from connector.config import Ledger
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.runtime import grid
from connector.runtime.bells import Bells
from connector.runtime.engine import Run
from connector.runtime.engine.inline import Inline
from connector.runtime.work import Work
from connector.store import Store, journal, outbox

INSTANTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> tuple[Desk, Ledger]:
    return open_desk(store, tmp_path)


@given(st.text(min_size=1, max_size=20), st.integers(1, 7 * 24 * 60), INSTANTS)
def test_a_slot_is_the_newest_that_has_begun_and_lasts_until_the_next(name: str, minutes: int, at: datetime) -> None:
    slot = grid.last_slot(name, minutes, at)
    assert slot <= at < slot + timedelta(minutes=minutes)
    assert grid.last_slot(name, minutes, slot) == slot
    assert (slot - grid.first_slot(name, minutes)) % timedelta(minutes=minutes) == timedelta()


def test_a_slot_is_the_same_in_every_process() -> None:
    at = datetime(2026, 3, 2, 9, 7, tzinfo=UTC)
    assert grid.slot_text(grid.last_slot("acme", 15, at)) == "2026-03-02T09:00:14Z"
    assert grid.last_slot("bakery", 15, at) != grid.last_slot("acme", 15, at)


@given(INSTANTS)
def test_a_mark_comes_after_everything_it_gathers(at: datetime) -> None:
    assert at < grid.next_mark(at, 2) <= at + timedelta(seconds=2)


def test_tries_are_counted_in_the_slot() -> None:
    slot = "2026-03-02T09:00:00Z"
    assert [grid.tries(slot), grid.again(slot), grid.tries(grid.again(grid.again(slot)))] == [0, f"{slot}~1", 2]


class Service:
    """The bells and the handlers of one process, on an engine in memory."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self.desk, self.ledger = desk, ledger
        self.forget()

    def forget(self) -> None:
        """The engine loses its memory."""
        self.engine = Inline()
        self.bells = Bells(self.desk, [self.ledger], self.engine)
        self.work = Work(self.desk, self.engine)

    def waiting(self) -> list[Run]:
        return [run for run in self.engine.inspect().waiting if run.kind != "housekeeping"]

    def work_off(self) -> None:
        self.engine.work_off(self.work.handlers)


@pytest.fixture
def service(desk: tuple[Desk, Ledger]) -> Service:
    return Service(*desk)


def visited(service: Service, at: datetime) -> None:
    with service.desk.store.write() as tx:
        journal.start_run(tx, f"run-{at.isoformat()}", service.ledger.name, "pull", at=at)


def test_a_visit_that_is_overdue_is_rung_for_once_however_often_it_is_swept(service: Service) -> None:
    service.bells.sweep()
    service.bells.sweep()
    now = datetime.now(UTC)
    slot = grid.slot_text(grid.last_slot(service.ledger.name, service.ledger.every_minutes, now))
    assert service.waiting() == [Run("visit", service.ledger.name, slot)]


def test_a_ledger_that_was_visited_since_its_slot_is_left_alone(service: Service) -> None:
    visited(service, datetime.now(UTC))
    service.bells.sweep()
    assert service.waiting() == []


def test_a_message_that_is_due_brings_a_follow_where_nothing_waits(service: Service) -> None:
    put_message(service)
    visited(service, datetime.now(UTC))
    service.bells.sweep()
    assert [run.kind for run in service.waiting()] == ["follow"]
    service.bells.sweep()
    assert len(service.waiting()) == 1


@pytest.mark.parametrize(("state", "rung"), [("SENDING", 1), ("UNKNOWN", 1), ("PARKED", 0), ("DELIVERED", 0)])
def test_what_a_dead_run_left_in_doubt_is_due_and_what_waits_for_a_person_is_not(
    service: Service, state: str, rung: int
) -> None:
    put_message(service)
    with service.desk.store.write() as tx:
        (message,) = outbox.in_state(tx, service.ledger.name, "READY")
        assert outbox.move(tx, message, state)
    visited(service, datetime.now(UTC))
    service.bells.sweep()
    assert len(service.waiting()) == rung


def put_message(service: Service) -> None:
    with service.desk.store.write() as tx:
        outbox.put(
            tx, ledger=service.ledger.name, connection="agency", kind="case.hold", case_ref="C-1", seq=1, priority=1,
            payload=b"", payload_sha256="", key="k", at=service.desk.clock.now(),
        )  # fmt: skip


def test_many_calls_of_an_agency_in_a_row_ask_for_few_follows_that_begin_after_them(service: Service) -> None:
    for _ in range(50):
        service.bells.agency_called(service.ledger.sinks[0].connection)
    service.bells.agency_called("another")
    assert 1 <= len(service.waiting()) <= 2
    service.work_off()
    assert service.engine.inspect().keys, "a follow begins after the calls it is for"


def test_an_agency_that_is_not_a_ledgers_first_rings_for_it_as_well(service: Service) -> None:
    first = service.ledger.sinks[0]
    both = (first, first.model_copy(update={"connection": "south"}))
    service.ledger = service.ledger.model_copy(update={"sinks": both})
    service.forget()
    service.bells.agency_called("south")
    assert [run.kind for run in service.waiting()] == ["follow"]


def test_a_stop_hands_the_work_on_to_whoever_lives(service: Service) -> None:
    service.bells.sweep()
    (run,) = service.waiting()
    service.desk.stop.set()
    service.work.handlers["visit"](run)
    assert Run("visit", run.key, f"{run.slot}~1") in service.waiting()


def test_a_ledger_that_somebody_works_on_is_tried_again_a_little_later_and_not_for_ever(service: Service) -> None:
    with service.desk.store.lock(f"ledger:{service.ledger.name}"):
        service.work.handlers["visit"](Run("visit", service.ledger.name, "09:00"))
        service.work.handlers["follow"](Run("follow", service.ledger.name, "09:00~20"))
    assert service.waiting() == [Run("visit", service.ledger.name, "09:00~1")]
    service.work_off()
    assert len(service.waiting()) == 1, "not before its time"


def test_a_run_for_a_ledger_that_this_machine_does_not_know_is_left(service: Service) -> None:
    service.work.handlers["visit"](Run("visit", "elsewhere", "09:00"))
    assert service.waiting() == []


def test_house_is_kept_by_the_hour(service: Service) -> None:
    service.bells.sweep()
    assert [run.kind for run in service.engine.inspect().waiting].count("housekeeping") == 1
    service.work.handlers["housekeeping"](Run("housekeeping", "housekeeping", "09:00"))


def test_an_engine_that_forgets_between_all_visits_doubles_nothing_at_the_agency(service: Service) -> None:
    desk, ledger = service.desk, service.ledger
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, ledger)
    _, plan = make_plan(desk, ledger)
    hand_over(desk, ledger, plan.id)
    taken = len(desk.agency.cases)
    for _ in range(3):
        service.forget()
        service.bells.sweep()
        service.work_off()
        desk.later(hours=1)
    assert len(desk.agency.cases) == taken
    assert desk.agency.writes == taken
