"""A parked delivery: a person asked the agency, and says what it said."""

import pytest
from desk import Desk, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.actions import resolve_parked, write_message
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.store import cases, journal, outbox, people
from connector.store.people import Task


@pytest.fixture(autouse=True)
def _cannot_be_asked(desk: Desk) -> None:
    desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False})


def park(desk: Desk, ledger: Ledger, fate: str) -> Task:
    """Hand invoice 1 over, lose the answer, and let the settle time pass."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.agency.wire = [fate]
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    return settle(desk, ledger)


def settle(desk: Desk, ledger: Ledger) -> Task:
    desk.later(days=1)
    follow(desk, ledger)
    (task,) = tasks(desk)
    return task


def tasks(desk: Desk, *, done: bool = False) -> list[Task]:
    with desk.store.read() as tx:
        return people.tasks(tx, "acme", done=done)


def standing(desk: Desk) -> tuple[str, str, list[str]]:
    """Hand-over and agency's number of the only case, and the states of its messages."""
    with desk.store.read() as tx:
        (row,) = cases.cases(tx, ledger="acme")
        return row.handover, row.agency_ref, [one.state for one in outbox.of_case(tx, row.case_ref)]


def test_what_arrived_stands_as_if_the_answer_had_come(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    resolve_parked(desk, task, reference="A-1", actor="anna")
    assert standing(desk) == ("received", "A-1", ["DELIVERED"])
    assert tasks(desk) == []
    assert tasks(desk, done=True)[0].outcome == "arrived as A-1 (anna)"
    follow(desk, ledger)
    assert desk.agency.writes == 1


def test_what_did_not_arrive_goes_out_again_at_once_and_once(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost before")
    resolve_parked(desk, task, reference="", actor="anna")
    assert standing(desk) == ("queued", "", ["READY"])
    assert tasks(desk) == []
    follow(desk, ledger)
    assert standing(desk) == ("received", "A-1", ["DELIVERED"])
    assert len(desk.agency.cases) == 1


def test_an_answer_that_is_lost_again_asks_the_person_again(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost before")
    resolve_parked(desk, task, reference="", actor="anna")
    desk.agency.wire = ["lost before"]
    follow(desk, ledger)
    again = settle(desk, ledger)
    assert (again.kind, again.key) == ("parked", task.key)
    assert standing(desk) == ("unknown", "", ["PARKED"])


def test_what_waited_behind_it_goes_out_in_order(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    write_message(desk, ledger, task.case_ref, "They called us.", actor="anna")
    follow(desk, ledger)
    assert standing(desk)[2] == ["PARKED", "READY"]
    resolve_parked(desk, task, reference="A-1", actor="anna")
    follow(desk, ledger)
    assert standing(desk)[2] == ["DELIVERED", "DELIVERED"]
    assert [mutation.kind for mutation in desk.agency.mutations] == ["message"]


def test_a_message_other_than_the_hand_over_leaves_the_case_as_it_stands(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    (case_ref,) = desk.agency.cases
    desk.agency.wire = ["lost after"]
    write_message(desk, ledger, case_ref, "They called us.", actor="anna")
    follow(desk, ledger)
    resolve_parked(desk, settle(desk, ledger), reference="M-7", actor="anna")
    assert standing(desk) == ("received", "A-1", ["DELIVERED", "DELIVERED"])


def test_the_audit_trail_says_who_said_so(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    resolve_parked(desk, task, reference="A-1", actor="anna")
    with desk.store.read() as tx:
        trail = journal.audit_trail(tx, "acme", task.case_ref)
    told = [(actor, detail) for _, actor, action, detail in trail if action == "task.parked"]
    assert told == [("anna", {"message": "case.open", "reference": "A-1"})]
    assert trail[-2][2] == "case.open.delivered"


def test_it_is_said_once(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    resolve_parked(desk, task, reference="A-1", actor="anna")
    with pytest.raises(ConfigError, match="not parked any more"):
        resolve_parked(desk, task, reference="", actor="ben")
    assert standing(desk) == ("received", "A-1", ["DELIVERED"])


def test_a_task_of_another_kind_is_refused(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.agency.wire = ["rejected"]
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    (task,) = tasks(desk)
    with pytest.raises(ConfigError, match="is no parked delivery but a rejected"):
        resolve_parked(desk, task, reference="A-1", actor="anna")
    assert tasks(desk) == [task]
