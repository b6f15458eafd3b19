"""Answers that are not a plain success, turned into errors named for what happens next (reference 3.3 to 3.5)."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from connector.api import Context
from connector.errors import AuthError, ConfigError, PluginError, QuotaError, RejectedError, TransientError
from connector_exact.scopes import scope_of

if TYPE_CHECKING:
    from requests import Response

COUNTED = (400, 401, 403, 404)
"""Answers that Exact Online counts towards blocking the key."""
PASSING = (408, 500, 502, 503, 504)
_DIVISION_WAIT = timedelta(hours=1)
_LONGEST_DETAIL = 300


def require_json(response: "Response", endpoint: str) -> bytes:
    """The body of a JSON answer. A maintenance or log-in page comes with status 200: raises TransientError."""
    kind = response.headers.get("Content-Type", "")
    if kind.split(";")[0].strip().lower() != "application/json":
        raise TransientError(
            f"{endpoint}: expected JSON, got {kind.split(';')[0] or 'no content type'}: "
            "a maintenance or log-in page, perhaps"
        )
    if not response.content:
        raise TransientError(f"{endpoint}: the answer is empty")
    return response.content


def raise_for(response: "Response", endpoint: str, context: Context) -> NoReturn:
    """The error for an answer that is neither a success nor a 429. Never matches on localised texts."""
    status, detail = response.status_code, server_text(response)
    if status == 401:
        raise AuthError(f"Exact Online refuses the log-in: {_connect(context)}", detail=f"{endpoint}: {detail}")
    if status == 403:
        _raise_forbidden(response, endpoint, context)
    if status == 404:
        raise ConfigError(
            f"Exact Online does not know {endpoint} here",
            key="division",
            mend="Check division and region; the endpoint may be missing in this country or licence.",
            detail=detail,
        )
    if status in PASSING:
        raise TransientError(f"{endpoint}: Exact Online answered {status}", detail=detail)
    if status == 400 and response.request is not None and response.request.method != "GET":
        raise RejectedError(f"{endpoint}: Exact Online refuses what was sent", reasons=(detail or "no reason given",))
    raise PluginError(
        f"{endpoint}: Exact Online answered {status} to a request it should take", plugin="exact", detail=detail
    )


def _raise_forbidden(response: "Response", endpoint: str, context: Context) -> NoReturn:
    reason = response.headers.get("Reason", "")
    detail = f"{endpoint}: 403 {reason} {server_text(response)}".strip()
    if reason == "DivisionBlocked":
        raise QuotaError(
            "the administration is being converted, restored or moved",
            until=context.clock.now() + _DIVISION_WAIT,
            detail=detail,
        )
    if reason in ("BlockedUser", "InactiveUser"):
        raise AuthError(f"the user who logged in is no longer active: have a colleague {_connect(context)}")
    if reason in ("BlockedCustomer", "LicenseExpired"):
        raise AuthError("Exact Online has closed this customer's access: the creditor must settle it", detail=detail)
    if reason == "NoDivisionAccess":
        raise AuthError(f"the administration was not ticked at log-in: {_connect(context)}", detail=detail)
    raise AuthError(missing_right(endpoint, context), detail=detail)


def missing_right(endpoint: str, context: Context) -> str:
    """Which right is missing and what to do, in one sentence."""
    return (
        f"no right to {endpoint}: give the app registration the scope '{scope_of(endpoint)}' and the user the role, "
        f"then {_connect(context)}"
    )


def server_text(response: "Response") -> str:
    """The server's own words (reference 3.4), shortened; for the developer only, as they are localised."""
    try:
        text = json.loads(response.content)["error"]["message"]["value"]
    except (ValueError, KeyError, TypeError):
        return ""
    return " ".join(str(text).split())[:_LONGEST_DETAIL]


def _connect(context: Context) -> str:
    return f"run `incasso connect {context.connection}`"
