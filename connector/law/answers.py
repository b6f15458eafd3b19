"""What the law room answers: yes, no or unknown, an amount line by line, or *undecided* with the reason."""

from collections.abc import Mapping
from typing import Literal, TypeVar

from pydantic import Field

from connector.model.record import Record

Answer = Literal["yes", "no", "unknown"]
T = TypeVar("T")


class Undecided(Record):
    """What was read does not settle it: nothing is computed, a person decides.

    - `question`: what was asked.
    - `reason`: why it cannot be answered.
    - `decided_by`: the setting or the fact that would answer it.
    - `readings`: what comes out under each possible answer, where that can be told.
    """

    question: str
    reason: str
    decided_by: str
    readings: Mapping[str, str] = Field(default_factory=dict)

    def __str__(self) -> str:
        told = "; ".join(f"{answer}: {outcome}" for answer, outcome in self.readings.items())
        return f"{self.question} Undecided: {self.reason} Decided by {self.decided_by}." + (f" {told}." if told else "")


def all_of(*answers: Answer) -> Answer:
    """No where one is no, else unknown where one is unknown, else yes."""
    return "no" if "no" in answers else "unknown" if "unknown" in answers else "yes"


def either(readings: Mapping[str, T], *, question: str, reason: str, decided_by: str) -> T | Undecided:
    """The outcome, where every reading gives the same; else undecided, with what each reading gives."""
    first, *others = readings.values()
    if all(other == first for other in others):
        return first
    told = {answer: str(outcome) for answer, outcome in readings.items()}
    return Undecided(question=question, reason=reason, decided_by=decided_by, readings=told)
