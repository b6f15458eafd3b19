"""`incasso connect`: the authorisation-code log-in by a person in a browser (Exact Online reference 1.2)."""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import Field, ValidationError

from connector.api import Context
from connector.errors import AuthError, ConnectorError
from connector.model import Record
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.division import describe_divisions, read_me
from connector_exact.tokens import TokenKeeper

_NAME = "login"
_USED = '{"log-in": "finished"}'
_PATIENCE = timedelta(minutes=15)


class _Pending(Record):
    state: str = Field(repr=False)
    verifier: str = Field(repr=False)
    redirect_uri: str
    since: datetime


class ExactLogin:
    """A log-in under way. What it must remember is kept with the tokens, so that two processes can share it."""

    def __init__(self, config: ExactConfig, context: Context) -> None:
        self._config = config
        self._context = context
        self._keeper = TokenKeeper(config, context)

    def authorize_url(self, redirect_uri: str) -> str:
        """The consent page. The configured `redirect_uri` is sent when there is one, else the given one."""
        pending = _Pending(
            state=random.token_urlsafe(32),
            verifier=random.token_urlsafe(48) if self._config.pkce else "",
            redirect_uri=self._config.redirect_uri or redirect_uri,
            since=self._context.clock.now(),
        )
        self._context.secrets.save(_NAME, pending.model_dump_json())
        query = {
            "client_id": self._config.client_id,
            "redirect_uri": pending.redirect_uri,
            "response_type": "code",
            "state": pending.state,
            "force_login": str(int(self._config.force_login)),
        }
        if pending.verifier:
            query |= {"code_challenge": _challenge(pending.verifier), "code_challenge_method": "S256"}
        return f"{self._config.base}/api/oauth2/auth?{urlencode(query)}"

    def finish(self, redirect_uri: str, query: Mapping[str, str]) -> str:
        """Check the answer, exchange its code, keep the tokens. `query` holds decoded values: the code arrives
        URL-encoded, is decoded once by whoever parsed the query, and form-encoded once here.
        """
        pending = self._pending()
        if "error" in query and "state" not in query:
            raise AuthError(f"Exact Online says that permission was refused: {self._again()}")
        if not hmac.compare_digest(query.get("state", "").encode(), pending.state.encode()):
            raise AuthError(f"this answer belongs to another log-in (state differs): {self._again()}")
        self._context.secrets.save(_NAME, _USED)  # an answer counts once
        if "error" in query:
            raise AuthError(f"Exact Online says that permission was refused: {self._again()}")
        if not query.get("code"):
            raise AuthError(f"the answer holds no code: {self._again()}")
        self._keeper.exchange(query["code"], pending.redirect_uri, verifier=pending.verifier)
        return self._who()

    def _pending(self) -> _Pending:
        try:
            pending = _Pending.model_validate_json(self._context.secrets.load(_NAME) or _USED)
        except ValidationError:
            raise AuthError(f"no log-in is under way: {self._again()}") from None
        if self._context.clock.now() - pending.since > _PATIENCE:
            raise AuthError(f"the log-in took too long: {self._again()}")
        return pending

    def _who(self) -> str:
        """Who is logged in. The tokens are kept by now: a fault here must not look like a failed log-in."""
        client = Client(self._config.model_copy(update={"division": None}), self._context, self._keeper)
        try:
            me = read_me(client)
            divisions = describe_divisions(client, me["CurrentDivision"])
        except ConnectorError as error:
            self._context.log.warning("logged in, but the user could not be read", why=error.message)
            return f"Logged in at {self._config.base}."
        name = me.get("FullName") or "a user without a name"
        return f"Logged in at {self._config.base} as {name}. Administrations: {divisions}."

    def _again(self) -> str:
        return f"run `incasso connect {self._context.connection}` again"


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
