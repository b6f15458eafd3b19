"""The upstream of the right source: a ledger in one class, primed on `responses`, one flag a scenario."""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest
from responses import RequestsMock

Answer = tuple[int, Mapping[str, str], str | bytes]

HOST = "https://ledger.example"
PAGE_SIZE = 2
ROWS: tuple[dict[str, Any], ...] = (
    {"id": "a", "amount": "121.00", "open": "121.00"},
    {"id": "b", "amount": "1.15", "open": "1.15"},
    {"id": "c", "amount": "500.00", "open": "0.29"},
    {"id": "d", "amount": "-40.00", "open": "-40.00"},
    {"id": "e", "amount": "99.95", "open": "99.95", "currency": "USD"},
)


def full_rows(rows: tuple[dict[str, Any], ...] = ROWS) -> list[dict[str, Any]]:
    """Rows with everything that the ledger tells of them; numbered in order."""
    common = {
        "currency": "EUR",
        "due": "2026-02-04",
        "due_ms": 1770163200000,
        "debtor": "k-1",
        "name": "Café Żółć",
        "text": "Crème fraîche",
    }
    return [{"seq": seq, **common, **row} for seq, row in enumerate(rows, start=1)]


class FakeLedger:
    """Answers `/rows`, `/me`, `/token`, `/notes` and `/documents`. `first_status` is what the first row call gets."""

    def __init__(self, scenario: str) -> None:
        self.rows = full_rows()
        self.page_size = PAGE_SIZE
        self.token = "token-that-works"
        self.first_status = {"limited": 429, "flaky": 503, "expired_token": 401}.get(scenario, 200)
        self.refuses = scenario == "unauthorised"
        self.notes: list[str] = []
        if scenario == "empty":
            self.rows = []
        elif scenario == "changed":
            self.rows.append(self.rows.pop(0) | {"seq": 6, "open": "0.00"})
        elif scenario == "malformed":
            self.rows[1] |= {"amount": "one euro"}
        elif scenario in ("ten_pages", "hundred_pages"):
            self.page_size = 10
            count = self.page_size * (10 if scenario == "ten_pages" else 100)
            self.rows = full_rows(tuple({"id": f"r{n}", "amount": "1.00", "open": "1.00"} for n in range(count)))

    def register(self, mock: RequestsMock) -> None:
        """Answer every call to the ledger's address."""
        for method in ("GET", "POST", "PUT"):
            mock.add_callback(method, re.compile(re.escape(HOST) + "/.*"), callback=self.answer)

    def answer(self, request: PreparedRequest) -> Answer:
        """One call, as the ledger takes it."""
        address = urlsplit(str(request.url))
        if address.path == "/token":
            token = "token-that-expired" if self.first_status == 401 else self.token
            return 200, {}, json.dumps({"access_token": token})
        if self.refuses:
            return 401, {}, ""
        if address.path == "/rows" and self.first_status != 200:
            status, self.first_status = self.first_status, 200
            return status, {"Retry-After": "30"}, ""
        if address.path == "/rows":
            return 200, {}, json.dumps(self._page(int(parse_qs(address.query)["after"][0])))
        if address.path.startswith("/notes"):
            return self._note(request, address.path)
        if address.path.startswith("/documents/"):
            return (200, {}, b"%PDF") if address.path.endswith("/a") else (404, {}, "")
        return 200, {}, "{}"

    def _page(self, after: int) -> dict[str, Any]:
        start = bisect_right(self.rows, after, key=lambda row: int(row["seq"]))
        end = start + self.page_size
        return {"rows": self.rows[start:end], "more": len(self.rows) > end}

    def _note(self, request: PreparedRequest, path: str) -> Answer:
        text = json.loads(request.body or b"{}")["text"]
        if request.method == "PUT":
            self.notes = [text]
        else:
            self.notes.append(text)
        return 200, {}, "{}"
