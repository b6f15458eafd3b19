"""App registrations, consents, token chains: the rules of reference section 1, on the stand-in's clock."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.toggles import Toggles

CODE_LIFE = timedelta(minutes=3)
ACCESS_LIFE = timedelta(seconds=600)
EARLIEST_REFRESH = timedelta(seconds=570)
REFRESH_LIFE = timedelta(days=30)
CHAIN_TEXT = "Token is not allowed, because of invalid or empty chainId"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class TokenError(Exception):
    """A refused token call: OAuth `error`, description, HTTP status, headers (reference 1.4)."""

    def __init__(
        self, error: str, description: str = "", *, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.headers = dict(headers or {})


@dataclass(slots=True)
class App:
    """An app registration in one country. `scopes` maps an area to view or manage; None is everything."""

    client_id: str
    client_secret: str
    redirect_uri: str = ""
    webhook_secret: str = ""
    scopes: dict[str, str] | None = None


@dataclass(slots=True)
class Chain:
    """What one consent gave: one user, one app, the divisions granted. `refresh` is the only valid one."""

    user: str
    app: App
    divisions: frozenset[int]
    refresh: str = ""
    issued_at: datetime | None = None
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A code that waits to be exchanged."""

    user: str
    app: App
    divisions: frozenset[int]
    redirect_uri: str
    issued_at: datetime
    challenge: str = ""
    method: str = "plain"


@dataclass(frozen=True, slots=True)
class Access:
    """A live access token."""

    chain: Chain
    issued_at: datetime


@dataclass(slots=True)
class TokenDesk:
    """Issues codes and tokens and tells what a token is worth."""

    region: str
    clock: Clock
    apps: dict[str, App]
    toggles: Toggles
    _codes: dict[str, Grant] = field(default_factory=dict)
    _access: dict[str, Access] = field(default_factory=dict)
    _refresh: dict[str, Chain] = field(default_factory=dict)
    _chains: dict[tuple[str, str], Chain] = field(default_factory=dict)
    _calls: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def check_request(self, client_id: str, redirect_uri: str, response_type: str) -> App:
        """The app of a consent request. Raises Refusal (400) as the consent page would show it."""
        app = self.apps.get(client_id)
        if app is None:
            raise Refusal(400, "The client identifier is not known in this country")
        if response_type != "code":
            raise Refusal(400, "Only response_type=code is offered")
        if not redirect_uri_fits(redirect_uri, app.redirect_uri, mode=self.toggles.redirect_mode):
            raise Refusal(400, "The redirect address is not the registered one")
        return app

    def issue_code(
        self, app: App, *, user: str, divisions: frozenset[int], redirect_uri: str, challenge: str, method: str
    ) -> str:
        """A code that lives three minutes and works once; it holds characters that must be encoded (1.2)."""
        code = f"{self._stamp()}.{secrets.token_hex(16)}!{secrets.token_urlsafe(24)}!A"
        self._codes[code] = Grant(
            user=user,
            app=app,
            divisions=divisions,
            redirect_uri=redirect_uri,
            issued_at=self.clock.now,
            challenge=challenge,
            method=method or "plain",
        )
        return code

    def exchange(self, app: App, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        """Tokens for a code. A new chain ends the earlier one of the same user and app (1.3)."""
        grant = self._codes.pop(code, None)
        if grant is None or grant.app is not app:
            raise TokenError("invalid_grant", "The authorization code is not valid.")
        if self.clock.now - grant.issued_at > CODE_LIFE:
            raise TokenError("invalid_grant", "The authorization code has expired.")
        if redirect_uri != grant.redirect_uri:
            raise TokenError("invalid_grant", "The redirect address differs from the one of the request.")
        if grant.challenge and not _verifier_fits(grant, verifier):
            raise TokenError("invalid_grant", "The code verifier does not fit.")
        earlier = self._chains.get((grant.user, app.client_id))
        if earlier is not None:
            earlier.dead = True
        chain = Chain(user=grant.user, app=app, divisions=grant.divisions)
        self._chains[grant.user, app.client_id] = chain
        return self._issue(chain)

    def refresh(self, app: App, *, token: str) -> dict[str, str]:
        """The next pair of a chain: not before 570 s, each refresh token once, 30 days unused (1.3, 1.4)."""
        chain = self._refresh.get(token)
        if chain is None or chain.app is not app or chain.issued_at is None:
            raise TokenError("invalid_grant", "Refresh token is invalid.")
        if chain.dead or chain.refresh != token:
            chain.dead = chain.dead or self.toggles.reuse_kills_chain
            raise TokenError("invalid_grant", CHAIN_TEXT)
        age = self.clock.now - chain.issued_at
        if age < EARLIEST_REFRESH:
            raise TokenError(
                "access_denied",
                "Rate limit exceeded: access_token not expired",
                headers={"Reason": "TooEarlyToRefreshTokens"},
            )
        if age > REFRESH_LIFE:
            raise TokenError("invalid_grant", "Refresh token is invalid.")
        return self._issue(chain)

    def identify(self, *, form: Mapping[str, str], authorization: str) -> App:
        """The app that calls the token endpoint, by form or (toggle) by Basic header."""
        if authorization.lower().startswith("bearer"):
            raise TokenError("invalid_request", status=401)
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.lower().startswith("basic"):
            if not self.toggles.token_basic_auth:
                raise TokenError("invalid_request")
            client_id, secret = _basic(authorization)
        app = self.apps.get(client_id)
        if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
            raise TokenError("invalid_request")
        return app

    def count_call(self, app: App, *, token: str) -> None:
        """The daily limit of token calls per key and user, where it is switched on (1.3)."""
        chain = self._refresh.get(token)
        key = (app.client_id, chain.user if chain else "", self.clock.now.date().isoformat())
        self._calls[key] = self._calls.get(key, 0) + 1
        if 0 < self.toggles.token_day_limit < self._calls[key]:
            raise TokenError("access_denied", "Rate limit exceeded: daily token limit", status=429)

    def access(self, token: str) -> Access | None:
        """What an access token stands for, also when it is too old; None when it was never issued."""
        return self._access.get(token)

    def is_live(self, access: Access) -> bool:
        """Whether an access token is younger than ten minutes."""
        return self.clock.now - access.issued_at <= ACCESS_LIFE

    def end_chains(self, user: str) -> None:
        """Withdraw every consent of a user."""
        for chain in self._chains.values():
            chain.dead = chain.dead or chain.user == user

    def _issue(self, chain: Chain) -> dict[str, str]:
        now = self.clock.now
        access = f"{self._stamp()}.{secrets.token_hex(4)}!IAAA{secrets.token_urlsafe(600)}"
        chain.refresh = f"{self._stamp()}.{secrets.token_hex(4)}!IAAA{secrets.token_urlsafe(400)}"
        chain.issued_at = now
        self._refresh[chain.refresh] = chain
        self._access[access] = Access(chain=chain, issued_at=now)
        self._forget(now)
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": str(int(ACCESS_LIFE.total_seconds())),
            "refresh_token": chain.refresh,
        }

    def _forget(self, now: datetime) -> None:
        # Old access tokens stay known for a day, so that an expired one is told from an invented one.
        oldest = now - timedelta(days=1)
        for token in [token for token, access in self._access.items() if access.issued_at < oldest]:
            del self._access[token]

    def _stamp(self) -> str:
        return f"stamp{self.region.upper()}001"


def redirect_uri_fits(address: str, registered: str, *, mode: str) -> bool:
    """Strict: exactly the registered https address, never this machine. Loose: that, or loopback http, or any
    address when none is registered (reference 1.2).
    """
    parts = urlsplit(address)
    if mode == "strict":
        return bool(registered) and address == registered and parts.scheme == "https" and parts.hostname not in LOOPBACK
    if not parts.scheme or not parts.netloc:
        return False
    return address == registered or not registered or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _verifier_fits(grant: Grant, verifier: str) -> bool:
    if grant.method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(verifier.encode(), grant.challenge.encode())


def _basic(authorization: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(authorization[5:].strip(), validate=True).decode()
    except ValueError as error:
        raise TokenError("invalid_request") from error
    client_id, _, secret = text.partition(":")
    return client_id, secret
