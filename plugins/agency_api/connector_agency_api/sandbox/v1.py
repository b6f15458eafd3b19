"""The open agency API: one endpoint per operation of openapi.yaml."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector_agency_api.sandbox import intake, mutations
from connector_agency_api.sandbox.agency import Agency, Write
from connector_agency_api.sandbox.calls import (
    Body,
    Endpoint,
    grouped,
    guarded,
    read_body,
    read_key,
    read_query,
    read_text,
)
from connector_agency_api.sandbox.desk import Desk
from connector_agency_api.sandbox.dictionaries import dictionaries
from connector_agency_api.sandbox.dossier import view
from connector_agency_api.sandbox.feed import cut, instant
from connector_agency_api.sandbox.keys import Operation
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.wire import (
    Answers,
    ApprovalDecision,
    CaseRef,
    CaseSubmission,
    DocumentUpload,
    Key,
    MessageSubmission,
    Mutation,
    RequestAnswer,
    WebhookSubmission,
)

API_VERSION = "1.0.0"


def _as_day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


_REF = TypeAdapter(CaseRef)
_KEY = TypeAdapter(Key)
_CURSOR = TypeAdapter(Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")])
_LIMIT = TypeAdapter(Annotated[int, Field(ge=1, le=500)])
_DIGITS = TypeAdapter(Annotated[str, Field(pattern=r"^[0-9]{1,4}$")])
_DAY = TypeAdapter(Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_as_day)])
_WEBHOOK_ID = TypeAdapter(Annotated[str, Field(pattern=r"^whk_[0-9]{1,12}$")])
_CASE = TypeAdapter(CaseSubmission)
_MUTATION: TypeAdapter[Mutation] = TypeAdapter(Mutation)
_DOCUMENT = TypeAdapter(DocumentUpload)
_MESSAGE = TypeAdapter(MessageSubmission)
_ANSWER: TypeAdapter[Answers | ApprovalDecision] = TypeAdapter(RequestAnswer)
_WEBHOOK = TypeAdapter(WebhookSubmission)

Look = Callable[[Desk, datetime], dict[str, Any]]


def routes(agency: Agency) -> list[Route]:
    """The routes of the API, each behind the API key."""
    api = _Api(agency)
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/v1/ping", api.ping),
        ("GET", "/v1/dictionaries", api.dictionaries),
        ("POST", "/v1/preflight", api.preflight),
        ("POST", "/v1/cases", api.submit),
        ("GET", "/v1/cases", api.list_cases),
        ("GET", "/v1/cases/{case_ref}", api.get_case),
        ("GET", "/v1/cases/{case_ref}/withdrawal", api.price_withdrawal),
        ("POST", "/v1/cases/{case_ref}/mutations", api.mutate),
        ("POST", "/v1/cases/{case_ref}/documents", api.attach),
        ("POST", "/v1/cases/{case_ref}/messages", api.message),
        ("POST", "/v1/cases/{case_ref}/requests/{request_id}/answer", api.answer),
        ("GET", "/v1/deliveries/{key}", api.get_delivery),
        ("GET", "/v1/changes", api.changes),
        ("GET", "/v1/remittances", api.remittances),
        ("POST", "/v1/webhooks", api.subscribe),
        ("GET", "/v1/webhooks", api.list_webhooks),
        ("DELETE", "/v1/webhooks/{webhook_id}", api.unsubscribe),
    ]
    return grouped([(method, path, guarded(agency.options.api_key, call)) for method, path, call in table])


class _Api:
    """The endpoints. Reads do what is due first, writes go through the keys."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    # -- service -----------------------------------------------------------------------------------------------

    async def ping(self, request: Request) -> Response:
        name = self._agency.options.agency
        return await self._look(
            "ping", lambda _, now: {"agency": name, "api_version": API_VERSION, "time": instant(now)}
        )

    async def dictionaries(self, request: Request) -> Response:
        return await self._look("dictionaries", lambda desk, _: dictionaries(desk.options))

    async def preflight(self, request: Request) -> Response:
        body = await read_body(request, _CASE)

        def judge(desk: Desk, _: datetime) -> dict[str, Any]:
            findings = [objection.body() for objection in intake.objections(desk, body.record)]
            price = {"minor": intake.price(desk, body.record), "currency": body.record.currency}
            return {"findings": findings, "price": price}

        return await self._look("preflight", judge)

    # -- cases -------------------------------------------------------------------------------------------------

    async def submit(self, request: Request) -> Response:
        body = await read_body(request, _CASE)
        case = body.record

        def open_case(desk: Desk, now: datetime) -> dict[str, Any]:
            intake.refuse_known(desk, case)
            intake.refuse_objectionable(desk, case)
            dossier = desk.open(case, now)
            return {
                "case_ref": case.case_ref,
                "agency_ref": dossier.agency_ref,
                "handover": "received",
                "received_at": instant(now),
            }

        answer = await self._write(request, "case", case.case_ref, body=body, own_id=case.case_ref, work=open_case)
        answer.headers["Location"] = f"/v1/cases/{case.case_ref}"
        return answer

    async def list_cases(self, request: Request) -> Response:
        case_ref = read_query(request, _REF, name="case_ref")
        agency_ref = read_query(request, _REF, name="agency_ref")

        def pick(desk: Desk, now: datetime) -> dict[str, Any]:
            chosen = [
                view(dossier, now)
                for dossier in desk.dossiers.values()
                if case_ref in (None, dossier.case_ref) and agency_ref in (None, dossier.agency_ref)
            ]
            return _page("cases", chosen, request)

        return await self._look("list_cases", pick)

    async def get_case(self, request: Request) -> Response:
        case_ref = _case_ref(request)
        return await self._look("get_case", lambda desk, now: view(desk.dossier(case_ref), now))

    async def price_withdrawal(self, request: Request) -> Response:
        case_ref = _case_ref(request)

        def price(desk: Desk, _: datetime) -> dict[str, Any]:
            dossier = desk.dossier(case_ref)
            cost = dossier.money(desk.withdrawal_cost(dossier))
            return {"case_ref": case_ref, "cost": cost, "waits": bool(dossier.asked_back)}

        return await self._look("price_withdrawal", price)

    async def get_delivery(self, request: Request) -> Response:
        key = read_text(request.path_params["key"], _KEY, name="key")

        def find(desk: Desk, now: datetime) -> dict[str, Any]:
            stored = self._agency.find(key)
            if stored is None:
                raise Problem("not_found", "key_unknown", "Nothing is stored under this key.", field="key")
            head = {"key": key, "operation": stored.operation, "case_ref": stored.case_ref}
            if stored.answer is None:
                return head | {"state": "in_progress"}
            done = {"state": "done", "received_at": instant(stored.since)}
            if stored.operation != "case":
                return head | done | {"reference": stored.answer["reference"]}
            handover = desk.dossier(stored.case_ref).handover
            return head | done | {"reference": stored.answer["agency_ref"], "handover": handover}

        return await self._look("get_delivery", find)

    # -- after hand-over ---------------------------------------------------------------------------------------

    async def mutate(self, request: Request) -> Response:
        case_ref = _case_ref(request)
        body = await read_body(request, _MUTATION)
        own_id = body.record.mutation_id

        def book(desk: Desk, now: datetime) -> dict[str, Any]:
            applied = mutations.book(desk, desk.dossier(case_ref), body.record, now)
            return _booked(desk, case_ref, body.value, id_name="mutation_id") | {"applied": applied}

        return await self._write(request, "mutation", case_ref, body=body, own_id=own_id, work=book)

    async def attach(self, request: Request) -> Response:
        case_ref = _case_ref(request)
        body = await read_body(request, _DOCUMENT)
        document = body.record
        size = _check_content(document)
        if size > self._agency.options.max_document_bytes:
            raise Problem("business", "document_too_large", "The document is too large.", field="content", status=413)

        def keep(desk: Desk, now: datetime) -> dict[str, Any]:
            dossier = desk.dossier(case_ref)
            dossier.documents[document.document_id] = document
            facts = {name: value for name, value in body.value.items() if name != "content"}
            return _booked(desk, case_ref, facts, id_name="document_id")

        return await self._write(request, "document", case_ref, body=body, own_id=document.document_id, work=keep)

    async def message(self, request: Request) -> Response:
        case_ref = _case_ref(request)
        body = await read_body(request, _MESSAGE)
        own_id = body.record.message_id
        return await self._write(
            request,
            "message",
            case_ref,
            body=body,
            own_id=own_id,
            work=lambda desk, _: _booked(desk, case_ref, body.value, id_name="message_id"),
        )

    async def answer(self, request: Request) -> Response:
        case_ref = _case_ref(request)
        request_id = read_text(request.path_params["request_id"], _REF, name="request_id")
        body = await read_body(request, _ANSWER)
        own_id = body.record.mutation_id

        def settle(desk: Desk, now: datetime) -> dict[str, Any]:
            mutations.answer(desk, desk.dossier(case_ref), request_id, body.record, at=now)
            value = body.value | {"request_id": request_id}
            return _booked(desk, case_ref, value, id_name="mutation_id") | {"applied": []}

        return await self._write(request, "answer", case_ref, body=body, own_id=own_id, work=settle)

    # -- following ---------------------------------------------------------------------------------------------

    async def changes(self, request: Request) -> Response:
        fault = self._agency.faults.take("GET", "/v1/changes", inner=True)

        def read(desk: Desk, _: datetime) -> dict[str, Any]:
            page = _page("events", desk.feed.events, request)
            if fault and fault.kind == "duplicate_events":
                page["events"] = [event for event in page["events"] for _ in range(2)]
            elif fault and fault.kind == "reorder_events":
                page["events"] = page["events"][::-1]
            return page

        return await self._look("changes", read)

    async def remittances(self, request: Request) -> Response:
        first = read_query(request, _DAY, name="since") or ""

        def read(desk: Desk, _: datetime) -> dict[str, Any]:
            chosen = [paid for paid in desk.payouts.remittances if paid["paid_on"] >= first]
            return _page("remittances", chosen, request)

        return await self._look("remittances", read)

    # -- webhooks ----------------------------------------------------------------------------------------------

    async def subscribe(self, request: Request) -> Response:
        wanted = (await read_body(request, _WEBHOOK)).record

        def add(_: Desk, __: datetime) -> dict[str, Any]:
            subscription = self._agency.bells.subscribe(wanted.url, wanted.payload)
            return subscription.view() | {"secret": subscription.secret}

        return await self._look("subscribe", add, status=201)

    async def list_webhooks(self, request: Request) -> Response:
        bells = self._agency.bells
        return await self._look(
            "list_webhooks", lambda *_: {"webhooks": [known.view() for known in bells.subscriptions.values()]}
        )

    async def unsubscribe(self, request: Request) -> Response:
        webhook_id = read_text(request.path_params["webhook_id"], _WEBHOOK_ID, name="webhook_id")

        def end(_: Desk, __: datetime) -> dict[str, Any]:
            self._agency.bells.unsubscribe(webhook_id)
            return {}

        await self._look("unsubscribe", end)
        return Response(status_code=204)

    async def _look(self, operation: str, look: Look, *, status: int = 200) -> Response:
        return JSONResponse(await run_in_threadpool(self._agency.look, operation, look), status)

    async def _write(
        self, request: Request, operation: Operation, case_ref: str, *, body: Body[Any], own_id: str, work: Look
    ) -> Response:
        write = Write(operation, case_ref, read_key(request), own_id, body.value, request.url.path)
        answer = await run_in_threadpool(self._agency.write, write, work)
        headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
        return JSONResponse(answer.body, 201, headers)


def _case_ref(request: Request) -> str:
    return read_text(request.path_params["case_ref"], _REF, name="case_ref")


def _page(name: str, entries: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    cursor = read_query(request, _CURSOR, name="cursor")
    limit = read_query(request, _DIGITS, name="limit")
    size = read_text(limit, _LIMIT, name="limit") if limit is not None else 100
    page = cut(name, entries, cursor, limit=size)
    return {name: page.entries, "next_cursor": page.next_cursor, "has_more": page.has_more}


def _booked(desk: Desk, case_ref: str, value: dict[str, Any], *, id_name: str) -> dict[str, Any]:
    dossier = desk.dossier(case_ref)
    reference = desk.number("booking")
    dossier.received.append(value | {"reference": reference})
    return {id_name: value[id_name], "case_ref": case_ref, "reference": reference}


def _check_content(document: DocumentUpload) -> int:
    try:
        content = base64.b64decode(document.content, validate=True)
    except (binascii.Error, ValueError):
        raise Problem("business", "content_unreadable", "The content is not base64.", field="content") from None
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise Problem("business", "digest_mismatch", "The content is not what sha256 says.", field="sha256")
    return len(content)
