"""Must-haves 1 and 2: log-in, token chains, regions, redirects, the consent set (reference section 1)."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from plugins.exact.tests.sandbox_server import REDIRECT, START, Client, SandboxServer, run_sandbox

TOO_EARLY = {"error": "access_denied", "error_description": "Rate limit exceeded: access_token not expired"}
CHAIN_LOST = {
    "error": "invalid_grant",
    "error_description": "Token is not allowed, because of invalid or empty chainId",
}


def refresh(sandbox: SandboxServer, token: str) -> requests.Response:
    return sandbox.token_call(grant_type="refresh_token", refresh_token=token)


def exchange(sandbox: SandboxServer, code: str, **more: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    return sandbox.token_call(**(form | more))


def me(sandbox: SandboxServer, token: str) -> int:
    return Client(sandbox, token).call("/current/Me").status_code


def test_the_token_answer_has_the_shape_of_the_vendor_sample(sandbox: SandboxServer) -> None:
    tokens = sandbox.log_in()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert tokens["expires_in"] == "600"
    assert tokens["token_type"] == "bearer"
    assert "!" in tokens["access_token"]
    assert "!" in tokens["refresh_token"]
    assert tokens["access_token"].startswith("stampNL001.")


def test_the_code_arrives_encoded_and_comes_back_with_the_state(sandbox: SandboxServer) -> None:
    params = {"client_id": "sandbox-client", "redirect_uri": REDIRECT, "response_type": "code", "state": "a b&c"}
    answer = requests.get(f"{sandbox.base}/api/oauth2/auth", params=params, allow_redirects=False, timeout=10)
    location = answer.headers["location"]
    assert location.startswith(REDIRECT + "?")
    assert "%21" in location
    assert parse_qs(urlsplit(location).query)["state"] == ["a b&c"]


def test_a_code_that_was_encoded_twice_is_refused(sandbox: SandboxServer) -> None:
    code = sandbox.code().replace("!", "%21")
    answer = exchange(sandbox, code)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"


def test_a_code_works_once(sandbox: SandboxServer) -> None:
    code = sandbox.code()
    assert exchange(sandbox, code).status_code == 200
    assert exchange(sandbox, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("seconds", "status"), [(180, 200), (181, 400)])
def test_a_code_lives_three_minutes(sandbox: SandboxServer, seconds: int, status: int) -> None:
    code = sandbox.code()
    sandbox.advance(seconds=seconds)
    assert exchange(sandbox, code).status_code == status


def test_the_exchange_must_name_the_redirect_address_of_the_request(sandbox: SandboxServer) -> None:
    answer = exchange(sandbox, sandbox.code(), redirect_uri=REDIRECT + "/other")
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("seconds", "status"), [(600, 200), (601, 401)])
def test_an_access_token_lives_ten_minutes(sandbox: SandboxServer, seconds: int, status: int) -> None:
    token = sandbox.log_in()["access_token"]
    sandbox.advance(seconds=seconds)
    assert me(sandbox, token) == status


def test_a_refresh_before_570_seconds_is_refused_and_loses_nothing(sandbox: SandboxServer) -> None:
    tokens = sandbox.log_in()
    sandbox.advance(seconds=569)
    early = refresh(sandbox, tokens["refresh_token"])
    assert early.status_code == 400
    assert early.json() == TOO_EARLY
    assert early.headers["Reason"] == "TooEarlyToRefreshTokens"
    sandbox.advance(seconds=1)
    assert refresh(sandbox, tokens["refresh_token"]).status_code == 200


def test_each_refresh_token_works_once_and_a_new_one_comes_with_it(sandbox: SandboxServer) -> None:
    first = sandbox.log_in()
    sandbox.advance(seconds=575)
    second = refresh(sandbox, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    sandbox.advance(seconds=575)
    again = refresh(sandbox, first["refresh_token"])
    assert again.status_code == 400
    assert again.json() == CHAIN_LOST
    assert refresh(sandbox, second["refresh_token"]).status_code == 200


def test_reuse_ends_the_whole_chain_where_the_toggle_says_so(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"reuse_kills_chain": True})
    first = sandbox.log_in()
    sandbox.advance(seconds=575)
    second = refresh(sandbox, first["refresh_token"]).json()
    sandbox.advance(seconds=575)
    refresh(sandbox, first["refresh_token"])
    assert refresh(sandbox, second["refresh_token"]).json() == CHAIN_LOST


@pytest.mark.parametrize(("days", "status"), [(30, 200), (31, 400)])
def test_a_refresh_token_lives_thirty_days_unused(sandbox: SandboxServer, days: int, status: int) -> None:
    tokens = sandbox.log_in()
    sandbox.advance(days=days)
    answer = refresh(sandbox, tokens["refresh_token"])
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"] == "invalid_grant"


def test_a_new_consent_of_the_same_user_and_app_ends_the_earlier_chain(sandbox: SandboxServer) -> None:
    earlier = sandbox.log_in()
    sandbox.log_in()
    sandbox.advance(seconds=575)
    assert refresh(sandbox, earlier["refresh_token"]).json() == CHAIN_LOST


def test_wrong_credentials_and_a_malformed_form_are_an_invalid_request(sandbox: SandboxServer) -> None:
    wrong = sandbox.token_call(grant_type="refresh_token", refresh_token="x", client_secret="wrong")
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_request"})
    odd = sandbox.token_call(grant_type="password")
    assert (odd.status_code, odd.json()) == (400, {"error": "invalid_request"})


def test_a_bearer_header_at_the_token_endpoint_is_a_401(sandbox: SandboxServer) -> None:
    answer = requests.post(
        f"{sandbox.base}/api/oauth2/token", headers={"Authorization": "Bearer x"}, data={}, timeout=10
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(("accepted", "status"), [(True, 200), (False, 400)])
def test_credentials_in_a_basic_header_are_a_toggle(sandbox: SandboxServer, accepted: bool, status: int) -> None:
    sandbox.control("toggles", {"token_basic_auth": accepted})
    data = {"grant_type": "authorization_code", "code": sandbox.code(), "redirect_uri": REDIRECT}
    answer = requests.post(
        f"{sandbox.base}/api/oauth2/token", auth=("sandbox-client", "sandbox-secret"), data=data, timeout=10
    )
    assert answer.status_code == status


def test_the_daily_limit_of_token_calls_is_a_toggle(sandbox: SandboxServer) -> None:
    sandbox.control("toggles", {"token_day_limit": 2})
    token = sandbox.log_in()["refresh_token"]
    statuses = []
    for _ in range(3):
        sandbox.advance(seconds=600)
        answer = refresh(sandbox, token)
        statuses.append(answer.status_code)
        token = answer.json().get("refresh_token", token)
    assert statuses == [200, 200, 429]


def test_the_code_verifier_is_checked_where_a_challenge_was_sent(sandbox: SandboxServer) -> None:
    verifier = "v" * 50
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"code_challenge": digest, "code_challenge_method": "S256"}
    assert exchange(sandbox, sandbox.code(**asked), code_verifier="wrong").status_code == 400
    assert exchange(sandbox, sandbox.code(**asked), code_verifier=verifier).status_code == 200


def test_an_empty_token_answer_can_be_ordered_and_the_same_token_works_afterwards(sandbox: SandboxServer) -> None:
    tokens = sandbox.log_in()
    sandbox.advance(seconds=575)
    sandbox.control("faults", {"endpoint": "oauth2/token", "kind": "empty"})
    lost = refresh(sandbox, tokens["refresh_token"])
    assert (lost.status_code, lost.content) == (200, b"")
    assert refresh(sandbox, tokens["refresh_token"]).status_code == 200


def test_force_login_shows_a_page_on_which_the_user_chooses_divisions(sandbox: SandboxServer) -> None:
    sandbox.control("divisions", {"code": 222222, "country": "BE"})
    params = {"client_id": "sandbox-client", "redirect_uri": REDIRECT, "response_type": "code", "force_login": "1"}
    url = f"{sandbox.base}/api/oauth2/auth"
    page = requests.get(url, params=params, timeout=10)
    assert 'value="222222"' in page.text
    form = {"decision": "approve", "divisions": "222222", "user": "anna"}
    answer = requests.post(url, params=params, data=form, allow_redirects=False, timeout=10)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    caller = Client(sandbox, exchange(sandbox, code).json()["access_token"])
    listed = caller.get("/222222/system/Divisions", {"$select": "Code"})["results"]
    assert [row["Code"] for row in listed] == [222222]
    outside = caller.call("/123456/system/Divisions")
    assert (outside.status_code, outside.headers["Reason"]) == (403, "NoDivisionAccess")
    # The current division may lie outside the consent.
    assert caller.get("/current/Me")["results"][0]["CurrentDivision"] == 123456


def test_a_refusal_comes_back_as_an_error(sandbox: SandboxServer) -> None:
    params = {"client_id": "sandbox-client", "redirect_uri": REDIRECT, "response_type": "code", "state": "s"}
    answer = requests.post(
        f"{sandbox.base}/api/oauth2/auth",
        params=params,
        data={"decision": "refuse"},
        allow_redirects=False,
        timeout=10,
    )
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query == {"error": ["access_denied"], "state": ["s"]}


@pytest.mark.parametrize(
    ("mode", "address", "status"),
    [
        ("loose", "http://127.0.0.1:9999/x", 302),
        ("loose", "https://app.example/callback", 302),
        ("loose", "http://app.example/callback", 400),
        ("strict", "http://127.0.0.1:9999/x", 400),
        ("strict", "https://app.example/callback", 302),
        ("strict", "https://app.example/other", 400),
    ],
)
def test_redirect_addresses_are_checked_strictly_or_loosely(
    registered: SandboxServer, mode: str, address: str, status: int
) -> None:
    registered.control("toggles", {"redirect_mode": mode})
    params = {"client_id": "our-app", "redirect_uri": address, "response_type": "code"}
    answer = requests.get(f"{registered.base}/api/oauth2/auth", params=params, allow_redirects=False, timeout=10)
    assert answer.status_code == status


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> SandboxServer:
    """A Belgian instance with an app of its own, registered with a redirect address."""
    options = {
        "region": "be",
        "client_id": "our-app",
        "client_secret": "our-secret",
        "redirect_uri": "https://app.example/callback",
        "divisions": "654321:BE",
    }
    with run_sandbox(Path(tmp_path_factory.mktemp("be")), options) as server:
        server.client_id, server.client_secret, server.division = "our-app", "our-secret", 654321
        yield server


def test_regions_do_not_share_registrations_or_tokens(sandbox: SandboxServer, registered: SandboxServer) -> None:
    registered.control("toggles", {"redirect_mode": "loose"})
    dutch, belgian = sandbox.log_in()["access_token"], registered.log_in()["access_token"]
    assert belgian.startswith("stampBE001.")
    assert me(sandbox, dutch) == me(registered, belgian) == 200
    assert me(sandbox, belgian) == me(registered, dutch) == 401
    params = {"client_id": "our-app", "redirect_uri": REDIRECT, "response_type": "code"}
    assert requests.get(f"{sandbox.base}/api/oauth2/auth", params=params, timeout=10).status_code == 400
    (division,) = Client(registered, belgian).rows("system/Divisions", select="Code,Country")
    assert (division["Code"], division["Country"]) == (654321, "BE")


def test_the_implicit_flow_is_not_offered(sandbox: SandboxServer) -> None:
    params = {"client_id": "sandbox-client", "redirect_uri": REDIRECT, "response_type": "token"}
    assert requests.get(f"{sandbox.base}/api/oauth2/auth", params=params, timeout=10).status_code == 400


def test_time_is_the_test_clocks(sandbox: SandboxServer) -> None:
    assert sandbox.now() == START
    token = sandbox.log_in()["access_token"]
    sandbox.set_time(START + timedelta(days=3))
    assert me(sandbox, token) == 401
