"""A debtor's past in a bookkeeper's words: `past(*invoice("A", due=0, paid=40))`, days counted from 1 January 2026."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from connector.insight.past import DebtorPast, Said
from connector.insight.replay import Period
from connector.insight.span import Standing
from connector.model import Circumstance, DisputeFact, HoldFact, Instalment, PaymentPlanFact, PromiseFact
from connector.model.money import minor_units
from connector.store.past import ItemVersion

START = date(2026, 1, 1)
YEAR = Period(START, date(2026, 12, 31))
NEVER = 10**6
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def on(day: int) -> date:
    """Day 0 is 1 January 2026; NEVER is the end of time."""
    return date.max if day >= NEVER else START + timedelta(days=day)


def version(claim: str, *, first: int, past: int = NEVER, euros: str = "100.00", **changes: Any) -> Standing:
    """One version of a row, known from day `first` up to, not including, day `past`."""
    minor = minor_units(euros, "EUR")
    values: dict[str, Any] = {
        "debtor_id": "d1", "claim": claim, "id": claim, "kind": "invoice", "state": "open", "currency": "EUR",
        "amount_minor": minor, "open_minor": minor, "original_minor": minor, "number": claim,
        "invoice_date": on(first), "due_date": None, "settled_on": None, "closed_reason": "", "product_group": "",
        "gone": False, "since": _AT, "until": None,
    }  # fmt: skip
    return Standing(ItemVersion(**(values | changes)), on(first), on(past))


def invoice(
    claim: str, *, due: int, paid: int = NEVER, seen: int = -30, euros: str = "100.00", reason: str = "paid"
) -> list[Standing]:
    """An invoice known from day `seen` on, due on day `due`, and closed on day `paid` (for `reason`) if ever."""
    rows = [version(claim, first=seen, past=paid, euros=euros, due_date=on(due))]
    if paid < NEVER:
        settled = on(paid) if reason == "paid" else None
        closed = {"state": "closed", "open_minor": 0, "closed_reason": reason, "settled_on": settled}
        rows.append(version(claim, first=paid, euros=euros, due_date=on(due), invoice_date=on(seen), **closed))
    return rows


def past(*rows: Standing, **changes: Any) -> DebtorPast:
    """A business with these rows."""
    values: dict[str, Any] = {"ledger": "acme", "debtor_id": "d1", "rows": rows, "kinds": ((date.min, "business"),)}
    return DebtorPast(**(values | changes))


def hold(*, since: int, until: int | None = None, known: int | None = None, key: str = "d1") -> Said:
    """A hold on the debtor (or, with `key`, on a claim), put in on the day it begins unless said otherwise."""
    scope = "debtor" if key == "d1" else "claim"
    fact = HoldFact.model_validate(
        {"scope": scope, "key": key, "since": on(since), "until": None if until is None else on(until)}
    )
    return Said(on(since if known is None else known), fact)


def dispute(*, opened: int, settled: int | None = None, known: int | None = None, claim: str = "") -> Said:
    """A dispute of everything or of one claim."""
    fact = DisputeFact(claim=claim, opened_on=on(opened), settled_on=None if settled is None else on(settled))
    return Said(on(opened if known is None else known), fact)


def promise(*, made: int, by: int, claim: str = "", ended: int | None = None, known: int | None = None) -> Said:
    """A promise to pay EUR 100, of one claim or of nobody knows what."""
    fact = PromiseFact(
        made_on=on(made),
        pay_by=on(by),
        amount_minor=10_000,
        currency="EUR",
        claims={claim: 10_000} if claim else {},
        ended_on=None if ended is None else on(ended),
    )
    return Said(on(made if known is None else known), fact)


def plan(*, agreed: int, dues: tuple[int, ...], claim: str = "", ended: int | None = None) -> Said:
    """A payment plan of equal parts of EUR 100, due on these days."""
    parts = tuple(Instalment(due_on=on(day), amount_minor=10_000 // len(dues)) for day in dues)
    fact = PaymentPlanFact(
        agreed_on=on(agreed),
        instalments=parts,
        currency="EUR",
        claims={claim: 10_000} if claim else {},
        ended_on=None if ended is None else on(ended),
    )
    return Said(on(agreed), fact)


def befell(
    *, since: int, until: int | None = None, known: int | None = None, kind: str = "insolvency", past: int = NEVER
) -> Said:
    """A Dutch bankruptcy, a death or a vulnerability; known so until the day `past`."""
    regime = {"insolvency": "bankruptcy", "deceased": "death"}.get(kind, "")
    values = {"kind": kind, "regime": regime, "country": "NL", "since": on(since)}
    fact = Circumstance.model_validate(values | {"until": None if until is None else on(until)})
    return Said(on(since if known is None else known), fact, on(past))
