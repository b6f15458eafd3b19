"""Limits, refusals, broken answers: each ends in a named error, with nothing half stored."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.errors import AuthError, ConfigError, PluginError, QuotaError, TransientError
from connector.testing import BudgetRecorder
from connector_exact.source import ExactSource
from connector_exact.tokens import Tokens
from plugins.exact.tests.exact_ledger import ExactLedger, log_in

TERMS = "sync/Cashflow/PaymentTerms"


def fault(ledger: ExactLedger, kind: str, *, endpoint: str = TERMS, **more: Any) -> None:
    ledger.server.control("faults", {"endpoint": endpoint, "kind": kind, **more})


@pytest.fixture
def filled(ledger: ExactLedger) -> ExactLedger:
    ledger.account()
    ledger.invoices(25)
    return ledger


def test_a_malformed_record_is_set_aside_with_id_field_and_reason_while_its_page_goes_on(filled: ExactLedger) -> None:
    fault(filled, "malformed_row", field="DueDate", value="next week", row=3)
    filled.pull()
    (record,) = filled.store.faults
    assert (record.field, record.entity) == ("DueDate", "payment terms")
    assert record.why == "Value error, expected /Date(milliseconds)/"
    assert record.id not in filled.store.items
    assert len(filled.store.items) == 24


def test_a_record_that_was_mended_at_the_source_arrives_with_its_next_change(filled: ExactLedger) -> None:
    fault(filled, "malformed_row", field="AmountDC", value="a lot", row=3)
    filled.pull()
    (record,) = filled.store.faults
    for number in range(1, 26):
        filled.book("payments", invoice=number, amount="1.00")
    filled.pull()
    assert sum(item.open_minor for item in filled.store.items.values()) == 25 * 12000
    assert record.id in filled.store.items


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("html", "expected JSON, got text/html: a maintenance or log-in page"),
        ("wrong_content_type", "expected JSON, got text/html"),
        ("truncated", "malformed page 1: no JSON, or cut off"),
        ("malformed_page", "malformed page 1: it holds no list of records"),
        ("empty", "the answer is empty"),
    ],
)
def test_a_broken_page_ends_in_a_named_error_and_the_next_run_gets_everything(
    filled: ExactLedger, kind: str, says: str
) -> None:
    fault(filled, kind)
    with pytest.raises(TransientError, match=f"{TERMS}: .*({says})"):
        filled.pull()
    assert filled.store.items == {}
    filled.pull()
    assert len(filled.store.items) == 25
    assert filled.store.faults == []


def test_a_broken_second_page_keeps_the_first_and_goes_on_after_it(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(1500)
    fault(ledger, "truncated", after=1)
    with pytest.raises(TransientError, match="malformed page 2"):
        ledger.pull()
    assert len(ledger.store.items) == 1000
    ledger.context.http.calls.clear()
    ledger.pull()
    assert len(ledger.store.items) == 1500
    assert Counter(ledger.endpoints())[TERMS] == 1


def test_a_connection_that_breaks_in_the_middle_of_a_body_is_tried_again(filled: ExactLedger) -> None:
    fault(filled, "cut")
    filled.pull()
    assert len(filled.store.items) == 25


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_passing_faults_are_waited_out_twice(filled: ExactLedger, status: int) -> None:
    fault(filled, f"status_{status}", times=2)
    filled.pull()
    assert len(filled.store.items) == 25
    assert filled.clock.slept == [2.0, 8.0]


def test_a_fault_that_stays_ends_the_run_after_three_calls(filled: ExactLedger) -> None:
    fault(filled, "status_503", times=9)
    with pytest.raises(TransientError, match=f"{TERMS}: Exact Online answered 503"):
        filled.pull()
    assert Counter(filled.endpoints())[TERMS] == 3


def test_maintenance_is_told_as_such(filled: ExactLedger) -> None:
    filled.server.control("toggles", {"maintenance": True})
    with pytest.raises(TransientError, match="maintenance"):
        filled.source.check()


def test_the_headers_are_told_to_the_budget_before_the_next_call(filled: ExactLedger) -> None:
    filled.pull()
    budget = filled.context.budgets[str(filled.division)]
    assert budget.taken == len(filled.context.http.calls)
    assert budget.limits.per_minute == 60
    assert budget.limits.day_reserve == 1000
    last = budget.observed[-1]
    assert last["minute_left"] == 60 - budget.taken
    assert last["day_left"] == 5000 - budget.taken
    assert last["minute_reset"] > filled.clock.now()
    assert last["day_reset"].tzinfo is UTC


def test_a_person_who_checks_may_use_the_calls_kept_for_people(filled: ExactLedger) -> None:
    asked: list[bool] = []

    class Budget(BudgetRecorder):
        def take(self, *, person: bool = False) -> None:
            asked.append(person)

    context = replace(filled.context, budget=lambda company, limits: Budget(filled.clock, limits))
    source = ExactSource(filled.config, context)
    source.check()
    assert set(asked) == {True}
    asked.clear()
    list(source.pull(None))
    assert set(asked) == {False}


def test_a_refused_call_waits_for_the_minute_and_is_sent_once_more(filled: ExactLedger) -> None:
    filled.pull()
    _use_up_the_minute(filled)
    filled.context.http.calls.clear()
    filled.pull()
    statuses = [call.status for call in filled.context.http.calls]
    assert statuses.count(429) == 1
    assert statuses[0] == 429
    (until,) = filled.context.budgets[str(filled.division)].refusals
    assert until.second == 0
    assert until.microsecond == 500_000


def test_without_a_reset_header_the_next_full_minute_is_taken(filled: ExactLedger) -> None:
    filled.server.control("toggles", {"minute_reset_header": False})
    filled.pull()
    _use_up_the_minute(filled)
    now = filled.clock.now()
    filled.pull()
    (until,) = filled.context.budgets[str(filled.division)].refusals
    assert until == now.replace(second=0, microsecond=0) + timedelta(minutes=1, milliseconds=500)


def test_a_used_up_day_is_no_failure_but_a_time_to_come_back(filled: ExactLedger) -> None:
    filled.server.control("toggles", {"day_limit": 3})
    with pytest.raises(QuotaError) as caught:
        filled.pull()
    tomorrow = datetime.combine(filled.clock.now().date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    assert caught.value.until == tomorrow + timedelta(milliseconds=500)
    filled.server.control("toggles", {"day_limit": 5000})
    filled.clock.set(caught.value.until)
    filled.pull()
    assert len(filled.store.items) == 25


def test_refusals_stop_well_before_the_key_is_blocked_also_after_a_restart(filled: ExactLedger) -> None:
    filled.server.control("toggles", {"missing_rights": "forbidden"})
    filled.configure(rights_days=0)
    filled.server.control("rights", {"user": "anna", "endpoints": [TERMS]})
    for _ in range(5):
        with pytest.raises(AuthError, match="Financial cashflow"):
            filled.pull()
    filled.restart()
    filled.configure(rights_days=0)
    with pytest.raises(QuotaError, match=f"{TERMS} was refused 5 times") as caught:
        filled.pull()
    assert Counter(filled.endpoints())[TERMS] == 0
    filled.server.control("rights", {"user": "anna", "endpoints": []})
    filled.clock.set(caught.value.until + timedelta(seconds=1))
    filled.pull()
    assert len(filled.store.items) == 25


def test_a_blocked_key_pauses_everything_for_more_than_an_hour(filled: ExactLedger) -> None:
    caller = filled.server.client()
    for _ in range(10):
        caller.call("sync/Nowhere")
    with pytest.raises(QuotaError, match="refuses calls") as caught:
        filled.pull()
    assert caught.value.until == filled.clock.now() + timedelta(minutes=65)
    filled.restart()
    with pytest.raises(QuotaError, match="may have blocked this key"):
        filled.pull()
    assert filled.endpoints() == []


def test_a_log_in_that_was_revoked_needs_a_person_and_one_call(filled: ExactLedger) -> None:
    _revoke(filled)
    with pytest.raises(AuthError, match="incasso connect exact-nl"):
        filled.pull()
    assert [call.status for call in filled.context.http.calls] == [401]


@pytest.mark.parametrize(
    ("reason", "error", "says"),
    [
        ("DivisionBlocked", QuotaError, "converted, restored or moved"),
        ("BlockedUser", AuthError, "no longer active"),
        ("InactiveUser", AuthError, "no longer active"),
        ("LicenseExpired", AuthError, "creditor must settle"),
        ("BlockedCustomer", AuthError, "creditor must settle"),
        ("NoDivisionAccess", AuthError, "not ticked"),
        ("SomethingNew", AuthError, "no right to system/Divisions"),
    ],
)
def test_each_reason_of_a_403_is_named_for_what_happens_next(
    filled: ExactLedger, reason: str, error: type[Exception], says: str
) -> None:
    filled.book("standing", reason=reason)
    with pytest.raises(error, match=says):
        filled.source.check()


def test_an_administration_under_conversion_is_waited_for(filled: ExactLedger) -> None:
    filled.book("standing", blocking_status=3)
    with pytest.raises(QuotaError, match="copied, converted or restored") as caught:
        filled.pull()
    assert caught.value.until == filled.clock.now() + timedelta(hours=1)


def test_an_archived_administration_is_a_matter_of_configuration(filled: ExactLedger) -> None:
    filled.book("standing", status=2)
    with pytest.raises(ConfigError, match="archived"):
        filled.pull()


def test_a_clock_that_differs_is_named_before_anything_is_stored(filled: ExactLedger) -> None:
    now = filled.clock.now()
    filled.server.set_time(now + timedelta(minutes=9))
    with pytest.raises(ConfigError, match=r"clock: the clocks .* differ by [789] minutes"):
        filled.pull()
    assert filled.store.items == {}


def test_a_division_that_is_not_ours_is_named(filled: ExactLedger) -> None:
    filled.configure(division=999_999)
    with pytest.raises(AuthError, match="not ticked"):
        list(filled.source.pull(None))


def test_what_the_service_refuses_to_understand_is_our_fault(filled: ExactLedger, monkeypatch: Any) -> None:
    monkeypatch.setattr("connector_exact.listing._OPEN", "Modified gt datetime'2026-01-01T00:00:00'")
    filled.pull()
    filled.clock.advance(days=1)
    with pytest.raises(PluginError, match="bulk/Cashflow/Receivables: Exact Online answered 400"):
        filled.pull()


def test_no_secret_shows_in_logs_errors_cursors_or_state(filled: ExactLedger) -> None:
    filled.pull()
    _revoke(filled)
    filled.restart()
    with pytest.raises(AuthError) as caught:
        filled.pull()
    state = "".join(filled.context.state.values.values())
    shown = filled.context.log.text() + caught.value.message + caught.value.detail + (filled.store.cursor or "") + state
    tokens = [value for value in filled.context.secrets.handed_out if len(value) > 8]
    assert tokens
    assert not [token for token in tokens if token in shown]


def _use_up_the_minute(ledger: ExactLedger) -> None:
    """Somebody else with the same app registration makes 60 calls at the beginning of the minute."""
    ledger.clock.set(ledger.clock.now().replace(second=5, microsecond=0) + timedelta(minutes=1))
    caller = ledger.server.client()
    for _ in range(60):
        caller.call(f"/{ledger.division}/system/Divisions?$select=Code")
    log_in(ledger.config, ledger.context)


def _revoke(ledger: ExactLedger) -> None:
    """The access token is good for nothing any more, though it is young."""
    tokens = Tokens.model_validate_json(ledger.context.secrets.load("tokens") or "")
    ledger.context.secrets.save("tokens", tokens.model_copy(update={"access": "revoked-token"}).model_dump_json())
