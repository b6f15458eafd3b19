"""The token keeper: lazily renewed, one chain, never too early; the stand-in plays the server."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import responses

from connector.errors import AuthError, ConfigError, TransientError, UnknownOutcome
from connector.testing import ManualClock, MemorySecrets, RecordedContext, make_context
from connector_exact.config import ExactConfig
from connector_exact.tokens import TokenKeeper, Tokens
from plugins.exact.tests.exact_ledger import ExactLedger

CONFIG = ExactConfig.model_validate({"client_id": "app", "client_secret": {"env": "EXACT_SECRET"}, "division": 1})
TOKEN_URL = "https://start.exactonline.nl/api/oauth2/token"
REFUSED = {"error": "invalid_grant", "error_description": "Token is not allowed, because of invalid or empty chainId"}


def stored(context: RecordedContext) -> Tokens:
    return Tokens.model_validate_json(context.secrets.load("tokens") or "")


def prepared(**changes: Any) -> RecordedContext:
    """A context with tokens that were issued 576 seconds ago."""
    context = make_context(connection="exact-nl")
    values: dict[str, Any] = {
        "issuer": CONFIG.issuer,
        "access": "old-access",
        "refresh": "old-refresh",
        "issued_at": context.clock.now() - timedelta(seconds=576),
    }
    context.secrets.save("tokens", Tokens.model_validate(values | changes).model_dump_json())
    return context


def answer(access: str = "new!access", refresh: str = "new!refresh", **more: Any) -> dict[str, Any]:
    return {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": "600"} | more


def test_a_fresh_token_is_used_without_any_call(ledger: ExactLedger) -> None:
    keeper = TokenKeeper(ledger.config, ledger.context)
    first = keeper.access()
    ledger.clock.advance(seconds=574)
    assert keeper.access() == first
    assert ledger.context.http.calls == []


def test_an_old_token_is_renewed_once_and_the_pair_rotates(ledger: ExactLedger) -> None:
    before = stored(ledger.context)
    ledger.clock.advance(seconds=575)
    keeper = TokenKeeper(ledger.config, ledger.context)
    fresh = keeper.access()
    assert keeper.access() == fresh != before.access
    assert stored(ledger.context).refresh != before.refresh
    assert len(ledger.context.http.calls) == 1


def test_the_new_pair_is_on_disk_before_it_is_used(ledger: ExactLedger) -> None:
    ledger.clock.advance(seconds=600)
    keeper = TokenKeeper(ledger.config, ledger.context)
    assert keeper.access() == stored(ledger.context).access


def test_a_pull_over_hours_renews_as_it_goes(ledger: ExactLedger) -> None:
    ledger.account()
    ledger.invoices(1001)
    for _ in ledger.pages():
        ledger.clock.advance(seconds=590)
    assert all(call.status == 200 for call in ledger.context.http.calls)


def test_two_threads_refresh_once_and_use_the_same_token(ledger: ExactLedger) -> None:
    ledger.clock.advance(seconds=600)
    keepers = [TokenKeeper(ledger.config, ledger.context) for _ in range(2)]
    gate = threading.Barrier(2)
    found: list[str] = []

    def ask(keeper: TokenKeeper) -> None:
        gate.wait(timeout=10)
        found.append(keeper.access())

    threads = [threading.Thread(target=ask, args=(keeper,)) for keeper in keepers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 2
    assert found[0] == found[1]
    assert [call.status for call in ledger.context.http.calls] == [200]


def test_a_reused_refresh_token_ends_in_a_log_in_and_is_never_tried_again(ledger: ExactLedger) -> None:
    used_up = ledger.context.secrets.load("tokens") or ""
    ledger.clock.advance(seconds=600)
    TokenKeeper(ledger.config, ledger.context).access()
    ledger.context.secrets.save("tokens", used_up)  # a backup was restored
    ledger.context.http.calls.clear()
    for _ in range(3):
        with pytest.raises(AuthError, match="incasso connect exact-nl"):
            TokenKeeper(ledger.config, ledger.context).access()
    assert [call.status for call in ledger.context.http.calls] == [400]


def test_a_log_in_elsewhere_ends_the_chain_and_says_so(ledger: ExactLedger) -> None:
    ledger.server.log_in()
    ledger.clock.advance(seconds=600)
    with pytest.raises(AuthError, match="no longer valid"):
        ledger.pull()


def test_a_log_in_elsewhere_in_this_house_is_picked_up(ledger: ExactLedger) -> None:
    keeper = TokenKeeper(ledger.config, ledger.context)
    old = keeper.access()
    TokenKeeper(ledger.config, ledger.context).exchange(ledger.server.code(), "http://127.0.0.1:8765/callback")
    assert keeper.after_refusal(old)
    assert keeper.access() == stored(ledger.context).access != old


def test_a_refusal_before_570_seconds_is_never_answered_with_a_refresh() -> None:
    context = prepared(issued_at=make_context().clock.now() - timedelta(seconds=569))
    assert not TokenKeeper(CONFIG, context).after_refusal("old-access")
    assert context.http.calls == []


def test_a_refusal_after_570_seconds_is() -> None:
    context = prepared(issued_at=make_context().clock.now() - timedelta(seconds=570))
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json=answer())
        assert TokenKeeper(CONFIG, context).after_refusal("old-access")


def test_tokens_with_marks_are_sent_encoded_once() -> None:
    context = prepared(refresh="stampNL001.abcd!IAAA")
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json=answer())
        TokenKeeper(CONFIG, context).access()
        body = str(mock.calls[0].request.body)
    assert "refresh_token=stampNL001.abcd%21IAAA" in body
    assert "grant_type=refresh_token" in body


@pytest.mark.parametrize("lifetime", ["600", 600, None])
def test_the_lifetime_may_come_as_text_as_number_or_not_at_all(lifetime: object) -> None:
    context = prepared()
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json=answer(expires_in=lifetime))
        assert TokenKeeper(CONFIG, context).access() == "new!access"


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (400, '{"error":"access_denied"}', {"Reason": "TooEarlyToRefreshTokens"}),
        (400, '{"error":"access_denied","error_description":"Rate limit exceeded"}', {}),
        (401, "Access Token not expired", {}),
    ],
)
def test_too_early_means_the_stored_token_and_no_second_attempt_for_a_while(
    status: int, body: str, headers: dict[str, str]
) -> None:
    context = prepared()
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, body=body, status=status, headers=headers)
        assert TokenKeeper(CONFIG, context).access() == "old-access"
        assert TokenKeeper(CONFIG, context).access() == "old-access"
        assert len(mock.calls) == 1
        context.clock.advance(seconds=31)
        mock.replace(responses.POST, TOKEN_URL, json=answer())
        assert TokenKeeper(CONFIG, context).access() == "new!access"


def test_an_empty_answer_is_asked_for_once_more_with_the_same_refresh_token() -> None:
    context = prepared()
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        mock.post(TOKEN_URL, body="")
        mock.post(TOKEN_URL, json=answer())
        assert TokenKeeper(CONFIG, context).access() == "new!access"
        assert mock.calls[0].request.body == mock.calls[1].request.body
    assert context.clock.slept == [2.0]


def test_a_second_empty_answer_leaves_the_chain_alone_for_the_next_run() -> None:
    context = prepared()
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, body="")
        with pytest.raises(TransientError, match="not readable"):
            TokenKeeper(CONFIG, context).access()
    assert stored(context).refresh == "old-refresh"


class _LostAnswers:
    """A session whose answers get lost, the first `times` of them."""

    def __init__(self, inner: Any, times: int) -> None:
        self.inner, self.left = inner, times

    def request(self, method: str, url: str, **sent: Any) -> Any:
        if self.left:
            self.left -= 1
            raise UnknownOutcome("the answer was lost", key="")
        return self.inner.request(method, url, **sent)


@pytest.mark.parametrize(("times", "ends_well"), [(1, True), (2, False)])
def test_a_lost_answer_is_asked_for_once_more(times: int, ends_well: bool) -> None:
    before = prepared()
    lost = _LostAnswers(before.http, times)
    context = make_context(connection="exact-nl", secrets=before.secrets, clock=before.clock, http=lost)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(TOKEN_URL, json=answer())
        if ends_well:
            assert TokenKeeper(CONFIG, context).access() == "new!access"
        else:
            with pytest.raises(TransientError, match="two answers were lost"):
                TokenKeeper(CONFIG, context).access()


@pytest.mark.parametrize(
    "body", ["<html>", '{"access_token": "a"}', '{"access_token": "", "refresh_token": ""}', "[]", '"x"', "5"]
)
def test_an_answer_without_tokens_is_a_passing_fault_and_stores_nothing(body: str) -> None:
    context = prepared()
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, body=body)
        with pytest.raises(TransientError):
            TokenKeeper(CONFIG, context).access()
    assert stored(context).access == "old-access"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, REFUSED, AuthError),
        (400, {"error": "invalid_request"}, ConfigError),
        (400, {"error": ["?"]}, ConfigError),
        (401, {}, ConfigError),
        (403, {}, ConfigError),
        (429, {}, TransientError),
        (500, {}, TransientError),
        (503, {}, TransientError),
    ],
)
def test_each_refusal_is_named_for_what_happens_next(status: int, body: Any, error: type[Exception]) -> None:
    context = prepared()
    with responses.RequestsMock() as mock:
        mock.post(TOKEN_URL, json=body, status=status)
        with pytest.raises(error):
            TokenKeeper(CONFIG, context).access()


def test_nobody_has_logged_in_yet() -> None:
    with pytest.raises(AuthError, match="nobody has logged in yet: run `incasso connect exact-be`"):
        TokenKeeper(CONFIG, make_context(connection="exact-be")).access()


def test_unreadable_tokens_ask_for_a_log_in() -> None:
    secrets = MemorySecrets()
    secrets.save("tokens", "{}")
    with pytest.raises(AuthError, match="cannot be read"):
        TokenKeeper(CONFIG, make_context(secrets=secrets)).access()


def test_tokens_of_another_country_or_registration_are_never_used() -> None:
    context = prepared()
    for change in ({"region": "be"}, {"client_id": "another"}):
        with pytest.raises(AuthError, match="another site or app registration"):
            TokenKeeper(CONFIG.model_copy(update=change), context).access()
    assert context.http.calls == []


def test_tokens_from_the_future_mean_that_our_clock_is_behind() -> None:
    context = prepared(issued_at=ManualClock().now() + timedelta(minutes=6))
    with pytest.raises(ConfigError, match="clock: the stored log-in is from 6 minutes in the future"):
        TokenKeeper(CONFIG, context).access()


def test_tokens_never_show_in_a_representation() -> None:
    tokens = stored(prepared(access="visible-access", refresh="visible-refresh"))
    assert "visible" not in repr(tokens)
