"""What is kept of debtors beside their open items: steps, disputes, letters, promises and so on, many at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table, select

from connector.model import (
    Circumstance,
    DisputeFact,
    LetterFact,
    PaymentPlanFact,
    PriorStep,
    PromiseFact,
    RegisterFact,
)
from connector.store import circumstances, letters, people, promises
from connector.store.engine import Tx
from connector.store.tables import circumstance, dispute, letter, payment_plan, promise, register_lookup, step_taken

_Read = Callable[[Tx, str, Sequence[str]], Mapping[str, Any]]


class Beside(NamedTuple):
    """What is kept of one debtor, in the order of the functions that read it; ended or not."""

    steps: tuple[PriorStep, ...] = ()
    disputes: tuple[DisputeFact, ...] = ()
    letters: tuple[LetterFact, ...] = ()
    promises: tuple[PromiseFact, ...] = ()
    payment_plans: tuple[PaymentPlanFact, ...] = ()
    circumstances: tuple[Circumstance, ...] = ()
    lookups: tuple[RegisterFact, ...] = ()


NOTHING = Beside()

_KEPT: dict[str, tuple[Table, _Read]] = {
    "steps": (step_taken, people.steps),
    "disputes": (dispute, people.disputes),
    "letters": (letter, letters.letters),
    "promises": (promise, promises.promises),
    "payment_plans": (payment_plan, promises.plans),
    "circumstances": (circumstance, circumstances.circumstances),
    "lookups": (register_lookup, circumstances.lookups),
}


def kinds_kept(tx: Tx, ledger: str) -> tuple[str, ...]:
    """Of what there is anything at all in a ledger: the rest need not be asked for with every page of debtors."""
    return tuple(
        name
        for name, (table, _) in _KEPT.items()
        if tx.scalar(select(1).select_from(table).where(table.c.ledger == ledger).limit(1))
    )


def beside(tx: Tx, ledger: str, ids: Sequence[str], kinds: Sequence[str]) -> dict[str, Beside]:
    """What is kept of these debtors, of these kinds; those of whom there is nothing are missing."""
    found: dict[str, dict[str, tuple[Any, ...]]] = {}
    for name in kinds:
        for key, facts in _KEPT[name][1](tx, ledger, ids).items():
            # Promises and plans are read by their number.
            found.setdefault(key, {})[name] = tuple(facts.values() if isinstance(facts, dict) else facts)
    return {key: NOTHING._replace(**facts) for key, facts in found.items()}
