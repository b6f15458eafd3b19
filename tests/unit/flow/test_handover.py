"""Hand over: exactly the plan, once, and what changed since is left out by name."""

from datetime import date, timedelta

import pytest
from desk import Desk, closed, invoice

from connector.config import Ledger
from connector.errors import ConfigError, QuotaError, RejectedError
from connector.flow.actions import resume_debtor
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.flow.runs import Report
from connector.model import Finding, OpenItem, Preflight
from connector.store import agency, cases, outbox, people, plans
from connector.testing import make_document


def plan_of(desk: Desk, ledger: Ledger) -> int:
    return make_plan(desk, ledger)[1].id


def handed(desk: Desk, ledger: Ledger) -> Report:
    return hand_over(desk, ledger, plan_of(desk, ledger))


def rows(desk: Desk) -> list[cases.CaseRow]:
    with desk.store.read() as tx:
        return cases.cases(tx, ledger="acme")


def states(desk: Desk, case_ref: str) -> list[str]:
    with desk.store.read() as tx:
        return [message.state for message in outbox.of_case(tx, case_ref)]


def test_an_overdue_debtor_is_handed_over_whole(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"), invoice("2", 2_500, original_minor=2_500))
    pull(desk, ledger)
    report = handed(desk, ledger)
    assert report.counts["cases"] == 1
    (case,) = desk.agency.cases.values()
    assert case.open.minor == 12_500
    assert [line.number for line in case.lines] == ["1", "2"]
    (row,) = rows(desk)
    assert (row.handover, row.agency_ref) == ("received", "A-1")
    assert states(desk, row.case_ref) == ["DELIVERED"]


def test_a_claim_at_an_agency_is_not_planned_again(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    handed(desk, ledger)
    assert handed(desk, ledger).counts["cases"] == 0
    assert len(desk.agency.cases) == 1


def test_the_same_plan_is_carried_out_once(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    plan_id = plan_of(desk, ledger)
    hand_over(desk, ledger, plan_id)
    with pytest.raises(ConfigError, match="applied"):
        hand_over(desk, ledger, plan_id)


def test_an_older_plan_is_refused(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    older = plan_of(desk, ledger)
    plan_of(desk, ledger)
    with pytest.raises(ConfigError, match="superseded"):
        hand_over(desk, ledger, older)


def test_a_payment_after_the_plan_leaves_the_debtor_out_by_name(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    plan_id = plan_of(desk, ledger)
    desk.books.holds(invoice("1", 4_000), closed("1", 6_000))
    pull(desk, ledger)
    report = hand_over(desk, ledger, plan_id)
    assert report.counts["left out"] == 1
    assert "changed since" in report.remarks[0].text
    assert desk.agency.cases == {}
    with desk.store.read() as tx:
        (planned,) = plans.decisions(tx, plan_id)
    assert (planned.outcome, planned.case_ref) == ("left_out", "")


def test_a_blocking_finding_of_the_agency_keeps_the_case_at_home(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.agency.findings = Preflight(findings=(Finding(blocking=True, code="address", message="no street"),))
    report = handed(desk, ledger)
    assert "no street" in report.remarks[0].text
    assert rows(desk) == []


def test_less_than_the_agency_takes_stays_at_home(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.agency.promise = desk.agency.promise.model_copy(update={"minimum": {"EUR": 10_001}})
    assert "less than the agency takes" in handed(desk, ledger).remarks[0].text


class TestInstalments:
    """An invoice with a term that is not due yet stays at home whole, and keeps nothing else there."""

    @staticmethod
    def in_terms(number: str, last_due: date) -> tuple[OpenItem, OpenItem]:
        """EUR 40 is due, EUR 60 falls due on `last_due`."""
        return invoice(number, 4_000), invoice(number, 6_000, id=f"t-{number}-2", due_date=last_due)

    def test_it_stays_at_home_and_the_plan_says_until_when(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(*self.in_terms("1", date(2027, 1, 31)))
        pull(desk, ledger)
        assert make_plan(desk, ledger)[0].counts["escalate"] == 0
        _, decision = explain(desk, ledger, "d1")
        (reason,) = [one for one in decision.because if one.condition == "claim.instalments"]
        assert reason.seen == "no: EUR 60.00 is not due yet, its last term falls due on 2027-01-31"
        assert decision.not_before == date(2027, 2, 1)

    def test_the_other_invoices_of_the_debtor_go(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(*self.in_terms("1", date(2027, 1, 31)), invoice("2"))
        pull(desk, ledger)
        handed(desk, ledger)
        (case,) = desk.agency.cases.values()
        assert [(line.number, line.open.minor) for line in case.lines] == [("2", 10_000)]

    def test_once_its_last_term_is_due_it_goes_whole_and_once(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(*self.in_terms("1", date(2026, 3, 9)))
        pull(desk, ledger)
        handed(desk, ledger)
        assert desk.agency.cases == {}
        desk.later(days=8)
        handed(desk, ledger)
        handed(desk, ledger)
        (case,) = desk.agency.cases.values()
        assert case.open.minor == 10_000

    def test_a_term_that_was_paid_stays_out(self, desk: Desk, ledger: Ledger) -> None:
        first, second = self.in_terms("1", date(2026, 3, 9))
        paid = first.model_copy(update={"state": "closed", "open_minor": 0, "closed_reason": "paid"})
        desk.books.holds(paid, second)
        pull(desk, ledger)
        desk.later(days=20)
        handed(desk, ledger)
        (case,) = desk.agency.cases.values()
        assert case.open.minor == 6_000

    def test_an_invoice_that_is_whole_after_the_plan_leaves_the_debtor_out(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(*self.in_terms("1", desk.clock.today()), invoice("2"))
        pull(desk, ledger)
        plan_id = plan_of(desk, ledger)
        desk.later(days=1)
        assert "changed since" in hand_over(desk, ledger, plan_id).remarks[0].text

    @pytest.mark.parametrize(("gate", "said"), [("escalate", "handed over as"), ("never", "is not wholly due before")])
    def test_nothing_that_is_not_due_goes_along_either(self, desk: Desk, ledger: Ledger, gate: str, said: str) -> None:
        rules = desk.settings.policies["plain"]
        text = rules.read_text().replace("days_overdue = 10", 'days_overdue = 10\nclaims = "all open"')
        rules.write_text(f'{text}\n[gates.lawful]\nbefore = "{gate}"\n')
        desk.books.holds(invoice("1"), invoice("2", due_date=date(2027, 1, 31)))
        pull(desk, ledger)
        assert said in handed(desk, ledger).remarks[0].text
        assert [[line.number for line in case.lines] for case in desk.agency.cases.values()] in ([], [["1"]])


def test_a_claim_can_be_live_once_only_whoever_asks(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    handed(desk, ledger)
    (row,) = rows(desk)
    with desk.store.read() as tx:
        (line,) = cases.lines(tx, row.case_ref)
    other = cases.CaseRow(**{**vars(row), "case_ref": "other", "connection": "another-agency"})
    with desk.store.write() as tx, pytest.raises(cases.AlreadyHandedOverError):
        cases.open_case(tx, other, [cases.LineRow(**{**vars(line), "case_ref": "other"})])


def test_a_refused_case_frees_its_claims_and_waits_for_a_person(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.agency.wire = ["rejected"]
    handed(desk, ledger)
    (row,) = rows(desk)
    assert row.handover == "rejected"
    with desk.store.read() as tx:
        assert cases.live_lines(tx, "acme") == []
        (task,) = people.tasks(tx, "acme")
    assert "no address" in task.subject


def test_a_refused_case_goes_out_again_only_when_a_person_says_so(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    desk.agency.wire = ["rejected"]
    handed(desk, ledger)
    desk.later(days=1)
    assert handed(desk, ledger).counts["cases"] == 0, "a refused case went out again unchanged"
    resume_debtor(desk, ledger, "d1", actor="test")
    handed(desk, ledger)
    first, second = rows(desk)
    assert first.case_ref != second.case_ref
    assert list(desk.agency.cases) == [second.case_ref]


def live_claims(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return [line.claim for line in cases.live_lines(tx, "acme", claims=["INV-1"])]


class TestTheWire:
    """A lost answer is settled by the same key, by look-up or by a person, never by repeating blindly."""

    @pytest.fixture(autouse=True)
    def _overdue(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(invoice("1"))
        pull(desk, ledger)

    @pytest.mark.parametrize("fate", ["lost before", "lost after"])
    def test_a_lost_answer_is_asked_for_again_under_its_key(self, desk: Desk, ledger: Ledger, fate: str) -> None:
        desk.agency.wire = [fate]
        assert handed(desk, ledger).counts["unknown"] == 1
        (row,) = rows(desk)
        assert row.handover == "unknown"
        follow(desk, ledger)
        assert desk.agency.writes == 1, "sent again without a pause"
        desk.later(minutes=2)
        follow(desk, ledger)
        assert (len(desk.agency.cases), desk.agency.writes) == (1, 2)
        assert rows(desk)[0].handover == "received"

    @pytest.mark.parametrize("fate", ["lost before", "lost after"])
    def test_without_keys_it_is_looked_up_after_the_settle_time(self, desk: Desk, ledger: Ledger, fate: str) -> None:
        desk.agency.promise = desk.agency.promise.model_copy(
            update={"idempotent": False, "max_processing": timedelta(minutes=10)}
        )
        desk.agency.wire = [fate]
        handed(desk, ledger)
        desk.later(minutes=5)
        assert follow(desk, ledger).counts["looked up"] == 0, "asked before the settle time was over"
        desk.later(minutes=6)
        assert follow(desk, ledger).counts["looked up"] == 1
        assert len(desk.agency.cases) == 1
        assert desk.agency.writes == (2 if fate == "lost before" else 1)
        assert rows(desk)[0].handover == "received"

    def test_a_failure_that_did_nothing_leaves_the_doubt_before_it(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["lost after", "refused"]
        handed(desk, ledger)
        desk.later(minutes=2)
        follow(desk, ledger)
        (row,) = rows(desk)
        assert states(desk, row.case_ref) == ["UNKNOWN"]
        # The key has died meanwhile: sent again it would be a second case.
        desk.agency.answers.clear()
        desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False})
        desk.later(days=2)
        follow(desk, ledger)
        assert states(desk, row.case_ref) == ["PARKED"]
        assert desk.agency.writes == 2

    def test_an_agency_that_cannot_say_yet_holds_nothing_else_up(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.promise = desk.agency.promise.model_copy(update={"idempotent": False})
        desk.agency.wire = ["lost after"]
        handed(desk, ledger)
        desk.books.holds(invoice("2", debtor_id="d2"))
        pull(desk, ledger)
        desk.later(hours=1)
        desk.agency.busy = True
        handed(desk, ledger)
        assert sorted(row.handover for row in rows(desk)) == ["received", "unknown"]
        desk.agency.busy = False
        desk.later(hours=1)
        follow(desk, ledger)
        assert [row.handover for row in rows(desk)] == ["received", "received"]

    def test_something_else_under_our_reference_goes_to_a_person(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["conflict"]
        assert handed(desk, ledger).counts["parked"] == 1
        (row,) = rows(desk)
        assert states(desk, row.case_ref) == ["PARKED"]
        assert len(live_claims(desk)) == 1, "the claim came home though the agency has something there"

    @pytest.mark.parametrize("fate", ["crash before", "crash after"])
    def test_a_crash_in_the_middle_is_unknown_and_then_settled(self, desk: Desk, ledger: Ledger, fate: str) -> None:
        desk.agency.wire = [fate]
        with pytest.raises(KeyboardInterrupt):
            handed(desk, ledger)
        (row,) = rows(desk)
        assert states(desk, row.case_ref) == ["SENDING"]
        follow(desk, ledger)
        assert len(desk.agency.cases) == 1
        assert states(desk, row.case_ref) == ["DELIVERED"]

    def test_a_refused_connection_is_tried_again_later(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.wire = ["refused"]
        handed(desk, ledger)
        follow(desk, ledger)
        assert desk.agency.cases == {}
        desk.later(hours=1)
        follow(desk, ledger)
        assert len(desk.agency.cases) == 1

    def test_an_agency_that_cannot_be_asked_waits_for_a_person(self, desk: Desk, ledger: Ledger) -> None:
        desk.agency.promise = desk.agency.promise.model_copy(update={"lookup": False})
        desk.agency.wire = ["lost after"]
        handed(desk, ledger)
        desk.later(days=1)
        follow(desk, ledger)
        (row,) = rows(desk)
        assert states(desk, row.case_ref) == ["PARKED"]
        assert desk.agency.writes == 1
        with desk.store.read() as tx:
            (task,) = people.tasks(tx, "acme")
        assert task.kind == "parked"


class TestInvoices:
    """The invoices go along, and what keeps the source from giving them is not mistaken for a reason."""

    @pytest.fixture(autouse=True)
    def _overdue(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(invoice("1"))
        pull(desk, ledger)

    def test_the_invoice_follows_its_case_encrypted_on_the_way(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.papers["INV-1"] = make_document(id="doc-1", claim="INV-1", content=b"%PDF-1.7 invoice 1")
        handed(desk, ledger)
        ((case_ref, sent),) = desk.agency.documents
        assert (case_ref, sent.content) == (rows(desk)[0].case_ref, b"%PDF-1.7 invoice 1")
        with desk.store.read() as tx:
            kept = agency.read_document(tx, "acme", "doc-1")
        assert kept is not None
        assert b"PDF" not in kept.content

    def test_a_document_on_its_way_holds_no_payment_up(self, desk: Desk, ledger: Ledger) -> None:
        desk.books.papers["INV-1"] = make_document(id="doc-1", claim="INV-1")
        desk.agency.wire = ["", "lost before"]
        handed(desk, ledger)
        desk.books.holds(invoice("1", 4_000), closed("1", 6_000))
        pull(desk, ledger)
        follow(desk, ledger)
        assert [mutation.kind for mutation in desk.agency.mutations] == ["direct_payment"]
        assert desk.agency.documents == []

    def test_without_calls_left_the_plan_stays_open_and_goes_on_later(self, desk: Desk, ledger: Ledger) -> None:
        plan_id = plan_of(desk, ledger)
        until = desk.clock.now() + timedelta(hours=1)

        def no_calls(_claim: str) -> None:
            raise QuotaError("no calls left today", until=until)

        desk.books.document = no_calls
        with pytest.raises(QuotaError):
            hand_over(desk, ledger, plan_id)
        assert desk.agency.cases == {}
        desk.books.document = lambda _claim: None
        assert hand_over(desk, ledger, plan_id).counts["cases"] == 1

    def test_an_invoice_the_source_refuses_keeps_the_case_at_home(self, desk: Desk, ledger: Ledger) -> None:
        def refuse(_claim: str) -> None:
            raise RejectedError("this invoice is locked")

        desk.books.document = refuse
        assert "this invoice is locked" in handed(desk, ledger).remarks[0].text


def test_a_plugin_may_veto_a_case(desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    monkeypatch.setattr(
        desk.plugins, "before_handover", lambda case, sink: f"sales asked to wait with {case.debtor.id}"
    )
    assert "sales asked to wait with d1" in handed(desk, ledger).remarks[0].text
    assert rows(desk) == []
