"""What every call of the API has in common: the key, the body, the query, refusals as problem+json."""

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector_agency_api.sandbox.faults import answer_problem
from connector_agency_api.sandbox.problem import Problem, ProblemClass
from connector_agency_api.sandbox.wire import Key

MAX_BODY = 16_000_000
_KEY = TypeAdapter(Key)
_T = TypeVar("_T")
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Body(Generic[_T]):
    """A body, read: the record, and the JSON value it came as."""

    record: _T
    value: Any


def guarded(api_key: str, endpoint: Endpoint) -> Endpoint:
    """The endpoint behind the API key, its refusals as answers."""
    wanted = f"Bearer {api_key}".encode()

    async def call(request: Request) -> Response:
        shown = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(shown, wanted):
            return answer_problem(Problem("auth", "key_unknown", "Show a good API key."))
        try:
            return await endpoint(request)
        except Problem as problem:
            return answer_problem(problem)

    return call


def grouped(table: list[tuple[str, str, Endpoint]]) -> list[Route]:
    """One route per path, whatever its methods, so that a wrong method is told all the right ones."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for method, path, endpoint in table:
        paths.setdefault(path, {})[method] = endpoint
    return [Route(path, _dispatch(calls), methods=list(calls)) for path, calls in paths.items()]


def _dispatch(calls: dict[str, Endpoint]) -> Endpoint:
    async def call(request: Request) -> Response:
        return await calls["GET" if request.method == "HEAD" else request.method](request)

    return call


async def refuse_http(_request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method) in the error shape of the API."""
    if not isinstance(error, HTTPException):
        raise error
    kind: ProblemClass = "not_found" if error.status_code == 404 else "validation"
    code = {404: "path_unknown", 405: "method_not_allowed"}.get(error.status_code, "refused")
    answer = answer_problem(Problem(kind, code, error.detail, status=error.status_code))
    answer.headers.update(error.headers or {})
    return answer


async def read_body(request: Request, shape: TypeAdapter[_T]) -> Body[_T]:
    """The body as a record. Raises Problem (400, 413, 415)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem("validation", "media_type", "Send application/json.", status=415)
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise Problem("validation", "too_large", f"A body has at most {MAX_BODY} bytes.", status=413)
    value = _parse(raw)
    try:
        # Back through JSON: only there a strict record takes a text for a date.
        return Body(shape.validate_json(json.dumps(value)), value)
    except ValidationError as error:
        raise _field_problem(error) from None


def read_key(request: Request) -> str:
    """The idempotency key. Raises Problem (400)."""
    return read_text(request.headers.get("idempotency-key"), _KEY, name="Idempotency-Key")


def read_text(text: str | None, shape: TypeAdapter[_T], *, name: str) -> _T:
    """A value out of a path, a query or a header, read by its shape. Raises Problem (400)."""
    try:
        return shape.validate_strings(text) if text is not None else shape.validate_python(None)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Problem("validation", "field_invalid", first["msg"], field=name) from None


def read_query(request: Request, shape: TypeAdapter[_T], *, name: str) -> _T | None:
    """One parameter of the query, or None. Raises Problem (400), also when it is there twice."""
    values = request.query_params.getlist(name)
    if len(values) > 1:
        raise Problem("validation", "field_invalid", "This parameter is there twice.", field=name)
    return read_text(values[0], shape, name=name) if values else None


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw, parse_float=_number, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Problem("validation", "body_unreadable", "The body is not JSON in UTF-8.") from None


def _number(text: str) -> int | float:
    """A number with a point or an exponent. JSON Schema counts 5.0 among the integers, so it is one here as well."""
    number = Decimal(text)
    whole = number.is_finite() and number.adjusted() < 18 and number == number.to_integral_value()
    return int(number) if whole else float(text)


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _field_problem(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_input=False)[0]
    # The tag of a union stands in the place of an error, and not in the body.
    tags = ("direct_payment", "reverse_payment", "credit_note", "correct_claim", "hold", "resume", "withdraw",
            "dispute_report", "answers", "approval")  # fmt: skip
    place = list(first["loc"])
    if place and place[0] in tags and first["loc"][1:]:
        place = place[1:]
    field = ".".join(str(part) for part in place)
    return Problem("validation", "field_invalid", first["msg"], field=field)
