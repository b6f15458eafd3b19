"""The control interface under /sandbox: plain JSON, no log-in, never part of the imitated API."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector_exact.sandbox.bookkeeping import Books
from connector_exact.sandbox.control_models import (
    Allocate,
    Classify,
    Denial,
    EndChains,
    Load,
    NewAccount,
    NewCreditNote,
    NewDivision,
    NewInvoice,
    NewJournal,
    NewPayable,
    NewReceipt,
    OnInvoice,
    Pay,
    Scopes,
    Standing,
    Unallocate,
)
from connector_exact.sandbox.demo_data import start_world
from connector_exact.sandbox.division import Standing as DivisionStanding
from connector_exact.sandbox.faults import FaultOrder
from connector_exact.sandbox.grouping import add_journal, classify
from connector_exact.sandbox.ledger_records import Entry, Match
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.settings import DivisionSettings
from connector_exact.sandbox.toggles import Toggles
from connector_exact.sandbox.webhooks import install_world
from connector_exact.sandbox.world import World

M = TypeVar("M", bound=BaseModel)
Handler = Callable[[Request], Awaitable[Response]]


def control_routes() -> list[Route]:
    """Every route of the control interface."""
    orders: tuple[tuple[str, type[BaseModel], Callable[[Books, Any], Any]], ...] = (
        ("accounts", NewAccount, lambda books, order: {"id": books.account(order).id}),
        ("journals", NewJournal, lambda books, order: {"id": add_journal(books.division, order).id}),
        ("classifications", Classify, lambda books, order: {"id": _classified(books, order)}),
        ("invoices", NewInvoice, lambda books, order: _booked(books, books.invoice(order))),
        ("credit-notes", NewCreditNote, lambda books, order: _booked(books, books.credit_note(order))),
        ("receipts", NewReceipt, lambda books, order: _booked(books, books.receipt(order))),
        ("payables", NewPayable, lambda books, order: _booked(books, books.payable(order))),
        ("payments", Pay, lambda books, order: _matched(books.pay(order))),
        ("allocations", Allocate, lambda books, order: _matched(books.allocate(order))),
        ("unallocations", Unallocate, lambda books, order: _matched(books.unallocate(order))),
        ("write-offs", OnInvoice, lambda books, order: _matched(books.write_off(order))),
        ("direct-debits", OnInvoice, lambda books, order: _booked(books, books.direct_debit(order, "select"))),
        ("direct-debits/process", OnInvoice, lambda books, order: _booked(books, books.direct_debit(order, "process"))),
        ("direct-debits/collect", OnInvoice, lambda books, order: _booked(books, books.direct_debit(order, "collect"))),
        ("direct-debits/bounce", OnInvoice, lambda books, order: _booked(books, books.direct_debit(order, "bounce"))),
        ("reversals", OnInvoice, lambda books, order: _booked(books, books.reverse(order))),
        ("deletions", OnInvoice, lambda books, order: {"entry_id": books.delete(order).id}),
        ("load", Load, lambda books, order: books.load(order)),
    )
    routes = [
        Route(f"/sandbox/{{division:int}}/{name}", _on_books(model, act), methods=["POST"])
        for name, model, act in orders
    ]
    return [
        *routes,
        Route("/sandbox/{division:int}/balances", _guard(_balances), methods=["GET"]),
        Route("/sandbox/{division:int}/standing", _guard(_standing), methods=["POST"]),
        Route("/sandbox/move/{division:int}", _guard(_move), methods=["POST"]),
        Route("/sandbox/reset", _guard(_reset), methods=["POST"]),
        Route("/sandbox/divisions", _guard(_open_division), methods=["POST"]),
        Route("/sandbox/toggles", _guard(_show_toggles), methods=["GET"]),
        Route("/sandbox/toggles", _guard(_switch), methods=["POST"]),
        Route("/sandbox/counters", _guard(_counters), methods=["GET"]),
        Route("/sandbox/counters/reset", _guard(_reset_counters), methods=["POST"]),
        Route("/sandbox/limits/reset", _guard(_reset_limits), methods=["POST"]),
        Route("/sandbox/faults", _guard(_order_fault), methods=["POST"]),
        Route("/sandbox/faults", _guard(_clear_faults), methods=["DELETE"]),
        Route("/sandbox/scopes", _guard(_scopes), methods=["POST"]),
        Route("/sandbox/rights", _guard(_rights), methods=["POST"]),
        Route("/sandbox/consents/end", _guard(_end_chains), methods=["POST"]),
        Route("/sandbox/webhooks/deliver", _guard(_deliver), methods=["POST"]),
        Route("/sandbox/webhooks", _guard(_webhooks), methods=["GET"]),
    ]


def _guard(handler: Handler) -> Handler:
    """Refusals and wrong orders as `{"error": ...}` with their status."""

    async def guarded(request: Request) -> Response:
        world: World = request.app.state.world
        world.clock.tick()
        try:
            return await handler(request)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.text}, status_code=refusal.status)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            return JSONResponse({"error": f"{where}: {first['msg']}"}, status_code=400)

    return guarded


def _on_books(model: type[M], act: Callable[[Books, M], Any]) -> Handler:
    async def handle(request: Request) -> Response:
        order = await _read(request, model)
        return JSONResponse(act(_books(request), order), status_code=201)

    return _guard(handle)


async def _read(request: Request, model: type[M]) -> M:
    return model.model_validate_json(await request.body() or b"{}")


def _books(request: Request) -> Books:
    world: World = request.app.state.world
    return Books(division=world.division(request.path_params["division"]), toggles=world.toggles)


def _booked(books: Books, entry: Entry) -> dict[str, Any]:
    division = books.division
    documents = [
        row
        for row in division.rows["documents"]
        if row.values.get("FinancialTransactionEntryID") in (entry.id, entry.invoice)
    ]
    return {
        "entry_id": entry.id,
        "number": entry.invoice_number,
        "entry_number": entry.number,
        "invoice_id": entry.invoice or None,
        "account": entry.account,
        "terms": [term.id for term in division.terms_of[entry.id]],
        "documents": [row.id for row in documents],
    }


def _classified(books: Books, order: Classify) -> str | None:
    account = books.account_id(order.account) if order.account is not None else None
    return classify(books.division, order, account)


def _matched(match: Match) -> dict[str, Any]:
    return {"match": match.id, "terms": [term.id for term in match.terms], "entries": list(match.shares)}


async def _reset(request: Request) -> Response:
    """Everything as at the start, with the same options and the same clock."""
    world: World = request.app.state.world
    install_world(request.app, start_world(world.settings, world.clock))
    return JSONResponse({})


async def _balances(request: Request) -> Response:
    return JSONResponse(_books(request).balances())


async def _standing(request: Request) -> Response:
    order = await _read(request, Standing)
    division = _books(request).division
    division.standing = DivisionStanding(
        refuse=order.reason,
        blocking=order.blocking_status,
        status=order.status,
        moved=division.standing.moved,
    )
    return JSONResponse({})


async def _move(request: Request) -> Response:
    division = _books(request).division
    division.move()
    return JSONResponse({"moved": division.clock.now.isoformat()})


async def _open_division(request: Request) -> Response:
    world: World = request.app.state.world
    order = await _read(request, NewDivision)
    wanted = DivisionSettings(code=order.code, country=order.country, currency=order.currency)
    world.open_division(wanted, description=order.description)
    return JSONResponse({"code": order.code}, status_code=201)


async def _show_toggles(request: Request) -> Response:
    return JSONResponse(request.app.state.world.toggles.model_dump())


async def _switch(request: Request) -> Response:
    """Change the toggles named; the others stay."""
    world: World = request.app.state.world
    try:
        wanted = await request.json()
    except ValueError:
        raise bad_request("a JSON object of toggles is expected") from None
    world.switch(Toggles.model_validate({**world.toggles.model_dump(), **wanted}))
    return JSONResponse(world.toggles.model_dump())


async def _counters(request: Request) -> Response:
    return JSONResponse(request.app.state.world.counters.report())


async def _reset_counters(request: Request) -> Response:
    request.app.state.world.counters.reset()
    return JSONResponse({})


async def _reset_limits(request: Request) -> Response:
    request.app.state.world.limiter.reset()
    return JSONResponse({})


async def _order_fault(request: Request) -> Response:
    request.app.state.world.faults.order(await _read(request, FaultOrder))
    return JSONResponse({}, status_code=201)


async def _clear_faults(request: Request) -> Response:
    request.app.state.world.faults.clear()
    return JSONResponse({})


async def _scopes(request: Request) -> Response:
    order = await _read(request, Scopes)
    for app in request.app.state.world.desk.apps.values():
        app.scopes = order.scopes
    return JSONResponse({})


async def _rights(request: Request) -> Response:
    order = await _read(request, Denial)
    request.app.state.world.denied[order.user] = {endpoint.lower() for endpoint in order.endpoints}
    return JSONResponse({})


async def _end_chains(request: Request) -> Response:
    order = await _read(request, EndChains)
    request.app.state.world.desk.end_chains(order.user)
    return JSONResponse({})


async def _deliver(request: Request) -> Response:
    return JSONResponse({"delivered": await request.app.state.post.deliver()})


async def _webhooks(request: Request) -> Response:
    post = request.app.state.post
    return JSONResponse({"waiting": len(post.waiting), "delivered": post.delivered, "given_up": post.given_up})
