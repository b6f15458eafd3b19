"""The log-in by a person, from the consent page to stored tokens, against the stand-in."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from connector.errors import AuthError, ConfigError, TransientError
from connector.testing import ManualClock, MemorySecrets, RecordedContext, make_context
from connector_exact.login import ExactLogin
from connector_exact.source import ExactSource
from plugins.exact.tests.exact_ledger import consent, exact_config
from plugins.exact.tests.sandbox_server import REDIRECT, SandboxServer


@pytest.fixture
def context(exact_server: SandboxServer) -> RecordedContext:
    secrets = MemorySecrets({"env:EXACT_SECRET": exact_server.client_secret})
    clock = ManualClock(exact_server.now(), file=exact_server.clock)
    return make_context(connection="exact-nl", secrets=secrets, clock=clock)


def test_a_person_logs_in_and_is_told_who_and_what_there_is(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    config = exact_config(exact_server, division=exact_server.division)
    login = ExactLogin(config, context)
    said = login.finish(REDIRECT, consent(login.authorize_url(REDIRECT)))
    assert f"Logged in at {exact_server.base} as Anna." in said
    assert "123456 Voorbeeldadministratie 123456" in said
    ExactSource(config, context).check()


@pytest.mark.parametrize("division", [None, 123456])
def test_a_log_in_needs_no_division(
    exact_server: SandboxServer, context: RecordedContext, division: int | None
) -> None:
    login = ExactLogin(exact_config(exact_server, division=division), context)
    assert "Anna" in login.finish(REDIRECT, consent(login.authorize_url(REDIRECT)))


def test_another_process_may_finish_what_one_began(exact_server: SandboxServer, context: RecordedContext) -> None:
    config = exact_config(exact_server)
    answer = consent(ExactLogin(config, context).authorize_url(REDIRECT))
    assert "Anna" in ExactLogin(config, context).finish(REDIRECT, answer)


def test_pkce_is_sent_and_checked_where_it_is_switched_on(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    login = ExactLogin(exact_config(exact_server, pkce=True), context)
    url = login.authorize_url(REDIRECT)
    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge_method"] == ["S256"]
    assert "Anna" in login.finish(REDIRECT, consent(url))


def test_a_wrong_verifier_is_refused(exact_server: SandboxServer, context: RecordedContext) -> None:
    config = exact_config(exact_server, pkce=True)
    first = ExactLogin(config, context).authorize_url(REDIRECT)
    answer = consent(first)
    second = parse_qs(urlsplit(ExactLogin(config, context).authorize_url(REDIRECT)).query)["state"][0]
    with pytest.raises(AuthError, match="incasso connect exact-nl"):
        ExactLogin(config, context).finish(REDIRECT, answer | {"state": second})


def test_no_challenge_is_sent_by_default(exact_server: SandboxServer, context: RecordedContext) -> None:
    query = parse_qs(urlsplit(ExactLogin(exact_config(exact_server), context).authorize_url(REDIRECT)).query)
    assert set(query) == {"client_id", "redirect_uri", "response_type", "state", "force_login"}


@pytest.mark.parametrize("state", ["", "another", "é"])
def test_an_answer_with_another_state_is_refused_and_uses_nothing_up(
    exact_server: SandboxServer, context: RecordedContext, state: str
) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    with pytest.raises(AuthError, match="state differs"):
        login.finish(REDIRECT, answer | {"state": state})
    assert context.http.calls == []
    assert "Anna" in login.finish(REDIRECT, answer)


def test_an_answer_counts_once(exact_server: SandboxServer, context: RecordedContext) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    login.finish(REDIRECT, answer)
    with pytest.raises(AuthError, match="no log-in is under way"):
        login.finish(REDIRECT, answer)


def test_a_person_who_refuses_is_named_as_such(exact_server: SandboxServer, context: RecordedContext) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    url = login.authorize_url(REDIRECT)
    answer = requests.post(url, data={"decision": "refuse"}, allow_redirects=False, timeout=10)
    query = {name: values[-1] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    with pytest.raises(AuthError, match="permission was refused"):
        login.finish(REDIRECT, query)
    assert context.secrets.load("tokens") is None


def test_a_refusal_without_a_state_is_told_and_uses_nothing_up(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    with pytest.raises(AuthError, match="permission was refused"):
        login.finish(REDIRECT, {"error": "access_denied"})
    assert "Anna" in login.finish(REDIRECT, answer)


def test_an_answer_without_a_code_is_refused(exact_server: SandboxServer, context: RecordedContext) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    state = consent(login.authorize_url(REDIRECT))["state"]
    with pytest.raises(AuthError, match="no code"):
        login.finish(REDIRECT, {"state": state})


def test_a_log_in_that_took_too_long_is_refused(exact_server: SandboxServer, context: RecordedContext) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    context.clock.advance(minutes=16)
    with pytest.raises(AuthError, match="too long"):
        login.finish(REDIRECT, answer)


def test_a_code_older_than_three_minutes_asks_for_a_new_log_in(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    context.clock.advance(minutes=4)
    with pytest.raises(AuthError, match="incasso connect exact-nl"):
        login.finish(REDIRECT, answer)


def test_wrong_client_credentials_are_a_matter_of_configuration(exact_server: SandboxServer) -> None:
    clock = ManualClock(exact_server.now(), file=exact_server.clock)
    context = make_context(secrets=MemorySecrets({"env:EXACT_SECRET": "wrong"}), clock=clock)
    login = ExactLogin(exact_config(exact_server), context)
    with pytest.raises(ConfigError, match="client_id: Exact Online refuses the app registration"):
        login.finish(REDIRECT, consent(login.authorize_url(REDIRECT)))


def test_a_registered_address_replaces_the_one_we_listen_on(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    login = ExactLogin(exact_config(exact_server, redirect_uri="https://tunnel.example/callback"), context)
    url = login.authorize_url(REDIRECT)
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == ["https://tunnel.example/callback"]
    assert "Anna" in login.finish(REDIRECT, consent(url))


def test_a_fault_after_the_exchange_does_not_look_like_a_failed_log_in(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    exact_server.control("faults", {"endpoint": "current/Me", "kind": "html", "times": 3})
    assert login.finish(REDIRECT, answer) == f"Logged in at {exact_server.base}."
    assert context.secrets.load("tokens") is not None
    exact_server.control("faults", method="DELETE")


def test_maintenance_during_the_exchange_can_be_tried_again(
    exact_server: SandboxServer, context: RecordedContext
) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    answer = consent(login.authorize_url(REDIRECT))
    exact_server.control("faults", {"endpoint": "oauth2/token", "kind": "html"})
    with pytest.raises(TransientError, match="not readable"):
        login.finish(REDIRECT, answer)


def test_nothing_secret_is_logged_or_shown(exact_server: SandboxServer, context: RecordedContext) -> None:
    login = ExactLogin(exact_config(exact_server), context)
    said = login.finish(REDIRECT, consent(login.authorize_url(REDIRECT)))
    shown = said + context.log.text() + repr(login.__dict__)
    assert not [secret for secret in context.secrets.handed_out if secret in shown]
