"""What a condition that a plugin brings answers."""

from datetime import date
from typing import Annotated

from pydantic import Field

from connector.model.evidence import Verdict
from connector.model.record import Record


class ConditionAnswer(Record):
    """What a condition says of an account on its day.

    - `seen`: what was seen, in words for a person; `origin`: where that came from.
    - `verdict`: yes lets a step come, no keeps it back, unknown leaves it to a person. A missing fact is unknown.
    - `earliest`: with no or unknown, the first later day on which waiting alone may make it a yes; None: it never does.
    """

    seen: Annotated[str, Field(min_length=1)]
    origin: Annotated[str, Field(min_length=1)]
    verdict: Verdict
    earliest: date | None = None
