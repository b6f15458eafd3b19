"""Belgian limitation (verjaring, prescription) and its interruption."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from connector.law.answers import Undecided, either
from connector.law.calendars import add_months, anniversary
from connector.law.debtor import Debtor
from connector.law.law import Law
from connector.law.limitation import Interruption, Limitation, in_court, renew, shortest
from connector.law.table import DAY

ClaimKind = Literal[
    "general",
    "goods to consumer",
    "periodic",
    "utilities",
    "health care",
    "insurance",
    "judgment",
    "judgment periodic",
]
_RENEWING = ("acknowledgment", "payment order", "seizure")
_LETTER = "registered letter of a lawyer or bailiff"
_LETTER_YEARS = 1


def limitation(
    law: Law, kind: ClaimKind, from_day: date, interruptions: Sequence[Interruption] = ()
) -> Limitation | Undecided:
    """When a claim of this kind is barred: arts. 2262bis, 2272, 2277, 2277bis old Civil Code.

    `from_day` is the day it became due; of goods sold to a consumer the day of the sale, of health care that of the
    performance, of a judgment its own. The term begins on the day after; with a sale on the day itself, the earlier
    reading; with health care after the end of the month.

    An acknowledgment, a payment order and a seizure begin it anew; a reminder does not, unlike in the Netherlands.
    After an acknowledgment the one year for goods may fall away (art. 2274): the shorter term is kept. A registered
    letter of a lawyer or bailiff may count once, for one year (art. 2244 §2): undecided where that matters, the
    setting `be_interruption_by_letter` decides. Undecided once a claim was brought before a court.
    """
    table = law.tables.count(f"be.limitation.{kind.replace(' ', '_')}")
    years, starts = table.at(from_day).value, _starts(kind, from_day)
    first = Limitation(
        claim=kind, article=table.article, years=years, starts=starts, barred_from=anniversary(starts, years)
    )
    chosen = law.settings.be_interruption_by_letter
    readings = {"counts": True, "does not count": False}
    answers = {
        setting: _renewed(first, interruptions, letter_counts=counts)
        for setting, counts in readings.items()
        if chosen in (None, setting)
    }
    return either(
        answers,
        question="When is the claim barred?",
        reason="The rules of art. 2244 §2 on a registered letter of a lawyer or bailiff were not read again.",
        decided_by="the setting be_interruption_by_letter",
    )


def earliest_limitation(
    law: Law, debtor: Debtor, due_on: date, sold_on: date, interruptions: Sequence[Interruption] = ()
) -> Limitation | Undecided:
    """The earliest day on which a claim of a kind that is not known may be barred.

    The shortest of five years for periodic sums and ten for others; against who may be a consumer also of one year for
    goods, from the day of the sale (`sold_on`, or the earliest day it can have been).
    """
    kinds: tuple[ClaimKind, ...] = ("general", "periodic")
    terms = [limitation(law, kind, due_on, interruptions) for kind in kinds]
    if debtor.consumer:
        terms.append(limitation(law, "goods to consumer", sold_on, interruptions))
    return shortest(terms)


def _starts(kind: ClaimKind, from_day: date) -> date:
    if kind == "goods to consumer":
        return from_day
    if kind == "health care":
        return add_months(from_day.replace(day=1), 1)
    return from_day + DAY


def _renewed(
    found: Limitation, interruptions: Sequence[Interruption], *, letter_counts: bool
) -> Limitation | Undecided:
    letters = 0
    for one in sorted(interruptions, key=lambda it: it.on):
        if one.kind == "court action" and one.on < found.barred_from:
            return in_court(found.claim)
        if one.kind in _RENEWING:
            found = renew(found, one, years=found.years)
        if one.kind == _LETTER and letter_counts and not letters:
            letters += 1
            found = renew(found, one, years=_LETTER_YEARS)
    return found
