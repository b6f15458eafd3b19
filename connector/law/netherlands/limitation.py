"""Dutch limitation (verjaring) and its interruption (stuiting)."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from connector.law.answers import Answer, Undecided
from connector.law.calendars import anniversary
from connector.law.debtor import Debtor
from connector.law.law import Law
from connector.law.limitation import Interruption, Limitation, in_court, renew, shortest
from connector.law.table import DAY

ClaimKind = Literal["contract", "consumer sale", "periodic", "judgment", "judgment periodic"]
_RENEWING = ("written demand", "acknowledgment")


def limitation(
    law: Law, kind: ClaimKind, due_on: date, interruptions: Sequence[Interruption] = ()
) -> Limitation | Undecided:
    """When a claim of this kind is barred, counted from the day after it became due: art. 3:307, 3:308, 3:324, 7:28.

    A written demand that reserves the right to performance (art. 3:317) and an acknowledgment, also by part payment
    (art. 3:318), begin the term anew from the next day: as long as the first, five years at most, and never ending
    before the first would have (art. 3:319). Terms of years are not moved on from weekends (art. 4 ATW).

    Undecided once a claim was brought before a court (art. 3:316). Raises CoverageError outside of the tables.
    """
    table = law.tables.count(f"nl.limitation.{kind.replace(' ', '_')}")
    years, starts = table.at(due_on).value, due_on + DAY
    found = Limitation(
        claim=kind, article=table.article, years=years, starts=starts, barred_from=anniversary(starts, years)
    )
    for one in sorted(interruptions, key=lambda it: it.on):
        if one.kind == "court action" and one.on < found.barred_from:
            return in_court(kind)
        if one.kind in _RENEWING:
            most = law.tables.count("nl.limitation.renewed_most").at(one.on).value
            found = renew(found, one, years=min(years, most))
    return found


def earliest_limitation(
    law: Law, debtor: Debtor, due_on: date, interruptions: Sequence[Interruption] = (), *, consumer_sale: Answer
) -> Limitation | Undecided:
    """The earliest day on which a contractual claim may be barred.

    Against who may be a consumer the two years of a consumer sale count unless it is known to be none; energy, heat and
    certain work are sales too (art. 7:5 lid 4-5, 7:28 BW).
    """
    kinds: tuple[ClaimKind, ...] = ("contract",)
    if debtor.consumer and consumer_sale != "no":
        kinds = ("contract", "consumer sale")
    return shortest(limitation(law, kind, due_on, interruptions) for kind in kinds)
