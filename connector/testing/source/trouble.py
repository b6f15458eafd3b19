"""Checks of what a source does when the service limits, refuses, breaks or sends nonsense."""

from connector.api import Source
from connector.errors import AuthError, ConnectorError, QuotaError, TransientError
from connector.model import Page
from connector.testing.run import Run, listed
from connector.testing.source.scenarios import SourceScenarios, items_of

MOST_ATTEMPTS = 5


class TroubleChecks(SourceScenarios):
    """S11 to S13 and S17."""

    def test_s11_a_limit_is_obeyed(self) -> None:
        """Whoever calls on after a 429 is locked out. Every call is announced to the budget, which all share."""
        with self.opened("limited") as run:
            found = {item.id for item in items_of(_pull_patiently(run))}
            run.assert_limit_obeyed()
        assert found == set(self.expected), f"after the limit these were missing: {sorted(set(self.expected) - found)}"

    def test_s12_refused_credentials_wake_a_person(self) -> None:
        """Nothing but a new log-in helps, and services lock accounts that keep trying."""
        with self.opened("unauthorised") as run:
            error = _error_of(run)
            refused = [*run.statuses(400, 401, 403), *run.logins]
            assert isinstance(error, AuthError), f"refused credentials gave {error!r}, expected AuthError"
            assert len(refused) <= 3, f"kept trying with refused credentials: {listed(refused)}"
            assert len(run.statuses(401, 403)) <= 2, f"the refused call was repeated: {listed(refused)}"

    def test_s12_an_expired_token_is_renewed_once(self) -> None:
        """Tokens live minutes. Refreshing in circles gets an application blocked; giving up wakes a person."""
        with self.opened("expired_token") as run:
            found = {item.id for item in items_of(run.plugin.pull(None))}
            assert found == set(self.expected), "after the refresh the pull did not give the whole ledger"
            assert len(run.statuses(401)) <= 1, f"refused more than once: {listed(run.statuses(401))}"
            assert len(run.logins) <= 2, f"logged in {len(run.logins)} times: {listed(run.logins)}"

    def test_s13_a_malformed_record_is_set_aside(self) -> None:
        """One bad record in a hundred thousand must not stop the others, and must not vanish either."""
        with self.opened("malformed") as run:
            pages = list(run.plugin.pull(None))
        faults = [fault for page in pages for fault in page.faults]
        assert len(faults) == 1, f"one record is malformed, {len(faults)} faults were reported: {faults}"
        assert faults[0].id, "the fault does not say which record (its id, or its place)"
        assert faults[0].why, "the fault does not say why"
        assert not pages[-1].snapshot, "a snapshot with a record set aside: the host would take that record for gone"
        found, wanted = {item.id for item in items_of(pages)}, set(self.expected)
        assert found < wanted, f"not in the ledger: {sorted(found - wanted)}"
        assert len(found) == len(wanted) - 1, f"one record is malformed, lost are {sorted(wanted - found)}"

    def test_s17_a_broken_answer_can_be_tried_again(self) -> None:
        """A 503 at night is no reason to wake anybody: TransientError, and the next attempt gives everything."""
        with self.opened("flaky") as run:
            found = {item.id for item in items_of(_pull_patiently(run))}
            assert run.statuses(500, 502, 503, 504), "the scenario `flaky` never answered with a 5xx"
        assert found == set(self.expected), f"lost by a broken answer: {sorted(set(self.expected) - found)}"


def _pull_patiently(run: Run[Source]) -> list[Page]:
    """Pull as the host does: wait for what QuotaError says, try again after TransientError, always from the cursor."""
    pages: list[Page] = []
    for _ in range(MOST_ATTEMPTS):
        try:
            for page in run.plugin.pull(pages[-1].cursor if pages else None):
                pages.append(page)  # noqa: PERF402 - what came before an error counts
        except QuotaError as error:
            assert error.until > run.context.clock.now(), "QuotaError.until lies in the past: the host would not wait"
            run.context.clock.set(error.until)
        except TransientError:
            run.context.clock.advance(minutes=1)
        else:
            return pages
        run.reopen()
    raise AssertionError(f"after {MOST_ATTEMPTS} attempts the pull is still not through: {listed(run.calls)}")


def _error_of(run: Run[Source]) -> ConnectorError | None:
    try:
        for _ in run.plugin.pull(None):
            pass
    except ConnectorError as error:
        return error
    return None
