"""An agency that serves the open agency API, as a sink."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, get_args

from connector.api import Context
from connector.errors import ConfigError, ConflictError, RejectedError, TransientError, UnknownOutcome
from connector.model import (
    Capabilities,
    Case,
    CaseView,
    Document,
    Event,
    EventPage,
    Money,
    Mutation,
    MutationKind,
    Preflight,
    Receipt,
    Remittance,
)
from connector_agency_api import incoming, outgoing, webhooks
from connector_agency_api.client import AgencyClient, Json, Refusal, Reply, case_path
from connector_agency_api.config import AgencyConfig
from connector_agency_api.fitness import case_findings, refuse_unfit

_LIMITS = "limits"


class AgencySink:
    """See `connector.api.Sink`. Keeps nothing but the agency's published limits, in `context.state`."""

    def __init__(self, config: AgencyConfig, context: Context) -> None:
        self._config = config
        self._context = context
        self._client = AgencyClient(config, context)

    def check(self) -> None:
        """Two calls: is the key good, and what does the agency take."""
        self._body(self._client.read("/v1/ping"))
        limits = self._body(self._client.read("/v1/dictionaries")).get(_LIMITS)
        self._context.state.put(_LIMITS, limits if isinstance(limits, dict) else {})

    def capabilities(self) -> Capabilities:
        """Everything native. The limits are the agency's own, as `check` last read them."""
        limits = self._context.state.get(_LIMITS) or {}
        return Capabilities(
            mutations=dict.fromkeys(get_args(MutationKind), "native"),
            idempotent=True,
            key_life=timedelta(days=int(limits.get("key_life_days", 30))),
            lookup=True,
            max_processing=timedelta(seconds=int(limits.get("max_processing_seconds", 60))),
            read_lag=timedelta(seconds=int(limits.get("read_lag_seconds", 5))),
            documents=outgoing.DOCUMENT_KINDS,
            max_document_bytes=int(limits.get("max_document_bytes", 10_000_000)),
            minimum=limits.get("minimum", {}),
            currencies=frozenset(limits.get("currencies", ["EUR"])),
            countries=frozenset(limits.get("countries", [])),
            webhooks=bool(self._config.webhook_secrets),
            sends=outgoing.sent_fields(self._config.withhold),
        )

    def preflight(self, case: Case) -> Preflight:
        """Our own findings first: a case that cannot be written down does not leave the house."""
        own = Preflight(findings=tuple(case_findings(case)))
        if own.blocking:
            return own
        said = incoming.read_preflight(self._body(self._client.ask("/v1/preflight", self._case_json(case))))
        return said.model_copy(update={"findings": own.findings + said.findings})

    def submit(self, case: Case, *, key: str) -> Receipt:
        """Hand over. A reference that exists under another key is a success only when it is the same file."""
        refuse_unfit(case)
        answer = self._client.write("/v1/cases", self._case_json(case), key=outgoing.checked_key(key))
        if isinstance(answer, Refusal) and answer.code == "reference_exists":
            return _same_file(case, answer)
        return self._receipt(answer, key)

    def find(self, key: str) -> Receipt | None:
        """What is stored under the key. Raises TransientError while the agency is still working on it."""
        answer = self._client.read(f"/v1/deliveries/{outgoing.checked_key(key)}")
        if isinstance(answer, Refusal) and answer.code == "key_unknown":
            return None
        body = self._body(answer)
        if body.get("state") == "in_progress":
            raise TransientError("The agency is still working on it.")
        receipt = incoming.read_receipt(body, replayed=True)
        if receipt is None:
            raise TransientError("The agency knows the key and names no reference.")
        return receipt

    def mutate(self, mutation: Mutation, *, key: str) -> Receipt:
        """Tell what happened at the creditor."""
        rest, body = outgoing.mutation_json(mutation)
        return self._receipt(
            self._client.write(case_path(mutation.case_ref, rest), body, key=outgoing.checked_key(key)), key
        )

    def withdrawal_cost(self, case_ref: str) -> Money | None:
        """What the agency asks for giving the case back; None from one that serves an API without that question."""
        answer = self._client.read(case_path(case_ref, "withdrawal"))
        if isinstance(answer, Refusal) and answer.status == 404:
            return None
        return incoming.read_withdrawal(self._body(answer))

    def attach(self, case_ref: str, document: Document, *, key: str) -> Receipt:
        """Add a document."""
        body = outgoing.document_json(document)
        return self._receipt(
            self._client.write(case_path(case_ref, "documents"), body, key=outgoing.checked_key(key)), key
        )

    def changes(self, cursor: str | None) -> Iterator[EventPage]:
        """The feed from `cursor` on. A cursor the agency has forgotten starts it anew: repeats do no harm."""
        while True:
            answer = self._client.read("/v1/changes", self._page(cursor))
            if isinstance(answer, Refusal) and answer.status == 410 and cursor is not None:
                self._context.log.warning("cursor forgotten by the agency, starting anew")
                cursor = None
                continue
            body = self._body(answer)
            now = self._context.clock.now()
            events = tuple(incoming.read_event(entry, now) for entry in _listed(body, "events"))
            next_cursor, more = _place(body)
            if more and next_cursor == cursor:
                raise TransientError("The agency's feed does not move on.")
            cursor = next_cursor
            yield EventPage(events=events, cursor=cursor, complete=not more)
            if not more:
                return

    def snapshot(self, case_ref: str) -> CaseView | None:
        """How the case stands now."""
        answer = self._client.read(case_path(case_ref))
        if isinstance(answer, Refusal) and answer.code == "case_unknown":
            return None
        return incoming.read_view(self._body(answer))

    def remittances(self, since: date | None) -> Iterator[Remittance]:
        """Pay-outs, oldest first."""
        only = {"since": since.isoformat()} if since else {}
        cursor: str | None = None
        while True:
            body = self._body(self._client.read("/v1/remittances", only | self._page(cursor)))
            for entry in _listed(body, "remittances"):
                remittance = incoming.read_remittance(entry)
                payer = remittance.payer_iban or self._config.payer_iban
                yield remittance.model_copy(update={"payer_iban": payer})
            next_cursor, more = _place(body)
            if not more:
                return
            if next_cursor == cursor:
                raise TransientError("The agency's list of pay-outs does not move on.")
            cursor = next_cursor

    def verify_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[Event, ...]:
        """The events of a signed call; none for a thin one, which only says that there are changes."""
        if not self._config.webhook_secrets:
            raise ConfigError(
                "no webhook secret is set.", key="webhook_secrets", mend="Set it, or end the subscription."
            )
        secrets = [self._context.secrets.resolve(ref) for ref in self._config.webhook_secrets]
        now = self._context.clock.now()
        webhooks.verify(headers, body, secrets, now=now)
        try:
            content = json.loads(body)
        except ValueError as error:
            raise RejectedError("The webhook call is signed and cannot be read.") from error
        entries = content.get("events", []) if isinstance(content, dict) else []
        return tuple(incoming.read_event(entry, now) for entry in entries if isinstance(entries, list))

    def _case_json(self, case: Case) -> Json:
        return outgoing.case_json(
            case,
            client_number=self._config.client_number,
            product=self._config.product or "",
            withhold=self._config.withhold,
        )

    def _page(self, cursor: str | None) -> dict[str, str]:
        return {"limit": str(self._config.page_limit)} | ({"cursor": cursor} if cursor else {})

    def _body(self, answer: Reply | Refusal) -> Json:
        if isinstance(answer, Refusal):
            raise answer.error()
        return answer.body

    def _receipt(self, answer: Reply | Refusal, key: str) -> Receipt:
        body = self._body(answer)
        replayed = isinstance(answer, Reply) and answer.replayed
        receipt = incoming.read_receipt(body, replayed=replayed)
        if receipt is None:
            raise UnknownOutcome("The agency's answer names no reference.", key=key)
        return receipt


def _same_file(case: Case, refusal: Refusal) -> Receipt:
    existing: Any = refusal.body.get("existing")
    wanted = {"debtor_id": case.debtor.id, "total": outgoing.money_json(case.open)}
    receipt = incoming.read_receipt(existing, replayed=True) if isinstance(existing, dict) else None
    if receipt and all(existing.get(name) == value for name, value in wanted.items()):
        return receipt
    raise ConflictError(
        f"The agency has another case under the reference {case.case_ref}.",
        reference=receipt.reference if receipt else "",
        detail=f"reference_exists: {refusal.message}",
    )


def _listed(body: Json, name: str) -> list[Any]:
    entries = body.get(name)
    if not isinstance(entries, list):
        raise TransientError(f"The agency's answer has no list {name}.")
    return entries


def _place(body: Json) -> tuple[str, bool]:
    cursor, more = body.get("next_cursor"), body.get("has_more")
    if not isinstance(cursor, str) or not cursor or not isinstance(more, bool):
        raise TransientError("The agency's page says neither where it ends nor whether there is more.")
    return cursor, more
