"""Refusals of the stand-in, in the error shape of the open agency API."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

ProblemClass = Literal["validation", "business", "auth", "not_found", "conflict", "duplicate", "rate", "unavailable"]

_STATUS: dict[ProblemClass, int] = {
    "validation": 400, "business": 422, "auth": 401, "not_found": 404, "conflict": 409, "duplicate": 409,
    "rate": 429, "unavailable": 503,
}  # fmt: skip


@dataclass
class Problem(Exception):
    """A request that is refused. `extra` holds further members of the answer, such as `existing` or `price`."""

    kind: ProblemClass
    code: str
    message: str
    field: str = ""
    status: int = 0
    retry_after: int | None = None
    extra: dict[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """The answer, as problem+json."""
        status = self.status or _STATUS[self.kind]
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "class": self.kind,
            "code": self.code,
            "message": self.message,
            "retryable": self.retry_after is not None,
        }
        return body | ({"field": self.field} if self.field else {}) | (self.extra or {})

    def headers(self) -> dict[str, str]:
        """Headers that go with the answer."""
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return headers | ({"WWW-Authenticate": "Bearer"} if self.kind == "auth" else {})
