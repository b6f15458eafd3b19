"""The token keeper: one chain of single-use refresh tokens per connection (Exact Online reference 1.2 to 1.5)."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from connector.api import Context
from connector.errors import AuthError, ConfigError, TransientError, UnknownOutcome
from connector.model import Record
from connector_exact.config import ExactConfig

if TYPE_CHECKING:
    from requests import Response

EARLIEST = timedelta(seconds=570)
"""Before this age the server refuses a refresh, and counts the attempt as an error."""
STALE = timedelta(seconds=575)
HOLD = timedelta(seconds=30)
_NAME = "tokens"
_PAUSE_SECONDS = 2.0


class Tokens(Record):
    """One access and refresh token. `issued_at` is our clock at the moment of receipt.

    `hold_until`: the server called a refresh too early; use `access` and do not ask again before then.
    `dead`: the chain is broken, only a person's log-in makes a new one.
    """

    issuer: str
    access: str = Field(repr=False)
    refresh: str = Field(repr=False)
    issued_at: datetime
    hold_until: datetime | None = None
    dead: bool = False


class TokenKeeper:
    """Hands out a fresh access token and renews it lazily: under the lock, never before 570 s of age, and with
    the new pair on disk before anybody uses it.
    """

    def __init__(self, config: ExactConfig, context: Context) -> None:
        self._config = config
        self._context = context
        self._held: Tokens | None = None

    def access(self) -> str:
        """An access token to be used now. Raises AuthError when a person must log in (again)."""
        tokens = self._held or self._load()
        if self._is_stale(tokens):
            tokens = self._renew(STALE)
        self._held = tokens
        return tokens.access

    def after_refusal(self, used: str) -> bool:
        """Whether a call refused with 401 may be repeated: another token is stored, or `used` was old enough.

        A 401 before 570 s has another reason than age, and is never answered with a refresh.
        """
        tokens = self._load()
        if tokens.access == used and self._age(tokens) >= EARLIEST:
            tokens = self._renew(EARLIEST)
        self._held = tokens
        return tokens.access != used

    def exchange(self, code: str, redirect_uri: str, *, verifier: str = "") -> None:
        """Exchange the code of a log-in for a first pair and keep it. Raises AuthError when the code is refused."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if verifier:
            form["code_verifier"] = verifier
        with self._context.secrets.lock(_NAME):
            try:
                response = self._post(form)
            except UnknownOutcome as error:
                raise TransientError("the log-in's answer was lost: log in once more", detail=error.detail) from error
            if response.status_code != 200:
                self._refuse(response)
            self._keep(response)

    def _renew(self, minimum_age: timedelta) -> Tokens:
        with self._context.secrets.lock(_NAME):
            tokens = self._load()  # another process may have renewed while we waited
            now = self._context.clock.now()
            if self._age(tokens) < minimum_age or (tokens.hold_until and now < tokens.hold_until):
                return tokens
            response = self._post_twice({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
            if _is_too_early(response):
                return self._hold(tokens)
            if response.status_code == 200:
                return self._keep(response)
            if _error_code(response) == "invalid_grant":
                self._save(tokens.model_copy(update={"dead": True}))
            return self._refuse(response)

    def _post_twice(self, form: Mapping[str, str]) -> "Response":
        """Once more with the same refresh token after a lost or an empty answer: the chain may well be alive."""
        try:
            response = self._post(form)
            if response.status_code != 200 or response.content.strip():
                return response
        except UnknownOutcome:
            self._context.log.warning("token answer lost, asking once more")
        self._context.clock.sleep(_PAUSE_SECONDS)
        try:
            return self._post(form)
        except UnknownOutcome as error:
            raise TransientError(
                "the token could not be renewed: two answers were lost", detail=error.detail
            ) from error

    def _post(self, form: Mapping[str, str]) -> "Response":
        secret = self._context.secrets.resolve(self._config.client_secret)
        return self._context.http.request(
            "POST",
            f"{self._config.base}/api/oauth2/token",
            data={**form, "client_id": self._config.client_id, "client_secret": secret},
            headers={"Accept": "application/json"},
            timeout=(self._config.connect_timeout, self._config.read_timeout),
        )

    def _keep(self, response: "Response") -> Tokens:
        access, refresh = _pair(response)
        issued_at = self._context.clock.now()
        return self._save(Tokens(issuer=self._config.issuer, access=access, refresh=refresh, issued_at=issued_at))

    def _hold(self, tokens: Tokens) -> Tokens:
        self._context.log.warning("token refresh called too early, using the stored token")
        return self._save(tokens.model_copy(update={"hold_until": self._context.clock.now() + HOLD}))

    def _save(self, tokens: Tokens) -> Tokens:
        self._context.secrets.save(_NAME, tokens.model_dump_json())
        return tokens

    def _refuse(self, response: "Response") -> Tokens:
        status, code = response.status_code, _error_code(response)
        detail = f"token endpoint answered {status} {code}"
        if code == "invalid_grant":
            raise AuthError(self._ask("the log-in is no longer valid"), detail=detail)
        if status in (400, 401, 403):
            raise ConfigError(
                "Exact Online refuses the app registration",
                key="client_id",
                mend="Check client_id, client_secret and region: they belong to one site.",
                detail=detail,
            )
        raise TransientError(f"the token could not be renewed: Exact Online answered {status}", detail=detail)

    def _load(self) -> Tokens:
        text = self._context.secrets.load(_NAME)
        if text is None:
            raise AuthError(self._ask("nobody has logged in yet"))
        try:
            tokens = Tokens.model_validate_json(text)
        except ValidationError:
            raise AuthError(self._ask("the stored log-in cannot be read")) from None
        if tokens.issuer != self._config.issuer:
            raise AuthError(self._ask("the stored log-in is of another site or app registration"))
        if tokens.dead:
            raise AuthError(self._ask("the log-in is no longer valid"))
        self._refuse_future(tokens)
        return tokens

    def _refuse_future(self, tokens: Tokens) -> None:
        ahead = tokens.issued_at - self._context.clock.now()
        if ahead > timedelta(seconds=self._config.clock_skew_seconds):
            raise ConfigError(
                f"the stored log-in is from {int(ahead.total_seconds() / 60)} minutes in the future",
                key="clock",
                mend="Set this machine's clock by NTP.",
            )

    def _is_stale(self, tokens: Tokens) -> bool:
        now = self._context.clock.now()
        return self._age(tokens) >= STALE and not (tokens.hold_until and now < tokens.hold_until)

    def _age(self, tokens: Tokens) -> timedelta:
        return self._context.clock.now() - tokens.issued_at

    def _ask(self, why: str) -> str:
        return f"{why}: run `incasso connect {self._context.connection}`"


def _pair(response: "Response") -> tuple[str, str]:
    """Access and refresh token of an answer. `expires_in` is ignored: it comes as text or number, and age counts."""
    try:
        answer = json.loads(response.content)
        access, refresh = answer["access_token"], answer["refresh_token"]
    except (ValueError, KeyError, TypeError) as error:
        raise TransientError("the token answer is not readable", detail=type(error).__name__) from None
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise TransientError("the token answer holds no tokens")
    return access, refresh


def _error_code(response: "Response") -> str:
    try:
        code = json.loads(response.content)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return code if isinstance(code, str) else ""


def _is_too_early(response: "Response") -> bool:
    """The refusal of a refresh before 570 s, in its present and its older form (reference 1.4)."""
    if response.status_code not in (400, 401):
        return False
    return (
        response.headers.get("Reason") == "TooEarlyToRefreshTokens"
        or _error_code(response) == "access_denied"
        or (response.status_code == 401 and b"not expired" in response.content)
    )
