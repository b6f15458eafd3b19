"""Who calls, and may they: token, block, division, limits, scope, rights — in that order."""

from dataclasses import dataclass, field

from starlette.requests import Request

from connector_exact.sandbox.catalogue import Endpoint
from connector_exact.sandbox.division import Division
from connector_exact.sandbox.limits import Caller
from connector_exact.sandbox.oauth import Access, App
from connector_exact.sandbox.refusal import Refusal
from connector_exact.sandbox.world import World

_VERBS = {"GET": "read", "POST": "create", "PUT": "update", "DELETE": "delete"}


@dataclass(slots=True)
class Visit:
    """One call, as far as it is known: filled while it passes the gate."""

    endpoint: str
    division_code: int = 0
    access: Access | None = None
    rate_headers: dict[str, str] = field(default_factory=dict)

    @property
    def caller(self) -> Caller | None:
        """Whose error budget a refusal uses; unknown without a token that was once issued."""
        if self.access is None:
            return None
        chain = self.access.chain
        return Caller(chain.app.client_id, chain.user, self.division_code, self.endpoint)


def bearer_of(request: Request) -> str:
    """The token in the Authorization header, or empty."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def admit(world: World, visit: Visit, token: str, *, counted: bool = True) -> Division | None:
    """Let a call in and count it; the division it is for, or None for calls without one.

    Raises Refusal: 401 without a live token, 403 with a Reason, 429 over a limit (reference 3.1 to 3.5).
    """
    visit.access = world.desk.access(token) if token else None
    if visit.access is None:
        raise Refusal(401, world.toggles.unauthorized_body)
    world.limiter.check_block(visit.access.chain.app.client_id)
    if not world.desk.is_live(visit.access):
        raise Refusal(401, world.toggles.unauthorized_body)
    if not visit.division_code:
        return None
    division = world.divisions.get(visit.division_code)
    if division is None or visit.division_code not in visit.access.chain.divisions:
        raise Refusal(403, "Forbidden", headers={"Reason": "NoDivisionAccess"})
    if division.standing.refuse:
        raise Refusal(403, "Forbidden", headers={"Reason": division.standing.refuse})
    if counted:
        visit.rate_headers = world.limiter.take(visit.access.chain.app.client_id, division.code)
    return division


def check_scope(app: App, endpoint: Endpoint, method: str) -> None:
    """Raises a 403 with the scope text when the registration lacks the area (reference 1.2, 3.4)."""
    if not has_scope(app, endpoint, method):
        verb = _VERBS.get(method, "read")
        raise Refusal(403, f"Forbidden - Application Scope Violated. Cannot {verb} {endpoint.scope}.")


def has_scope(app: App, endpoint: Endpoint, method: str) -> bool:
    """Whether the registration covers the area: view to read, manage to write."""
    if app.scopes is None or not endpoint.scope:
        return True
    granted = app.scopes.get(endpoint.scope, "")
    return granted == "manage" or (granted == "view" and method == "GET")


def has_rights(world: World, access: Access, endpoint: Endpoint) -> bool:
    """Whether the user may use the endpoint (reference 2.8)."""
    return endpoint.path.lower() not in world.denied.get(access.chain.user, set())
