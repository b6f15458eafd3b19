"""What was known of what people said on an earlier day: the versions of it, with the instants between which each stood.

What a person says can be changed later: a hold is lifted, a promise withdrawn, a letter's delivery noted. Whoever
changes such a row keeps its version before (`keep`), so that an earlier day can be looked at as it was seen then.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import func, insert, select

from connector.model import (
    Circumstance,
    DisputeFact,
    HoldFact,
    LetterFact,
    PaymentPlanFact,
    PriorStep,
    PromiseFact,
    RegisterFact,
)
from connector.store.among import among
from connector.store.engine import Tx
from connector.store.tables import said_before

SaidKind = Literal[
    "hold", "dispute", "promise", "payment_plan", "letter", "circumstance", "register_lookup", "debtor_kind"
]
Fact = DisputeFact | HoldFact | PriorStep | PromiseFact | PaymentPlanFact | LetterFact | Circumstance | RegisterFact


class Recorded(NamedTuple):
    """Something a person stated: as it was known from `at` up to, not including, `until` (None: it is known so now)."""

    at: datetime
    fact: Fact
    until: datetime | None = None


class Version(NamedTuple):
    """An earlier version of a row: its key, its facts as JSON, and between which instants it stood."""

    key: str
    body: str
    since: datetime
    until: datetime


def keep(
    tx: Tx, ledger: str, kind: SaidKind, about: str, key: str, body: str, *, recorded: datetime, at: datetime
) -> None:
    """A row changes at the instant `at`: keep what it said. `recorded` is when it was put in, if it never changed."""
    columns = said_before.c
    mine = (columns.ledger == ledger, columns.kind == kind, columns.about == about, columns.key == key)
    since = tx.scalar(select(func.max(columns.until)).where(*mine)) or recorded
    values = {"ledger": ledger, "kind": kind, "about": about, "key": key, "body": body, "since": since, "until": at}
    tx.execute(insert(said_before).values(values))


def earlier(tx: Tx, ledger: str, kind: SaidKind, abouts: Sequence[str] | None = None) -> dict[str, list[Version]]:
    """The earlier versions of a kind, the oldest first, by what they are about: these debtors', or all."""
    columns = said_before.c
    query = select(columns.about, columns.key, columns.body, columns.since, columns.until)
    query = query.where(columns.ledger == ledger, columns.kind == kind).order_by(columns.until, columns.id)
    if abouts is not None:
        query = query.where(among(tx, columns.about, abouts))
    found: dict[str, list[Version]] = {}
    for about, *version in tx.execute(query):
        found.setdefault(about, []).append(Version(*version))
    return found


def versions_of(present: Iterable[tuple[str, datetime, Fact]], before: Sequence[Version]) -> list[Recorded]:
    """All versions of rows about one thing, in the order of `present`: (key, when it was put in, what it says now)."""
    by_key: dict[str, list[Version]] = {}
    for one in before:
        by_key.setdefault(one.key, []).append(one)
    found = []
    for key, at, fact in present:
        mine = by_key.get(key, [])
        found += [Recorded(one.since, fact.model_validate_json(one.body), one.until) for one in mine]
        found.append(Recorded(mine[-1].until if mine else at, fact))
    return found
