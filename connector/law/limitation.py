"""Limitation: from which day a claim can no longer be enforced, and the warning ahead of it."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from connector.law.answers import Undecided
from connector.law.calendars import anniversary
from connector.law.table import DAY
from connector.model.record import Record

Nearness = Literal["far", "within 90 days", "within 30 days", "barred"]
InterruptionKind = Literal[
    "written demand",
    "acknowledgment",
    "court action",
    "payment order",
    "seizure",
    "registered letter of a lawyer or bailiff",
    "reminder",
]


class Interruption(Record):
    """What may begin the term anew, and on which day it reached the debtor."""

    kind: InterruptionKind
    on: date


class Limitation(Record):
    """When a claim is barred.

    - `claim`, `article`, `years`: which term.
    - `starts`: its first day.
    - `barred_from`: the first day on which the claim can no longer be enforced, if the debtor invokes it.
    - `renewed_by`: the interruptions that counted, in order.
    """

    claim: str
    article: str
    years: int
    starts: date
    barred_from: date
    renewed_by: tuple[Interruption, ...] = ()

    def __str__(self) -> str:
        return f"barred from {self.barred_from}"


def renew(found: Limitation, interruption: Interruption, *, years: int) -> Limitation:
    """The term begun anew on the day after an interruption, for so many years; never ending before it did.

    An interruption after the claim was barred does nothing, nor does one that would let it end sooner.
    """
    barred_from = anniversary(interruption.on + DAY, years)
    if interruption.on >= found.barred_from or barred_from <= found.barred_from:
        return found
    renewed_by = (*found.renewed_by, interruption)
    return found.model_copy(update={"barred_from": barred_from, "renewed_by": renewed_by})


def in_court(claim: str) -> Undecided:
    """The answer while a court has, or had, the claim: dates alone do not tell what became of it."""
    return Undecided(
        question=f"When is the claim ({claim}) barred?",
        reason="It was brought before a court, and limitation depends on what became of that.",
        decided_by="the state of the procedure; a judgment has a term of its own",
    )


def shortest(found: Iterable[Limitation | Undecided]) -> Limitation | Undecided:
    """The term that ends first of those that may hold; undecided where one of them is."""
    terms = list(found)
    undecided = [one for one in terms if isinstance(one, Undecided)]
    if undecided:
        return undecided[0]
    return min((one for one in terms if isinstance(one, Limitation)), key=lambda one: one.barred_from)


def nearness(barred_from: date, day: date) -> Nearness:
    """How near the end is: said 90 and 30 days ahead, so that an interruption can still be proven."""
    left = (barred_from - day).days
    if left <= 0:
        return "barred"
    return "within 30 days" if left <= 30 else "within 90 days" if left <= 90 else "far"
