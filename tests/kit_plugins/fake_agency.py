"""The upstream of the right sink: an agency in one class, primed on `responses`, one flag a scenario."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest, ReadTimeout
from responses import RequestsMock

Answer = tuple[int, Mapping[str, str], str]

HOST = "https://agency.example"
PAGE_SIZE = 2
EVENTS: tuple[dict[str, Any], ...] = (
    {"id": "e1", "status": "accepted", "at": "2026-03-01T08:00:00+00:00", "facts": {"agency_ref": "AG-1"}},
    {"id": "e2", "status": "telepathy", "at": "2026-03-01T09:00:00+00:00", "facts": {}},
    {
        "id": "e3",
        "status": "payment",
        "at": "2026-03-01T10:00:00+00:00",
        "facts": {
            "payment_id": "p1",
            "received_on": "2026-03-01",
            "gross": {"minor": 1000, "currency": "EUR"},
            "allocation": [{"component": "principal", "amount": {"minor": 1000, "currency": "EUR"}}],
        },
    },
)


def _euros(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "EUR"}


REMITTANCE: dict[str, Any] = {
    "remittance_id": "pay-out-1",
    "paid_on": "2026-03-02",
    "gross": _euros(1000),
    "costs": _euros(100),
    "vat": _euros(21),
    "net": _euros(879),
    "items": [
        {"case_ref": "c", "payment_id": "p1", "line_id": "l", "gross": _euros(1000), "principal": _euros(1000)},
    ],
}


class FakeAgency:
    """Keeps cases by our reference and receipts by key, as an agency with idempotency keys does."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.cases: dict[str, dict[str, Any]] = {}
        self.deliveries: dict[str, str] = {}
        self.first_status = {"limited": 429, "flaky": 503}.get(scenario, 200)
        self.loses_the_next_answer = scenario == "lost_answer"
        self.events = [{"case_ref": "IC-2026-000001", **event} for event in EVENTS]
        if scenario == "duplicate_event":
            self.events.append(self.events[0])

    def register(self, mock: RequestsMock) -> None:
        """Answer every call to the agency's address."""
        for method in ("GET", "POST"):
            mock.add_callback(method, re.compile(re.escape(HOST) + "/.*"), callback=self.answer)

    def answer(self, request: PreparedRequest) -> Answer:
        """One call, as the agency takes it."""
        if self.scenario == "unauthorised":
            return 401, {}, ""
        if self.first_status != 200:
            status, self.first_status = self.first_status, 200
            return status, {"Retry-After": "30"}, ""
        address = urlsplit(str(request.url))
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if request.method == "POST":
            return self._take(request, address.path)
        return self._tell(address.path, query)

    def _take(self, request: PreparedRequest, path: str) -> Answer:
        if self.scenario == "refused":
            return 422, {}, json.dumps({"reasons": ["The debtor is insolvent"]})
        key = str(request.headers["Idempotency-Key"])
        replayed = key in self.deliveries
        if not replayed:
            self.deliveries[key] = f"AG-{len(self.deliveries) + 1}"
            if path == "/cases":
                self.cases[key] = {**json.loads(request.body or b""), "reference": self.deliveries[key]}
        if self.loses_the_next_answer:
            self.loses_the_next_answer = False
            raise ReadTimeout("the answer never came")
        return 200, {}, json.dumps({"reference": self.deliveries[key], "replayed": replayed})

    def _tell(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/deliveries":
            reference = self.deliveries.get(query["key"])
            return 200, {}, json.dumps({"reference": reference} if reference else None)
        if path == "/events":
            rest = self.events[int(query["after"]) :]
            return 200, {}, json.dumps({"events": rest[:PAGE_SIZE], "more": len(rest) > PAGE_SIZE})
        if path == "/remittances":
            asked = query.get("since", "")
            return 200, {}, json.dumps([REMITTANCE] if REMITTANCE["paid_on"] >= asked else [])
        if path.startswith("/cases/"):
            found = [case for case in self.cases.values() if case["case_ref"] == path.removeprefix("/cases/")]
            return (200, {}, json.dumps(found[0])) if found else (404, {}, "")
        return 200, {}, "{}"
