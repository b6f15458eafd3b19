"""One administration: its tables, its row-version counter, its log of deletes."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from connector_exact.sandbox.clock import Clock
from connector_exact.sandbox.ledger_records import Entry, Kind, Line, Match, SalesInvoice, Term
from connector_exact.sandbox.store import Row, Table, Versions

DELETED_KEPT = timedelta(days=61)

ROW_TABLES = (
    "accounts", "contacts", "addresses", "bank_accounts", "documents", "attachments", "subscriptions", "tasks",
    "notes", "payment_conditions", "journals", "gl_accounts", "classifications", "classification_names",
    "document_types", "document_categories", "deleted",
)  # fmt: skip

# EntityType of sync/Deleted (reference 4.7).
ENTITY_TYPES = {
    "lines": 1, "accounts": 2, "addresses": 3, "attachments": 4, "contacts": 5, "documents": 6, "terms": 10,
    "invoices": 13, "bank_accounts": 48,
}  # fmt: skip

# Topic of a webhook by table (reference 4.11); there is none for terms or matching.
TOPICS = {
    "accounts": "Accounts", "contacts": "Contacts", "bank_accounts": "BankAccounts", "documents": "Documents",
    "attachments": "DocumentAttachments", "invoices": "SalesInvoices",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A change that webhooks may tell about."""

    division: int
    topic: str
    action: str
    key: str


@dataclass(slots=True)
class Standing:
    """How the division stands: `refuse` is a 403 Reason, `moved` the DivisionMoveDate (reference 3.5, 4.1)."""

    refuse: str = ""
    blocking: int = 0
    status: int = 1
    moved: datetime | None = None


@dataclass(slots=True)
class Division:
    """The state of one administration. Rows change through its methods, which stamp and announce.

    `codes` finds accounts by their code, `numbers` entries by their invoice number.
    """

    code: int
    country: str
    currency: str
    clock: Clock
    seed: int = 1
    description: str = ""
    standing: Standing = field(default_factory=Standing)
    announce: Callable[[Change], None] = lambda change: None
    matches: dict[str, Match] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    versions: Versions = field(init=False)
    entries: Table[Entry] = field(init=False)
    lines: Table[Line] = field(init=False)
    terms: Table[Term] = field(init=False)
    invoices: Table[SalesInvoice] = field(init=False)
    rows: dict[str, Table[Row]] = field(init=False)
    codes: dict[str, str] = field(init=False)
    numbers: dict[int, Entry] = field(init=False)
    terms_of: dict[str, list[Term]] = field(init=False)
    lines_of: dict[str, list[Line]] = field(init=False)
    created: datetime = field(init=False)
    _random: random.Random = field(init=False)
    _numbers: dict[str, Iterator[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.created = self.clock.now
        self.description = self.description or f"Voorbeeldadministratie {self.code}"
        self.versions = Versions()
        self.entries = Table(self.versions)
        self.lines = Table(self.versions)
        self.terms = Table(self.versions)
        self.invoices = Table(self.versions)
        self.rows = {name: Table(self.versions) for name in ROW_TABLES}
        self.codes = {}
        self.numbers = {}
        self.terms_of = {}
        self.lines_of = {}
        self._random = random.Random(f"{self.seed}:{self.code}")  # noqa: S311 - repeatable ids, no secret
        self._numbers = {}

    def new_id(self) -> str:
        """A guid, the same on every run with the same seed and the same order of calls."""
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def number(self, series: str, first: int) -> int:
        """The next number of a series."""
        return next(self._numbers.setdefault(series, count(first)))

    def entry_number(self, kind: Kind) -> int:
        """The next entry number: year, journal, sequence, as in 26700001."""
        base = (self.clock.today.year % 100) * 1_000_000 + 100_000 * {Kind.SALE: 7, Kind.CREDIT: 7}.get(kind, 2)
        return self.number(f"entry-{base}", base + 1)

    def add_row(self, table: str, values: dict[str, Any], *, key: str = "") -> Row:
        """A new row in a table of plain rows."""
        row = Row(id=key or self.new_id(), created=self.clock.now, modified=self.clock.now, values=values)
        self.put_row(table, row, action="Create")
        return row

    def put_row(self, table: str, row: Row, *, action: str = "Update") -> None:
        """Store a row of a plain table, with a new row version, and tell the webhooks."""
        self.rows[table].put(row, self.clock.now)
        if table == "accounts":
            self.codes[str(row.values.get("Code", "")).strip()] = row.id
        self.tell(table, action, row.id)

    def remove_row(self, table: str, key: str) -> Row | None:
        """Delete a row of a plain table; the log of deletes keeps its key."""
        row = self.rows[table].remove(key)
        if row is not None:
            self.log_delete(table, key)
            self.tell(table, "Delete", key)
        return row

    def log_delete(self, table: str, key: str) -> None:
        """A line in sync/Deleted, for the kinds of rows it covers (reference 4.7)."""
        if table in ENTITY_TYPES:
            values = {"EntityKey": key, "EntityType": ENTITY_TYPES[table], "DeletedDate": self.clock.now}
            row = Row(id=self.new_id(), created=self.clock.now, modified=self.clock.now, values=values)
            self.rows["deleted"].put(row, self.clock.now)

    def tell(self, table: str, action: str, key: str) -> None:
        """Tell the webhooks of a change, where a topic exists."""
        if table in TOPICS:
            self.announce(Change(division=self.code, topic=TOPICS[table], action=action, key=key))

    def forget_old_deletes(self) -> None:
        """The log of deletes reaches back two months (reference 4.7)."""
        oldest = self.clock.now - DELETED_KEPT
        log = self.rows["deleted"]
        for row in [row for row in log if row.created < oldest]:
            log.remove(row.id)

    def move(self) -> None:
        """Move to another database: row versions start again and DivisionMoveDate is set (reference 4.1)."""
        self.versions.last = 1
        tables: tuple[Table[Any], ...] = (self.entries, self.lines, self.terms, self.invoices, *self.rows.values())
        for table in tables:
            table.renumber()
        self.standing.moved = self.clock.now

    def account_values(self, key: str) -> dict[str, Any]:
        """The fields of an account, empty when there is none."""
        row = self.rows["accounts"].get(key)
        return row.values if row else {}
