"""The host's conformance checks on the Exact Online source, against the stand-in server."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
import responses
from pydantic import BaseModel

import connector_exact
from connector.api import Source, SourceType
from connector.model import Money, minor_units
from connector.testing import ManualClock, RecordedContext
from connector.testing.run import Run
from connector.testing.source import SourceConformance
from connector_exact.config import ExactConfig
from connector_exact.tokens import Tokens
from plugins.exact.tests.exact_ledger import CLIENT_ID, SECRET
from plugins.exact.tests.sandbox_server import Client, SandboxServer

DIVISION = 123456
SITE = "https://start.exactonline.nl"
TERMS = "sync/Cashflow/PaymentTerms"
DAY = "2026-03-01"
FEEDS = ("sync/Deleted", "sync/CRM/Accounts", "sync/CRM/Contacts", "sync/CRM/Addresses")


class TestExact(SourceConformance):
    """Each check runs on a fresh ledger of two pages of terms, with the same ids every time."""

    source_type: ClassVar[SourceType] = connector_exact.register_sources()[0]
    config: ClassVar[Mapping[str, Any]] = {"client_id": CLIENT_ID, "client_secret": SECRET, "division": DIVISION}
    secrets: ClassVar[Mapping[str, str]] = {"env:EXACT_SECRET": "sandbox-secret"}
    login_paths: ClassVar[tuple[str, ...]] = ("/oauth2/token",)
    check_calls: ClassVar[int] = 10  # the administration, and each right by name
    opening_calls: ClassVar[int] = 8  # the administration, six rights, and an empty log of deletes

    server: ClassVar[SandboxServer]

    @pytest.fixture(autouse=True)
    def _serve(self, exact_server: SandboxServer) -> None:
        type(self).server = exact_server
        self.scenario = ""
        if not type(self).expected:
            self._fill("pages")
            self._learn()

    def make_clock(self) -> ManualClock:
        self.clock = ManualClock(self.server.now() + timedelta(hours=1), file=self.server.clock)
        return self.clock

    def upstream(self, mock: responses.RequestsMock, scenario: str) -> Mapping[str, Any] | None:
        self.scenario = scenario
        if scenario.endswith("_pages"):
            _many_pages(mock, 10 if scenario == "ten_pages" else 100)
            return None
        if scenario == "changed":
            self._control("payments", invoice=1)
        elif scenario != "unchanged":
            self._fill(scenario)
        return {"base_url": self.server.base}

    def open(self, config: BaseModel, context: RecordedContext) -> Source:
        """Opened by a host in which a person has logged in."""
        assert isinstance(config, ExactConfig)
        if context.secrets.load("tokens") is None or self.scenario == "unauthorised":
            context.secrets.save("tokens", self._tokens(config).model_dump_json())
        return self.source_type.open(config, context)

    def notes(self, run: Run[Source]) -> Sequence[str]:
        rows = self._reader().rows("documents/Documents", select="ID,Subject,Body", filter="Type eq 55")
        return [f"{row['Subject']}\n{row['Body']}" for row in rows]

    def _tokens(self, config: ExactConfig) -> Tokens:
        if config.base_url == "":
            return Tokens(issuer=config.issuer, access="a-token", refresh="r-token", issued_at=self.clock.now())
        if self.scenario == "limited":
            self._use_up_the_minute()
        pair = self.server.log_in()
        issued_at = self.clock.now()
        access = pair["access_token"]
        if self.scenario in ("unauthorised", "expired_token"):
            access = "a-token-that-is-worth-nothing"
        if self.scenario == "expired_token":
            self.clock.advance(seconds=571)
        return Tokens(issuer=config.issuer, access=access, refresh=pair["refresh_token"], issued_at=issued_at)

    def _use_up_the_minute(self) -> None:
        self.clock.set(self.clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1))
        caller = self._reader()
        for _ in range(60):
            caller.call("system/Divisions?$select=Code")

    def _fill(self, scenario: str) -> None:
        self.server.control("reset")
        contact = {"first_name": "Renée", "last_name": "Ünal", "email": "r@example.com"}
        self._control("accounts", code="10", name="Café Zoë B.V.", address="Kade 1", city="Gent", contact=contact)
        if scenario == "empty":
            return
        invoices = [
            {"account": "10", "number": number, "date": DAY, "amount": f"{number}.15" if number % 2 else "0.29"}
            for number in range(1, 1003)
        ]
        self._control("load", invoices=invoices)
        self._control("invoices", account="10", number=2000, date=DAY, amount="121.00", pdf=True)
        self._control("invoices", account="10", number=2001, date=DAY, amount="9.99", currency="USD", rate="0.9")
        self._control("credit-notes", account="10", number=2002, date=DAY, amount="1.15")
        self._control("payments", invoice=2000, amount="50.00")
        faults = {
            "malformed": {"endpoint": TERMS, "kind": "malformed_row", "field": "AmountDC", "value": "?", "row": 3},
            "flaky": {"endpoint": "system/Divisions", "kind": "status_503"},
        }
        if scenario in faults:
            self.server.control("faults", faults[scenario])

    @classmethod
    def _learn(cls) -> None:
        """What the ledger itself says, read by another caller than the one that is checked."""
        fields = "ID,Status,AmountFC,Currency,InvoiceNumber,DueDate,TransactionEntryID"
        rows = cls.server.client().rows(TERMS, select=fields)
        cls.expected = {row["ID"]: _open(row) for row in rows}
        first = next(row for row in rows if row["InvoiceNumber"] == 1)
        cls.paid, cls.due_dates = first["ID"], {first["ID"]: date(2026, 3, 31)}
        cls.documented_claim = next(row["TransactionEntryID"] for row in rows if row["InvoiceNumber"] == 2000)

    def _reader(self) -> Client:
        return self.server.client()

    def _control(self, path: str, **order: Any) -> Any:
        return self.server.books(path, order)


def _open(row: Mapping[str, Any]) -> Money:
    open_amount = 0 if row["Status"] == 50 else -minor_units(Decimal(str(row["AmountFC"])), row["Currency"])
    return Money(minor=open_amount, currency=row["Currency"])


def _many_pages(mock: responses.RequestsMock, count: int) -> None:
    """`count` pages of a hundred terms, each made when it is asked for."""
    base = f"{SITE}/api/v1/{DIVISION}"
    division = {"Code": DIVISION, "Currency": "EUR"}
    total = {"CurrencyCode": "EUR", "OutstandingReceivableInvoiceAmount": 1.0}
    mock.get(f"{base}/system/Divisions", json={"d": {"results": [division]}})
    mock.get(f"{base}/users/UserHasRights", json={"d": {"UserHasRights": True}})
    mock.get(f"{base}/read/financial/OutstandingInvoicesOverview", json={"d": {"results": [total]}})
    for feed in FEEDS:
        mock.get(f"{base}/{feed}", json={"d": {"results": []}})

    def page(request: Any) -> tuple[int, dict[str, str], str]:
        number = int(request.params.get("$skiptoken", "0L").removesuffix("L"))
        rows = [_term(number * 100 + place) for place in range(100)]
        following = {"__next": f"{base}/{TERMS}?$skiptoken={number + 1}L"} if number + 1 < count else {}
        return 200, {}, json.dumps({"d": {"results": rows, **following}})

    mock.add_callback(responses.GET, f"{base}/{TERMS}", callback=page, content_type="application/json")


def _term(number: int) -> dict[str, Any]:
    key = f"{number:08d}-0000-4000-8000-000000000000"
    due = int(datetime(2026, 3, 31, tzinfo=UTC).timestamp()) * 1000
    return {
        "ID": key,
        "Timestamp": str(number + 2),
        "LineType": 20,
        "Account": "99999999-0000-4000-8000-000000000000",
        "TransactionEntryID": key,
        "TransactionType": 20,
        "Status": 20,
        "AmountDC": -1.15,
        "TransactionAmountDC": 1.15,
        "Currency": "EUR",
        "InvoiceNumber": number,
        "DueDate": f"/Date({due})/",
    }
