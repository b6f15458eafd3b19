"""The REST API: from an address to an answer."""

import asyncio
import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from connector_exact.sandbox.catalogue import Endpoint, endpoints
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.expanding import expanded, navigate
from connector_exact.sandbox.faults import SERVER_TEXT, early_answer, is_early, spoil
from connector_exact.sandbox.gate import Visit, admit, bearer_of, check_scope, has_rights, has_scope
from connector_exact.sandbox.metadata import metadata_body
from connector_exact.sandbox.oauth import Access
from connector_exact.sandbox.odata_query import Query, parse_key, parse_query
from connector_exact.sandbox.reading import Page, count_rows, read_page
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.registry import Ask, open_view, read_arguments
from connector_exact.sandbox.render_atom import atom_error, entry_body, feed_body
from connector_exact.sandbox.render_json import Shape, collection_body, dump, error_body, key_text, rows_to_json
from connector_exact.sandbox.views import Computed, View
from connector_exact.sandbox.views_system import Person, divisions_view, me_view
from connector_exact.sandbox.world import World
from connector_exact.sandbox.writing import write

LONGEST_ADDRESS = 6000
LARGEST_BODY = 10_000_000
WHOLE_LIST = 1_000_000_000
ATOM_FEED, ATOM_ENTRY = "application/atom+xml;type=feed;charset=utf-8", "application/atom+xml;type=entry;charset=utf-8"
JSON = "application/json;charset=utf-8"
_ROUTE = re.compile(r"(?:(?P<division>\d+)/)?(?P<path>[^()]+?)(?:\((?P<key>[^)]*)\))?(?:/(?P<rest>[$\w]+))?/?")


@dataclass(frozen=True, slots=True)
class Route:
    """An address taken apart: division (0 without one), endpoint path, key in brackets, what follows."""

    division: int
    path: str
    key: str | None
    rest: str


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted call."""

    world: World
    request: Request
    route: Route
    endpoint: Endpoint
    access: Access
    division: Division
    base: str

    @property
    def wants_json(self) -> bool:
        return wants_json(self.request)

    @property
    def address(self) -> str:
        """The endpoint's own address on this server."""
        middle = f"{self.route.division}/" if self.route.division else ""
        return f"{self.base}/api/v1/{middle}{self.endpoint.path}"


async def answer_api(request: Request) -> Response:
    """Any call below /api/v1."""
    world: World = request.app.state.world
    world.clock.tick()
    if world.toggles.latency_ms:
        await asyncio.sleep(world.toggles.latency_ms / 1000)
    route = _take_apart(request.path_params["rest"])
    known = endpoints().get(route.path.lower())
    visit = Visit(endpoint=known.path if known else route.path, division_code=route.division)
    try:
        answer = await _serve(world, request, route, visit)
        answer.headers.update(visit.rate_headers)
    except Refusal as refusal:
        answer = refuse(world, visit, refusal, as_json=wants_json(request))
    world.counters.count(visit.endpoint, answer.status_code)
    return answer


async def _serve(world: World, request: Request, route: Route, visit: Visit) -> Response:
    if len(str(request.url)) > LONGEST_ADDRESS:
        raise Refusal(414, "The request address is too long")
    if request.headers.get("expect"):
        raise Refusal(500, SERVER_TEXT)
    if request.headers.get("accept", "").strip() == "application/xml":
        raise Refusal(415, "Unsupported media type requested.")
    division = admit(world, visit, bearer_of(request))
    fault = world.faults.next(visit.endpoint)
    if fault and is_early(fault):
        return early_answer(fault)
    if route.rest == "$metadata" and request.method == "GET":
        return Response(metadata_body(route.path), media_type="application/xml")
    endpoint = endpoints().get(route.path.lower())
    if endpoint is None or (division is None) != (endpoint.path == "current/Me") or visit.access is None:
        raise Refusal(404, "Resource not found for the segment.")
    call = Call(
        world=world,
        request=request,
        route=route,
        endpoint=endpoint,
        access=visit.access,
        division=division or next(iter(world.divisions.values())),
        base=f"{request.url.scheme}://{request.url.netloc}",
    )
    answer = await _dispatch(call)
    return spoil(fault, answer) if fault else answer


async def _dispatch(call: Call) -> Response:
    method = call.request.method
    if method not in call.endpoint.methods:
        raise Refusal(405, "The method is not allowed for this resource")
    check_scope(call.access.chain.app, call.endpoint, method)
    if call.endpoint.path == "users/UserHasRights":
        return _user_has_rights(call)
    allowed = has_rights(call.world, call.access, call.endpoint)
    if not allowed and (method != "GET" or call.world.toggles.missing_rights == "forbidden"):
        raise Refusal(403, "Forbidden")
    if method != "GET":
        return await _write(call)
    view = _open(call)
    return _read(call, view if allowed else View(Computed([], key=view.key), view.getters, view.key))


def _open(call: Call) -> View:
    path = call.endpoint.path
    if path == "current/Me":
        return me_view(Person(call.access.chain.user), call.division, call.world.clock)
    if path.endswith("Divisions"):
        granted = [call.world.divisions[code] for code in call.access.chain.divisions if code in call.world.divisions]
        return divisions_view(granted, call.division)
    arguments = read_arguments(call.request.query_params, call.endpoint)
    return open_view(Ask(call.division, call.endpoint, call.world.toggles, call.base, arguments))


def _read(call: Call, view: View) -> Response:
    single = call.route.key is not None
    query = parse_query(call.request.query_params, call.endpoint, toggles=call.world.toggles, single=single)
    if call.route.rest == "$count":
        if "json" in call.request.headers.get("accept", ""):
            raise Refusal(415, "Unsupported media type requested.")
        return Response(str(count_rows(view, call.endpoint, query)), media_type="text/plain")
    if single:
        return _read_one(call, view, query)
    page = read_page(view, call.endpoint, query, size=_page_size(call, query))
    shape = _shape(call, view, query)
    following = _next_address(call, page)
    if not call.wants_json:
        body = feed_body(page.rows, shape, now=call.world.clock.now, following=following, count=page.count)
        return Response(body, headers={"content-type": ATOM_FEED})
    bare = query.top is not None or _is_whole_list(call)
    rows = rows_to_json(page.rows, shape)
    return _json(collection_body(rows, following=following, count=page.count, bare=bare))


def _read_one(call: Call, view: View, query: Query) -> Response:
    row = view.source.get(parse_key(call.route.key or "", call.endpoint))
    if row is None:
        raise Refusal(404, f"Resource not found for the segment '{call.endpoint.path.rsplit('/', 1)[1]}'.")
    if call.route.rest:
        return _navigate(call, row)
    shape = _shape(call, view, query)
    if not call.wants_json:
        return Response(entry_body(row, shape, now=call.world.clock.now), headers={"content-type": ATOM_ENTRY})
    return _json(dump({"d": rows_to_json([row], shape)[0]}))


def _navigate(call: Call, row: object) -> Response:
    """The rows behind a deferred address."""
    rows = navigate(_ask(call), call.route.rest, row)
    return _json(collection_body(rows, following=None, count=None, bare=False))


def _ask(call: Call) -> Ask:
    return Ask(call.division, call.endpoint, call.world.toggles, call.base, {})


def _shape(call: Call, view: View, query: Query) -> Shape:
    fields = query.select or tuple(call.endpoint.fields)
    return Shape(
        endpoint=call.endpoint,
        view=view,
        base=call.address,
        fields=tuple(dict.fromkeys((*fields, *query.expand))),
        expanded=expanded(_ask(call), query.expand),
    )


def _is_whole_list(call: Call) -> bool:
    return bool(call.endpoint.parameters) and call.world.toggles.function_list


def _page_size(call: Call, query: Query) -> int:
    if _is_whole_list(call):
        return WHOLE_LIST
    size = call.endpoint.page
    if call.endpoint.path == "read/financial/ReceivablesList":
        size = call.world.toggles.receivables_list_page
    return max(size, query.top or 0) if call.world.toggles.top_above_page else size


def _next_address(call: Call, page: Page) -> str | None:
    """The absolute address of the next page on this server, with all options of this one (reference 2.4)."""
    if page.next_position is None:
        return None
    kind = call.endpoint.fields[call.endpoint.key].kind
    if isinstance(page.next_position, str) and "/" in page.next_position:
        kind = "s"  # a row per account and currency: more than the key is needed to go on from it
    token = key_text(page.next_position, kind)
    params = {name: value for name, value in call.request.query_params.items() if name not in ("$skiptoken", "$skip")}
    options = urlencode({**params, "$skiptoken": token}, quote_via=quote, safe="$,'():")
    return f"{call.address}?{options}"


def _user_has_rights(call: Call) -> Response:
    arguments = read_arguments(call.request.query_params, call.endpoint)
    asked = endpoints().get(str(arguments["endpoint"]).lower())
    action = str(arguments["action"]).upper()
    answer = (
        asked is not None
        and action in asked.methods
        and has_scope(call.access.chain.app, asked, action)
        and has_rights(call.world, call.access, asked)
    )
    if call.wants_json:
        return _json(dump({"d": {"UserHasRights": answer}}))
    space = "http://schemas.microsoft.com/ado/2007/08/dataservices"
    body = f'<?xml version="1.0" encoding="utf-8"?><UserHasRights xmlns="{space}">{str(answer).lower()}</UserHasRights>'
    return Response(body, media_type="application/xml")


async def _write(call: Call) -> Response:
    body = await call.request.body()
    if len(body) > LARGEST_BODY * 4 // 3:
        raise Refusal(413, "The request is too large")
    key = parse_key(call.route.key, call.endpoint) if call.route.key is not None else None
    written = await write(_ask(call), call.request.method, key, body, access=call.access, world=call.world)
    if written is None:
        return Response(status_code=204)
    view = _open(call)
    wanted = "return=representation" in call.request.headers.get("prefer", "")
    if not wanted:
        # Without the Prefer header the new row comes back with little more than its key (reference 2.7).
        view = replace(view, getters={call.endpoint.key: view.getters[call.endpoint.key]})
    shape = _shape(call, view, Query())
    if not call.wants_json:
        body = entry_body(written, shape, now=call.world.clock.now)
        return Response(body, status_code=201, headers={"content-type": ATOM_ENTRY})
    return Response(dump({"d": rows_to_json([written], shape)[0]}), status_code=201, headers={"content-type": JSON})


def _take_apart(rest: str) -> Route:
    found = _ROUTE.fullmatch(rest)
    if not found:
        return Route(division=0, path=rest, key=None, rest="")
    path, tail = found["path"], found["rest"] or ""
    if tail and found["key"] is None and not tail.startswith("$"):
        path, tail = f"{path}/{tail}", ""
    return Route(division=int(found["division"] or 0), path=path, key=found["key"], rest=tail)


def wants_json(request: Request) -> bool:
    """JSON only when it is asked for; Atom is the default (reference 2.1)."""
    return "application/json" in request.headers.get("accept", "") or request.query_params.get("$format") == "json"


def refuse(world: World, visit: Visit, refusal: Refusal, *, as_json: bool) -> Response:
    """The answer to a refused call; the error budget of the key is used (reference 3.1, 3.3, 3.4)."""
    if refusal.counts and visit.caller:
        world.limiter.count_error(visit.caller)
    headers = dict(refusal.headers)
    if world.toggles.error_rate_headers and refusal.status != 429:
        headers |= visit.rate_headers
    if refusal.bare or not refusal.text:
        return Response(b"", status_code=refusal.status, headers=headers)
    if refusal.status >= 500 and refusal.text == SERVER_TEXT:
        return Response(refusal.text, status_code=refusal.status, headers=headers, media_type="text/plain")
    body, kind = (error_body(refusal.text), JSON) if as_json else (atom_error(refusal.text), "application/xml")
    return Response(body, status_code=refusal.status, headers={**headers, "content-type": kind})


def _json(body: bytes) -> Response:
    return Response(body, headers={"content-type": JSON})
