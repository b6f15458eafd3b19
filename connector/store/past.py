"""What a ledger looked like on earlier days: every version of its rows, and what people said and when."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple
from typing import cast as typed

from sqlalchemy import cast, func, null, select, union_all

from connector.model import (
    Circumstance,
    DebtorKind,
    DisputeFact,
    HoldFact,
    LetterFact,
    PriorStep,
    RegisterFact,
)
from connector.store.among import among
from connector.store.circumstances import circumstance_of, lookup_key, lookup_of
from connector.store.circumstances import key_of as circumstance_key
from connector.store.columns import Instant
from connector.store.engine import Tx
from connector.store.item_rows import of_ledger
from connector.store.known import Fact, Recorded, SaidKind, earlier, versions_of
from connector.store.letters import key_of as letter_key
from connector.store.letters import letter_of
from connector.store.promises import plan_of, promise_of
from connector.store.tables import (
    case_line,
    circumstance,
    collection_case,
    debtor,
    debtor_kind,
    dispute,
    hold,
    letter,
    open_item,
    open_item_history,
    payment_plan,
    promise,
    register_lookup,
    step_taken,
)

_AT_ONCE = 1000
# A case in one of these has not reached the agency, or the agency did not take it.
_NOT_AT_AN_AGENCY = ("draft", "queued", "rejected")


class ItemVersion(NamedTuple):
    """A row of the source as it stood from `since` to `until` (None: it stands so now); amounts in minor units."""

    debtor_id: str
    claim: str
    id: str
    kind: str
    state: str
    currency: str
    amount_minor: int
    open_minor: int
    original_minor: int
    number: str
    invoice_date: date | None
    due_date: date | None
    settled_on: date | None
    closed_reason: str
    product_group: str
    gone: bool
    since: datetime
    until: datetime | None


class Confirmed(NamedTuple):
    """What kind of debtor a person confirmed, and when; `stated` is what the source says of him now.

    `earlier`: what was confirmed before, each with its instant, the oldest first.
    """

    at: datetime
    kind: DebtorKind
    stated: DebtorKind
    earlier: tuple[tuple[datetime, DebtorKind], ...] = ()


def known_from(tx: Tx, ledger: str) -> datetime | None:
    """When the first row of a ledger came in; None while nothing has."""
    first = [
        tx.scalar(select(func.min(table.c.since)).where(table.c.ledger == ledger))
        for table in (open_item, open_item_history)
    ]
    return min((at for at in first if at), default=None)


def last_change(tx: Tx, ledger: str) -> datetime | None:
    """When a row of a ledger last came in, changed or went."""
    last: datetime | None = tx.scalar(select(func.max(open_item.c.since)).where(open_item.c.ledger == ledger))
    return last


def versions(tx: Tx, ledger: str) -> Iterator[tuple[str, list[ItemVersion]]]:
    """Every version of a ledger's rows, by debtor. Streams: in memory is one debtor. Read it to the end, or close it.

    A row that was moved to another debtor is with each of them for its time.
    """
    old, new = open_item_history.c, open_item.c
    names = [name for name in ItemVersion._fields if name != "until"]
    past = select(*(old[name] for name in names), old.until).where(old.ledger == ledger)
    # A bare null would have no type on PostgreSQL.
    present = select(*(new[name] for name in names), cast(null(), Instant).label("until")).where(of_ledger(tx, ledger))
    every = union_all(past, present).subquery()
    query = select(every).order_by(every.c.debtor_id, every.c.claim)
    with tx.execute(query.execution_options(yield_per=_AT_ONCE)) as result:
        rows: Iterable[Any] = result
        for debtor_id, group in groupby((ItemVersion(*row) for row in rows), key=attrgetter("debtor_id")):
            yield debtor_id, list(group)


def confirmed_kinds(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, Confirmed]:
    """The kind that a person last confirmed of these debtors; those of whom nobody did are missing."""
    columns = debtor_kind.c
    of_debtor = (debtor.c.ledger == columns.ledger) & (debtor.c.id == columns.debtor_id)
    rows = tx.execute(
        select(columns.debtor_id, columns.at, columns.kind, debtor.c.kind.label("stated"))
        .outerjoin(debtor, of_debtor)
        .where(columns.ledger == ledger, among(tx, columns.debtor_id, ids))
    )
    before = earlier(tx, ledger, "debtor_kind", ids)
    return {
        row.debtor_id: Confirmed(
            row.at,
            row.kind,
            row.stated or "unknown",
            tuple((one.since, typed("DebtorKind", one.body)) for one in before.get(row.debtor_id, ())),
        )
        for row in rows
    }


def recorded_steps(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """Steps taken, by debtor, in the order in which they were put in."""
    rows = tx.execute(_said(tx, step_taken, ledger, ids))
    found: dict[str, list[Recorded]] = {}
    for row in rows:
        fact = PriorStep(step=row.step, taken_on=row.taken_on, channel=row.channel, origin=row.origin)
        found.setdefault(row.debtor_id, []).append(Recorded(row.at, fact))
    return found


def recorded_disputes(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """Disputes, settled ones too, by debtor, in the order in which they were put in, in all versions."""
    return _recorded(tx, dispute, ledger, ids, lambda row: (str(row.id), _facts(row, DisputeFact)))


def recorded_holds(tx: Tx, ledger: str) -> list[Recorded]:
    """All holds of a ledger, ended ones too, in the order in which they were put in, in all versions."""
    rows = tx.execute(select(hold).where(hold.c.ledger == ledger).order_by(hold.c.id))
    before = [one for versions in earlier(tx, ledger, "hold").values() for one in versions]
    return versions_of(((str(row.id), row.at, _facts(row, HoldFact)) for row in rows), before)


def recorded_promises(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """Promises to pay, withdrawn ones too, as those above."""
    return _recorded(tx, promise, ledger, ids, lambda row: (str(row.id), promise_of(row)))


def recorded_plans(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """Payment plans, ended ones too, as those above."""
    return _recorded(tx, payment_plan, ledger, ids, lambda row: (str(row.id), plan_of(row)))


def recorded_circumstances(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """What befell debtors, by debtor, in the order of first days, in all versions."""

    def read(row: Any) -> tuple[str, Circumstance]:
        fact = circumstance_of(row)
        return circumstance_key(fact), fact

    return _recorded(tx, circumstance, ledger, ids, read)


def recorded_lookups(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """Look-ups in registers, by debtor, in the order of their days, in all versions."""

    def read(row: Any) -> tuple[str, RegisterFact]:
        fact = lookup_of(row)
        return lookup_key(fact), fact

    return _recorded(tx, register_lookup, ledger, ids, read)


def recorded_letters(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, list[Recorded]]:
    """Letters as evidence, by debtor, in the order of sending, in all versions."""

    def read(row: Any) -> tuple[str, LetterFact]:
        fact = letter_of(row)
        return letter_key(fact), fact

    return _recorded(tx, letter, ledger, ids, read)


def handed_over(tx: Tx, ledger: str, ids: Sequence[str]) -> dict[str, datetime]:
    """Which claims of these debtors really went to an agency, and when first."""
    of_debtors = among(tx, collection_case.c.debtor_id, ids)
    rows = tx.execute(
        select(case_line.c.claim, func.min(collection_case.c.opened_at, type_=Instant).label("at"))
        .join(collection_case, collection_case.c.case_ref == case_line.c.case_ref)
        .where(collection_case.c.ledger == ledger, of_debtors, collection_case.c.handover.not_in(_NOT_AT_AN_AGENCY))
        .group_by(case_line.c.claim)
    )
    return {row.claim: row.at for row in rows}


# In which order the rows of a table are read: as a plan reads them.
_ORDER: dict[Any, tuple[str, ...]] = {
    circumstance: ("since", "kind", "regime"),
    register_lookup: ("looked_up", "register"),
    letter: ("sent_on", "kind"),
}


def _recorded(
    tx: Tx, table: Any, ledger: str, ids: Sequence[str], read: Callable[[Any], tuple[str, Fact]]
) -> dict[str, list[Recorded]]:
    """The rows of debtors in all versions; `read` gives a row's key and what it says."""
    kind: SaidKind = table.name
    before = earlier(tx, ledger, kind, ids)
    rows: dict[str, list[tuple[str, datetime, Fact]]] = {}
    for row in tx.execute(_said(tx, table, ledger, ids)):
        key, fact = read(row)
        rows.setdefault(row.debtor_id, []).append((key, row.at, fact))
    return {debtor_id: versions_of(present, before.get(debtor_id, ())) for debtor_id, present in rows.items()}


def _facts(row: Any, model: Any) -> Any:
    return model(**{name: getattr(row, name) for name in model.model_fields})


def _said(tx: Tx, table: Any, ledger: str, ids: Sequence[str]) -> Any:
    where = (table.c.ledger == ledger, among(tx, table.c.debtor_id, ids))
    return select(table).where(*where).order_by(*(table.c[name] for name in _ORDER.get(table, ("id",))))
