"""The consent page and the token endpoint over HTTP (reference 1.2 to 1.4)."""

from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from connector_exact.sandbox.faults import early_answer, is_early
from connector_exact.sandbox.limits import Caller
from connector_exact.sandbox.oauth import App, TokenError
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.render_json import dump
from connector_exact.sandbox.world import World

TOKEN_ENDPOINT = "oauth2/token"  # noqa: S105 - the name of an endpoint


async def answer_consent(request: Request) -> Response:
    """GET shows the consent page, or approves at once (toggle); POST is the form sent in."""
    world: World = request.app.state.world
    world.clock.tick()
    values = dict(request.query_params)
    if request.method == "POST":
        form = parse_qs((await request.body()).decode(), keep_blank_values=True)
        values |= {name: given[-1] for name, given in form.items()}
        values["divisions"] = ",".join(form.get("divisions", []))
    try:
        app = world.desk.check_request(
            values.get("client_id", ""), values.get("redirect_uri", ""), values.get("response_type", "")
        )
    except Refusal as refusal:
        return HTMLResponse(f"<!DOCTYPE html><p>{escape(refusal.text)}</p>", status_code=refusal.status)
    if request.method == "POST":
        return _decide(world, app, values)
    if world.toggles.auto_consent and values.get("force_login", "0") != "1":
        return _redirect(world, app, values, divisions=world.granted_by_default())
    return HTMLResponse(_page(world, values))


def _decide(world: World, app: App, values: dict[str, str]) -> Response:
    if values.get("decision") != "approve":
        answer = {"error": "access_denied", **({"state": values["state"]} if values.get("state") else {})}
        return RedirectResponse(_with_query(values["redirect_uri"], answer), status_code=302)
    chosen = frozenset(int(code) for code in values["divisions"].split(",") if code.isdecimal())
    return _redirect(world, app, values, divisions=chosen or world.granted_by_default())


def _redirect(world: World, app: App, values: dict[str, str], *, divisions: frozenset[int]) -> Response:
    user = values.get("user") or world.settings.users[0]
    if user not in world.settings.users:
        return HTMLResponse("<!DOCTYPE html><p>Unknown user</p>", status_code=400)
    code = world.desk.issue_code(
        app,
        user=user,
        divisions=divisions,
        redirect_uri=values["redirect_uri"],
        challenge=values.get("code_challenge", ""),
        method=values.get("code_challenge_method", ""),
    )
    answer = {"code": code, **({"state": values["state"]} if "state" in values else {})}
    return RedirectResponse(_with_query(values["redirect_uri"], answer), status_code=302)


def _with_query(address: str, values: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"


def _page(world: World, values: dict[str, str]) -> str:
    kept = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(values[name])}">' for name in kept if name in values
    )
    users = "".join(f"<option>{escape(user)}</option>" for user in world.settings.users)
    granted = world.granted_by_default()
    boxes = "".join(
        f'<li><label><input type="checkbox" name="divisions" value="{division.code}"'
        f"{' checked' if division.code in granted else ''}> {division.code} {escape(division.description)}</label></li>"
        for division in world.divisions.values()
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sandbox log-in</title></head><body>'
        '<h1>Sandbox log-in</h1><form method="post">'
        f'{hidden}<p><label>User <select name="user">{users}</select></label></p><ul>{boxes}</ul>'
        '<button name="decision" value="approve">Approve</button> '
        '<button name="decision" value="refuse">Refuse</button></form></body></html>'
    )


async def answer_token(request: Request) -> Response:
    """The token endpoint: exchange of a code, refresh of a pair."""
    world: World = request.app.state.world
    world.clock.tick()
    fault = world.faults.next(TOKEN_ENDPOINT)
    if fault and is_early(fault):
        world.counters.count(TOKEN_ENDPOINT, early_answer(fault).status_code)
        return early_answer(fault)
    body = (await request.body()).decode("utf-8", "replace")
    form = {name: given[-1] for name, given in parse_qs(body, keep_blank_values=True).items()}
    try:
        tokens = _tokens(world, form, request.headers.get("authorization", ""))
        answer = Response(dump(tokens), media_type="application/json")
    except TokenError as error:
        client_id = form.get("client_id", "")
        if client_id in world.desk.apps:
            world.limiter.count_error(Caller(client_id, "", 0, TOKEN_ENDPOINT))
        answer = _refusal(error)
    world.counters.count(TOKEN_ENDPOINT, answer.status_code)
    return answer


def _tokens(world: World, form: dict[str, str], authorization: str) -> dict[str, str]:
    app = world.desk.identify(form=form, authorization=authorization)
    token = form.get("refresh_token", "")
    world.desk.count_call(app, token=token)
    match form.get("grant_type"):
        case "authorization_code":
            return world.desk.exchange(
                app,
                code=form.get("code", ""),
                redirect_uri=form.get("redirect_uri", ""),
                verifier=form.get("code_verifier", ""),
            )
        case "refresh_token":
            return world.desk.refresh(app, token=token)
    raise TokenError("invalid_request")


def _refusal(error: TokenError) -> Response:
    if error.status == 401:
        return Response(b"", status_code=401)
    body = {"error": error.error, **({"error_description": error.description} if error.description else {})}
    return Response(dump(body), status_code=error.status, headers=error.headers, media_type="application/json")
