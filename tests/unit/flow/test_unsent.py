"""A hand-over that waits in the outbox: the brake holds it, and what happened meanwhile takes it back."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from desk import POLICY, Desk, closed, invoice

from connector.config import Ledger
from connector.flow import actions, circumstances, holds, promises
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.messages import OPEN
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import Report, StoppedError
from connector.flow.withdrawing import withdraw
from connector.model import Circumstance, HoldFact, OpenItem
from connector.store import cases, journal, outbox, people, withdrawals
from connector.testing import make_document, make_item

Change = Callable[[Desk, Ledger], None]


def bring(desk: Desk, ledger: Ledger, *rows: object, **changes: object) -> None:
    desk.books.holds(*rows, **changes)
    pull(desk, ledger)


def queue(desk: Desk, ledger: Ledger, *rows: object) -> str:
    """Rows of d1 are handed over, and the run is stopped before anything is sent. The case's reference."""
    bring(desk, ledger, *rows)
    plan_id = make_plan(desk, ledger)[1].id
    with pytest.raises(StoppedError):
        hand_over(desk, ledger, plan_id, progress=lambda *_: desk.stop.set())
    desk.stop.clear()
    assert desk.agency.writes == 0
    with desk.store.read() as tx:
        (row,) = cases.cases(tx, ledger="acme")
    return row.case_ref


def states(desk: Desk, case_ref: str) -> list[tuple[str, str]]:
    with desk.store.read() as tx:
        return [(message.kind, message.state) for message in outbox.of_case(tx, case_ref)]


def row_of(desk: Desk, case_ref: str) -> cases.CaseRow:
    with desk.store.read() as tx:
        row = cases.read_case(tx, case_ref)
    assert row is not None
    return row


def told(report: Report) -> str:
    return "; ".join(remark.text for remark in report.remarks)


class TestTheBrake:
    """A queued case stays while a person has not looked; what protects the debtor goes."""

    @staticmethod
    def many(first: int, count: int, *, debtor: str) -> list[object]:
        return [invoice(str(number), debtor_id=debtor) for number in range(first, first + count)]

    def brake(self, desk: Desk, ledger: Ledger) -> None:
        """Twenty-five invoices of somebody else are gone at once."""
        bring(desk, ledger, gone=tuple(f"t-{number}" for number in range(100, 125)))
        with desk.store.read() as tx:
            assert journal.read_ledger_state(tx, "acme").brake_reason

    def test_a_queued_case_waits_until_the_brake_is_off(self, desk: Desk, ledger: Ledger) -> None:
        due_later = [invoice(str(number), debtor_id="d9", due_date=date(2027, 1, 31)) for number in range(100, 125)]
        case_ref = queue(desk, ledger, invoice("1"), *due_later)
        self.brake(desk, ledger)
        report = follow(desk, ledger)
        assert (desk.agency.writes, states(desk, case_ref)) == (0, [("case.open", "READY")])
        assert report.counts["cases held by the brake"] == 1
        assert told(report).count("incasso release acme") == 1
        actions.release(desk, ledger, actor="anna")
        report = follow(desk, ledger)
        assert list(desk.agency.cases) == [case_ref]
        assert report.counts["cases held by the brake"] == 0

    def test_a_message_about_a_case_that_is_there_goes_out(self, desk: Desk, ledger: Ledger) -> None:
        bring(desk, ledger, *self.many(100, 30, debtor="d1"))
        hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
        self.brake(desk, ledger)
        actions.hold_debtor(desk, ledger, "d1", reason="promised to pay", until=None, actor="anna")
        report = follow(desk, ledger)
        assert [mutation.kind for mutation in desk.agency.mutations] == ["hold"]
        assert report.counts["cases held by the brake"] == 0

    def test_a_case_whose_answer_was_lost_is_looked_up_and_not_sent_again(self, desk: Desk, ledger: Ledger) -> None:
        due_later = [invoice(str(number), debtor_id="d9", due_date=date(2027, 1, 31)) for number in range(100, 125)]
        bring(desk, ledger, invoice("1"), *due_later)
        desk.agency.wire = ["lost before"]
        hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
        self.brake(desk, ledger)
        desk.later(minutes=5)
        report = follow(desk, ledger)
        assert (report.counts["looked up"], report.counts["cases held by the brake"]) == (1, 1)
        assert (desk.agency.writes, desk.agency.cases) == (1, {})


def paid_in_part(desk: Desk, ledger: Ledger) -> None:
    bring(desk, ledger, invoice("1", 6_000), closed("1", 4_000))


def credited(desk: Desk, ledger: Ledger) -> None:
    bring(desk, ledger, invoice("1", 10_000, state="closed", open_minor=0, closed_reason="credited"))


def gone(desk: Desk, ledger: Ledger) -> None:
    bring(desk, ledger, gone=("t-1",))


def on_its_way(desk: Desk, ledger: Ledger) -> None:
    bring(desk, ledger, invoice("1", state="in_collection"))


def given_more_time(desk: Desk, ledger: Ledger) -> None:
    bring(desk, ledger, invoice("1", due_date=date(2026, 6, 30)))


def money_not_allocated(desk: Desk, ledger: Ledger) -> None:
    receipt = {"id": "r1", "claim": "R-1", "debtor_id": "d1", "kind": "receipt", "number": "", "currency": "EUR"}
    bring(desk, ledger, make_item(**receipt, amount_minor=-10_000, original_minor=0, open_minor=-10_000, state="open"))


def held(desk: Desk, ledger: Ledger) -> None:
    actions.hold_debtor(desk, ledger, "d1", reason="promised to pay", until=None, actor="anna")


def vetoed(desk: Desk, ledger: Ledger) -> None:
    holds.veto(desk, ledger, "d1", reason="key account", until=None, actor="sales")


def promised(desk: Desk, ledger: Ledger) -> None:
    word = {"amount": "100.00", "pay_by": date(2026, 3, 9), "made_on": None, "claims": (), "reason": ""}
    promises.record_promise(desk, ledger, "d1", **word, actor="anna")


def in_a_plan(desk: Desk, ledger: Ledger) -> None:
    parts = ((date(2026, 4, 1), "50.00"), (date(2026, 5, 1), "50.00"))
    promises.record_plan(
        desk, ledger, "d1", instalments=parts, agreed_on=None, claims=(), reason="by letter", actor="anna"
    )


def disputed(desk: Desk, ledger: Ledger) -> None:
    actions.open_dispute(desk, ledger, "d1", reason="never delivered", claim="INV-1", actor="anna")


def asked_back(desk: Desk, ledger: Ledger) -> None:
    with desk.store.read() as tx:
        (row,) = cases.cases(tx, ledger="acme")
    withdraw(desk, ledger, row.case_ref, reason="our mistake", fee_ack=None, actor="anna")


def bankrupt(desk: Desk, ledger: Ledger) -> None:
    since = date(2026, 2, 20)
    fact = Circumstance(kind="insolvency", regime="bankruptcy", country="NL", since=since, origin="anna")
    circumstances.record(desk, ledger, "d1", fact, actor="anna")


def vulnerable(desk: Desk, ledger: Ledger) -> None:
    fact = Circumstance(kind="vulnerable", since=date(2026, 3, 2), reason="ill", origin="anna")
    circumstances.record(desk, ledger, "d1", fact, actor="anna")


REASONS: list[tuple[Change, str]] = [
    (paid_in_part, "of invoice 1 EUR 60.00 is overdue now, not EUR 100.00"),
    (credited, "of invoice 1 EUR 0.00 is overdue now, not EUR 100.00"),
    (gone, "of invoice 1 EUR 0.00 is overdue now, not EUR 100.00"),
    (on_its_way, "of invoice 1 EUR 0.00 is overdue now, not EUR 100.00"),
    (given_more_time, "of invoice 1 EUR 0.00 is overdue now, not EUR 100.00"),
    (money_not_allocated, "EUR 100.00 of the debtor is not allocated yet"),
    (held, "debtor on hold since 2026-03-02: promised to pay"),
    (vetoed, "hand-over vetoed by sales since 2026-03-02: key account"),
    (promised, "promised EUR 100.00 by 2026-03-09, on 2026-03-02"),
    (in_a_plan, "payment plan of 2026-03-02 runs, next EUR 50.00 by 2026-04-01 (by letter)"),
    (disputed, "disputed since 2026-03-02: never delivered"),
    (bankrupt, "bankruptcy since 2026-02-20: file the claim with the trustee (arts. 26, 33, 128 Fw)"),
    (vulnerable, "a person noted on 2026-03-02 that the debtor is vulnerable"),
    (asked_back, "it was asked back"),
]


@pytest.mark.parametrize(("change", "why"), REASONS, ids=[change.__name__ for change, _ in REASONS])
def test_what_happens_before_a_case_left_takes_it_back(desk: Desk, ledger: Ledger, change: Change, why: str) -> None:
    case_ref = queue(desk, ledger, invoice("1"))
    change(desk, ledger)
    report = follow(desk, ledger)
    assert desk.agency.writes == 0, "something was sent although it should stay"
    assert {state for _, state in states(desk, case_ref)} == {"CANCELLED"}
    row = row_of(desk, case_ref)
    assert (row.handover, row.closure, row.closure_why) == ("draft", "withdrawn", why)
    assert (row.closure_at, report.counts["taken back"]) == (desk.clock.now(), 1)
    assert why in told(report)
    with desk.store.read() as tx:
        assert cases.live_lines(tx, "acme") == []
        assert {(one.ended_at, one.last_error) for one in outbox.of_case(tx, case_ref) if one.kind == OPEN} == {
            (desk.clock.now(), why)
        }
        trail = [(action, detail) for _, _, action, detail in journal.audit_trail(tx, "acme", case_ref)]
    assert trail[-1] == ("case.cancelled", {"why": "(text)"})


def test_what_befell_the_debtor_and_stops_nothing_takes_nothing_back(desk: Desk, ledger: Ledger) -> None:
    """A moratorium against eviction alone: the law lets collecting go on."""
    case_ref = queue(desk, ledger, invoice("1"))
    facts = {"regime": "moratorium 287b", "country": "NL", "since": date(2026, 2, 20), "origin": "anna"}
    circumstances.record(desk, ledger, "d1", Circumstance(kind="insolvency", **facts), actor="anna")
    follow(desk, ledger)
    assert list(desk.agency.cases) == [case_ref]


def test_the_gates_of_the_debtors_segment_decide(desk: Desk, ledger: Ledger) -> None:
    """Who is in the segment is not spared, also while the claims that brought him into it are on their way."""
    segment = POLICY.partition("[[step]]")[2]
    text = f"""{POLICY}
[[segment]]
name = "large"
from_amount = "50.00"
[segment.gates]
vulnerable = {{ before = "never" }}
[[segment.step]]{segment}"""
    desk.settings.policies[ledger.policy].write_text(text, encoding="utf-8")
    case_ref = queue(desk, ledger, invoice("1"))
    vulnerable(desk, ledger)
    follow(desk, ledger)
    assert list(desk.agency.cases) == [case_ref]


def test_what_waits_behind_it_ends_with_it(desk: Desk, ledger: Ledger) -> None:
    desk.books.papers["INV-1"] = make_document(id="pdf-1")
    case_ref = queue(desk, ledger, invoice("1"))
    held(desk, ledger)
    follow(desk, ledger)
    with desk.store.read() as tx:
        assert [(one.kind, one.state, one.ended_at) for one in outbox.of_case(tx, case_ref)] == [
            ("case.open", "CANCELLED", desk.clock.now()),
            ("case.document", "CANCELLED", desk.clock.now()),
            ("case.hold", "CANCELLED", desk.clock.now()),
        ]


def test_a_case_that_was_asked_back_in_time_stands_as_taken_back(desk: Desk, ledger: Ledger) -> None:
    case_ref = queue(desk, ledger, invoice("1"))
    asked_back(desk, ledger)
    with desk.store.read() as tx:
        assert [one.ended_at is None for one in withdrawals.of_case(tx, case_ref)] == [True]
    desk.later(minutes=1)
    follow(desk, ledger)
    with desk.store.read() as tx:
        (one,) = withdrawals.of_case(tx, case_ref)
    assert (one.outcome, one.ended_at, one.why) == ("taken_back", desk.clock.now(), "it was asked back")


@pytest.mark.parametrize(("claim", "stays"), [("INV-1", True), ("INV-2", False)])
def test_a_hold_on_an_invoice_keeps_home_that_invoice_alone(
    desk: Desk, ledger: Ledger, claim: str, stays: bool
) -> None:
    queue(desk, ledger, invoice("1"))
    bring(desk, ledger, invoice("2"))
    hold = HoldFact(scope="claim", key=claim, since=date(2026, 3, 2), reason="promised to pay", origin="anna")
    with desk.store.write() as tx:
        people.add_hold(tx, "acme", hold, at=desk.clock.now())
    follow(desk, ledger)
    assert desk.agency.writes == (0 if stays else 1)


@pytest.mark.parametrize(("more", "stays"), [(0, False), (1, True)])
def test_only_money_that_came_since_the_hand_over_was_planned_keeps_it_home(
    desk: Desk, ledger: Ledger, more: int, stays: bool
) -> None:
    def receipt(minor: int) -> OpenItem:
        facts = {"id": "r1", "claim": "R-1", "debtor_id": "d1", "kind": "receipt", "number": "", "currency": "EUR"}
        return make_item(**facts, amount_minor=-minor, original_minor=0, open_minor=-minor, state="open")

    (desk.settings.home / "plain.toml").write_text(POLICY + '\n[gates.credit]\naccept = "netted"\n', encoding="utf-8")
    queue(desk, ledger, invoice("1"), receipt(1_000))
    bring(desk, ledger, receipt(1_000 + more))
    follow(desk, ledger)
    assert desk.agency.writes == (0 if stays else 1)


@pytest.mark.parametrize(("claims", "days", "sent"), [((), 0, 0), (("1",), 0, 0), (("2",), 0, 1), ((), 30, 1)], ids=str)
def test_a_promise_that_runs_and_is_about_it_keeps_it_home(
    desk: Desk, ledger: Ledger, claims: tuple[str, ...], days: int, sent: int
) -> None:
    queue(desk, ledger, invoice("1"))
    bring(desk, ledger, invoice("2"))
    word = {"amount": "100.00", "pay_by": date(2026, 3, 9), "made_on": None, "reason": ""}
    promises.record_promise(desk, ledger, "d1", **word, claims=claims, actor="anna")
    desk.later(days=days)
    follow(desk, ledger)
    assert len(desk.agency.cases) == sent


def test_a_dispute_about_another_invoice_takes_nothing_back(desk: Desk, ledger: Ledger) -> None:
    case_ref = queue(desk, ledger, invoice("1"))
    bring(desk, ledger, invoice("2"))
    actions.open_dispute(desk, ledger, "d1", reason="never delivered", claim="INV-2", actor="anna")
    follow(desk, ledger)
    assert list(desk.agency.cases) == [case_ref]


def test_what_is_left_of_a_case_taken_back_may_go_out_as_its_own(desk: Desk, ledger: Ledger) -> None:
    queue(desk, ledger, invoice("1"))
    paid_in_part(desk, ledger)
    follow(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    (case,) = desk.agency.cases.values()
    assert case.open.minor == 6_000


@pytest.mark.parametrize("fate", ["refused", "lost before", "crash before"])
def test_money_after_an_attempt_that_did_not_arrive_takes_it_back(desk: Desk, ledger: Ledger, fate: str) -> None:
    bring(desk, ledger, invoice("1"))
    desk.agency.wire = [fate]
    plan_id = make_plan(desk, ledger)[1].id
    with suppress(KeyboardInterrupt):
        hand_over(desk, ledger, plan_id)
    paid_in_part(desk, ledger)
    desk.later(hours=2)
    follow(desk, ledger)
    assert (desk.agency.writes, desk.agency.cases, desk.agency.mutations) == (1, {}, [])


@pytest.mark.parametrize("fate", ["refused after", "lost after", "crash after"])
def test_money_after_an_attempt_that_did_arrive_follows_the_case(desk: Desk, ledger: Ledger, fate: str) -> None:
    bring(desk, ledger, invoice("1"))
    desk.agency.wire = [fate]
    plan_id = make_plan(desk, ledger)[1].id
    with suppress(KeyboardInterrupt):
        hand_over(desk, ledger, plan_id)
    paid_in_part(desk, ledger)
    desk.later(hours=2)
    follow(desk, ledger)
    assert [mutation.kind for mutation in desk.agency.mutations] == ["direct_payment"]
    (case_ref,) = desk.agency.cases
    assert row_of(desk, case_ref).handover == "received"
