"""What the author of a source gives to the conformance checks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import ClassVar

import pytest
from pydantic import BaseModel

from connector.api import Source, SourceAbility, SourceType
from connector.model import Money, OpenItem, Page
from connector.testing.conformance import Conformance
from connector.testing.context import RecordedContext
from connector.testing.run import Run

SCENARIOS = frozenset({
    "pages", "unchanged", "changed", "empty", "unauthorised", "expired_token", "limited", "flaky", "malformed",
    "ten_pages", "hundred_pages",
})  # fmt: skip
DEMANDS = frozenset({
    "installed", "readme", "paging", "credit_note", "part_payment", "foreign_currency", "accents", "due_dates",
})  # fmt: skip


class SourceScenarios(Conformance[Source]):
    """The author gives `source_type`, `config`, `upstream` and what is expected.

    Scenarios for `upstream(mock, scenario)`:

    - `pages`: at least two pages (three are better) with a credit note, a part payment, a foreign currency, an
      accent in a name, and an amount that floats get wrong, such as 0.29 or 1.15.
    - `unchanged`: asked again with the last cursor of `pages`, and nothing happened in between.
    - `changed`: likewise, and the item `paid` was paid in between.
    - `empty`: a ledger without open items.
    - `malformed`: as `pages`, with one record that cannot be read.
    - `unauthorised`: the credentials are refused, every time.
    - `expired_token`: as `pages`, but the first call is answered with 401 because the token has expired.
    - `limited`: as `pages`, but the first call is answered with 429 and the time to wait.
    - `flaky`: as `pages`, but the first call is answered with 503.
    - `ten_pages`, `hundred_pages`: pages of equal size, of a hundred rows or more.
    """

    source_type: ClassVar[SourceType]
    expected: ClassVar[Mapping[str, Money]] = {}
    """Every item of `pages`: its id and what is open of it."""

    due_dates: ClassVar[Mapping[str, date]] = {}
    """The due date of at least one item of `pages`, as the ledger's own screen shows it."""

    paid: ClassVar[str] = ""
    """The id of the item that `changed` pays."""

    documented_claim: ClassVar[str] = ""
    """A claim whose invoice the source can deliver in `pages`, if it announces "document"."""

    opening_calls: ClassVar[int] = 0
    """Calls before the first page, log-ins not counted: looking up the company, asking the time."""

    calls_per_page: ClassVar[int] = 1
    """Calls that one page takes, log-ins not counted."""

    ordinary = "pages"
    exemptable = SCENARIOS | DEMANDS

    @property
    def offer(self) -> SourceType:
        return self.source_type

    def open(self, config: BaseModel, context: RecordedContext) -> Source:
        return self.source_type.open(config, context)

    def notes(self, run: Run[Source]) -> Sequence[str]:
        """The texts that `report` has left in the ledger. Define it when the source announces "report"."""
        raise NotImplementedError(f"{type(self).__name__} announces report: define notes() to see what it left")

    def exercise(self, run: Run[Source]) -> Sequence[object]:
        return list(run.plugin.pull(None))

    def skip_unless_announced(self, ability: SourceAbility) -> None:
        """Skip the running check when the source does not announce `ability`."""
        if ability not in self.source_type.provides:
            pytest.skip(f"{self.source_type.name} does not announce {ability!r}")


def items_of(pages: Iterable[Page]) -> list[OpenItem]:
    """The items of all pages, in order."""
    return [item for page in pages for item in page.items]


def take(pages: Iterator[Page], count: int) -> list[Page]:
    """The first `count` pages; the pull is left unfinished, as after a break."""
    return list(islice(pages, count))
