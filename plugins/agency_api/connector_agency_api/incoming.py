"""From the agency's JSON to our words. A reader is tolerant: new fields pass, new kinds go to a person."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from connector.errors import TransientError
from connector.model import CaseView, Event, Finding, Money, Preflight, Receipt, Record, Remittance, Unmapped

Json = dict[str, Any]
_R = TypeVar("_R", bound=Record)

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def read_event(entry: Any, seen_at: datetime) -> Event:
    """An event in our words; one that has no place in them is `Unmapped` and changes nothing."""
    try:
        return _EVENT.validate_python(entry, extra="ignore")
    except ValidationError as error:
        return _unmapped(entry if isinstance(entry, dict) else {}, error, seen_at)


def read_view(body: Json) -> CaseView:
    """How a case stands. Raises TransientError for an answer that is not one."""
    return _read(CaseView, body)


def read_remittance(body: Any) -> Remittance:
    """A pay-out, its sums checked. Raises TransientError when it is not one, or does not add up."""
    remittance = _read(Remittance, body)
    amounts = (remittance.gross, remittance.costs, remittance.vat, remittance.net)
    gross, costs, vat, net = (amount.minor for amount in amounts)
    if len({amount.currency for amount in amounts}) > 1 or gross - costs - vat != net:
        message = "A pay-out of the agency does not add up: net is not gross minus costs minus VAT."
        raise TransientError(message, detail=remittance.remittance_id)
    return remittance


def read_preflight(body: Json) -> Preflight:
    """Findings and price. Raises TransientError for an answer that is not one."""
    findings = [_read(Finding, finding) for finding in _listed(body, "findings")]
    price = body.get("price")
    return Preflight(findings=tuple(findings), price=None if price is None else _read(Money, price))


def read_withdrawal(body: Json) -> Money:
    """What giving a case back costs. Raises TransientError for an answer that does not say."""
    return _read(Money, body.get("cost"))


def read_receipt(body: Json, *, replayed: bool) -> Receipt | None:
    """The receipt of a case, or of anything else that was delivered; None when it names no reference."""
    reference = body.get("agency_ref") or body.get("reference")
    if not isinstance(reference, str) or not reference:
        return None
    handover = body.get("handover")
    if handover is None:
        return Receipt(reference=reference, state="done", replayed=replayed)
    state: Literal["received", "accepted"] = "accepted" if handover == "accepted" else "received"
    return Receipt(reference=reference, state=state, raw=str(handover), replayed=replayed)


def _listed(body: Json, name: str) -> list[Any]:
    entries = body.get(name)
    if not isinstance(entries, list):
        raise TransientError(f"The agency's answer has no list {name}.")
    return entries


def _read(model: type[_R], body: Any) -> _R:
    try:
        return model.model_validate(body, extra="ignore")
    except ValidationError as error:
        raise TransientError(f"The agency's answer cannot be read as {model.__name__}.", detail=_why(error)) from None


def _unmapped(entry: Json, error: ValidationError, seen_at: datetime) -> Unmapped:
    kind = str(entry.get("kind", ""))[:50]
    unknown = any(one["type"].startswith("union_tag") for one in error.errors(include_url=False, include_input=False))
    digest = hashlib.sha256(json.dumps(entry, sort_keys=True, default=str).encode()).hexdigest()
    return Unmapped(
        id=str(entry.get("id") or f"digest:{digest}"),
        case_ref=str(entry.get("case_ref", "")),
        occurred_at=_instant(entry.get("occurred_at"), seen_at),
        raw=str(entry.get("raw") or kind or "an event without a kind"),
        text=f"an event of the unknown kind {kind!r}" if unknown else f"{kind}: {_why(error)}",
    )


def _instant(text: Any, seen_at: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return seen_at
    return moment.astimezone(UTC) if moment.tzinfo else seen_at


def _why(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
