"""Faults on order: the next calls of an endpoint go wrong in a chosen way."""

import json
import random
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from connector_exact.sandbox.toggles import Toggles

FaultKind = Literal[
    "status_500", "status_502", "status_503", "status_504", "html", "truncated", "cut", "wrong_content_type",
    "empty", "malformed_row", "malformed_page",
]  # fmt: skip
SERVER_TEXT = "A problem has occurred. The cause of this issue will be investigated as soon as possible."
MAINTENANCE = b"<!DOCTYPE html><html><head><title>Onderhoud</title></head><body><h1>Onderhoud</h1></body></html>"


class FaultOrder(BaseModel):
    """The next `times` calls of `endpoint` (after `after` good ones) go wrong.

    `endpoint` is a path such as `sync/Cashflow/PaymentTerms`, `oauth2/token`, `docs/SysAttachment.aspx`, or
    `*` for any. `field` and `value` say what a malformed row holds; `row` which row of the page it is
    (in JSON; an Atom page is just cut short).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = "*"
    kind: FaultKind
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    row: int = Field(default=0, ge=0)
    field: str = "DueDate"
    value: Any = "not a date"


@dataclass(slots=True)
class _Standing:
    order: FaultOrder
    wait: int
    left: int


@dataclass(slots=True)
class Faults:
    """The orders that stand, and the faults that come by chance (toggles)."""

    toggles: Toggles
    _standing: list[_Standing] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - repeatable on purpose

    def order(self, order: FaultOrder) -> None:
        self._standing.append(_Standing(order=order, wait=order.after, left=order.times))

    def clear(self) -> None:
        self._standing.clear()

    def next(self, endpoint: str) -> FaultOrder | None:
        """The fault of this call of `endpoint`, used up by asking; None when the call goes well."""
        if self.toggles.maintenance:
            return FaultOrder(kind="html")
        for standing in self._standing:
            if standing.order.endpoint.lower() not in ("*", endpoint.lower()):
                continue
            if standing.wait:
                standing.wait -= 1
                continue
            standing.left -= 1
            if not standing.left:
                self._standing.remove(standing)
            return standing.order
        return self._by_chance()

    def _by_chance(self) -> FaultOrder | None:
        draw = self._random.random() if self.toggles.server_error_rate or self.toggles.unavailable_rate else 1.0
        if draw < self.toggles.server_error_rate:
            return FaultOrder(kind="status_500")
        if draw < self.toggles.server_error_rate + self.toggles.unavailable_rate:
            return FaultOrder(kind="status_503")
        return None


def is_early(fault: FaultOrder) -> bool:
    """Whether the call goes wrong before anything was done (the answer is not needed to make the fault)."""
    return fault.kind.startswith("status_") or fault.kind in ("html", "empty")


def early_answer(fault: FaultOrder) -> Response:
    """The answer of a call that goes wrong before anything was done."""
    if fault.kind == "html":
        return Response(MAINTENANCE, media_type="text/html")
    if fault.kind == "empty":
        return Response(b"", media_type="application/json")
    text = SERVER_TEXT if fault.kind == "status_500" else ""
    return Response(text, status_code=int(fault.kind[-3:]), media_type="text/plain")


def spoil(fault: FaultOrder, answer: Response) -> Response:
    """A good answer gone bad: cut short, mislabelled, or with contents that make no sense."""
    body = bytes(answer.body)
    headers = {name: value for name, value in answer.headers.items() if name not in ("content-length", "content-type")}
    media_type = answer.headers.get("content-type", "application/json")
    if fault.kind == "cut":
        # The length promises the whole body; the connection ends in its middle.
        headers["content-length"] = str(len(body))
        return _CutResponse(body, headers=headers, media_type=media_type)
    if fault.kind == "wrong_content_type":
        media_type = "text/html"
    elif fault.kind == "truncated":
        body = body[: len(body) // 2]
    elif fault.kind == "malformed_page":
        body = b'{"d":{"rows":"none"}}'
    elif fault.kind == "malformed_row":
        body = _spoil_row(fault, body) if "json" in media_type else body[: len(body) // 2]
    return Response(body, status_code=answer.status_code, headers=headers, media_type=media_type)


def _spoil_row(fault: FaultOrder, body: bytes) -> bytes:
    page = json.loads(body)
    rows = page["d"]["results"] if isinstance(page["d"], dict) else page["d"]
    if len(rows) > fault.row:
        rows[fault.row][fault.field] = fault.value
    return json.dumps(page, ensure_ascii=False).encode()


class _CutResponse(Response):
    """Sends half of what its length promises and ends the connection."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: len(self.body) // 2], "more_body": True})
        raise ConnectionAbortedError("cut short on order")
