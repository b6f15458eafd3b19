"""A hand-over that is refused, and debtors who stay at home at the last moment: each by name, with the reason."""

from dataclasses import replace

import pytest
from desk import Desk, MemoryAgency, invoice

from connector.config import Ledger
from connector.errors import ConfigError, TransientError
from connector.flow import actions
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import Remark, Report
from connector.model import Case, OpenItem, Preflight
from connector.store import cases, plans
from connector.store.cases import CaseRow, LineRow
from connector.testing import make_debtor


def planned(desk: Desk, ledger: Ledger, *rows: OpenItem, **page: object) -> int:
    desk.books.holds(*rows, **page)
    pull(desk, ledger)
    return make_plan(desk, ledger)[1].id


def stays(desk: Desk, ledger: Ledger, report: Report, plan_id: int, why: str) -> bool:
    """The only debtor of the plan stayed at home, and the run says why."""
    with desk.store.read() as tx:
        (one,) = plans.decisions(tx, plan_id, action="escalate")
        nothing = cases.cases(tx, ledger=ledger.name, connection="agency") == []
    said = report.remarks == [Remark(f"left out, {why}", "d1")]
    return (
        said
        and nothing
        and (one.outcome, one.outcome_why) == ("left_out", why)
        and (one.case_ref, desk.agency.cases) == ("", {})
    )


class TestThePlan:
    def test_a_ledger_without_an_agency_hands_nothing_over(self, desk: Desk, ledger: Ledger) -> None:
        alone = ledger.model_copy(update={"sinks": ()})
        with pytest.raises(ConfigError, match=r"ledgers/acme.toml.*hands nothing over.*Add \[sink\]"):
            hand_over(desk, alone, 1)

    def test_one_that_there_is_not(self, desk: Desk, ledger: Ledger) -> None:
        with pytest.raises(ConfigError, match="ledger acme has no plan 99"):
            hand_over(desk, ledger, 99)

    def test_one_of_another_ledger(self, desk: Desk, ledger: Ledger) -> None:
        plan_id = planned(desk, ledger, invoice("1"))
        with pytest.raises(ConfigError, match=f"ledger zeta has no plan {plan_id}"):
            hand_over(desk, ledger.model_copy(update={"name": "zeta"}), plan_id)
        assert desk.agency.cases == {}


def test_whom_the_source_has_not_sent_is_not_planned_for(desk: Desk, ledger: Ledger) -> None:
    actions.confirm_kind(desk, ledger, "d1", "business", actor="anna")
    plan_id = planned(desk, ledger, invoice("1"), debtors=())
    with desk.store.read() as tx:
        (one,) = plans.decisions(tx, plan_id)
    assert one.decision.action == "undecided"
    assert hand_over(desk, ledger, plan_id).counts["cases"] == 0


class TestTheDebtorStaysAtHome:
    def test_whose_invoice_has_no_date(self, desk: Desk, ledger: Ledger) -> None:
        plan_id = planned(desk, ledger, invoice("1", invoice_date=None))
        why = "invoice 1 has no invoice date or due date"
        assert stays(desk, ledger, hand_over(desk, ledger, plan_id), plan_id, why)

    def test_whose_claim_went_out_while_its_invoice_was_fetched(self, desk: Desk, ledger: Ledger) -> None:
        """Two people click at once: the database lets one of them through."""
        plan_id = planned(desk, ledger, invoice("1"))
        at = desk.clock.now()

        def elsewhere(claim: str) -> None:
            row = CaseRow(
                case_ref="acme-other", ledger="acme", connection="other", debtor_id="d1", currency="EUR", plan_id=0,
                opened_at=at, handover="accepted", handover_at=at,
            )  # fmt: skip
            with desk.store.write() as tx:
                cases.open_case(tx, row, [LineRow("acme-other", "acme-other-1", "acme", claim, "1", 10_000, 0, 0)])

        desk.books.document = elsewhere  # type: ignore[method-assign, assignment]
        why = "a claim of it is at an agency already"
        assert stays(desk, ledger, hand_over(desk, ledger, plan_id), plan_id, why)


def test_without_the_wish_for_invoices_none_is_fetched(desk: Desk, ledger: Ledger) -> None:
    def never(claim: str) -> None:
        pytest.fail(f"{claim} was fetched")

    desk.books.document = never  # type: ignore[method-assign, assignment]
    bare = ledger.model_copy(update={"documents": False})
    plan_id = planned(desk, bare, invoice("1"))
    assert hand_over(desk, bare, plan_id).counts["cases"] == 1
    assert [len(case.lines) for case in desk.agency.cases.values()] == [1]


class Failing(MemoryAgency):
    """Answers no question, and counts them."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.asked = 0

    def preflight(self, case: Case) -> Preflight:
        self.asked += 1
        raise self.error


@pytest.mark.parametrize("error", [TransientError("503"), ValueError("a mistake of the plugin")])
def test_an_agency_that_fails_is_asked_once_in_a_run_and_the_plan_stays_open(
    desk: Desk, ledger: Ledger, error: Exception
) -> None:
    failing = Failing(error)
    broken = replace(desk, others={"agency": failing})
    plan_id = planned(broken, ledger, invoice("1"), invoice("2", debtor_id="d2"))
    with pytest.raises(type(error), match=str(error)):
        hand_over(broken, ledger, plan_id)
    assert failing.asked == 1
    assert hand_over(desk, ledger, plan_id).counts["cases"] == 2


def test_a_debtor_of_his_own_kind_and_language_goes_as_the_ledger_says(desk: Desk, ledger: Ledger) -> None:
    bare = make_debtor(id="d1", language="", kind="business")
    plan_id = planned(desk, ledger, invoice("1"), debtors=(bare,))
    hand_over(desk, ledger, plan_id)
    (case,) = desk.agency.cases.values()
    assert (case.language, case.debtor.kind, case.is_test) == (ledger.language, "business", ledger.is_test)
    assert case.description == f"1 unpaid invoices of {ledger.creditor.name}"
