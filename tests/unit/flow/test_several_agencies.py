"""A ledger with two agencies: each gets what is meant for it, and trouble at one keeps the other from nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from desk import POLICY, TRADE, Desk, MemoryAgency, closed, invoice

from connector.config import Ledger, Link
from connector.errors import AuthError, ConfigError, QuotaError, TransientError
from connector.flow import actions, withdrawing
from connector.flow.agencies import NOT_NAMED, Troubles
from connector.flow.compare import compare
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.nightly import is_due, nightly
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.flow.runs import Report
from connector.model import (
    Allocation,
    Case,
    Closed,
    DebtorKind,
    EventPage,
    InfoRequested,
    Money,
    OpenItem,
    PaymentReceived,
    Preflight,
    Question,
    Receipt,
    Remittance,
    RemittanceItem,
)
from connector.runtime.status import AgencyStatus, collect
from connector.runtime.visit import visit
from connector.store import (
    Store,
    agency,
    backups,
    cases,
    due,
    figures,
    journal,
    open_store,
    outbox,
    people,
    plans,
    quarantine,
)
from connector.store.cases import CaseRow
from connector.store.people import Task


class Agency(MemoryAgency):
    """One that can be away: then it answers nothing but `error`."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.tells = True

    def preflight(self, case: Case) -> Preflight:
        self._answer()
        return super().preflight(case)

    def submit(self, case: Case, *, key: str) -> Receipt:
        self._answer()
        return super().submit(case, key=key)

    def changes(self, cursor: str | None) -> Iterator[EventPage]:
        self._answer()
        return super().changes(cursor)

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error

    def pays(self, payment_id: str, minor: int) -> None:
        """The debtor of its only case pays it."""
        (case,) = self.cases.values()
        amount = Money(minor=minor, currency="EUR")
        part = Allocation(component="principal", line_id=case.lines[0].line_id, amount=amount)
        self.feed.append(
            PaymentReceived(
                id=f"evt-{payment_id}", case_ref=case.case_ref, occurred_at=self.now(), payment_id=payment_id,
                received_on=self.now().date(), gross=amount, allocation=(part,),
            )
        )  # fmt: skip


def link(connection: str, number: int, **said: str) -> Link:
    return Link(connection=connection, agency=said, shown="ledgers/acme.toml", table="sink", number=number)


def bill(number: str, debtor: str, amount: int = 10_000) -> OpenItem:
    return invoice(number, amount, debtor_id=debtor, original_minor=amount)


@pytest.fixture
def ledger(opened: tuple[Desk, Ledger]) -> Ledger:
    south = {"product": "ios", "client_number": "Z-9"}
    return opened[1].model_copy(update={"sinks": (link("north", 0), link("south", 1, **south))})


@pytest.fixture
def desk(opened: tuple[Desk, Ledger], ledger: Ledger) -> Desk:
    settings = opened[0].settings.model_copy(update={"ledgers": {"acme": ledger}})
    made = replace(opened[0], settings=settings, others={"north": Agency(), "south": Agency()})
    for one in made.others.values():
        one.now = made.clock.now
    return made


@pytest.fixture
def north(desk: Desk) -> Agency:
    found = desk.others["north"]
    assert isinstance(found, Agency)
    return found


@pytest.fixture
def south(desk: Desk) -> Agency:
    found = desk.others["south"]
    assert isinstance(found, Agency)
    return found


# Who goes where: a route by the kind of the debtor.
KIND_OF: dict[str, DebtorKind] = {"north": "business", "south": "public_body", "west": "sole_trader"}


def plan_with(desk: Desk, ledger: Ledger, destinations: dict[str, str]) -> int:
    """A plan whose policy sends these debtors where it is said, and the others to the north."""
    routes = [f'\n[[route]]\nto = "{to}"\nkinds = ["{kind}"]\n' for to, kind in KIND_OF.items()]
    desk.settings.policies[ledger.policy].write_text(POLICY + "".join(routes), encoding="utf-8")
    for debtor, to in destinations.items():
        actions.confirm_kind(desk, ledger, debtor, KIND_OF[to], actor="jan")
    return make_plan(desk, ledger)[1].id


def handed(desk: Desk, ledger: Ledger, *rows: OpenItem, **destinations: str) -> Report:
    desk.books.holds(*rows)
    pull(desk, ledger)
    return hand_over(desk, ledger, plan_with(desk, ledger, destinations))


@pytest.fixture
def both(desk: Desk, ledger: Ledger, north: Agency, south: Agency) -> dict[str, CaseRow]:
    """Debtor d1 is at the north, d2 at the south; the rows by connection."""
    handed(desk, ledger, bill("1", "d1"), bill("2", "d2", 20_000), d2="south")
    assert (len(north.cases), len(south.cases)) == (1, 1)
    return {row.connection: row for row in rows(desk)}


def rows(desk: Desk) -> list[CaseRow]:
    with desk.store.read() as tx:
        return cases.cases(tx, ledger="acme")


def state_of(desk: Desk, connection: str) -> str:
    with desk.store.read() as tx:
        return journal.connection_states(tx)[connection][0]


def test_each_debtor_goes_to_the_agency_of_his_decision_on_its_terms(
    north: Agency, south: Agency, both: dict[str, CaseRow]
) -> None:
    (first,), (second,) = north.cases.values(), south.cases.values()
    assert (first.debtor.id, first.product, first.creditor.agency_client_number) == ("d1", "amicable", "CL-4711")
    assert (second.debtor.id, second.product, second.creditor.agency_client_number) == ("d2", "ios", "Z-9")
    assert {name: row.debtor_id for name, row in both.items()} == {"north": "d1", "south": "d2"}


def test_an_agency_that_the_ledger_does_not_name_leaves_the_debtor_out_by_name(desk: Desk, ledger: Ledger) -> None:
    report = handed(desk, ledger, bill("1", "d1"), bill("2", "d2"), d2="west")
    told = [(one.text, one.debtor_id) for one in report.remarks if "left out" in one.text]
    assert told == [("left out, the policy sends it to west, which the ledger does not name", "d2")]
    assert [row.debtor_id for row in rows(desk)] == ["d1"]


def test_the_least_that_one_agency_takes_is_no_matter_of_the_other(desk: Desk, ledger: Ledger, south: Agency) -> None:
    south.promise = south.promise.model_copy(update={"minimum": {"EUR": 15_000}})
    report = handed(desk, ledger, bill("1", "d1"), bill("2", "d2"), d2="south")
    assert [one.debtor_id for one in report.remarks if "less than the agency takes" in one.text] == ["d2"]
    assert [row.connection for row in rows(desk)] == ["north"]


def test_a_claim_stays_at_home_when_the_agency_it_is_for_may_not_collect_it(desk: Desk, ledger: Ledger) -> None:
    """A sole trader is a natural person: who collects from one must be registered, whoever else is."""
    west = ledger.model_copy(update={"sinks": (link("north", 0), link("west", 1, receiver="not registered"))})
    assert TRADE.receiver == "registered"
    desk.books.holds(bill("1", "d1"), bill("2", "d2"))
    pull(desk, west)
    hand_over(desk, west, plan_with(desk, west, {"d2": "west"}))
    assert [row.debtor_id for row in rows(desk)] == ["d1"]
    decided = explain(desk, west, "d2")[1]
    assert decided.action == "none"
    assert [one.condition for one in decided.because if one.verdict == "no"] == ["escalate.law.agency_registered"]


class TestOneIsAway:
    """What one agency does not answer keeps nothing from the other."""

    def test_the_others_cases_go_out_and_the_plan_stays_open_for_the_rest(
        self, desk: Desk, ledger: Ledger, north: Agency, south: Agency
    ) -> None:
        desk.books.holds(bill("1", "d1"), bill("2", "d2"))
        pull(desk, ledger)
        plan_id = plan_with(desk, ledger, {"d2": "south"})
        north.error = AuthError("the key is not known")
        with pytest.raises(AuthError, match="north: the key is not known"):
            hand_over(desk, ledger, plan_id)
        assert (len(north.cases), len(south.cases)) == (0, 1)
        assert (state_of(desk, "north"), state_of(desk, "south")) == ("login", "ok")
        north.error = None
        hand_over(desk, ledger, plan_id)
        assert (len(north.cases), len(south.cases)) == (1, 1)
        with desk.store.read() as tx:
            found = plans.read_plan(tx, plan_id)
        assert found is not None
        assert found.state == "applied"

    @pytest.mark.parametrize("away", ["north", "south"])
    def test_both_ways_with_the_other_go_on(
        self, desk: Desk, ledger: Ledger, both: dict[str, CaseRow], away: str
    ) -> None:
        other = {"north": "south", "south": "north"}[away]
        there, here = desk.others[away], desk.others[other]
        assert isinstance(there, Agency)
        assert isinstance(here, Agency)
        there.error = TransientError("503")
        here.pays("p1", 1_000)
        two = {"debtor_id": "d2", "original_minor": 20_000}
        of_two = [invoice("2", 15_000, **two), closed("2", 5_000).model_copy(update=two)]
        desk.books.holds(invoice("1", 4_000), closed("1", 6_000), *of_two)
        pull(desk, ledger)
        troubles = Troubles()
        with pytest.raises(TransientError, match=f"{away}: 503"):
            follow(desk, ledger, troubles=troubles)
        assert list(troubles.at_agency) == [away]
        with desk.store.read() as tx:
            assert [one[0] for one in agency.payments(tx, both[other].case_ref)] == ["p1"]
        assert [one.kind for one in here.mutations] == ["direct_payment"]
        assert there.mutations == []
        there.error = None
        follow(desk, ledger)
        assert [one.kind for one in there.mutations] == ["direct_payment"]
        assert all(one.agrees for one in compare(desk, ledger))

    def test_of_two_errors_the_one_for_a_person_comes_first_and_both_are_named(
        self, desk: Desk, ledger: Ledger, north: Agency, south: Agency
    ) -> None:
        north.error = QuotaError("no calls left", until=desk.clock.now())
        south.error = AuthError("log in again")
        with pytest.raises(AuthError, match="south: log in again north: no calls left"):
            follow(desk, ledger)

    def test_a_fault_in_a_plugin_is_raised_as_it_is_after_the_other_had_its_turn(
        self, desk: Desk, ledger: Ledger, north: Agency, south: Agency
    ) -> None:
        handed(desk, ledger, bill("2", "d2"), d2="south")
        north.error = ZeroDivisionError()
        south.pays("p1", 1_000)
        with pytest.raises(ZeroDivisionError):
            follow(desk, ledger)
        with desk.store.read() as tx:
            assert agency.payments(tx, rows(desk)[0].case_ref)

    def test_the_night_asks_the_other_and_stays_due_until_both_were_asked(
        self, desk: Desk, ledger: Ledger, north: Agency, south: Agency, both: dict[str, CaseRow]
    ) -> None:
        north.error = TransientError("503")
        desk.later(days=1)
        desk.books.holds(bill("1", "d1"), bill("2", "d2", 20_000))
        turns = {one.verb: one for one in visit(desk, ledger)}
        assert turns["follow"].outcome == "TransientError"
        night = turns["nightly"].report
        assert night is not None
        assert night.counts["cases compared"] == 1
        assert [one.text for one in night.remarks] == ["to be compared when they can be asked again: north"]
        assert is_due(desk, ledger)
        north.error = None
        desk.books.holds(bill("1", "d1"), bill("2", "d2", 20_000))
        turns = {one.verb: one for one in visit(desk, ledger)}
        night = turns["nightly"].report
        assert night is not None
        assert night.counts["cases compared"] == 1, "the south has had its turn"
        assert not is_due(desk, ledger)

    def test_what_fails_in_the_night_itself_keeps_the_other_from_nothing(
        self, desk: Desk, ledger: Ledger, north: Agency, both: dict[str, CaseRow]
    ) -> None:
        desk.later(days=1)
        north.error = AuthError("log in again")
        with pytest.raises(AuthError):
            nightly(desk, ledger)
        with desk.store.read() as tx:
            (night,) = [one for one in figures.last_run_of_each(tx, "acme") if one.verb == "nightly"]
        assert (night.outcome, night.counts["cases compared"]) == ("AuthError", 1)
        assert is_due(desk, ledger)


class TestNeverTwice:
    """A claim is at one agency at most, whichever of them that is."""

    def test_what_is_at_one_is_not_opened_at_another(
        self, desk: Desk, ledger: Ledger, both: dict[str, CaseRow], south: Agency
    ) -> None:
        """Also when the plan was made before: here its decision is carried out a second time, for the other agency."""
        (first,) = [row for row in rows(desk) if row.connection == "north"]
        again = replace(first, case_ref="acme-other", connection="south")
        with desk.store.write() as tx:
            lines = [replace(one, case_ref="acme-other") for one in cases.lines(tx, first.case_ref)]
            with pytest.raises(cases.AlreadyHandedOverError):
                cases.open_case(tx, again, lines)
        assert make_plan(desk, ledger)[0].counts["escalate"] == 0
        assert len(south.cases) == 1

    def test_a_claim_that_was_withdrawn_from_one_goes_to_the_other_as_a_new_attempt(
        self, desk: Desk, ledger: Ledger, both: dict[str, CaseRow], north: Agency, south: Agency
    ) -> None:
        first = both["north"]
        withdrawing.withdraw(desk, ledger, first.case_ref, reason="to the south", fee_ack=None, actor="jan")
        follow(desk, ledger)
        assert [one.kind for one in north.mutations] == ["withdraw"]
        assert [one.kind for one in south.mutations] == []
        assert make_plan(desk, ledger)[0].counts["escalate"] == 0, "until the agency confirmed, it is there"
        north.feed.append(
            Closed(id="evt-end", case_ref=first.case_ref, occurred_at=desk.clock.now(), closure="withdrawn")
        )
        follow(desk, ledger)
        actions.resume_debtor(desk, ledger, "d1", actor="jan")
        hand_over(desk, ledger, plan_with(desk, ledger, {"d1": "south"}))
        (second,) = [row for row in rows(desk) if row.debtor_id == "d1" and row.connection == "south"]
        assert second.case_ref != first.case_ref
        with desk.store.read() as tx:
            keys = {one.key for ref in (first.case_ref, second.case_ref) for one in outbox.of_case(tx, ref)}
            live = [(one.case_ref, one.live) for one in cases.live_lines(tx, "acme", claims=["INV-1"])]
        assert len(keys) == 3
        assert live == [(second.case_ref, True)]
        assert (len(north.cases), len(south.cases)) == (1, 2)
        assert all(one.agrees for one in compare(desk, ledger) if one.live)

    def test_what_one_pays_out_after_the_claim_went_to_the_other_is_told_to_the_other(
        self, desk: Desk, ledger: Ledger, both: dict[str, CaseRow], north: Agency, south: Agency
    ) -> None:
        """To the agency that works the claim now it is money that came in past it."""
        first = both["north"]
        north.pays("p1", 4_000)
        end = Closed(id="evt-end", case_ref=first.case_ref, occurred_at=desk.clock.now(), closure="withdrawn")
        north.feed.append(end)
        follow(desk, ledger)
        actions.resume_debtor(desk, ledger, "d1", actor="jan")
        hand_over(desk, ledger, plan_with(desk, ledger, {"d1": "south"}))
        north.payouts.append(payout(desk.clock.today("Europe/Amsterdam"), first.case_ref, 4_000))
        desk.books.holds(invoice("1", 6_000), closed("1", 4_000, on=desk.clock.today("Europe/Amsterdam")))
        pull(desk, ledger)
        follow(desk, ledger)
        assert [(one.kind, one.case_ref != first.case_ref) for one in south.mutations] == [("direct_payment", True)]
        assert north.mutations == []


def payout(day: date, case_ref: str, minor: int) -> Remittance:
    amount = Money(minor=minor, currency="EUR")
    nothing = Money(minor=0, currency="EUR")
    item = RemittanceItem(case_ref=case_ref, line_id=f"{case_ref}-1", payment_id="p1", gross=amount, principal=amount)
    return Remittance(
        remittance_id="R-1", paid_on=day, gross=amount, costs=nothing, vat=nothing, net=amount, items=(item,)
    )


def test_two_agencies_may_call_two_questions_the_same(
    desk: Desk, ledger: Ledger, both: dict[str, CaseRow], north: Agency, south: Agency
) -> None:
    question = Question(question_id="q", label="Is there a contract?", type="text")
    for one, name in ((north, "north"), (south, "south")):
        one.feed.append(
            InfoRequested(
                id="evt-ask", case_ref=both[name].case_ref, occurred_at=desk.clock.now(), request_id="R-1",
                subject=f"asked by {name}", questions=(question,),
            )
        )  # fmt: skip
    follow(desk, ledger)
    with desk.store.read() as tx:
        asked = {one.case_ref: one for one in people.tasks(tx, "acme") if one.kind == "question"}
    assert {one.subject for one in asked.values()} == {"asked by north", "asked by south"}
    for task in asked.values():
        actions.answer(desk, ledger, task, {"q": "yes"}, actor="jan")
    follow(desk, ledger)
    for one in (north, south):
        (told,) = [one for one in one.mutations if one.kind == "request_answer"]
        assert told.request_id == "R-1"
    with desk.store.read() as tx:
        assert [one for one in people.tasks(tx, "acme") if one.kind == "question"] == []


def status_of(desk: Desk, ledger: Ledger) -> dict[str, AgencyStatus]:
    settings = desk.settings.model_copy(update={"ledgers": {"acme": ledger}})
    [found] = collect(replace(desk, settings=settings)).ledgers
    return {one.connection: one for one in found.agencies}


def test_the_status_counts_each_agency_by_itself(
    desk: Desk, ledger: Ledger, both: dict[str, CaseRow], south: Agency
) -> None:
    at = desk.clock.now()
    question = Question(question_id="q", label="Signed?", type="yes_no")
    south.feed.append(
        InfoRequested(
            id="evt-ask", case_ref=both["south"].case_ref, occurred_at=at, request_id="R-1", subject="?",
            questions=(question,),
        )
    )  # fmt: skip
    follow(desk, ledger)
    actions.hold_debtor(desk, ledger, "d2", reason="sales", until=None, actor="jan")
    desk.later(minutes=5)
    found = status_of(desk, ledger)
    assert list(found) == [link.connection for link in ledger.sinks]
    assert found["north"] == AgencyStatus(connection="north", cases=1, questions=0, waiting=0, parked=0, oldest=None)
    assert found["south"] == AgencyStatus(connection="south", cases=1, questions=1, waiting=1, parked=0, oldest=at)
    with desk.store.write() as tx:
        [message] = outbox.in_state(tx, "acme", "READY", connection="south")
        outbox.move(tx, message, "PARKED")
    assert (status_of(desk, ledger)["south"].waiting, status_of(desk, ledger)["south"].parked) == (0, 1)


def test_the_status_shows_an_agency_that_is_missed_with_the_mend(
    desk: Desk, ledger: Ledger, both: dict[str, CaseRow]
) -> None:
    assert both
    less = status_of(desk, ledger.model_copy(update={"sinks": ledger.sinks[:1]}))
    assert less["north"].mend == ""
    assert 'Put it back: [[sink]] with connection = "south".' in less["south"].mend


class TestAnAgencyThatWasTakenOut:
    """Its cases are still there: somebody has to be told, and the others go on."""

    @pytest.fixture
    def less(self, ledger: Ledger, both: dict[str, CaseRow]) -> Ledger:
        assert both
        return ledger.model_copy(update={"sinks": ledger.sinks[:1]})

    def test_a_follow_says_which_and_what_to_do_and_goes_on_with_the_others(
        self, desk: Desk, less: Ledger, both: dict[str, CaseRow], north: Agency
    ) -> None:
        north.pays("p1", 1_000)
        report = follow(desk, less)
        said = (
            'ledgers/acme.toml: sink: the ledger has cases at "south", which its file does not name. '
            'Put it back: [[sink]] with connection = "south". Withdraw its cases before you take it out.'
        )
        assert [one.text for one in report.remarks] == [said]
        assert report.counts["agencies not named"] == 1
        with desk.store.read() as tx:
            assert agency.payments(tx, both["north"].case_ref)
            assert [one.subject for one in people.tasks(tx, "acme") if one.kind == NOT_NAMED] == [said]

    def test_it_is_said_once_a_day_and_stands_on_the_list_until_it_is_named(
        self, desk: Desk, less: Ledger, ledger: Ledger
    ) -> None:
        told = []
        for hours in (0, 1, 1, 24, 1):
            desk.later(hours=hours)
            told.append(len(follow(desk, less).remarks))
        assert told == [1, 0, 0, 1, 0]
        follow(desk, ledger)
        with desk.store.read() as tx:
            assert [one for one in people.tasks(tx, "acme") if one.kind == NOT_NAMED] == []
            [task] = [one for one in people.tasks(tx, "acme", done=True) if one.kind == NOT_NAMED]
        assert (task.key, task.outcome) == ("south", "it is named, or has nothing left")

    def test_a_task_that_a_person_took_off_the_list_comes_back_the_next_day(self, desk: Desk, less: Ledger) -> None:
        def listed() -> list[Task]:
            with desk.store.read() as tx:
                return [one for one in people.tasks(tx, "acme") if one.kind == NOT_NAMED]

        follow(desk, less)
        actions.finish_task(desk, listed()[0], outcome="later", actor="jan")
        assert not follow(desk, less).remarks
        assert not listed()
        desk.later(days=1)
        assert follow(desk, less).remarks
        assert listed()

    def test_what_waits_for_it_does_not_ring(self, desk: Desk, less: Ledger, ledger: Ledger) -> None:
        actions.hold_debtor(desk, ledger, "d2", reason="sales", until=None, actor="jan")
        names = {one.name: {link.connection for link in one.sinks} for one in (ledger,)}
        with desk.store.read() as tx:
            assert due.ledgers_with_messages(tx, names, at=desk.clock.now()) == {"acme"}
            assert due.ledgers_with_messages(tx, {"acme": {"north"}}, at=desk.clock.now()) == set()

    def test_the_last_agency_can_be_missed_too(self, desk: Desk, less: Ledger) -> None:
        none = less.model_copy(update={"sinks": ()})
        assert len(follow(desk, none).remarks) == 2

    def test_its_cost_of_a_withdrawal_cannot_be_asked(self, desk: Desk, less: Ledger, both: dict[str, CaseRow]) -> None:
        with pytest.raises(ConfigError, match='has cases at "south"'):
            withdrawing.cost(desk, less, both["south"].case_ref)

    def test_what_could_be_compared_is_and_then_it_is_told(self, desk: Desk, less: Ledger) -> None:
        troubles = Troubles()
        assert [one.agrees for one in compare(desk, less, troubles)] == [True]
        with pytest.raises(ConfigError, match='has cases at "south"'):
            compare(desk, less)

    def test_without_cases_nobody_misses_it(self, desk: Desk, less: Ledger, both: dict[str, CaseRow]) -> None:
        with desk.store.write() as tx:
            cases.change_case(tx, both["south"].case_ref, closure="withdrawn", closure_at=desk.clock.now())
        follow(desk, less)


class TestAfterARestore:
    """What was forgotten may be at another agency than the plan of today would send it to."""

    @pytest.fixture
    def restored(self, desk: Desk, ledger: Ledger, south: Agency, store_url: str, tmp_path: Path) -> Desk:
        """d1 went to the north before the back-up, d2 to the south after it."""
        handed(desk, ledger, bill("1", "d1"), bill("2", "d2", 20_000), d2="west")
        file = tmp_path / "one.backup"
        backups.back_up(desk.store, file, now=desk.clock.now)
        desk.later(hours=1)
        hand_over(desk, ledger, plan_with(desk, ledger, {"d2": "south"}))
        assert len(south.cases) == 1
        desk.later(days=1)
        return self.put_back(desk, store_url, file)

    @staticmethod
    def put_back(desk: Desk, store_url: str, file: Path) -> Desk:
        desk.store.close()
        emptied: Store = open_store(store_url)
        backups.restore(emptied, file, replace=True, at=desk.clock.now(), actor="jan")
        emptied.close()
        return replace(desk, store=open_store(store_url))

    @staticmethod
    def visit(desk: Desk, ledger: Ledger, *, paid: int = 0) -> Report:
        desk.later(hours=1)
        first = [invoice("1", 10_000 - paid), *([closed("1", paid)] if paid else [])]
        desk.books.holds(*first, bill("2", "d2", 20_000))
        pull(desk, ledger)
        return follow(desk, ledger)

    def test_no_case_leaves_to_any_agency_before_all_were_asked(
        self, restored: Desk, ledger: Ledger, north: Agency, south: Agency
    ) -> None:
        south.error = TransientError("503")
        with pytest.raises(TransientError):
            self.visit(restored, ledger)
        with pytest.raises(TransientError, match="not known yet"):
            hand_over(restored, ledger, plan_with(restored, ledger, {"d2": "north"}))
        assert len(north.cases) == 1
        # The north was asked: what stops a collection there goes out meanwhile.
        with pytest.raises(TransientError):
            self.visit(restored, ledger, paid=6_000)
        assert [one.kind for one in north.mutations] == ["direct_payment"]
        with restored.store.read() as tx:
            assert quarantine.held(tx, "acme", "north") == "cases"
            assert quarantine.held(tx, "acme", "south") == "all"
        south.error = None
        report = self.visit(restored, ledger, paid=6_000)
        assert report.counts["cases adopted"] == 1
        with restored.store.read() as tx:
            assert quarantine.read(tx) is None
        assert make_plan(restored, ledger)[0].counts["escalate"] == 0
        assert {row.debtor_id: row.connection for row in rows(restored)} == {"d1": "north", "d2": "south"}
        assert all(one.agrees for one in compare(restored, ledger))
        restored.store.close()

    def test_a_case_that_waited_goes_out_in_the_run_in_which_all_are_known_again(
        self, desk: Desk, ledger: Ledger, south: Agency, store_url: str, tmp_path: Path
    ) -> None:
        south.error = TransientError("503")
        handed(desk, ledger, bill("2", "d2", 20_000))
        south.error = None
        file = tmp_path / "one.backup"
        backups.back_up(desk.store, file, now=desk.clock.now)
        restored = self.put_back(desk, store_url, file)
        self.visit(restored, ledger)
        with restored.store.read() as tx:
            assert quarantine.read(tx) is None
        restored.store.close()
