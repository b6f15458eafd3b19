"""Bad days: what the stand-in does wrong on request, around its commit."""

import asyncio
import threading
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connector_agency_api.sandbox.problem import Problem

FaultKind = Literal[
    "timeout_before_commit", "timeout_after_commit", "drop_before_commit", "drop_after_commit", "late_commit", "slow",
    "rate_limited", "unauthorized", "error_before_commit", "error_after_commit", "unavailable", "html", "truncated",
    "no_reference", "duplicate_events", "reorder_events",
]  # fmt: skip
# Played inside the agency, not around it.
INNER: frozenset[FaultKind] = frozenset({"slow", "duplicate_events", "reorder_events"})


class Fault(BaseModel):
    """A fault for the next `times` fitting calls.

    `on`: writes, reads, or all; `path`: a pattern such as `/v1/cases/*/mutations`. `seconds`: how long slow,
    late_commit and the time-outs take on the machine's clock; None takes the stand-in's `hang_seconds`.
    `retry_after`: for rate_limited and unavailable.
    """

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    on: Literal["writes", "reads", "all"] = "all"
    path: str = "/v1/*"
    times: int = Field(1, ge=0)
    seconds: float | None = Field(None, ge=0)
    retry_after: int = Field(30, ge=0)

    def fits(self, method: str, path: str) -> bool:
        """Whether a call is one of those meant."""
        write = method in ("POST", "PUT", "PATCH", "DELETE") and path != "/v1/preflight"
        return self.on in ("all", "writes" if write else "reads") and fnmatchcase(path, self.path)


class FaultPlan:
    """The faults to come, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.played: dict[str, int] = {}

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """No more faults, and none played."""
        with self._lock:
            self._faults.clear()
            self.played.clear()

    def waiting(self) -> list[Fault]:
        """What is still to come."""
        with self._lock:
            return [fault.model_copy() for fault in self._faults]

    def take(self, method: str, path: str, *, inner: bool) -> Fault | None:
        """The fault for this call, counted off, or None."""
        with self._lock:
            for fault in self._faults:
                if (fault.kind in INNER) == inner and fault.fits(method, path):
                    fault.times -= 1
                    self._faults = [left for left in self._faults if left.times > 0]
                    self.played[fault.kind] = self.played.get(fault.kind, 0) + 1
                    return fault
        return None


class FaultyFront:
    """Stands before the API and plays the faults around it."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, hang_seconds: float) -> None:
        self._app = app
        self._plan = plan
        self._hang = hang_seconds
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        api_call = scope["type"] == "http" and path.startswith("/v1/")
        fault = self._plan.take(scope["method"], path, inner=False) if api_call else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        refusal = _refusal(fault)
        if refusal:
            await refusal(scope, receive, send)
        elif fault.kind in ("timeout_before_commit", "drop_before_commit", "late_commit"):
            await self._lose_request(scope, receive, send, fault)
        else:
            await self._spoil_answer(scope, receive, send, fault)

    async def _lose_request(self, scope: Scope, receive: Receive, send: Send, fault: Fault) -> None:
        if fault.kind == "late_commit":
            body = await _whole_body(receive)
            task = asyncio.create_task(self._work_later(scope, body, self._seconds(fault)))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        if fault.kind == "timeout_before_commit":
            await asyncio.sleep(self._seconds(fault))
        await _hang_up(send)

    async def _work_later(self, scope: Scope, body: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._app(scope, _replay(body), _Captured())

    async def _spoil_answer(self, scope: Scope, receive: Receive, send: Send, fault: Fault) -> None:
        answer = _Captured()
        await self._app(scope, _replay(await _whole_body(receive)), answer)
        if fault.kind == "timeout_after_commit":
            await asyncio.sleep(self._seconds(fault))
        spoilt = _spoilt(fault, answer)
        if spoilt is None:
            await _hang_up(send)
        else:
            await spoilt(scope, receive, send)

    def _seconds(self, fault: Fault) -> float:
        return self._hang if fault.seconds is None else fault.seconds


def _refusal(fault: Fault) -> Response | None:
    problems = {
        "rate_limited": Problem("rate", "too_many_requests", "Too many calls.", retry_after=fault.retry_after),
        "unauthorized": Problem("auth", "key_unknown", "This API key is not known.", status=401),
        "unavailable": Problem("unavailable", "maintenance", "Back soon.", retry_after=fault.retry_after),
    }
    if fault.kind == "error_before_commit":
        return Response("Internal Server Error", status_code=500, media_type="text/plain")
    problem = problems.get(fault.kind)
    return answer_problem(problem) if problem else None


def answer_problem(problem: Problem) -> JSONResponse:
    """A refusal as an answer."""
    body = problem.body()
    return JSONResponse(body, body["status"], problem.headers(), media_type="application/problem+json")


class _Captured:
    """Takes an answer instead of the wire."""

    def __init__(self) -> None:
        self.status = 500
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")


def _spoilt(fault: Fault, answer: _Captured) -> Response | None:
    if fault.kind == "error_after_commit":
        return Response("Internal Server Error", status_code=500, media_type="text/plain")
    if fault.kind == "html":
        return HTMLResponse("<html><body>Please log in to the guest network.</body></html>")
    if fault.kind == "truncated":
        half = answer.body[: len(answer.body) // 2]
        return Response(half, answer.status, media_type="application/json")
    if fault.kind == "no_reference":
        return JSONResponse({}, answer.status)
    return None


async def _whole_body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _hang_up(send: Send) -> None:
    # uvicorn hands out the bound method of its request cycle: the only way to the socket of this request.
    cycle = getattr(send, "__self__", None)
    if cycle is None:
        raise RuntimeError("this fault can only be played by uvicorn")
    cycle.transport.abort()
    while not cycle.disconnected:
        await asyncio.sleep(0.005)
