"""A sink that keeps to every rule: the conformance kit must pass it, and each wrong one differs in one method."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field, TypeAdapter

from connector import hookimpl
from connector.api import Context, Limits, PluginConfig, SecretRef, SinkType
from connector.errors import AuthError, QuotaError, RejectedError, TransientError, UnknownOutcome
from connector.model import (
    Capabilities,
    Case,
    CaseView,
    Document,
    Event,
    EventPage,
    Finding,
    Money,
    Mutation,
    Preflight,
    Receipt,
    Remittance,
    Unmapped,
)

if TYPE_CHECKING:
    from requests import Response

LIMITS = Limits(per_minute=60, per_day=5000)
LONGEST_NAME = 100
REPLAY_WINDOW = timedelta(minutes=5)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
KINDS = {"accepted": "accepted", "payment": "payment_received", "closed": "closed"}
CAPABILITIES = Capabilities(
    mutations={"direct_payment": "native", "withdraw": "native", "message": "message", "hold": "manual"},
    idempotent=True,
    lookup=True,
    documents=frozenset({"application/pdf"}),
    webhooks=True,
    sends=frozenset({"case_ref", "debtor.name", "lines.line_id", "lines.number"}),
)


class RightSinkConfig(PluginConfig):
    """Where the agency is, and how to log in."""

    base_url: str = Field(default="https://agency.example", description="address of the agency's API")
    api_key: SecretRef = Field(description="the client's key")


class RightSink:
    """Every write carries its key in a header; the agency answers a repeated key with what it said before."""

    def __init__(self, config: RightSinkConfig, context: Context) -> None:
        self.config = config
        self.context = context
        self.budget = context.budget("agency", LIMITS)

    def check(self) -> None:
        self.request("GET", "/me")

    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def preflight(self, case: Case) -> Preflight:
        if len(case.debtor.name) <= LONGEST_NAME:
            return Preflight()
        return Preflight(
            findings=(Finding(blocking=True, code="name", message="the name is too long", field="debtor.name"),)
        )

    def submit(self, case: Case, *, key: str) -> Receipt:
        return self.write("/cases", self.body(case), key=key)

    def body(self, case: Case) -> dict[str, Any]:
        return {
            "case_ref": case.case_ref,
            "debtor": self.name(case),
            "lines": [
                {"line_id": line.line_id, "number": line.number, "open": self.amount(line.open)} for line in case.lines
            ],
        }

    def name(self, case: Case) -> str:
        return case.debtor.name

    def amount(self, money: Money) -> str:
        return str(money.decimal)

    def find(self, key: str) -> Receipt | None:
        found = self.request("GET", "/deliveries", params={"key": key}).json()
        return Receipt(reference=found["reference"]) if found else None

    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        if CAPABILITIES.mutations.get(mutation.kind) not in ("native", "message"):
            return self.cannot(mutation)
        return self.write(f"/cases/{mutation.case_ref}/mutations", {"kind": mutation.kind}, key=key)

    def cannot(self, mutation: Mutation) -> Receipt:
        raise RejectedError(f"the agency takes no {mutation.kind} by API")

    def attach(self, case_ref: str, document: Document, *, key: str) -> Receipt:
        return self.write(f"/cases/{case_ref}/documents", {"name": document.file_name}, key=key)

    def changes(self, cursor: str | None) -> Iterator[EventPage]:
        after = int(cursor or 0)
        while True:
            answer = self.request("GET", "/events", params={"after": str(after)}).json()
            after += len(answer["events"])
            yield EventPage(
                events=tuple(self.event(told) for told in answer["events"]),
                cursor=self.cursor(after, complete=not answer["more"]),
                complete=not answer["more"],
            )
            if not answer["more"]:
                return

    def cursor(self, after: int, *, complete: bool) -> str:
        return str(after)

    def event(self, told: Mapping[str, Any]) -> Event:
        common = {"id": self.event_id(told), "case_ref": told["case_ref"], "raw": told["status"]}
        kind = self.kind(told["status"])
        if kind is None:
            return Unmapped(**common, occurred_at=self.time(told))
        return EVENT.validate_python({"kind": kind, **common, "occurred_at": self.time(told), **told["facts"]})

    def kind(self, status: str) -> str | None:
        return KINDS.get(status)

    def event_id(self, told: Mapping[str, Any]) -> str:
        return str(told["id"])

    def time(self, told: Mapping[str, Any]) -> datetime:
        return datetime.fromisoformat(told["at"])

    def snapshot(self, case_ref: str) -> CaseView | None:
        answer = self.request("GET", f"/cases/{case_ref}")
        if answer.status_code == 404:
            return None
        now = self.context.clock.now()
        return CaseView(case_ref=case_ref, agency_ref=answer.json()["reference"], handover="received", as_of=now)

    def withdrawal_cost(self, case_ref: str) -> Money | None:
        known = self.request("GET", f"/cases/{case_ref}").status_code == 200
        return Money(minor=2_500, currency="EUR") if known else None

    def remittances(self, since: date | None) -> Iterator[Remittance]:
        for told in self.request("GET", "/remittances", params={"since": str(since or "")}).json():
            yield Remittance.model_validate(told)

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        sent_at = headers.get("X-Time", "")
        expected = self.signature(sent_at, body)
        if not hmac.compare_digest(expected, headers.get("X-Signature", "")):
            raise RejectedError("the signature is wrong")
        if not self.is_fresh(datetime.fromisoformat(sent_at)):
            raise RejectedError("the call is too old")
        return (self.event(json.loads(body)),)

    def is_fresh(self, sent_at: datetime) -> bool:
        return abs(self.context.clock.now() - sent_at) <= REPLAY_WINDOW

    def signature(self, sent_at: str, body: bytes) -> str:
        key = self.context.secrets.resolve(self.config.api_key).encode()
        return hmac.new(key, sent_at.encode() + body, hashlib.sha256).hexdigest()

    def write(self, path: str, body: Mapping[str, Any], *, key: str) -> Receipt:
        try:
            answer = self.request("POST", path, json=body, headers={"Idempotency-Key": key})
        except UnknownOutcome as error:
            raise self.lost(error, key) from error
        told = answer.json()
        if answer.status_code == 422:
            raise RejectedError("the agency refuses the case", reasons=self.reasons(answer))
        return self.receipt(told["reference"], replayed=told["replayed"])

    def lost(self, error: UnknownOutcome, key: str) -> Exception:
        return UnknownOutcome("the agency's answer was lost", key=key)

    def reasons(self, answer: "Response") -> tuple[str, ...]:
        return tuple(answer.json()["reasons"])

    def receipt(self, reference: str, *, replayed: bool) -> Receipt:
        return Receipt(reference=reference, replayed=replayed)

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **parts: Any) -> "Response":
        self.budget.take()
        key = self.context.secrets.resolve(self.config.api_key)
        answer = self.context.http.request(
            method, self.config.base_url + path, headers={"Authorization": f"Bearer {key}", **(headers or {})}, **parts
        )
        self.raise_for(answer)
        return answer

    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 401:
            raise AuthError("the agency refuses the key")
        if answer.status_code == 429:
            until = self.context.clock.now() + timedelta(seconds=int(answer.headers["Retry-After"]))
            self.budget.refused(until)
            raise QuotaError("the agency's limit is reached", until=until)
        if answer.status_code >= 500:
            raise TransientError("the agency is out of order", detail=f"HTTP {answer.status_code}")


RIGHT_SINK = SinkType(
    name="right_sink", title="A sink that keeps to every rule", config=RightSinkConfig, open=RightSink
)


@hookimpl
def register_sinks() -> list[SinkType]:
    return [RIGHT_SINK]
