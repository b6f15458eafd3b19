"""Must-haves 7 and 8: minute, day, rate headers, the error budget (reference 3.1 and 3.2)."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from plugins.exact.tests.sandbox_server import START, Client, SandboxServer

MINUTELY = {"X-RateLimit-Minutely-Limit", "X-RateLimit-Minutely-Remaining", "X-RateLimit-Minutely-Reset"}
DAILY = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


def rate_headers(answer: requests.Response) -> set[str]:
    return {name for name in MINUTELY | DAILY if name in answer.headers}


def calls(caller: Client, count: int, path: str = "crm/Contacts") -> list[int]:
    return [caller.call(path).status_code for _ in range(count)]


def test_good_answers_carry_both_families_of_headers(sandbox: SandboxServer) -> None:
    sandbox.set_time(START + timedelta(seconds=12))
    answer = sandbox.client().call("crm/Contacts")
    assert rate_headers(answer) == MINUTELY | DAILY
    assert answer.headers["X-RateLimit-Minutely-Remaining"] == "59"
    assert answer.headers["X-RateLimit-Remaining"] == "4999"
    minute = datetime.fromtimestamp(int(answer.headers["X-RateLimit-Minutely-Reset"]) / 1000, UTC)
    assert minute == START + timedelta(minutes=1)
    day = datetime.fromtimestamp(int(answer.headers["X-RateLimit-Reset"]) / 1000, UTC)
    assert day == datetime(2026, 3, 3, tzinfo=UTC)


def test_the_minute_is_the_clock_minute_and_its_429_is_bare(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"minute_limit": 5})
    sandbox.set_time(START + timedelta(seconds=40))
    caller = sandbox.client()
    assert calls(caller, 6) == [200] * 5 + [429]
    refused = caller.call("crm/Contacts")
    assert refused.content == b""
    assert rate_headers(refused) == MINUTELY
    assert refused.headers["X-RateLimit-Minutely-Remaining"] == "0"
    assert "Retry-After" not in refused.headers
    sandbox.set_time(START + timedelta(seconds=59))
    assert calls(caller, 1) == [429]
    sandbox.set_time(START + timedelta(seconds=60))
    assert calls(caller, 1) == [200]


def test_the_day_ends_at_midnight_utc_and_its_429_has_the_daily_headers(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"day_limit": 3, "minute_limit": 0})
    sandbox.set_time(datetime(2026, 3, 2, 23, 55, tzinfo=UTC))
    caller = sandbox.client()
    assert calls(caller, 4) == [200, 200, 200, 429]
    assert rate_headers(caller.call("crm/Contacts")) == DAILY
    sandbox.set_time(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))
    assert calls(caller, 1) == [200]


def test_calls_without_a_division_are_not_counted(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"minute_limit": 1})
    caller = sandbox.client()
    assert calls(caller, 3, "/current/Me") == [200, 200, 200]
    assert calls(caller, 1) == [200]


def test_every_user_of_an_app_counts_into_the_same_company_but_companies_are_apart(sandbox: SandboxServer) -> None:
    sandbox.control("divisions", {"code": 222222})
    sandbox.control("toggles", {"minute_limit": 2})
    first, second = sandbox.client(), sandbox.client()
    assert calls(first, 1) + calls(second, 2) == [200, 200, 429]
    assert calls(second, 2, "/222222/crm/Contacts") == [200, 200]


@pytest.mark.parametrize(("counted", "second"), [(True, 429), (False, 200)])
def test_whether_downloads_count_is_a_toggle(sandbox: SandboxServer, counted: bool, second: int) -> None:
    sandbox.control("toggles", {"minute_limit": 2, "downloads_count": counted})
    sandbox.books("accounts", {"code": "1", "name": "X"})
    sandbox.books("invoices", {"account": "1", "number": 1, "date": "2026-01-01", "amount": "1", "pdf": True})
    caller = sandbox.client()
    (attachment,) = caller.get("documents/DocumentAttachments", {"$select": "Url"})["results"]
    assert caller.call(attachment["Url"]).status_code == 200
    assert calls(caller, 1) == [second]


def test_the_minutely_reset_and_headers_on_errors_are_toggles(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    assert rate_headers(caller.call("crm/Accounts")) == set()
    sandbox.control("toggles", {"minute_reset_header": False, "error_rate_headers": True})
    assert rate_headers(caller.call("crm/Accounts")) == (MINUTELY | DAILY) - {"X-RateLimit-Minutely-Reset"}


def test_ten_errors_at_one_endpoint_within_an_hour_block_the_key_for_an_hour(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    assert calls(caller, 10, "crm/Accounts") == [400] * 10
    blocked = caller.call("crm/Contacts")
    assert (blocked.status_code, blocked.content, rate_headers(blocked)) == (429, b"", set())
    assert calls(caller, 1, "/current/Me") == [429]
    sandbox.advance(minutes=59)
    assert calls(sandbox.client(), 1) == [429]
    sandbox.advance(minutes=2)
    assert calls(sandbox.client(), 1) == [200]


def test_a_second_block_lasts_longer(sandbox: SandboxServer) -> None:
    calls(sandbox.client(), 10, "crm/Accounts")
    sandbox.advance(minutes=61)
    calls(sandbox.client(), 10, "crm/Accounts")
    sandbox.advance(minutes=61)
    assert calls(sandbox.client(), 1) == [429]
    sandbox.advance(minutes=60)
    assert calls(sandbox.client(), 1) == [200]


def test_errors_are_counted_per_endpoint_and_hour(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    assert calls(caller, 9, "crm/Accounts") + calls(caller, 9, "no/Such") == [400] * 9 + [404] * 9
    assert calls(caller, 1) == [200]
    sandbox.advance(minutes=61)
    caller = sandbox.client()
    assert calls(caller, 9, "crm/Accounts") + calls(caller, 1) == [400] * 9 + [200]


def test_a_429_does_not_use_the_error_budget(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"minute_limit": 1})
    caller = sandbox.client()
    assert calls(caller, 21) == [200] + [429] * 20
    sandbox.advance(minutes=1)
    assert calls(caller, 1) == [200]


def test_the_form_of_the_block_is_a_toggle(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"block_status": 403})
    caller = sandbox.client()
    calls(caller, 10, "crm/Accounts")
    assert calls(caller, 1) == [403]
    sandbox.control("limits/reset")
    assert calls(caller, 1) == [200]


def test_expired_tokens_use_the_budget_and_invented_ones_belong_to_nobody(sandbox: SandboxServer) -> None:
    caller = sandbox.client()
    invented = Client(sandbox, "stampNL001.invented")
    assert calls(invented, 12) == [401] * 12
    sandbox.advance(minutes=11)
    assert calls(caller, 10) == [401] * 10
    assert calls(sandbox.client(), 1) == [429]


def test_early_refreshes_use_the_budget(sandbox: SandboxServer) -> None:
    tokens = sandbox.log_in()
    for _ in range(10):
        assert sandbox.token_call(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 400
    assert calls(Client(sandbox, tokens["access_token"]), 1) == [429]
