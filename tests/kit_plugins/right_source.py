"""A source that keeps to every rule: the conformance kit must pass it, and each wrong one differs in one method."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from connector import hookimpl
from connector.api import Context, Limits, PluginConfig, SecretRef, SourceType
from connector.errors import AuthError, QuotaError, TransientError
from connector.model import Debtor, Document, OpenItem, Page, Receipt, RecordFault, SourceUpdate, minor_units

if TYPE_CHECKING:
    from requests import Response

LIMITS = Limits(per_minute=60, per_day=5000)


class RightConfig(PluginConfig):
    """Where the ledger is, and how to log in."""

    base_url: str = Field(default="https://ledger.example", description="address of the ledger")
    client_secret: SecretRef = Field(description="the application's secret")


class RightSource:
    """Rows in order of their sequence number, in pages; a changed row gets a new number."""

    def __init__(self, config: RightConfig, context: Context) -> None:
        self.config = config
        self.context = context
        self.budget = context.budget("ledger", LIMITS)

    def check(self) -> None:
        self.request("GET", "/me")

    def pull(self, cursor: str | None) -> Iterator[Page]:
        after = self.read_cursor(cursor)
        while True:
            answer = self.request("GET", "/rows", params={"after": str(after)}).json(parse_float=Decimal)
            after = max([after, *(row["seq"] for row in answer["rows"])])
            yield self.page(answer["rows"], after=after, complete=not answer["more"])
            if not answer["more"]:
                return

    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        items: list[OpenItem] = []
        faults: list[RecordFault] = []
        debtors = {}
        for row in rows:
            try:
                items.append(self.item(row))
            except (ValidationError, ValueError, KeyError) as error:
                faults.append(RecordFault(id=str(row["id"]), field="", why=type(error).__name__))
            debtors[row["debtor"]] = Debtor(id=row["debtor"], name=row["name"])
        return Page(
            items=tuple(items),
            debtors=tuple(debtors.values()),
            faults=tuple(faults),
            cursor=self.write_cursor(after, complete=complete),
            complete=complete,
        )

    def item(self, row: Mapping[str, Any]) -> OpenItem:
        opened = self.minor(row["open"], row["currency"])
        return OpenItem(
            id=row["id"],
            claim=row["id"],
            debtor_id=row["debtor"],
            kind="credit_note" if row["open"].startswith("-") else "invoice",
            state="open" if opened else "closed",
            currency=row["currency"],
            amount_minor=self.minor(row["amount"], row["currency"]),
            open_minor=opened,
            original_minor=self.minor(row["amount"], row["currency"]),
            due_date=self.day(row),
            description=row["text"],
        )

    def minor(self, amount: str, currency: str) -> int:
        return minor_units(amount, currency)

    def day(self, row: Mapping[str, Any]) -> date:
        return date.fromisoformat(row["due"])

    def read_cursor(self, cursor: str | None) -> int:
        return int(json.loads(cursor)["after"]) if cursor else 0

    def write_cursor(self, after: int, *, complete: bool) -> str:
        return json.dumps({"after": after})

    def report(self, update: SourceUpdate, *, key: str) -> Receipt:
        self.request("PUT", f"/notes/{update.case_ref}", json={"text": f"{update.subject}\n{update.body}"})
        return Receipt(reference=update.case_ref, state="done")

    def document(self, claim: str) -> Document | None:
        answer = self.request("GET", f"/documents/{claim}")
        if answer.status_code == 404:
            return None
        return Document(
            id=claim, kind="invoice", file_name="i.pdf", mime="application/pdf", content=answer.content, claim=claim
        )

    def request(self, method: str, path: str, **parts: Any) -> "Response":
        """One call, with one log-in in between when the token has expired."""
        answer = self.send(method, path, **parts)
        if answer.status_code == 401 and self.may_refresh():
            self.log_in()
            answer = self.send(method, path, **parts)
        self.raise_for(answer)
        return answer

    def may_refresh(self) -> bool:
        return self.context.secrets.load("token") == "token-that-expired"

    def send(self, method: str, path: str, **parts: Any) -> "Response":
        token = self.context.secrets.load("token") or self.log_in()
        self.budget.take()
        headers = {"Authorization": f"Bearer {token}"}
        return self.context.http.request(method, self.config.base_url + path, headers=headers, **parts)

    def log_in(self) -> str:
        secret = self.context.secrets.resolve(self.config.client_secret)
        answer = self.context.http.request("POST", f"{self.config.base_url}/token", data={"client_secret": secret})
        token = str(answer.json()["access_token"])
        self.context.secrets.save("token", token)
        return token

    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 401:
            raise AuthError("the ledger refuses the log-in")
        if answer.status_code == 429:
            self.refused(int(answer.headers["Retry-After"]))
        if answer.status_code >= 500:
            raise TransientError("the ledger is out of order", detail=f"HTTP {answer.status_code}")

    def refused(self, seconds: int) -> None:
        until = self.context.clock.now() + timedelta(seconds=seconds)
        self.budget.refused(until)
        raise QuotaError("the ledger's limit is reached", until=until)


RIGHT_SOURCE = SourceType(
    name="right_source",
    title="A source that keeps to every rule",
    config=RightConfig,
    open=RightSource,
    provides=frozenset({"report", "document"}),
)


@hookimpl
def register_sources() -> list[SourceType]:
    return [RIGHT_SOURCE]
