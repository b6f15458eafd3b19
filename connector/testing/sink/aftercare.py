"""Checks of what follows a hand-over: mutations, documents, the state of the case."""

import pytest

from connector.api import Sink, WithdrawalPricing
from connector.errors import RejectedError
from connector.model import Capabilities, Case, CaseView, Money, MutationKind
from connector.testing.builders import make_document
from connector.testing.run import Run, listed
from connector.testing.sink.scenarios import KEY, SinkScenarios

KINDS: tuple[MutationKind, ...] = (
    "direct_payment", "reverse_payment", "credit_note", "correct_claim", "hold", "resume", "dispute_report",
    "request_answer", "approval_decision", "message", "withdraw",
)  # fmt: skip
"""Every kind, in an order that a case can live through."""


class AftercareChecks(SinkScenarios):
    """K12, K16 and K19."""

    def test_k12_announced_mutations_arrive_once(self) -> None:
        """A payment told twice lowers the claim twice; one that is dropped silently gets a debtor summoned."""
        with self.opened("normal") as run:
            case, promise = self._submitted(run)
            for kind in KINDS:
                if promise.mutations.get(kind, "none") in ("native", "message"):
                    mutation = self.mutation(kind, case)
                    first = run.plugin.mutate(mutation, key=f"key-{kind}")
                    run.reopen()
                    again = run.plugin.mutate(mutation, key=f"key-{kind}")
                    assert again.replayed or not promise.idempotent, f"{kind}: the same key twice is not a replay"
                    assert again.reference == first.reference, f"{kind}: the same key twice gave two references"

    def test_k12_other_mutations_are_refused(self) -> None:
        """What the agency cannot take must come back to a person, and must not look as if it had been told."""
        with self.opened("normal") as run:
            case, promise = self._submitted(run)
            before = len(run.writes)
            for kind in KINDS:
                if promise.mutations.get(kind, "none") in ("manual", "none"):
                    with pytest.raises(RejectedError):
                        run.plugin.mutate(self.mutation(kind, case), key=f"key-{kind}")
            assert len(run.writes) == before, f"not announced, and yet sent: {listed(run.writes[before:])}"

    def test_k12_documents_arrive_or_are_refused(self) -> None:
        """An invoice that silently did not arrive is asked for again, weeks later."""
        with self.opened("normal") as run:
            case, promise = self._submitted(run)
            document = make_document(claim=case.lines[0].claim)
            if document.mime in promise.documents or document.kind in promise.documents:
                first = run.plugin.attach(case.case_ref, document, key="key-document")
                again = run.plugin.attach(case.case_ref, document, key="key-document")
                assert again.reference == first.reference, "the same key twice gave two references"
            else:
                with pytest.raises(RejectedError):
                    run.plugin.attach(case.case_ref, document, key="key-document")

    def test_k16_a_snapshot_shows_the_case(self) -> None:
        """A payment can vanish without an event: the nightly comparison is what finds it."""
        with self.opened("normal") as run:
            case, _ = self._submitted(run)
            view = run.plugin.snapshot(case.case_ref)
            nothing = run.plugin.snapshot("IC-0000-000000")
        assert isinstance(view, CaseView), f"snapshot() gave {view!r}, expected a CaseView"
        assert view.case_ref == case.case_ref, f"asked for {case.case_ref}, got {view.case_ref}"
        assert nothing is None, f"snapshot() of an unknown case gave {nothing!r}, expected None"

    def test_k19_the_price_of_a_withdrawal_commits_to_nothing(self) -> None:
        """It is shown before anybody decides: asking must not give the case back, nor cost anything."""
        with self.opened("normal") as run:
            if not isinstance(run.plugin, WithdrawalPricing):
                pytest.skip("not announced: this agency does not tell beforehand what a withdrawal costs")
            case, _ = self._submitted(run)
            before = len(run.writes)
            cost = run.plugin.withdrawal_cost(case.case_ref)
            nothing = run.plugin.withdrawal_cost("IC-0000-000000")
            assert len(run.writes) == before, f"asking the price wrote: {listed(run.writes[before:])}"
        assert cost is None or isinstance(cost, Money), f"withdrawal_cost() gave {cost!r}, expected Money or None"
        assert cost is None or (cost.currency == case.currency and cost.minor >= 0), f"{cost} is no price of the case"
        assert nothing is None, f"withdrawal_cost() of an unknown case gave {nothing!r}, expected None"

    def _submitted(self, run: Run[Sink]) -> tuple[Case, Capabilities]:
        case = self.case()
        run.plugin.submit(case, key=KEY)
        return case, run.plugin.capabilities()
