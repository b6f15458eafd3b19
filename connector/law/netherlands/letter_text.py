"""What a Dutch fourteen-day letter must say to make costs due, and the mistakes that undo it."""

import re
from collections.abc import Iterator
from datetime import date

from connector.law.answers import Answer
from connector.law.netherlands.fourteen_day_letter import LetterPeriod
from connector.model.record import Record

ARTICLE = "art. 6:96 lid 6 BW"
APPROVED = (
    "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd",
    "binnen vijftien dagen nadat deze brief bij u is bezorgd",
)
"""Wordings of the period that the Supreme Court approved: HR 25 November 2016."""
_TOO_EARLY = re.compile(r"\bna (heden|(de )?dagtekening|(de )?verzending)\b")


class LetterText(Record):
    """What a letter says, as far as the law looks at it. Amounts in cents.

    - `wording`: the words that give the period, in Dutch.
    - `default_since`, `sent_on`: the first day of default, and the day of sending.
    - `amounts_minor`, `accounts`: every total demanded, and every bank account named to pay to.
    - `costs_named_minor`: the costs that follow when nothing is paid; None: not named.
    - `costs_due_minor`: what the scale gives on the principals; see `collection_costs`.
    - `costs_on_interest`: whether the costs were also computed on interest.
    - `printed_last_day`: a date printed as the end of the period; None: none.
    - `repairs_earlier`: it only lengthens the period of an earlier letter that was wrong.
    """

    wording: str
    default_since: date
    sent_on: date
    amounts_minor: tuple[int, ...]
    accounts: tuple[str, ...]
    costs_named_minor: int | None
    costs_due_minor: int
    costs_on_interest: Answer = "unknown"
    printed_last_day: date | None = None
    repairs_earlier: Answer = "no"


class LetterCheck(Record):
    """Whether a letter makes costs due: `no` with its `defects`, `unknown` with what a person has to look at."""

    valid: Answer
    defects: tuple[str, ...] = ()
    open_points: tuple[str, ...] = ()


def check_text(text: LetterText, period: LetterPeriod | None) -> LetterCheck:
    """Whether a letter makes costs due: art. 6:96 lid 6 BW, and the judgments on it.

    `period` is what `fourteen_days` says of it, for a printed date; None where that is undecided. A letter with a
    defect earns no costs at all, and only a new, correct one mends it (HR 25 November 2016). Wording that is neither
    approved nor known to fail is unknown: a person reads it.
    """
    defects = tuple(_defects(text, period))
    open_points = tuple(_open_points(text, period))
    return LetterCheck(
        valid="no" if defects else "unknown" if open_points else "yes", defects=defects, open_points=open_points
    )


def _defects(text: LetterText, period: LetterPeriod | None) -> Iterator[str]:
    if text.sent_on < text.default_since:
        yield f"sent on {text.sent_on}, before the default of {text.default_since}"
    if _TOO_EARLY.search(_plain(text.wording)):
        yield "starts too early: the period must run from the day after delivery"
    if text.printed_last_day and period and text.printed_last_day < period.last_day:
        yield f"starts too early: the printed {text.printed_last_day} lies before {period.last_day}"
    if len(set(text.amounts_minor)) > 1 or len(set(text.accounts)) > 1:
        yield "confusing: more than one amount or bank account is demanded"
    if text.costs_named_minor is None:
        yield "the costs that follow are not named"
    elif text.costs_named_minor > text.costs_due_minor:
        yield "amount must match the Besluit: the costs named are above the scale"
    if text.costs_on_interest == "yes":
        yield "wrong information: costs were computed on interest too"
    if text.repairs_earlier == "yes":
        yield "a later short extension does not repair; new letter needed"


def _open_points(text: LetterText, period: LetterPeriod | None) -> Iterator[str]:
    if not any(approved in _plain(text.wording) for approved in APPROVED):
        yield "the wording of the period is not one that the Supreme Court approved"
    if text.printed_last_day and period is None:
        yield "a date is printed, and the day of delivery is not known"
    if text.printed_last_day and period and period.last_day <= text.printed_last_day < period.extended_to:
        yield f"the period may run on from the printed {text.printed_last_day} to {period.extended_to}"
    if text.costs_on_interest == "unknown":
        yield "whether costs were computed on interest is not known"
    if text.costs_named_minor is not None and text.costs_named_minor < text.costs_due_minor:
        yield "the costs named are below the scale: no more than those can be asked"
    if text.repairs_earlier == "unknown":
        yield "whether the letter only lengthens an earlier one is not known"


def _plain(wording: str) -> str:
    return " ".join(wording.lower().split())
