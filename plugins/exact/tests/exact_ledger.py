"""One administration of the stand-in beside the source that reads it: book on one side, pull on the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connector.model import Debtor, OpenItem, Page, RecordFault
from connector.testing import ManualClock, MemorySecrets, RecordedContext, make_context
from connector_exact.config import ExactConfig
from connector_exact.login import ExactLogin
from connector_exact.source import ExactSource
from plugins.exact.tests.sandbox_server import REDIRECT, SandboxServer

SECRET = {"env": "EXACT_SECRET"}
CLIENT_ID = "sandbox-client"
ENOUGH_INVOICES = 20


@dataclass
class Store:
    """What a host would hold after the pages it was given: the plainest store there is."""

    items: dict[str, OpenItem] = field(default_factory=dict)
    debtors: dict[str, Debtor] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)
    faults: list[RecordFault] = field(default_factory=list)
    cursor: str | None = None
    last: Page | None = None

    def take(self, page: Page) -> None:
        self.items.update({item.id: item for item in page.items})
        self.debtors.update({debtor.id: debtor for debtor in page.debtors})
        self.parts.update({address.id: address for address in page.addresses})
        self.parts.update({contact.id: contact for contact in page.contacts})
        for key in page.gone:
            self.items.pop(key, None)
        for key in (*page.gone_debtors, *page.gone_parts):
            self.debtors.pop(key, None)
            self.parts.pop(key, None)
        self.faults += page.faults
        self.cursor, self.last = page.cursor, page

    def pieces(self, claim: str) -> list[OpenItem]:
        return [item for item in self.items.values() if item.claim == claim]

    def open_of(self, claim: str) -> int:
        return sum(item.open_minor for item in self.pieces(claim))

    def total_of(self, claim: str) -> int:
        return sum(item.amount_minor for item in self.pieces(claim))

    @property
    def open_total(self) -> int:
        return sum(item.open_minor for item in self.items.values())


@dataclass
class ExactLedger:
    """The stand-in's division `division` and a source on it, in one time."""

    server: SandboxServer
    division: int
    clock: ManualClock
    context: RecordedContext
    config: ExactConfig
    source: ExactSource
    store: Store = field(default_factory=Store)

    @classmethod
    def open(cls, server: SandboxServer, division: int, **settings: Any) -> "ExactLedger":
        """Open the division, log in as a person would, and open the source on it."""
        server.control("divisions", {"code": division}, expect=201)
        clock = ManualClock(server.now(), file=server.clock)
        secrets = MemorySecrets({"env:EXACT_SECRET": server.client_secret})
        context = make_context(connection="exact-nl", secrets=secrets, clock=clock)
        config = exact_config(server, division=division, **settings)
        log_in(config, context)
        context.http.calls.clear()
        return cls(server, division, clock, context, config, ExactSource(config, context))

    def configure(self, **settings: Any) -> None:
        """Open the source anew with other settings, in the same host."""
        self.config = exact_config(self.server, **({"division": self.division} | settings))
        self.source = ExactSource(self.config, self.context)

    def restart(self) -> None:
        """A new process of the same host: nothing in memory is left, tokens and state are."""
        self.context = make_context(
            connection="exact-nl", secrets=self.context.secrets, state=self.context.state, clock=self.clock
        )
        self.source = ExactSource(self.config, self.context)

    def book(self, path: str, **body: Any) -> Any:
        return self.server.control(f"{self.division}/{path}", body)

    def account(self, code: str = "10", **values: Any) -> str:
        found = self.book("accounts", code=code, **({"name": f"Bakkerij {code} B.V."} | values))
        return str(found["id"])

    def invoice(self, number: int, amount: str = "121.00", *, account: str = "10", **values: Any) -> str:
        """Book an invoice; returns its claim, the entry id."""
        booked = self.book(
            "invoices", number=number, account=account, amount=amount, date=self.today().isoformat(), **values
        )
        return str(booked["entry_id"])

    def invoices(self, count: int = ENOUGH_INVOICES, *, first: int = 1) -> None:
        """Enough invoices of 121.00 for a calibration."""
        day = self.today().isoformat()
        orders = [
            {"account": "10", "amount": "121.00", "number": number, "date": day}
            for number in range(first, first + count)
        ]
        self.book("load", invoices=orders)

    def today(self) -> date:
        return self.clock.today()

    def pages(self) -> Iterator[Page]:
        return self.source.pull(self.store.cursor)

    def pull(self) -> list[Page]:
        """Pull to the end into the store."""
        pages = []
        for page in self.pages():
            self.store.take(page)
            pages.append(page)
        return pages

    def endpoints(self) -> list[str]:
        """The endpoints called since the calls were cleared last, in order."""
        return [endpoint_of(call.url, self.division) for call in self.context.http.calls]

    def calls_of(self, pull: bool = True) -> list[str]:
        """The endpoints that one pull calls."""
        self.context.http.calls.clear()
        if pull:
            self.pull()
        return self.endpoints()


def exact_config(server: SandboxServer, **settings: Any) -> ExactConfig:
    values: dict[str, Any] = {"base_url": server.base, "client_id": CLIENT_ID, "client_secret": SECRET}
    return ExactConfig.model_validate(values | settings)


def log_in(config: ExactConfig, context: RecordedContext) -> str:
    """A person's log-in in a browser, from the consent page back to the redirect address."""
    login = ExactLogin(config, context)
    return login.finish(REDIRECT, consent(login.authorize_url(REDIRECT)))


def consent(url: str) -> dict[str, str]:
    """What arrives at the redirect address after the person agreed, its values decoded once."""
    answer = requests.get(url, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return {name: values[-1] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def endpoint_of(url: str, division: int) -> str:
    path = urlsplit(url).path.removeprefix("/api/v1/").removeprefix(f"{division}/")
    return path.partition("(")[0].lstrip("/")
