"""Sources that are wrong on purpose: each breaks one rule, and the kit must fail exactly the check named."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field
from right_source import RIGHT_SOURCE, RightConfig, RightSource

from connector.api import Context, SecretRef, SourceType
from connector.errors import AuthError, ConfigError, PluginError, TransientError
from connector.model import Document, OpenItem, Page, Receipt, RecordFault, SourceUpdate

if TYPE_CHECKING:
    from requests import Response


class SkipsValidation(RightSource):
    def item(self, row: Mapping[str, Any]) -> OpenItem:
        return OpenItem.model_construct(**(super().item(row).model_dump() | {"reference": None}))


class CompleteTooEarly(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        return super().page(rows, after=after, complete=complete).model_copy(update={"complete": True})


class ForgetsDebtors(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        return super().page(rows, after=after, complete=complete).model_copy(update={"debtors": ()})


class GivesItemsTwice(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        page = super().page(rows, after=after, complete=complete)
        return page.model_copy(update={"items": (*page.items, *page.items[:1])})


class UsesFloats(RightSource):
    def minor(self, amount: str, currency: str) -> int:
        super().minor(amount, currency)
        return int(float(amount) * 100)


class TakesThePaidPartForTheAmount(RightSource):
    def item(self, row: Mapping[str, Any]) -> OpenItem:
        item = super().item(row)
        part_paid = item.original_minor != item.open_minor and item.open_minor
        return item.model_copy(update={"amount_minor": item.open_minor // 2}) if part_paid else item


class ReadsAhead(RightSource):
    def pull(self, cursor: str | None) -> Iterator[Page]:
        held: Page | None = None
        for page in super().pull(cursor):
            if held:
                yield held
            held = page
        if held:
            yield held


class SkipsARowOnResuming(RightSource):
    def write_cursor(self, after: int, *, complete: bool) -> str:
        return super().write_cursor(after if complete else after + 1, complete=complete)


class TakesTheRestForTheWhole(RightSource):
    def pull(self, cursor: str | None) -> Iterator[Page]:
        for page in super().pull(cursor):
            yield page.model_copy(update={"snapshot": bool(cursor and page.complete and page.items)})


class StartsTheLastPageAgain(RightSource):
    def write_cursor(self, after: int, *, complete: bool) -> str:
        return super().write_cursor(after - 1 if complete else after, complete=complete)


class LeavesOutWhatIsPaid(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        return super().page([row for row in rows if row["open"] != "0.00"], after=after, complete=complete)


class ReadsByPosting(RightSource):
    def send(self, method: str, path: str, **parts: Any) -> "Response":
        return super().send("POST" if path == "/rows" else method, path, **parts)


class KeepsTheLimitToItself(RightSource):
    def refused(self, seconds: int) -> None:
        raise TransientError("too many calls")


class CountsNoCalls(RightSource):
    def send(self, method: str, path: str, **parts: Any) -> "Response":
        token = self.context.secrets.load("token") or self.log_in()
        headers = {"Authorization": f"Bearer {token}"}
        return self.context.http.request(method, self.config.base_url + path, headers=headers, **parts)


class CallsBeforeTheReset(RightSource):
    def refused(self, seconds: int) -> None:
        super().refused(seconds // 2)


class CallsTheLogInAConfigMistake(RightSource):
    def pull(self, cursor: str | None) -> Iterator[Page]:
        try:
            yield from super().pull(cursor)
        except AuthError as error:
            raise ConfigError("the ledger cannot be read") from error


class NeverRefreshes(RightSource):
    def may_refresh(self) -> bool:
        return False


class DropsTheUnreadable(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        return super().page(rows, after=after, complete=complete).model_copy(update={"faults": ()})


class TakesTheReadableForTheWhole(RightSource):
    def pull(self, cursor: str | None) -> Iterator[Page]:
        faults = 0
        for page in super().pull(cursor):
            faults += len(page.faults)
            yield page.model_copy(update={"snapshot": bool(faults and page.complete)})


class StopsAtTheUnreadable(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        page = super().page(rows, after=after, complete=complete)
        if page.faults:
            raise PluginError("a row cannot be read")
        return page


class ReportsABlankFault(RightSource):
    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        page = super().page(rows, after=after, complete=complete)
        blank = tuple(RecordFault(id="", field="", why="") for _ in page.faults)
        return page.model_copy(update={"faults": blank})


class ReadsDaysInLocalTime(RightSource):
    def day(self, row: Mapping[str, Any]) -> date:
        return date.fromtimestamp(row["due_ms"] / 1000)  # noqa: DTZ012 - the mistake in question


class WritesAPlainCursor(RightSource):
    def read_cursor(self, cursor: str | None) -> int:
        return int(cursor.removeprefix("after=")) if cursor else 0

    def write_cursor(self, after: int, *, complete: bool) -> str:
        return f"after={after}"


class KeepsEveryPage(RightSource):
    def __init__(self, config: RightConfig, context: Context) -> None:
        super().__init__(config, context)
        self.kept: list[Page] = []

    def page(self, rows: Iterable[Mapping[str, Any]], *, after: int, complete: bool) -> Page:
        self.kept.append(super().page(rows, after=after, complete=complete))
        return self.kept[-1]


class GivesUpOn503(RightSource):
    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 503:
            raise ConfigError("the ledger is not there")
        super().raise_for(answer)


class SaysNothingOfAnEmptyLedger(RightSource):
    def pull(self, cursor: str | None) -> Iterator[Page]:
        for page in super().pull(cursor):
            if page.items or page.faults or cursor:
                yield page


class WritesANoteEachTime(RightSource):
    def report(self, update: SourceUpdate, *, key: str) -> Receipt:
        self.request("POST", "/notes", json={"text": update.body})
        return Receipt(reference=key, state="done")


class MakesUpADocument(RightSource):
    def document(self, claim: str) -> Document | None:
        return super().document(claim) or Document(
            id=claim, kind="invoice", file_name="", mime="application/pdf", content=b"", claim=claim
        )


class LogsItsToken(RightSource):
    def log_in(self) -> str:
        token = super().log_in()
        self.context.log.info("logged_in", token=token)
        return token


class CarriesItsTokenInACursor(RightSource):
    def write_cursor(self, after: int, *, complete: bool) -> str:
        token = "" if complete else self.context.secrets.load("token")
        return json.dumps({"after": after, "token": token})


class KeepsItsTokenInTheState(RightSource):
    def log_in(self) -> str:
        token = super().log_in()
        self.context.state.put("token", token)
        return token


class TellsItsSecretInErrors(RightSource):
    def raise_for(self, answer: "Response") -> None:
        if answer.status_code == 401:
            raise AuthError("refused", detail=self.context.secrets.resolve(self.config.client_secret))
        super().raise_for(answer)


class ChecksNothing(RightSource):
    def check(self) -> None:
        return None


class ChecksByReadingEverything(RightSource):
    def check(self) -> None:
        for _ in self.pull(None):
            pass


class OpenConfig(BaseModel):
    """Not frozen, and any key passes."""

    base_url: str = Field(default="https://ledger.example", description="address of the ledger")
    client_secret: SecretRef = Field(description="the application's secret")


class BareConfig(RightConfig):
    """A field that nobody explains."""

    administration: str = ""


class PlainSecretConfig(RightConfig):
    """A secret as text."""

    api_key: str = Field(default="", description="the key")


def offering(source: type[RightSource]) -> SourceType:
    """The right source's type, opening `source` in its place."""
    return replace(RIGHT_SOURCE, open=source)
