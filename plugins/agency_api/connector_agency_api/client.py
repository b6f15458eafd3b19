"""One call to the agency, and what its answer means for the delivery of what was sent.

The sorting follows reliability reference 3.2, rule 4: surely not processed (refused connection, 401, 403, 429),
done (2xx with a reference), refused (a documented 4xx), and everything else: unknown.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.api import Context, Limits
from connector.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    QuotaError,
    RejectedError,
    TransientError,
    UnknownOutcome,
)
from connector_agency_api.config import AgencyConfig

if TYPE_CHECKING:
    from requests import Response

Json = dict[str, Any]
MAX_ANSWER = 16_000_000


@dataclass(frozen=True)
class Reply:
    """A 2xx answer that could be read. `replayed`: it is the stored answer of an earlier request."""

    body: Json
    replayed: bool = False


@dataclass(frozen=True)
class Refusal:
    """A documented refusal in the API's error shape."""

    status: int
    code: str
    message: str
    field: str
    body: Json

    def error(self) -> RejectedError | ConflictError:
        """The refusal as an error, in the agency's own words."""
        if self.code == "reference_exists":
            return ConflictError(f"The agency has something else there: {self.message}", detail=f"HTTP {self.status}")
        where = f"{self.field}: " if self.field else ""
        return RejectedError(
            f"The agency refuses: {self.message}",
            reasons=(f"{self.code}: {where}{self.message}",),
            detail=f"HTTP {self.status} {self.code} {self.field}".strip(),
        )


class AgencyClient:
    """Calls to one agency. Nothing is repeated here: the host decides about repeats."""

    def __init__(self, config: AgencyConfig, context: Context) -> None:
        self._config = config
        self._context = context
        limits = Limits(config.per_minute, config.per_day, reserve=min(5, config.per_minute // 4))
        self._budget = context.budget("agency", limits)

    def read(self, path: str, params: dict[str, str] | None = None) -> Reply | Refusal:
        """GET. Raises AuthError, QuotaError, TransientError; ConfigError when no such API is there."""
        response = self._send("GET", path, params=params)
        return self._sort_read(response, path)

    def ask(self, path: str, body: Json) -> Reply | Refusal:
        """POST something that creates nothing, so that a lost answer does no harm. Errors as for `read`."""
        try:
            response = self._send("POST", path, body=body)
        except UnknownOutcome as error:
            raise TransientError("The agency's answer was lost; nothing was created.", detail=error.detail) from error
        return self._sort_read(response, path)

    def write(self, path: str, body: Json, *, key: str) -> Reply | Refusal:
        """POST under an idempotency key.

        Raises UnknownOutcome(key) for whatever does not prove what happened; AuthError, QuotaError and
        TransientError when surely nothing was processed.
        """
        try:
            response = self._send("POST", path, body=body, key=key)
        except UnknownOutcome as error:
            raise UnknownOutcome(error.message, key=key, detail=error.detail) from error
        content = _read_object(response)
        if response.status_code in (200, 201) and isinstance(content, dict):
            return Reply(content, response.headers.get("Idempotency-Replayed", "") == "true")
        refusal = _documented(response, content)
        if refusal and refusal.code != "in_progress":
            return refusal
        what = "The agency is still working on it." if refusal else "The agency's answer does not say what happened."
        raise UnknownOutcome(what, key=key, detail=_describe(response))

    def _sort_read(self, response: "Response", path: str) -> Reply | Refusal:
        content = _read_object(response)
        if response.status_code == 200 and isinstance(content, dict):
            return Reply(content)
        refusal = _documented(response, content)
        if refusal:
            return refusal
        if response.status_code in (404, 405):
            mend = "Check base_url: it ends before /v1."
            raise ConfigError(f"no open agency API answers at {path}.", key="base_url", mend=mend)
        raise TransientError("The agency's answer cannot be read.", detail=_describe(response))

    def _send(
        self, method: str, path: str, *, params: dict[str, str] | None = None, body: Json | None = None, key: str = ""
    ) -> "Response":
        headers = {
            "Authorization": f"Bearer {self._context.secrets.resolve(self._config.api_key)}",
            "Accept": "application/json, application/problem+json",
        }
        self._budget.take()
        response = self._context.http.request(
            method,
            self._config.base_url + path,
            params=params,
            headers=headers | ({"Idempotency-Key": key} if key else {}),
            json=body,
            timeout=(self._config.connect_timeout, self._config.read_timeout),
        )
        self._refuse_unprocessed(response)
        return response

    def _refuse_unprocessed(self, response: "Response") -> None:
        if response.status_code in (401, 403):
            raise AuthError(
                "The agency does not accept the API key. Ask the agency for a good one and set api_key.",
                detail=_describe(response),
            )
        if response.status_code == 429:
            until = self._context.clock.now() + _pause(response, self._context.clock.now())
            self._budget.refused(until)
            raise QuotaError("The agency asks for a pause.", until=until, detail=_describe(response))


def case_path(case_ref: str, rest: str = "") -> str:
    """The path of a case, or of something under it."""
    return f"/v1/cases/{quote(case_ref, safe='')}" + (f"/{rest}" if rest else "")


def _read_object(response: "Response") -> Any:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/problem+json") or len(response.content) > MAX_ANSWER:
        return None
    try:
        return response.json()
    except ValueError:
        return None


def _documented(response: "Response", content: Any) -> Refusal | None:
    if not 400 <= response.status_code < 500 or not isinstance(content, dict):
        return None
    code, message = content.get("code"), content.get("message")
    if not isinstance(code, str) or not isinstance(message, str) or "class" not in content:
        return None
    return Refusal(response.status_code, code, message, str(content.get("field", "")), content)


def _pause(response: "Response", now: datetime) -> timedelta:
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,6}", text):
        return timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return timedelta(seconds=60)
    return max(until.astimezone(UTC) - now, timedelta(seconds=1))


def _describe(response: "Response") -> str:
    kind = response.headers.get("Content-Type", "no content type")
    return f"HTTP {response.status_code}, {kind}, {len(response.content)} bytes"
