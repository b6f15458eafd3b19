"""Scenarios: what happens to a case, step by step, as data; and which case follows which."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from connector.errors import ConfigError
from connector_agency_api.sandbox.wire import CaseSubmission

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _duration(text: object) -> object:
    match = re.fullmatch(r"([0-9]{1,5})([mhdw])", str(text))
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else text


class ScriptedQuestion(BaseModel):
    """A question the agency asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question_id: str
    label: str
    type: Literal["text", "yes_no", "date", "amount", "choice", "document"] = "text"
    options: tuple[str, ...] = ()
    required: bool = True


class Step(BaseModel):
    """One thing the agency does, with what it needs for it. Amounts in minor units.

    A `silent` act is told by no event; of a `late` one the events stand at the head of the feed, before all that was
    read already.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Literal[
        "review", "accept", "reject", "reject_line", "ask", "ask_approval", "phase", "activity", "merge", "pay",
        "reverse", "cost", "message", "close", "reopen", "remit", "odd_event", "give_back", "keep", "forget",
        "alter_line", "add_line", "stranger",
    ]  # fmt: skip
    after: Annotated[timedelta, BeforeValidator(_duration)] = timedelta()
    percent: Decimal | None = Field(None, gt=0, le=100)
    minor: int | None = Field(None, gt=0)
    payment_id: str = ""
    reason: str = ""
    reasons: tuple[str, ...] = ("not_plausible",)
    line: int = 0
    subject: str = "A question"
    questions: tuple[ScriptedQuestion, ...] = (ScriptedQuestion(question_id="q1", label="Please explain"),)
    estimate_minor: int | None = None
    deadline_days: int = 14
    phase: Literal["amicable", "pre_judicial", "judicial", "title", "enforcement", "monitoring"] = "amicable"
    activity: Literal["running", "on_hold", "awaiting_creditor", "plan_active", "disputed", "insolvency_wait"] = (
        "running"
    )
    closure: Literal[
        "paid", "settled", "partly_recovered", "uncollectable", "withdrawn", "disputed", "credited",
        "statute_barred", "uneconomic", "rejected_late", "error", "other",
    ] = "uncollectable"  # fmt: skip
    cost_kind: str = "other"
    net_minor: int = Field(0, ge=0)
    borne_by: Literal["debtor", "creditor"] = "creditor"
    into: str = ""
    text: str = ""
    silent: bool = False
    late: bool = False


class Scenario(BaseModel):
    """A title and its steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    steps: tuple[Step, ...]


_SCENARIOS = TypeAdapter(dict[str, Scenario])


def load_scenarios(extra: Path | None) -> dict[str, Scenario]:
    """The scenarios that come with the stand-in, and those of a file of one's own, which win.

    Raises ConfigError naming the file.
    """
    known = _read(files(__package__).joinpath("scenarios.toml").read_text(encoding="utf-8"), "scenarios.toml")
    if extra is None:
        return known
    try:
        return known | _read(extra.read_text(encoding="utf-8"), str(extra))
    except OSError as error:
        raise ConfigError("the scenarios cannot be read.", file=str(extra), detail=str(error)) from error


def _read(text: str, name: str) -> dict[str, Scenario]:
    try:
        return _SCENARIOS.validate_python(tomllib.loads(text))
    except ValueError as error:
        raise ConfigError("the scenarios are not right.", file=name, detail=str(error)) from error


@dataclass(frozen=True)
class Rule:
    """Which cases follow a scenario: by case reference, debtor id or tag; each a pattern with `*`."""

    scenario: str
    case_ref: str = "*"
    debtor_id: str = "*"
    tag: str = ""

    def fits(self, case: CaseSubmission) -> bool:
        """Whether this case follows the scenario."""
        tagged = not self.tag or any(fnmatchcase(tag, self.tag) for tag in case.tags)
        return (
            tagged and fnmatchcase(case.case_ref, self.case_ref) and fnmatchcase(case.debtor.debtor_id, self.debtor_id)
        )


class Casting:
    """Which case follows which scenario. The rule that was made last wins; without one, the default."""

    def __init__(self, scenarios: Mapping[str, Scenario], default: str) -> None:
        self.scenarios = dict(scenarios)
        self.rules: list[Rule] = []
        self.default = self._known(default)

    def add(self, rule: Rule) -> None:
        """Make a rule for cases to come. One without any pattern becomes the default."""
        self._known(rule.scenario)
        if rule == Rule(rule.scenario):
            self.default = rule.scenario
        else:
            self.rules.append(rule)

    def name_for(self, case: CaseSubmission) -> str:
        """The scenario of a case. A tag `scenario:NAME` on the case itself wins over every rule."""
        for tag in case.tags:
            name = tag.removeprefix("scenario:")
            if name != tag and name in self.scenarios:
                return name
        return next((rule.scenario for rule in reversed(self.rules) if rule.fits(case)), self.default)

    def _known(self, name: str) -> str:
        if name not in self.scenarios:
            mend = f"Known are: {', '.join(sorted(self.scenarios))}."
            raise ConfigError(f"there is no scenario {name!r}.", key="scenario", mend=mend)
        return name
