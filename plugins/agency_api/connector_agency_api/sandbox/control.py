"""The control surface under /sandbox: for demonstrations and tests, never part of the imitated API."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.errors import ConfigError
from connector_agency_api.sandbox.acts import perform
from connector_agency_api.sandbox.agency import Agency, Work
from connector_agency_api.sandbox.calls import Endpoint, grouped, read_body
from connector_agency_api.sandbox.desk import Desk
from connector_agency_api.sandbox.dossier import Dossier, view
from connector_agency_api.sandbox.faults import Fault, answer_problem
from connector_agency_api.sandbox.feed import instant
from connector_agency_api.sandbox.problem import Problem
from connector_agency_api.sandbox.scenarios import Rule, Step


class RuleRequest(BaseModel):
    """Which cases to come follow a scenario; without a pattern the default is changed."""

    model_config = ConfigDict(extra="forbid")

    scenario: str
    case_ref: str = "*"
    debtor_id: str = "*"
    tag: str = ""


_STEP = TypeAdapter(Step)
_RULE = TypeAdapter(RuleRequest)
_FAULT = TypeAdapter(Fault)


def routes(agency: Agency) -> list[Route]:
    """The routes of the control surface. No key: it is on loopback only."""
    control = _Control(agency)
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/sandbox/cases", control.cases),
        ("GET", "/sandbox/cases/{case_ref}", control.case),
        ("POST", "/sandbox/cases/{case_ref}/advance", control.advance),
        ("POST", "/sandbox/cases/{case_ref}/act", control.act),
        ("GET", "/sandbox/scenarios", control.scenarios),
        ("POST", "/sandbox/scenario", control.add_rule),
        ("GET", "/sandbox/faults", control.list_faults),
        ("POST", "/sandbox/faults", control.add_fault),
        ("DELETE", "/sandbox/faults", control.clear_faults),
        ("POST", "/sandbox/remit", control.remit),
        ("GET", "/sandbox/remittances", control.remittances),
        ("GET", "/sandbox/counters", control.counters),
        ("POST", "/sandbox/reset", control.reset),
        ("GET", "/sandbox/webhooks", control.rings),
    ]
    return grouped([(method, path, _answering(call)) for method, path, call in table])


def _answering(endpoint: Endpoint) -> Endpoint:
    async def call(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as problem:
            return answer_problem(problem)
        except ConfigError as error:
            return answer_problem(Problem("business", "not_known", error.message))

    return call


class _Control:
    """The endpoints of the control surface."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    async def cases(self, request: Request) -> Response:
        def show(desk: Desk, now: datetime) -> dict[str, Any]:
            return {"now": instant(now), "cases": [_everything(dossier, now) for dossier in desk.dossiers.values()]}

        return await self._look(show)

    async def case(self, request: Request) -> Response:
        case_ref = request.path_params["case_ref"]
        return await self._look(lambda desk, now: _everything(desk.dossier(case_ref), now))

    async def advance(self, request: Request) -> Response:
        case_ref = request.path_params["case_ref"]

        def go(desk: Desk, now: datetime) -> dict[str, Any]:
            dossier = desk.dossier(case_ref)
            step = desk.advance(dossier, now)
            return {"done": step.act if step else None, "case": _everything(dossier, now)}

        return await self._look(go)

    async def act(self, request: Request) -> Response:
        case_ref = request.path_params["case_ref"]
        step = (await read_body(request, _STEP)).record

        def go(desk: Desk, now: datetime) -> dict[str, Any]:
            dossier = desk.dossier(case_ref)
            perform(desk, dossier, step, now)
            return {"done": step.act, "case": _everything(dossier, now)}

        return await self._look(go)

    async def scenarios(self, request: Request) -> Response:
        def show(desk: Desk, _: datetime) -> dict[str, Any]:
            known = {name: scenario.title for name, scenario in desk.casting.scenarios.items()}
            rules = [vars(rule) for rule in desk.casting.rules]
            return {"default": desk.casting.default, "rules": rules, "scenarios": known}

        return await self._look(show)

    async def add_rule(self, request: Request) -> Response:
        wanted = (await read_body(request, _RULE)).record

        def add(desk: Desk, _: datetime) -> dict[str, Any]:
            desk.casting.add(Rule(wanted.scenario, wanted.case_ref, wanted.debtor_id, wanted.tag))
            return {"scenario": wanted.scenario}

        return await self._look(add)

    async def list_faults(self, request: Request) -> Response:
        return JSONResponse({"waiting": [fault.model_dump() for fault in self._agency.faults.waiting()]})

    async def add_fault(self, request: Request) -> Response:
        fault = (await read_body(request, _FAULT)).record
        self._agency.faults.add(fault)
        return JSONResponse(fault.model_dump(), 201)

    async def clear_faults(self, request: Request) -> Response:
        self._agency.faults.clear()
        return Response(status_code=204)

    async def remit(self, request: Request) -> Response:
        return await self._look(lambda desk, now: {"remittances": desk.remit(now)})

    async def remittances(self, request: Request) -> Response:
        return await self._look(lambda desk, _: {"remittances": desk.payouts.remittances})

    async def counters(self, request: Request) -> Response:
        def show(_: Desk, __: datetime) -> dict[str, Any]:
            return {"calls": dict(self._agency.counters), "faults": dict(self._agency.faults.played)}

        return await self._look(show)

    async def reset(self, request: Request) -> Response:
        await run_in_threadpool(self._agency.reset)
        return Response(status_code=204)

    async def rings(self, request: Request) -> Response:
        def show(_: Desk, __: datetime) -> dict[str, Any]:
            return {
                "deliveries": [
                    {
                        "id": ring.ring_id,
                        "url": ring.subscription.url,
                        "attempts": ring.attempts,
                        "next": instant(ring.due) if ring.due else None,
                    }
                    for ring in self._agency.bells.rings
                ]
            }

        return await self._look(show)

    async def _look(self, work: Work) -> Response:
        return JSONResponse(await run_in_threadpool(self._agency.look, "control", work))


def _everything(dossier: Dossier, now: datetime) -> dict[str, Any]:
    """A case with all the agency knows: what was handed over, what came after, what is planned."""
    due = instant(dossier.due) if dossier.due and not dossier.rests else None
    return {
        **view(dossier, now),
        "scenario": dossier.scenario,
        "next_step": {"act": dossier.script[0].act, "due": due} if dossier.script else None,
        "resting": sorted(dossier.rests),
        "open_minor": dossier.book.open,
        "claimed_minor": dossier.book.claimed,
        "submission": dossier.submission.model_dump(mode="json"),
        "received": dossier.received,
    }
