"""Whether the law lets a file go to an agency or bailiff on a day, condition by condition, and from when on."""

from datetime import date

from connector.law.answers import Answer, all_of
from connector.law.insolvency import RegimeEffect
from connector.model.record import Record


class Condition(Record):
    """One thing that the law asks before a hand-over.

    - `name`, `asked`: which, and as a question.
    - `verdict`: on the day that was asked about.
    - `seen`: what was looked at.
    - `holds_from`: the first day on which it is surely met, where waiting is enough; None: waiting does not help.
    - `mend`: what would, then.
    """

    name: str
    asked: str
    verdict: Answer
    seen: str
    article: str
    holds_from: date | None = None
    mend: str = ""


class HandOver(Record):
    """The conditions of one file on one day."""

    day: date
    conditions: tuple[Condition, ...]

    @property
    def verdict(self) -> Answer:
        """Yes where all conditions are met, no where one is not; else unknown: a person decides."""
        return all_of(*(one.verdict for one in self.conditions))

    @property
    def missing(self) -> tuple[Condition, ...]:
        """The conditions that are not met, or not known to be."""
        return tuple(one for one in self.conditions if one.verdict != "yes")

    @property
    def earliest(self) -> date | None:
        """The first day, this one or later, on which all is met by waiting alone; None: waiting is not enough."""
        if any(one.holds_from is None for one in self.missing):
            return None
        return max((one.holds_from for one in self.missing if one.holds_from), default=self.day)


def from_day(name: str, asked: str, day: date, holds_from: date, article: str) -> Condition:
    """A condition that is met from a day on."""
    verdict: Answer = "yes" if day >= holds_from else "no"
    return Condition(
        name=name, asked=asked, verdict=verdict, seen=f"from {holds_from}", article=article, holds_from=holds_from
    )


def fact(name: str, asked: str, answer: Answer, article: str, mend: str) -> Condition:
    """A condition that a fact meets."""
    return Condition(
        name=name, asked=asked, verdict=answer, seen=answer, article=article, mend="" if answer == "yes" else mend
    )


def opposite(answer: Answer) -> Answer:
    """No for yes, yes for no."""
    return "no" if answer == "yes" else "yes" if answer == "no" else "unknown"


def not_barred(day: date, barred_from: date | None, article: str) -> Condition:
    """Whether the claim can still be enforced; `barred_from` is None where that is undecided."""
    seen = "when it is barred is not decided" if barred_from is None else f"barred from {barred_from}"
    verdict: Answer = "unknown" if barred_from is None else "yes" if day < barred_from else "no"
    return Condition(
        name="not_barred", asked="Can the claim still be enforced?", verdict=verdict, seen=seen, article=article,
        mend="" if verdict == "yes" else "Leave the claim out, or have a person look at what interrupted its term.",
    )  # fmt: skip


def not_stopped(regimes: tuple[RegimeEffect, ...], known: Answer) -> Condition:
    """Whether no insolvency or debt arrangement stands in the way; `known`: whether somebody looked."""
    stops = [one for one in regimes if one.collection != "free"]
    verdict: Answer = "no" if stops else "yes" if known == "yes" else "unknown"
    tasks = "; ".join(dict.fromkeys(one.task for one in stops if one.task))
    return Condition(
        name="not_stopped",
        asked="Does no insolvency or debt arrangement stop the collecting?",
        verdict=verdict,
        seen=", ".join(one.article for one in stops) or ("none" if verdict == "yes" else "not looked up"),
        article=stops[0].article if stops else "arts. 26, 230, 299 Fw; Book XX Code of Economic Law",
        mend=tasks or ("Look the debtor up in the registers." if verdict == "unknown" else ""),
    )
