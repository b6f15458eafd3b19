"""Claims: the rows of an invoice as they are stored, debtor by debtor, and what they add up to."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, func, or_, select, type_coerce

from connector.store.among import among
from connector.store.engine import Tx
from connector.store.item_rows import of_debtor, of_ledger
from connector.store.tables import case_line, open_item

_AT_ONCE = 1000
CREDIT_KINDS = frozenset({"credit_note", "receipt"})
"""The kinds of rows that are in the debtor's favour."""
_CLAIM = itemgetter(1, 2)
_DEBTOR = itemgetter(0)
_KIND, _NUMBER, _ORIGINAL, _INVOICED, _GONE, _DESCRIPTION, _REFERENCE = 3, 4, 8, 9, 11, 12, 13

ItemRow = tuple[
    str, str, str, str, str, str, int, int, int, str | None, str | None, bool, str, str, str, str | None
]  # fmt: skip
"""A row of the source as a plan reads it: debtor, claim, currency, kind, number, state; total, open and original amount
in minor units; day of the invoice and due date as ISO 8601 text; whether it is gone; description, payment reference,
product group; the live hand-over of its claim."""


PlainClaim = tuple[str, str, int, int, int, date | None, str, bool]
"""See `connector.policy.facts.ClaimFacts`."""


class ClaimRow(NamedTuple):
    """The rows of one claim that are not gone, added up; amounts in minor units. See `connector.model.Claim`.

    `product_group` is empty where the rows are not all of one. `case_ref` is the live hand-over, or empty.
    """

    debtor_id: str
    claim: str
    currency: str
    kind: str
    number: str
    open_minor: int
    overdue_minor: int
    in_collection_minor: int
    total_minor: int
    original_minor: int
    invoice_date: date | None
    due_date: date | None
    last_due_date: date | None
    undated: int
    gone: int
    description: str
    payment_reference: str
    product_group: str
    case_ref: str = ""

    @property
    def whole(self) -> bool:
        """Whether the rows add up to the invoiced amount, as far as the source tells it."""
        return self.total_minor == self.original_minor if self.original_minor else not self.gone


# Most rows of an old ledger are of claims that were paid long ago.
_OPEN = and_(open_item.c.gone.is_(False), open_item.c.open_minor != 0)


def rows_by_debtor(
    tx: Tx, ledger: str, *, debtor_id: str = "", due_by: date | None = None
) -> Iterator[tuple[str, list[ItemRow]]]:
    """The rows of claims with anything open, debtor by debtor, or of the one named. Streams: read it to the end, or
    close it.

    `due_by`: of those debtors alone who have a row that is due on that day, or without a due date.
    """
    whose = of_debtor(ledger, debtor_id) if debtor_id else of_ledger(tx, ledger)
    rows_of = and_(whose, or_(_OPEN, open_item.c.claim.in_(select(open_item.c.claim).where(whose, _OPEN))))
    if due_by is not None:
        rows_of = and_(rows_of, open_item.c.debtor_id.in_(_with_anything_due(tx, ledger, due_by)))
    for key, group in groupby(_tuples(tx, _rows(tx, rows_of)), _DEBTOR):
        yield key, list(group)


def open_claims(rows: Iterable[ItemRow], day: date) -> list[ClaimRow]:
    """What is open of a debtor's claims on `day`, of his rows as `rows_by_debtor` gives them."""
    today = day.isoformat()
    added = (_add_up(tuple(pieces), today) for _, pieces in groupby(rows, _CLAIM))
    return [row for left, row in added if left]


def plain_claims(
    rows: Sequence[ItemRow], day: date, currency: str, due_after: date
) -> tuple[list[PlainClaim], int, int, ItemRow] | None:
    """Of a debtor whose claims are one open row each, in `currency`, whole, at no agency, of no product group, and all
    fell due after the day given: what is seen of each, what is open and overdue in minor units, and the row that falls
    due first. None where any is otherwise: then `open_claims` says what the rows add up to.
    """
    today, too_old = day.isoformat(), due_after.isoformat()
    open_minor = overdue_minor = 0
    facts: list[PlainClaim] = []
    oldest, oldest_due, before = None, "", ""
    for row in rows:
        _, claim, own, kind, _, state, amount, left, original, _, due, is_gone, _, _, group, case_ref = row
        if (
            state != "open" or is_gone or own != currency or due is None or due <= too_old or left <= 0 or case_ref
            or group or claim == before or kind in CREDIT_KINDS or (original and amount != original)
        ):  # fmt: skip
            return None
        before = claim
        open_minor += left
        past_due = left if due < today else 0
        overdue_minor += past_due
        if oldest is None or due < oldest_due:
            oldest, oldest_due = row, due
        facts.append((claim, own, left, past_due, 0, _day(due), "", True))
    return None if oldest is None else (facts, open_minor, overdue_minor, oldest)


def claims_named(tx: Tx, ledger: str, debtor_id: str, claim_ids: Sequence[str], day: date) -> dict[str, ClaimRow]:
    """These claims of a debtor, open or not, by key; a claim the debtor does not have is missing."""
    where = and_(of_debtor(ledger, debtor_id), among(tx, open_item.c.claim, claim_ids))
    today = day.isoformat()
    found = groupby(_tuples(tx, _rows(tx, where)), _CLAIM)
    return {claim: _add_up(tuple(pieces), today)[1] for (claim, _), pieces in found}


def _with_anything_due(tx: Tx, ledger: str, day: date) -> Select[Any]:
    columns = open_item.c
    owed = and_(columns.gone.is_(False), columns.state != "closed", columns.kind.not_in(["credit_note", "receipt"]))
    due = or_(columns.due_date.is_(None), columns.due_date <= day)
    return select(columns.debtor_id).where(of_ledger(tx, ledger), owed, due)


def _rows(tx: Tx, where: ColumnElement[bool]) -> Select[Any]:
    columns, line = open_item.c, case_line.c
    live = and_(line.ledger == columns.ledger, line.claim == columns.claim, line.live)
    return (
        select(
            columns.debtor_id, columns.claim, columns.currency, columns.kind, columns.number, columns.state,
            columns.amount_minor, columns.open_minor, columns.original_minor, _text(tx, columns.invoice_date),
            _text(tx, columns.due_date), columns.gone, columns.description, columns.payment_reference,
            columns.product_group, line.case_ref,
        )
        .outerjoin_from(open_item, case_line, live)
        .where(where)
        .order_by(columns.debtor_id, columns.claim, columns.currency)
    )  # fmt: skip


def _tuples(tx: Tx, query: Select[Any]) -> Iterator[Any]:
    """The rows, a thousand at a time in memory."""
    if tx.dialect.name != "sqlite":
        with tx.execute(query.execution_options(yield_per=_AT_ONCE)) as result:
            yield from map(tuple, result)
        return
    with tx.execute(query) as result:
        # SQLite's own cursor reads as it goes, and gives plain tuples: to wrap each takes a third of the reading.
        # With `yield_per` SQLAlchemy would have taken the first row from it already.
        cursor = result.cursor
        assert cursor is not None
        while page := cursor.fetchmany(_AT_ONCE):
            yield from page


def _text(tx: Tx, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """A day as ISO 8601 text. SQLite keeps it so, and most are never looked at: to make dates of all takes longer."""
    return type_coerce(day, String) if tx.dialect.name == "sqlite" else func.to_char(day, "YYYY-MM-DD")


def _add_up(pieces: Sequence[ItemRow], today: str) -> tuple[int, ClaimRow]:
    """What is left of all rows that are not gone, in whatever state, and the claim."""
    if len(pieces) == 1 and not pieces[0][_GONE]:
        return _alone(pieces[0], today)
    left = open_minor = overdue_minor = in_collection_minor = total_minor = undated = gone = 0
    dues: list[str] = []
    groups: list[str] = []
    for _, _, _, _, _, state, amount, still_open, _, _, due, is_gone, _, _, group, _ in pieces:
        if is_gone:
            gone += 1
            continue
        left += still_open
        total_minor += amount
        groups.append(group)
        if state == "open":
            open_minor += still_open
            if due is None:
                undated += 1
                continue
            dues.append(due)
            if due < today:
                overdue_minor += still_open
        elif state == "in_collection":
            in_collection_minor += still_open
    first = pieces[0]
    kind, number, original_minor, invoiced, description, reference = _of_several(pieces)
    group = groups[0] if groups and min(groups) == max(groups) else ""
    due_date, last_due = (_day(min(dues)), _day(max(dues))) if dues else (None, None)
    return left, ClaimRow(
        first[0], first[1], first[2], kind, number, open_minor, overdue_minor, in_collection_minor, total_minor,
        original_minor, _day(invoiced) if invoiced else None, due_date, last_due, undated, gone, description, reference,
        group, first[-1] or "",
    )  # fmt: skip


def _alone(row: ItemRow, today: str) -> tuple[int, ClaimRow]:
    """A claim of one row that is not gone: nearly all are, and nothing need be added up."""
    (
        debtor_id, claim, currency, kind, number, state, amount, left, original, invoiced, due, _, description,
        reference, group, case_ref,
    ) = row  # fmt: skip
    open_minor = overdue_minor = undated = 0
    due_date = None
    if state == "open":
        open_minor = left
        if due is None:
            undated = 1
        else:
            due_date = _day(due)
            overdue_minor = left if due < today else 0
    return left, ClaimRow(
        debtor_id, claim, currency, kind, number, open_minor, overdue_minor, left if state == "in_collection" else 0,
        amount, original, _day(invoiced) if invoiced else None, due_date, due_date, undated, 0, description, reference,
        group, case_ref or "",
    )  # fmt: skip


def _of_several(pieces: Sequence[Any]) -> tuple[str, str, int, str | None, str, str]:
    """Kind, number, original amount, day of the invoice, description and payment reference of all rows, gone or not."""
    invoiced = min((one[_INVOICED] for one in pieces if one[_INVOICED]), default=None)
    kind = min(one[_KIND] for one in pieces)
    number, original, description, reference = (
        max(one[place] for one in pieces) for place in (_NUMBER, _ORIGINAL, _DESCRIPTION, _REFERENCE)
    )
    return kind, number, original, invoiced, description, reference


@lru_cache(maxsize=8192)
def _day(text: str) -> date:
    return date.fromisoformat(text)
