"""The host's conformance kit, against the stand-in agency over real HTTP."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from connector.api import Sink
from connector.model import Answer, Case, Money, Mutation, MutationKind
from connector.testing import AgencyCase, ManualClock, Run, SinkConformance, make_case, make_mutation
from connector_agency_api import register_sinks
from plugins.agency_api.tests.sandbox_server import API_KEY, SandboxServer

if TYPE_CHECKING:
    from responses import RequestsMock

_SECRET = "whsec_" + base64.b64encode(b"conformance-webhook-key").decode()


class TestConformance(SinkConformance):
    sink_type = next(it for it in register_sinks() if it.name == "agency_api")
    config = {
        "base_url": "http://127.0.0.1:1",
        "api_key": {"env": "AGENCY_KEY"},
        "webhook_secrets": [{"env": "HOOK"}],
    }
    secrets = {"env:AGENCY_KEY": API_KEY, "env:HOOK": _SECRET}
    check_calls = 2
    expected_events = (
        "received", "under_review", "accepted", "phase_changed", "cost_added", "payment_received", "payment_reversed",
        "unmapped", "message_received", "closed", "reopened", "payment_received", "closed",
    )  # fmt: skip

    @pytest.fixture(autouse=True)
    def _use_server(self, shared_server: SandboxServer) -> None:
        self.server = shared_server

    def make_clock(self) -> ManualClock:
        return ManualClock(file=self.server.clock.path)

    def upstream(self, mock: "RequestsMock", scenario: str) -> Mapping[str, Any]:
        self.server.control("POST", "reset")
        self.server.control("POST", "scenario", {"scenario": "silent"})
        changes: dict[str, Any] = {"base_url": self.server.url}
        if scenario == "unauthorised":
            self.server.fault("unauthorized", times=1000)
        elif scenario == "limited":
            self.server.fault("rate_limited", retry_after=120)
        elif scenario == "flaky":
            self.server.fault("unavailable")
        elif scenario == "lost_answer":
            self.server.fault("drop_after_commit", on="writes", path="/v1/cases")
        elif scenario == "refused":
            changes |= {"product": "ios", "withhold": ["description"]}
        elif scenario in ("events", "duplicate_event"):
            self._tell_everything()
            changes["page_limit"] = 5
            if scenario == "duplicate_event":
                self.server.fault("duplicate_events", on="reads", path="/v1/changes")
        elif scenario == "remittances":
            self._submit()
            for act in ("accept", "pay"):
                self.server.act("NL-2026-00031", act, minor=100_000 if act == "pay" else None)
            self.server.control("POST", "remit")
        return changes

    def case(self, **changes: Any) -> Case:
        # A ledger whose name is found nowhere else in the case, so that its absence can be seen.
        return make_case(**{"ledger": "administratie-seven", **changes})

    def at_agency(self, run: Run[Sink]) -> Sequence[AgencyCase]:
        return [
            AgencyCase(
                reference=there["agency_ref"],
                case_ref=there["case_ref"],
                debtor_name=there["submission"]["debtor"]["name"],
                open=Money(minor=there["claimed_minor"], currency=there["submission"]["currency"]),
            )
            for there in self.server.control("GET", "cases")["cases"]
        ]

    def mutation(self, kind: MutationKind, case: Case) -> Mutation:
        if kind not in ("request_answer", "approval_decision"):
            return make_mutation(kind, case=case)
        if kind == "approval_decision":
            self.server.act(case.case_ref, "accept")
        self.server.act(case.case_ref, "ask" if kind == "request_answer" else "ask_approval")
        (request,) = self.server.case(case.case_ref)["requests"]
        answers = {"answers": (Answer(question_id="q1", value="ja"),)} if kind == "request_answer" else {}
        return make_mutation(kind, case=case, request_id=request["request_id"], **answers)

    def webhook(self, run: Run[Sink]) -> tuple[Mapping[str, str], bytes]:
        self._submit()
        events = self.server.api("GET", "/v1/changes").json()["events"]
        body = json.dumps({"type": "changes.available", "timestamp": "2026-03-02T09:00:00Z", "events": events}).encode()
        stamp = str(int(run.context.clock.now().timestamp()))
        digest = hmac.new(b"conformance-webhook-key", b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(digest).decode()
        return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}, body

    def _submit(self) -> None:
        document = self.server.api("GET", "/openapi.json").json()
        body = document["components"]["examples"]["OneInvoice"]["value"]
        answer = self.server.api("POST", "/v1/cases", headers={"Idempotency-Key": "k1"}, json=body)
        assert answer.status_code == 201, answer.text

    def _tell_everything(self) -> None:
        self._submit()
        steps: tuple[dict[str, Any], ...] = (
            {"act": "review"}, {"act": "accept"}, {"act": "pay", "percent": 50}, {"act": "reverse"},
            {"act": "odd_event"}, {"act": "message"}, {"act": "close"}, {"act": "reopen"},
            {"act": "pay", "percent": 100},
        )  # fmt: skip
        for step in steps:
            self.server.control("POST", "cases/NL-2026-00031/act", step)
