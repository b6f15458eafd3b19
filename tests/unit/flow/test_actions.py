"""What a person does reaches the agency that works the case, is seen by the rules, and leaves an audit line."""

from datetime import date, timedelta

import pytest
from desk import START, Desk, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions
from connector.flow.follow import follow, take_in
from connector.flow.handover import hand_over
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.model import (
    ApprovalRequested,
    CostAdded,
    Event,
    InfoRequested,
    LineRejected,
    Merged,
    MessageReceived,
    Money,
    Question,
    RemittancePaid,
    RequestSettled,
    UnderReview,
    Unmapped,
)
from connector.store import agency, cases, journal, people
from connector.store.people import Task

ANNA = "anna"


@pytest.fixture
def case_ref(desk: Desk, ledger: Ledger) -> str:
    """Invoices 1 and 2 are at the agency."""
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    return next(iter(desk.agency.cases))


def told(desk: Desk, ledger: Ledger) -> list[str]:
    follow(desk, ledger)
    return [mutation.kind for mutation in desk.agency.mutations]


def tasks(desk: Desk) -> list[Task]:
    with desk.store.read() as tx:
        return people.tasks(tx, "acme")


def bring(desk: Desk, ledger: Ledger, *events: Event) -> None:
    desk.agency.feed += events
    follow(desk, ledger)


def about(case_ref: str, name: str, hours: float = 1) -> dict[str, object]:
    return {"id": name, "case_ref": case_ref, "occurred_at": START + timedelta(hours=hours)}


def row_of(desk: Desk, case_ref: str) -> cases.CaseRow:
    with desk.store.read() as tx:
        row = cases.read_case(tx, case_ref)
    assert row is not None
    return row


def question(case_ref: str) -> InfoRequested:
    asked = (
        Question(question_id="q1", label="Signed?", type="yes_no"),
        Question(question_id="q2", label="Anything else?", required=False),
    )
    return InfoRequested(**about(case_ref, "i"), request_id="RQ", subject="Proof", questions=asked)


class TestOnADebtor:
    def test_a_hold_rests_the_agency_and_the_rules(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        until = date(2026, 4, 1)
        assert actions.hold_debtor(desk, ledger, "d1", reason="a plan", until=until, actor=ANNA) == 1
        assert told(desk, ledger) == ["hold"]
        assert desk.agency.mutations[0].until == until
        assert actions.resume_debtor(desk, ledger, "d1", actor=ANNA) == 1
        assert told(desk, ledger) == ["hold", "resume"]
        assert actions.resume_debtor(desk, ledger, "d1", actor=ANNA) == 0
        with desk.store.read() as tx:
            trail = [(actor, action) for _, actor, action, _ in journal.audit_trail(tx, "acme", "d1")]
        assert trail == [(ANNA, "debtor.hold"), (ANNA, "debtor.resume")]

    def test_a_held_debtor_is_not_handed_over_and_a_resumed_one_is(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(invoice("1"))
        pull(desk, ledger)
        assert actions.hold_debtor(desk, ledger, "d1", reason="sales asks", until=None, actor=ANNA) == 0
        _, decision = explain(desk, ledger, "d1")
        assert decision.action == "none"
        assert any("sales asks" in one.seen for one in decision.because)
        actions.resume_debtor(desk, ledger, "d1", actor=ANNA)
        assert explain(desk, ledger, "d1")[1].action == "escalate"

    def test_a_dispute_is_told_and_settled(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        assert actions.open_dispute(desk, ledger, "d1", reason="broken", claim="", actor=ANNA) == 1
        assert actions.settle_dispute(desk, ledger, "d1", actor=ANNA) == 1
        assert actions.settle_dispute(desk, ledger, "d1", actor=ANNA) == 0
        assert told(desk, ledger) == ["dispute_report", "dispute_report"]
        assert [mutation.position for mutation in desk.agency.mutations] == ["disputed", "settled"]

    def test_a_disputed_debtor_stays_at_home(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(invoice("1"))
        pull(desk, ledger)
        actions.open_dispute(desk, ledger, "d1", reason="broken", claim="INV-1", actor=ANNA)
        assert explain(desk, ledger, "d1")[1].action == "none"

    def test_a_stated_kind_overrides_the_source(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(invoice("1"))
        pull(desk, ledger)
        actions.confirm_kind(desk, ledger, "d1", "consumer", actor=ANNA)
        present, decision = explain(desk, ledger, "d1")
        assert present.debtor_kind == "consumer"
        assert decision.action == "none"


class TestOnAPlan:
    LADDER = """
name = "ladder"
version = "1"
currency = "EUR"
[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 5
[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 10
needs = ["remind"]
after = { step = "remind", days = 14 }
"""

    def test_letters_that_were_sent_let_the_next_step_come(self, desk: Desk, ledger: Ledger) -> None:
        desk.settings.policies["plain"].write_text(self.LADDER, encoding="utf-8")
        desk.books.holds(invoice("1"))
        pull(desk, ledger)
        report, plan = make_plan(desk, ledger)
        assert report.counts["remind"] == 1
        today = desk.clock.today()
        sent = {"action": "remind", "taken_on": today, "channel": "post", "actor": ANNA}
        assert actions.record_steps(desk, ledger, plan.id, **sent) == 1
        assert actions.record_steps(desk, ledger, plan.id, **sent) == 0, "the same letter counted twice"
        assert make_plan(desk, ledger)[0].counts["escalate"] == 0
        desk.later(days=14)
        _, plan = make_plan(desk, ledger)
        hand_over(desk, ledger, plan.id)
        (case,) = desk.agency.cases.values()
        (step,) = case.prior_steps
        assert (step.step, step.taken_on, step.channel) == ("remind", today, "post")

    @pytest.mark.parametrize(
        ("channel", "says", "recorded"),
        [("", "", "post"), ("", 'channel = "email"', "email"), ("portal", 'channel = "email"', "portal")],
    )
    def test_the_channel_is_the_one_that_the_step_says(
        self, desk: Desk, ledger: Ledger, channel: str, says: str, recorded: str
    ) -> None:
        ladder = self.LADDER.replace('action = "remind"', f'action = "remind"\n{says}')
        desk.settings.policies["plain"].write_text(ladder, encoding="utf-8")
        desk.books.holds(invoice("1"))
        pull(desk, ledger)
        _, plan = make_plan(desk, ledger)
        actions.record_steps(
            desk, ledger, plan.id, action="remind", taken_on=desk.clock.today(), channel=channel, actor=ANNA
        )
        with desk.store.read() as tx:
            ((step,),) = people.steps(tx, "acme", ["d1"]).values()
        assert step.channel == recorded

    def test_a_plan_of_another_ledger_is_refused(self, desk: Desk, ledger: Ledger) -> None:
        with pytest.raises(ConfigError, match="has no plan 77"):
            actions.record_steps(desk, ledger, 77, action="remind", taken_on=desk.clock.today(), channel="", actor=ANNA)


class TestOnATask:
    def test_an_answer_goes_to_the_agency(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        bring(desk, ledger, question(case_ref))
        (task,) = tasks(desk)
        actions.answer(desk, ledger, task, {"q1": "yes"}, actor=ANNA)
        assert tasks(desk) == []
        assert told(desk, ledger) == ["request_answer"]
        (sent,) = desk.agency.mutations
        assert [(one.question_id, one.value) for one in sent.answers] == [("q1", "yes")]

    @pytest.mark.parametrize(
        ("given", "problem"), [({}, "q1 is not answered"), ({"q1": "yes", "q9": "x"}, "no question q9")]
    )
    def test_an_incomplete_or_unknown_answer_is_refused(
        self, desk: Desk, ledger: Ledger, case_ref: str, given: dict[str, str], problem: str
    ) -> None:
        bring(desk, ledger, question(case_ref))
        (task,) = tasks(desk)
        with pytest.raises(ConfigError, match=problem):
            actions.answer(desk, ledger, task, given, actor=ANNA)
        assert len(tasks(desk)) == 1

    def test_an_approval_is_decided(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        asked = ApprovalRequested(
            **about(case_ref, "a"), request_id="AP", subject="Summons", estimate=Money(minor=45_000, currency="EUR")
        )
        bring(desk, ledger, asked)
        (task,) = tasks(desk)
        assert task.kind == "approval"
        actions.decide_approval(desk, ledger, task, approved=False, terms="too dear", actor=ANNA)
        assert told(desk, ledger) == ["approval_decision"]
        assert (desk.agency.mutations[0].approved, desk.agency.mutations[0].terms) == (False, "too dear")

    def test_a_request_that_is_settled_needs_nobody(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        settled = RequestSettled(**about(case_ref, "s", 2), request_id="RQ", outcome="expired")
        bring(desk, ledger, question(case_ref), settled)
        assert tasks(desk) == []

    def test_a_task_that_was_done_elsewhere_is_done(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        bring(desk, ledger, MessageReceived(**about(case_ref, "m"), message_id="M1", text="please call"))
        (task,) = tasks(desk)
        assert "please call" not in task.subject, "the text may hold personal data"
        actions.finish_task(desk, task, outcome="called", actor=ANNA)
        assert tasks(desk) == []


class TestOnACase:
    def test_a_message_is_written(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        actions.write_message(desk, ledger, case_ref, "thank you", actor=ANNA)
        assert told(desk, ledger) == ["message"]

    def test_an_unknown_case_is_named(self, desk: Desk, ledger: Ledger) -> None:
        with pytest.raises(ConfigError, match="there is no case nowhere"):
            actions.write_message(desk, ledger, "nowhere", "hello", actor=ANNA)


class TestOtherEvents:
    def test_a_refused_line_comes_back_alone(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        bring(desk, ledger, LineRejected(**about(case_ref, "l"), line_id=f"{case_ref}-1", reason="illegible"))
        with desk.store.read() as tx:
            assert [line.number for line in cases.live_lines(tx, "acme")] == ["2"]
        assert "illegible" in tasks(desk)[0].subject
        assert make_plan(desk, ledger)[0].counts["escalate"] == 0, "what came back stays at home"

    def test_a_merged_case_knows_where_it_went(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        bring(desk, ledger, Merged(**about(case_ref, "m"), into_agency_ref="A-7"))
        assert row_of(desk, case_ref).merged_into == "A-7"

    def test_a_review_is_not_an_acceptance(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        bring(desk, ledger, UnderReview(**about(case_ref, "u"), raw="IN BEHANDELING"))
        row = row_of(desk, case_ref)
        assert (row.handover, row.raw_status) == ("under_review", "IN BEHANDELING")

    def test_costs_are_kept_with_their_vat(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        net, vat = Money(minor=1_000, currency="EUR"), Money(minor=210, currency="EUR")
        cost = CostAdded(
            **about(case_ref, "c"), cost_id="C1", cost_kind="summons", net=net, vat=vat, borne_by="creditor"
        )
        bring(desk, ledger, cost)
        with desk.store.read() as tx:
            assert agency.costs(tx, case_ref) == [("summons", 1_000, 210, "creditor")]

    def test_a_word_we_do_not_know_goes_to_a_person_and_changes_nothing(
        self, desk: Desk, ledger: Ledger, case_ref: str
    ) -> None:
        before = row_of(desk, case_ref)
        bring(desk, ledger, Unmapped(**about(case_ref, "x"), text="QUARANTINE"))
        after = row_of(desk, case_ref)
        assert (after.handover, after.phase, after.activity) == (before.handover, before.phase, before.activity)
        assert "QUARANTINE" in tasks(desk)[0].subject

    def test_a_pay_out_bell_belongs_to_no_case(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        bring(desk, ledger, RemittancePaid(**about("", "r"), remittance_id="R1"))
        assert tasks(desk) == []
        with desk.store.read() as tx:
            assert people.tasks(tx) == []

    def test_a_webhook_and_the_feed_count_an_event_once(self, desk: Desk, ledger: Ledger, case_ref: str) -> None:
        event = UnderReview(**about(case_ref, "u"))
        assert take_in(desk, "agency", (event,)) == 1
        assert take_in(desk, "agency", (event,)) == 0
        desk.agency.feed.append(event)
        report = follow(desk, ledger)
        assert (report.counts["events"], report.counts["events repeated"]) == (0, 1)
