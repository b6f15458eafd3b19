"""Penny Invoices: reads the list of open invoices from its JSON API."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from connector import hookimpl
from connector.api import Context, Limits, PluginConfig, SecretRef, Source, SourceType, raise_for_status
from connector.model import Debtor, OpenItem, Page, RecordFault, minor_units


class PennyConfig(PluginConfig):
    base_url: str = Field(default="https://api.penny.example", description="address of the API")
    api_key: SecretRef = Field(description="the key from Settings, API")


class Penny(Source):
    def __init__(self, config: PennyConfig, context: Context) -> None:
        self.config, self.context = config, context
        self.budget = context.budget("penny", Limits(per_minute=60, per_day=5000))

    def check(self) -> None:
        self.get("/invoices?limit=1")

    def pull(self, cursor: str | None) -> Iterator[Page]:
        items, debtors, faults = [], {}, []
        for row in self.get("/invoices?status=open"):
            try:
                items.append(read_invoice(row))
                debtors[row["customer"]] = Debtor(id=row["customer"], name=row["name"])
            except (KeyError, ValueError) as error:
                faults.append(RecordFault(id=str(row.get("number")), field="", why=type(error).__name__))
        yield Page(items=tuple(items), debtors=tuple(debtors.values()), faults=tuple(faults), cursor="{}",
                   complete=True, snapshot=not faults)  # fmt: skip

    def get(self, path: str) -> Any:
        self.budget.take()
        headers = {"X-Api-Key": self.context.secrets.resolve(self.config.api_key)}
        answer = self.context.http.request("GET", self.config.base_url + path, headers=headers)
        raise_for_status(answer, budget=self.budget, clock=self.context.clock)
        return answer.json()


def read_invoice(row: dict[str, Any]) -> OpenItem:
    amount, left = (minor_units(row[name], row["currency"]) for name in ("total", "left"))
    return OpenItem(id=row["number"], claim=row["number"], number=row["number"], debtor_id=row["customer"],
                    kind="credit_note" if amount < 0 else "invoice", state="open", currency=row["currency"],
                    amount_minor=amount, open_minor=left, due_date=row["due"])  # fmt: skip


PENNY = SourceType(name="penny", title="Penny Invoices", config=PennyConfig, open=Penny)


@hookimpl
def register_sources() -> list[SourceType]:
    return [PENNY]
