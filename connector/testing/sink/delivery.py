"""Checks of handing a case over: once, surely, and honestly about what is not known."""

import pytest

from connector.api import Sink
from connector.errors import ConnectorError, QuotaError, RejectedError, TransientError, UnknownOutcome
from connector.model import Case, Receipt
from connector.testing.run import Run, listed
from connector.testing.sink.scenarios import KEY, SinkScenarios

MOST_ATTEMPTS = 5


class DeliveryChecks(SinkScenarios):
    """K1 to K3, K5, K6, K13, K17."""

    def test_k1_a_submit_gives_a_receipt(self) -> None:
        """The agency's own reference is how people there find the case."""
        with self.opened("normal") as run:
            receipt = run.plugin.submit(self.case(), key=KEY)
        assert isinstance(receipt, Receipt), f"submit() gave a {type(receipt).__name__}, expected Receipt"
        assert receipt.reference.strip(), "the receipt has no reference of the agency"
        assert receipt.state in ("received", "accepted"), f"a case just submitted is {receipt.state!r}"

    def test_k2_the_same_key_makes_one_case(self) -> None:
        """After a crash the host sends again. Two cases at an agency are two summonses for one debt."""
        with self.opened("normal") as run:
            if not run.plugin.capabilities().idempotent:
                pytest.skip("not announced: this agency does not know a repeated key; the host never repeats")
            first = run.plugin.submit(self.case(), key=KEY)
            run.reopen()
            second = run.plugin.submit(self.case(), key=KEY)
            cases = self.at_agency(run)
        assert len(cases) == 1, f"the same key twice made {len(cases)} cases"
        assert second.reference == first.reference, f"one case, two references: {first.reference}, {second.reference}"
        assert second.replayed, "the answer to a repeated key does not say that it is a replay"

    def test_k3_a_lost_answer_makes_one_case(self) -> None:
        """It may have happened: UnknownOutcome with the key, and then a look-up or the same key settles it."""
        with self.opened("lost_answer") as run:
            promise = run.plugin.capabilities()
            with pytest.raises(UnknownOutcome) as lost:
                run.plugin.submit(self.case(), key=KEY)
            assert lost.value.key == KEY, f"UnknownOutcome names the key {lost.value.key!r}, expected {KEY!r}"
            run.context.clock.set(run.context.clock.now() + promise.max_processing + promise.read_lag)
            run.reopen()
            if promise.lookup:
                receipt = run.plugin.find(KEY)
                assert receipt, "find() does not see the case whose answer was lost"
                assert receipt.reference, "find() gave a receipt without a reference"
            if promise.idempotent:
                run.plugin.submit(self.case(), key=KEY)
            cases = self.at_agency(run)
        assert len(cases) == 1, f"a lost answer led to {len(cases)} cases"

    def test_k5_a_refusal_tells_the_reasons(self) -> None:
        """A person mends the case by these reasons; trying again would only be refused again."""
        with self.opened("refused") as run:
            with pytest.raises(RejectedError) as refusal:
                run.plugin.submit(self.case(), key=KEY)
            assert len(run.writes) <= 1, f"the refused call was repeated: {listed(run.writes)}"
            assert all(reason.strip() for reason in refusal.value.reasons), "a reason is empty"
            wordless = {str(call.status) for call in run.calls} | {""}
            words = set(refusal.value.reasons) - wordless
            assert words, f"these reasons tell a person nothing: {refusal.value.reasons}"
            assert not self.at_agency(run), "the case was refused, and the agency has it all the same"

    def test_k6_a_limit_is_obeyed(self) -> None:
        """Whoever calls on after a 429 is locked out. Every call is announced to the budget, which all share."""
        with self.opened("limited") as run:
            _submit_patiently(run, self.case())
            run.assert_limit_obeyed()
            cases = self.at_agency(run)
        assert len(cases) == 1, f"after the limit the agency has {len(cases)} cases"

    def test_k6_a_broken_answer_is_not_a_refusal(self) -> None:
        """A 503 says nothing about the case: TransientError or UnknownOutcome, and one attempt at a time."""
        with self.opened("flaky") as run:
            with pytest.raises((TransientError, UnknownOutcome)):
                run.plugin.submit(self.case(), key=KEY)
            assert len(run.writes) <= 1, f"the broken call was repeated at once: {listed(run.writes)}"
            run.reopen()
            run.plugin.submit(self.case(), key=KEY)
            cases = self.at_agency(run)
        assert len(cases) == 1, f"after a broken answer and another attempt the agency has {len(cases)} cases"

    def test_k13_an_unknown_key_is_not_found(self) -> None:
        """None is an answer: nothing arrived. Anything else here hides a case that was never made."""
        with self.opened("normal") as run:
            if not run.plugin.capabilities().lookup:
                pytest.skip("not announced: this agency cannot be asked by our key; a person is asked instead")
            nothing = run.plugin.find("a-key-that-was-never-sent")
            receipt = run.plugin.submit(self.case(), key=KEY)
            found = run.plugin.find(KEY)
        assert nothing is None, f"find() of an unknown key gave {nothing!r}, expected None"
        assert found, "find() does not see the case that was just submitted"
        assert found.reference == receipt.reference, f"find() gave {found.reference}, submit {receipt.reference}"

    def test_k17_a_preflight_creates_nothing(self) -> None:
        """It is run on every proposal, also on those that nobody approves."""
        with self.opened("normal") as run:
            preflight = run.plugin.preflight(self.case())
            cases = self.at_agency(run)
        assert not preflight.blocking, f"the case of the kit is refused: {preflight.blocking}; replace `case`"
        assert not cases, f"asking made {len(cases)} cases"


def _submit_patiently(run: Run[Sink], case: Case) -> Receipt:
    """Submit as the host does: wait for what QuotaError says, then the same key."""
    errors: list[ConnectorError] = []
    for _ in range(MOST_ATTEMPTS):
        try:
            return run.plugin.submit(case, key=KEY)
        except QuotaError as error:
            errors.append(error)
            assert error.until > run.context.clock.now(), "QuotaError.until lies in the past: the host would not wait"
            run.context.clock.set(error.until)
            run.reopen()
    raise AssertionError(f"still refused after {len(errors)} attempts: {listed(run.calls)}")
