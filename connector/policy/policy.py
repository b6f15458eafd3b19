"""A policy: the rule layer's configuration as frozen records. `connector.policy.load` reads it from a file."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from connector.model import Currency, DebtorKind
from connector.model.money import minor_units
from connector.model.record import Record


def _name(value: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value):
        return value
    raise PydanticCustomError(
        "name", "this name cannot be used: lower-case letters, digits, - and _, beginning with a letter, at most 40"
    )


def _currency(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch("[A-Z]{3}", value):
        return value
    raise PydanticCustomError("currency", 'this should be a currency code of three capitals, such as "EUR"')


StepName = Annotated[str, AfterValidator(_name)]
Days = Annotated[int, Field(strict=True, ge=0, le=3650)]
MovingAction = Literal["remind", "notice", "call", "escalate"]
Before = Literal["escalate", "every step"]


def _amount(value: Any, info: ValidationInfo) -> int:
    """A text in major units when a policy file is read (its currency is the context), else an int in minor units."""
    currency = (info.context or {}).get("currency", "")
    if currency and not isinstance(value, str):
        raise PydanticCustomError("amount_not_text", 'an amount is written in quotes, such as "50.00"')
    if not currency and (not isinstance(value, int) or isinstance(value, bool)):
        raise PydanticCustomError("amount_not_minor", "an amount in code is an int in minor units")
    try:
        minor = minor_units(value, currency) if currency else value
    except ValueError as error:
        raise PydanticCustomError("amount", "{why}", {"why": str(error)}) from error
    if minor < 0:
        raise PydanticCustomError("amount_negative", "an amount in a policy is never negative")
    return int(minor)


Amount = Annotated[int, BeforeValidator(_amount)]


class After(Record):
    """The age of an earlier step: `step` was last taken at least `days` days ago."""

    step: StepName = Field(description="the name of an earlier step")
    days: Days = Field(description="whole days")


class Step(Record):
    """One step of the ladder.

    - `days_overdue`: days past the due date of the oldest claim in scope; 0 and 1 are both the first day overdue.
    - `minimum`: what must at least be open, less credit, in minor units of the policy's currency.
    - `claims`: which claims come along: the overdue ones with their overdue part, or everything open.
    - `needs`: earlier steps that must have been taken since the oldest claim in scope fell due.
    """

    name: StepName = Field(description='a short name such as "remind"')
    action: MovingAction = Field(description="remind, notice, call or escalate")
    title: Annotated[str, Field(min_length=1, max_length=80, description="what people call the step")]
    days_overdue: Days = Field(description="whole days past the due date of the oldest claim")
    minimum: Amount = 0
    claims: Literal["overdue", "all open"] = "overdue"
    needs: tuple[StepName, ...] = ()
    after: After | None = None


class CalibratedGate(Record):
    """The source must vouch for the sign of its amounts; until it does, the steps concerned are undecided."""

    before: Before = "every step"


class ClaimGate(Record):
    """A claim with this mark takes no part in any step; with `stops = "debtor"` nor do the debtor's other claims."""

    stops: Literal["claim", "debtor"] = "claim"


class WholeGate(Record):
    """A claim whose rows do not add up to the invoice is being changed at the source: nobody knows its amount."""

    stops: Literal["claim", "debtor", "nothing"] = "claim"


class BlockedGate(Record):
    """The debtor must not be blocked in the source."""

    before: Literal["escalate", "every step", "never"] = "escalate"


class KindGate(Record):
    """The debtor must be of an allowed kind. A kind that is unknown and not listed makes the step undecided."""

    before: Literal["escalate", "every step", "never"] = "escalate"
    allowed: tuple[DebtorKind, ...] = ("business", "sole_trader", "public_body")


class CreditGate(Record):
    """No open credit note or unallocated receipt may exist, or (`netted`) it is subtracted and the step goes on."""

    before: Before = "escalate"
    accept: Literal["none", "netted"] = "none"


class AgencyMinimumGate(Record):
    """The smallest file the agency takes, less credit, in minor units. Asked before an escalation."""

    amount: Amount = 0


class LawfulGate(Record):
    """The law of the debtor's country must let each claim go: `docs/law.md`. Asked before an escalation.

    `elsewhere`: a debtor of a country whose law is not in the tables is left to a person, or may go.
    `register_days`: how many days a look-up of the debtor in the insolvency registers counts.
    """

    before: Literal["escalate", "never"] = "escalate"
    elsewhere: Literal["undecided", "allowed"] = "undecided"
    register_days: Annotated[int, Field(strict=True, ge=0, le=3650)] = 30


class VulnerableGate(Record):
    """A debtor whom a person noted as vulnerable is spared a hand-over, or every step: a person deals with him."""

    before: Literal["escalate", "every step", "never"] = "escalate"


class Gates(Record):
    """What must hold before a step. Left out means the safe default."""

    calibrated: CalibratedGate = CalibratedGate()
    disputed: ClaimGate = ClaimGate()
    on_hold: ClaimGate = ClaimGate()
    direct_debit: ClaimGate = ClaimGate()
    whole: WholeGate = WholeGate()
    blocked: BlockedGate = BlockedGate()
    debtor_kind: KindGate = KindGate()
    credit: CreditGate = CreditGate()
    agency_minimum: AgencyMinimumGate = AgencyMinimumGate()
    lawful: LawfulGate = LawfulGate()
    vulnerable: VulnerableGate = VulnerableGate()


class Policy(Record):
    """Ordered steps and the gates before them, in one currency. `version` names the exact rules.

    Raises pydantic's ValidationError for a ladder that cannot be climbed; `load_policy` turns it into a ConfigError.
    """

    name: StepName = Field(description='such as "standard"')
    version: Annotated[str, Field(min_length=1, max_length=80, description='yours to choose, such as "2026-11"')]
    currency: Annotated[Currency, BeforeValidator(_currency)]
    steps: tuple[Step, ...] = ()
    gates: Gates = Gates()

    def without_law(self) -> "Policy":
        """The policy as it decides where the law is looked at by other means: made-up debtors, and the past."""
        return self.model_copy(update={"gates": self.gates.model_copy(update={"lawful": LawfulGate(before="never")})})

    # The version carries the fingerprint of the content, so it is hash enough; hashing every setting is slow.
    def __hash__(self) -> int:
        return hash((self.name, self.version))

    @model_validator(mode="after")
    def _can_be_climbed(self) -> "Policy":
        wrong = list(_wrongs(self))
        if wrong:
            raise PydanticCustomError("ladder", "{why}", {"why": wrong[0].why, "wrong": wrong})
        return self


class Wrong(NamedTuple):
    """What keeps a ladder from being climbed: where in the record, why, and the mend."""

    path: tuple[str | int, ...]
    why: str
    mend: str


def _wrongs(policy: Policy) -> Iterator[Wrong]:
    if not policy.steps:
        yield Wrong(("steps",), "there is no step", "Add a table [[step]].")
    for index, step in enumerate(policy.steps):
        yield from _check_name(step, index, policy.steps[:index])
        yield from _check_order(step, index, policy.steps[:index])
        for place, name in enumerate(step.needs):
            yield from _check_earlier(name, (index, "needs"), policy.steps, first=step.needs.index(name) == place)
        if step.after:
            yield from _check_earlier(step.after.step, (index, "after"), policy.steps)
    if not policy.gates.debtor_kind.allowed:
        yield Wrong(
            ("gates", "debtor_kind", "allowed"),
            "no debtor could ever pass: the list is empty",
            'Name the kinds, such as ["business"], or write before = "never".',
        )


def _check_name(step: Step, index: int, earlier: tuple[Step, ...]) -> Iterator[Wrong]:
    if step.name in {"claim", "account"}:
        yield Wrong(("steps", index, "name"), f'"{step.name}" is taken by the reasons', "Choose another name.")
    if step.name in {other.name for other in earlier}:
        yield Wrong(("steps", index, "name"), f'two steps are named "{step.name}"', "Give each its own name.")


def _check_order(step: Step, index: int, earlier: tuple[Step, ...]) -> Iterator[Wrong]:
    if earlier and step.days_overdue < earlier[-1].days_overdue:
        yield Wrong(
            ("steps", index, "days_overdue"),
            f'"{step.name}" comes at {step.days_overdue} days, before "{earlier[-1].name}" at '
            f"{earlier[-1].days_overdue} days, which stands above it",
            "Put the steps in the order in which they come.",
        )


def _check_earlier(
    name: str, place: tuple[int, str], steps: tuple[Step, ...], *, first: bool = True
) -> Iterator[Wrong]:
    index, key = place
    names = [step.name for step in steps]
    path = ("steps", index, key)
    if name not in names:
        above = ", ".join(names[:index]) or "none"
        yield Wrong(path, f'there is no step "{name}"', f"The steps above it are: {above}.")
    elif names.index(name) >= index:
        mend = "A step can only build on one that stands above it."
        yield Wrong(path, f'"{name}" does not come before "{names[index]}"', mend)
    elif not first:
        yield Wrong(path, f'"{name}" is named twice', "Name it once.")
