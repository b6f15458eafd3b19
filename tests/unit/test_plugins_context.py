"""The context that the kit hands to a plugin: in memory, recorded, with a clock that the test moves."""

import gc
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import responses

from connector.api import Context, Limits, SecretRef
from connector.clock import FileClock
from connector.errors import QuotaError, TransientError
from connector.testing import (
    BudgetRecorder,
    ManualClock,
    MemorySecrets,
    MemoryState,
    make_account,
    make_case,
    make_context,
    make_debtor,
    make_document,
    make_item,
    make_update,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = Limits(per_minute=60, per_day=5000)


def test_a_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(NOON)

    clock.advance(days=1, hours=2)

    assert clock.now() == NOON + timedelta(hours=26)
    assert clock.now() == clock.now()


def test_sleeping_moves_the_clock_and_is_remembered() -> None:
    clock = ManualClock(NOON)

    clock.sleep(90)
    clock.sleep(-1)

    assert clock.now() == NOON + timedelta(seconds=90)
    assert clock.slept == [90, -1]


def test_a_clock_tells_utc_and_the_day_of_the_zone() -> None:
    clock = ManualClock(datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5))))

    assert clock.now() == datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.today("America/New_York") == date(2026, 3, 1)
    assert clock.today() == date(2026, 3, 2)


def test_a_clock_shares_its_time_through_a_file(tmp_path: Path) -> None:
    clock = ManualClock(NOON, file=tmp_path / "now")
    other_process = FileClock(tmp_path / "now")

    assert other_process.now() == NOON
    clock.advance(days=30)
    assert other_process.now() == NOON + timedelta(days=30)


def test_a_secret_that_was_not_given_is_a_canary_of_its_own() -> None:
    secrets = MemorySecrets({"env:KNOWN": "known-value"})

    known, first, second = (secrets.resolve(SecretRef(env=name)) for name in ("KNOWN", "FIRST", "SECOND"))

    assert known == "known-value"
    assert len({known, first, second}) == 3
    assert secrets.resolve(SecretRef(env="FIRST")) == first
    assert secrets.handed_out == {known, first, second}


def test_a_saved_token_counts_as_a_secret() -> None:
    secrets = MemorySecrets()

    secrets.save("token", "abc")

    assert secrets.load("token") == "abc"
    assert secrets.load("other") is None
    assert "abc" in secrets.handed_out


def test_a_plugin_that_waits_for_its_own_lock_is_told() -> None:
    secrets = MemorySecrets()

    with (
        secrets.lock("token"),
        pytest.raises(TransientError, match="does the plugin wait for itself"),
        secrets.lock("token", timeout=0.01),
    ):
        pytest.fail("two holders of one lock")
    with secrets.lock("token", timeout=0.01):
        assert secrets.load("token") is None


def test_state_holds_json_and_nothing_else() -> None:
    state = MemoryState()
    given = {"seen": [1, 2]}

    state.put("key", given)
    given["seen"].append(3)

    assert state.get("key") == {"seen": [1, 2]}
    assert state.get("other") is None
    with pytest.raises(TypeError):
        state.put("key", {1, 2})


@pytest.mark.parametrize("seconds", [1, 59, 60])
def test_a_budget_waits_within_the_minute(seconds: int) -> None:
    clock = ManualClock(NOON)
    budget = BudgetRecorder(clock, LIMITS)

    budget.refused(NOON + timedelta(seconds=seconds))
    budget.take()

    assert clock.slept == [seconds]
    assert budget.taken == 1


def test_a_budget_raises_for_a_longer_wait() -> None:
    clock = ManualClock(NOON)
    budget = BudgetRecorder(clock, LIMITS)
    until = NOON + timedelta(seconds=66)

    budget.refused(until)
    with pytest.raises(QuotaError) as raised:
        budget.take()
    clock.set(until)
    budget.take()

    assert raised.value.until == until
    assert (budget.taken, clock.slept) == (1, [])


def test_a_budget_keeps_what_the_headers_said() -> None:
    budget = BudgetRecorder(ManualClock(NOON), LIMITS)

    budget.observe(minute_left=3, day_reset=NOON)

    assert budget.observed == [{"minute_left": 3, "day_reset": NOON}]


def test_a_company_has_one_budget() -> None:
    context = make_context()

    context.budget("a", LIMITS).take()
    context.budget("a", LIMITS).take()
    context.budget("b", LIMITS).take()

    assert {company: budget.taken for company, budget in context.budgets.items()} == {"a": 2, "b": 1}


def test_a_context_records_calls_over_the_hosts_own_session() -> None:
    context = make_context()
    with responses.RequestsMock() as mock:
        mock.post("https://api.example/things", status=201, headers={"Retry-After": "7"})
        context.http.request("post", "https://api.example/things", params={"a": "1"}, json={"name": "Zoë"})

    (call,) = context.http.calls
    assert (call.method, call.url, call.status) == ("POST", "https://api.example/things?a=1", 201)
    assert call.at == context.clock.now()
    assert call.retry_after == "7"
    assert "Zo\\u00eb" in call.sent
    assert [entry.event for entry in context.log.entries] == ["http call"]


def test_a_call_without_an_answer_is_recorded_too() -> None:
    context = make_context()

    with pytest.raises(TransientError):
        context.http.request("GET", "http://127.0.0.1:1/")

    (call,) = context.http.calls
    assert (call.status, type(call.error)) == (0, TransientError)


def test_a_second_context_plays_a_new_process_of_the_same_host() -> None:
    first = make_context(secrets={"env:KEY": "value"})
    first.secrets.save("token", "abc")
    first.state.put("seen", 1)

    second = make_context(secrets=first.secrets, state=first.state, clock=first.clock)

    assert second.secrets.load("token") == "abc"
    assert second.state.get("seen") == 1
    assert isinstance(second, Context)


def test_a_forgotten_context_closes_its_session() -> None:
    class Session:
        closed = 0

        def request(self, method: str, url: str, **parts: object) -> None:
            raise AssertionError

        def close(self) -> None:
            Session.closed += 1

    context = make_context(http=Session())  # type: ignore[arg-type]
    del context
    gc.collect()

    assert Session.closed == 1


def test_what_is_logged_can_be_searched() -> None:
    log = make_context().log

    log.debug("a", fact=1)
    log.info("b")
    log.warning("c")
    log.error("d", name="x")

    assert [entry.level for entry in log.entries] == ["debug", "info", "warning", "error"]
    assert log.text().splitlines() == ["debug a {'fact': 1}", "info b {}", "warning c {}", "error d {'name': 'x'}"]


def test_builders_agree_with_each_other() -> None:
    case, item = make_case(), make_item()

    assert case.debtor == make_debtor()
    assert case.open.minor == 123456 + 29
    assert case.lines[0].claim == item.claim == make_document().claim == make_account().claims[0].claim
    assert make_update().case_ref == case.case_ref


def test_an_item_follows_what_is_given() -> None:
    item = make_item(id="x", amount_minor=500)

    assert (item.claim, item.open_minor, item.original_minor) == ("x", 500, 500)
    assert make_item(amount_minor=500, open_minor=0).open_minor == 0


def test_a_builder_refuses_a_field_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="opn_minor"):
        make_item(opn_minor=0)
