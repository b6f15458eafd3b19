"""A parked delivery: a person asked the agency, and says what it said."""

import pytest
from desk import Desk, closed, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.actions import write_message
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.parked import contents, resolve
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.store import cases, journal, outbox, people
from connector.store.people import Task
from connector.testing import make_document


@pytest.fixture(autouse=True)
def _cannot_be_asked(desk: Desk) -> None:
    desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False})


def at_the_agency(desk: Desk, ledger: Ledger) -> None:
    """Invoice 1 is handed over, as far as the wire lets it."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)


def park(desk: Desk, ledger: Ledger, fate: str) -> Task:
    """Hand invoice 1 over, lose the answer, and let the settle time pass."""
    desk.agency.wire = [fate]
    at_the_agency(desk, ledger)
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
    resolve(desk, task.body["message"], "arrived", told="A-1", actor="anna")
    assert standing(desk) == ("received", "A-1", ["DELIVERED"])
    assert tasks(desk) == []
    assert tasks(desk, done=True)[0].outcome == "arrived as A-1 (anna)"
    follow(desk, ledger)
    assert desk.agency.writes == 1


def test_what_did_not_arrive_goes_out_again_at_once_and_once(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost before")
    resolve(desk, task.body["message"], "not_arrived", told="", actor="anna")
    assert standing(desk) == ("queued", "", ["READY"])
    assert tasks(desk) == []
    assert tasks(desk, done=True)[0].outcome == "not arrived, sent again (anna)"
    follow(desk, ledger)
    assert standing(desk) == ("received", "A-1", ["DELIVERED"])
    assert len(desk.agency.cases) == 1


def test_an_answer_that_is_lost_again_asks_the_person_again(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost before")
    resolve(desk, task.body["message"], "not_arrived", told="", actor="anna")
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
    resolve(desk, task.body["message"], "arrived", told="A-1", actor="anna")
    follow(desk, ledger)
    assert standing(desk)[2] == ["DELIVERED", "DELIVERED"]
    assert [mutation.kind for mutation in desk.agency.mutations] == ["message"]


def test_a_message_other_than_the_hand_over_leaves_the_case_as_it_stands(desk: Desk, ledger: Ledger) -> None:
    at_the_agency(desk, ledger)
    (case_ref,) = desk.agency.cases
    desk.agency.wire = ["lost after"]
    write_message(desk, ledger, case_ref, "They called us.", actor="anna")
    follow(desk, ledger)
    resolve(desk, settle(desk, ledger).body["message"], "arrived", told="M-7", actor="anna")
    assert standing(desk) == ("received", "A-1", ["DELIVERED", "DELIVERED"])


def test_the_audit_trail_says_who_said_so(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    resolve(desk, task.body["message"], "arrived", told="A-1", actor="anna")
    with desk.store.read() as tx:
        trail = journal.audit_trail(tx, "acme", task.case_ref)
    told = [(actor, detail) for _, actor, action, detail in trail if action == "message.resolved"]
    assert told == [("anna", {"message": "case.open", "answer": "arrived", "reference": "A-1"})]
    assert trail[-2][2] == "case.open.delivered"


def test_it_is_said_once(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    resolve(desk, task.body["message"], "arrived", told="A-1", actor="anna")
    with pytest.raises(ConfigError, match="is not parked"):
        resolve(desk, task.body["message"], "not_arrived", told="", actor="ben")
    assert standing(desk) == ("received", "A-1", ["DELIVERED"])


def test_what_is_not_parked_is_refused(desk: Desk, ledger: Ledger) -> None:
    desk.agency.wire = ["refused"]
    at_the_agency(desk, ledger)
    for number in (1, 99):
        with pytest.raises(ConfigError, match=rf"message {number} is not parked\. See: incasso outbox list$"):
            resolve(desk, number, "arrived", told="A-1", actor="anna")
    assert standing(desk) == ("queued", "", ["READY"])


def test_a_hand_over_that_is_given_up_brings_its_claims_home(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost before")
    resolve(desk, task.body["message"], "given_up", told="the agency is closed", actor="anna")
    assert standing(desk) == ("draft", "", ["CANCELLED"])
    with desk.store.read() as tx:
        message = outbox.read(tx, task.body["message"])
        trail = journal.audit_trail(tx, "acme", task.case_ref)
    assert message is not None
    assert (message.ended_at, message.last_error) == (desk.clock.now(), "the agency is closed")
    assert tasks(desk, done=True)[0].outcome == "given up (anna)"
    (told,) = [detail for _, _, action, detail in trail if action == "message.resolved"]
    assert told == {"message": "case.open", "answer": "given_up", "reference": ""}
    assert hand_over(desk, ledger, make_plan(desk, ledger)[1].id).counts["cases"] == 1


def test_a_message_that_is_given_up_lets_pass_what_waits_behind_it(desk: Desk, ledger: Ledger) -> None:
    at_the_agency(desk, ledger)
    (case_ref,) = desk.agency.cases
    desk.agency.wire = ["lost before"]
    write_message(desk, ledger, case_ref, "They called us.", actor="anna")
    follow(desk, ledger)
    task = settle(desk, ledger)
    write_message(desk, ledger, case_ref, "They called again.", actor="anna")
    follow(desk, ledger)
    assert desk.agency.mutations == []
    resolve(desk, task.body["message"], "given_up", told="said by telephone", actor="anna")
    with desk.store.read() as tx:
        message = outbox.read(tx, task.body["message"])
    assert message is not None
    assert (message.state, message.ended_at, message.last_error) == (
        "CANCELLED", desk.clock.now(), "said by telephone",
    )  # fmt: skip
    follow(desk, ledger)
    assert [one.text for one in desk.agency.mutations] == ["They called again."]


def test_a_person_sees_what_to_ask_for_and_nobodys_name(desk: Desk, ledger: Ledger) -> None:
    task = park(desk, ledger, "lost after")
    with desk.store.read() as tx:
        message = outbox.read(tx, task.body["message"])
    assert message is not None
    assert contents(desk, message) == {"total": "EUR 100.00", "invoices": ["1: EUR 100.00"]}


def seen(desk: Desk, kind: str) -> dict[str, object]:
    with desk.store.read() as tx:
        (message,) = (one for one in outbox.listing(tx, limit=10) if one.kind == kind)
    return contents(desk, message)


def test_of_a_payment_it_shows_the_amount_and_the_day(desk: Desk, ledger: Ledger) -> None:
    at_the_agency(desk, ledger)
    (case,) = desk.agency.cases.values()
    desk.books.holds(invoice("1", 6_000), closed("1", 4_000))
    pull(desk, ledger)
    desk.agency.wire = ["refused"]
    follow(desk, ledger)
    assert seen(desk, "case.direct_payment") == {
        "mutation": f"{case.case_ref}-1",
        "day": "2026-03-02",
        "amounts": [f"{case.lines[0].line_id}: EUR 40.00"],
    }


def test_of_a_letter_it_shows_no_word(desk: Desk, ledger: Ledger) -> None:
    at_the_agency(desk, ledger)
    (case_ref,) = desk.agency.cases
    desk.agency.wire = ["refused"]
    write_message(desk, ledger, case_ref, "Jan de Vries called us.", actor="anna")
    follow(desk, ledger)
    assert seen(desk, "case.message") == {"mutation": f"{case_ref}-1", "day": "2026-03-02"}


def test_of_a_paper_it_shows_which(desk: Desk, ledger: Ledger) -> None:
    desk.books.papers["INV-1"] = make_document(id="pdf-1")
    desk.agency.wire = ["", "refused"]
    at_the_agency(desk, ledger)
    assert seen(desk, "case.document") == {"document": "pdf-1"}
