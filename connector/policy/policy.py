"""A policy: the rule layer's configuration as frozen records. `connector.policy.load` reads it from a file."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from connector.model import Account, ConditionAnswer, DebtorKind
from connector.model.record import Record
from connector.policy.criteria import Criteria
from connector.policy.values import Amount, Days, Name, PolicyCurrency
from connector.policy.wrongs import wrongs

MovingAction = Literal["remind", "notice", "call", "escalate"]
Before = Literal["escalate", "every step"]
Channel = Literal["", "post", "registered", "email", "portal", "phone"]
Tone = Literal["", "friendly", "neutral", "firm"]
Ask = Callable[[Account], ConditionAnswer]


class After(Record):
    """The age of an earlier step: `step` was last taken at least `days` days ago."""

    step: Name = Field(description="the name of an earlier step")
    days: Days = Field(description="whole days")


class Step(Record):
    """One step of the ladder.

    When it comes, counted from the due date of the oldest claim in scope, is said by one of three, or by `after` alone:

    - `days_overdue`: days past that day; 0 and 1 are both the first day overdue.
    - `days_after_month_end`: days past the last day of the month of that day.
    - `days_before_due`: days ahead of it. Such a step comes only while nothing of the debtor is overdue, and is about
      the claims that fall due within these days.

    And besides:

    - `minimum`: what must at least be open, less credit, in minor units of the policy's currency.
    - `claims`: which claims come along: the overdue ones with their overdue part, or everything open.
    - `needs`: earlier steps that must have been taken since the oldest claim in scope fell due.
    - `channel`, `template`, `tone`: how it is carried out; kept with each decision.
    """

    name: Name = Field(description='a short name such as "remind"')
    action: MovingAction = Field(description="remind, notice, call or escalate")
    title: Annotated[str, Field(min_length=1, max_length=80, description="what people call the step")]
    days_overdue: Days | None = Field(default=None, description="whole days past the due date of the oldest claim")
    days_after_month_end: Days | None = Field(
        default=None, description="whole days past the end of the month in which the oldest claim fell due"
    )
    days_before_due: Annotated[int, Field(strict=True, ge=1, le=365)] | None = Field(
        default=None, description="whole days ahead of the first due date"
    )
    minimum: Amount = 0
    claims: Literal["overdue", "all open"] = "overdue"
    needs: tuple[Name, ...] = ()
    after: After | None = None
    channel: Channel = ""
    template: Annotated[str, Field(max_length=80)] = ""
    tone: Tone = ""

    @property
    def is_ahead(self) -> bool:
        """Whether it comes before the due date."""
        return self.days_before_due is not None

    @property
    def least_days(self) -> int:
        """The days past the due date before which it surely does not come; negative ahead of it."""
        if self.days_before_due is not None:
            return -self.days_before_due
        return max(1, self.days_overdue or self.days_after_month_end or 0)

    def is_ripe(self, due: date, day: date) -> bool:
        """Whether it may come on `day` for a claim that falls due on `due`, as far as age is asked."""
        if self.days_after_month_end is not None:
            return day > due and (day - month_end(due)).days >= self.days_after_month_end
        return (day - due).days >= self.least_days

    def ripe_on(self, due: date) -> date:
        """The first day on which `is_ripe`. Raises OverflowError beyond the year 9999."""
        if self.days_after_month_end is not None:
            return max(month_end(due) + timedelta(days=self.days_after_month_end), due + timedelta(days=1))
        return due + timedelta(days=self.least_days)


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


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


class PromiseGate(Record):
    """A claim that the debtor promised to pay takes no part until `grace_days` after the promised day.

    With `stops = "debtor"` nor do his other claims.
    """

    before: Literal["every step", "escalate", "never"] = "every step"
    stops: Literal["claim", "debtor"] = "claim"
    grace_days: Days = 2


class PaymentPlanGate(Record):
    """A claim in a payment plan takes no part while the instalments come in, each at most `grace_days` late.

    Nor is the debtor handed over for anything else (`stops = "hand-over"`); his other claims go on as if there were no
    plan (`"claim"`), or take no part either (`"debtor"`).
    """

    before: Before = "every step"
    stops: Literal["hand-over", "claim", "debtor"] = "hand-over"
    grace_days: Days = 7


class VetoGate(Record):
    """Nobody may have vetoed the hand-over of the debtor; with `before = "every step"` a veto stops everything."""

    before: Before = "escalate"


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
    promise: PromiseGate = PromiseGate()
    payment_plan: PaymentPlanGate = PaymentPlanGate()
    veto: VetoGate = VetoGate()
    direct_debit: ClaimGate = ClaimGate()
    whole: WholeGate = WholeGate()
    blocked: BlockedGate = BlockedGate()
    debtor_kind: KindGate = KindGate()
    credit: CreditGate = CreditGate()
    agency_minimum: AgencyMinimumGate = AgencyMinimumGate()
    lawful: LawfulGate = LawfulGate()
    vulnerable: VulnerableGate = VulnerableGate()


class Segment(Criteria):
    """A group of debtors with steps of its own. A debtor belongs to the first segment whose conditions he meets.

    - `rest`: nothing is ever done with these debtors; they have no steps then.
    - `gates`: those named here replace the policy's; the others hold as they stand there.
    """

    model_config = ConfigDict(validate_by_name=True)

    name: Name = Field(description='a short name such as "consumers"')
    rest: bool = False
    steps: tuple[Step, ...] = Field(default=(), alias="step")
    gates: Gates = Gates()


class Route(Criteria):
    """Which agency takes a case: the first route whose conditions the debtor meets.

    - `to`: the name of the connection, as the ledger's `[[sink]]` has it.
    - `from_days`, `below_days`: how many days the oldest claim that is not at an agency is overdue: at least, and less
      than.
    - `gates`: those named here replace the policy's, and the segment's, before a hand-over to this agency.
    """

    to: Annotated[str, Field(min_length=1, description="the name of the agency's connection")]
    from_days: Days = 0
    below_days: Days | None = None
    gates: Gates = Gates()


class PluginCondition(Record):
    """A condition that comes from a plugin, asked before the steps that `before` names.

    `use` is the name under which the plugin registers it, `settings` what it is told.
    """

    use: Annotated[str, Field(min_length=1, description="the name of a condition of an installed plugin")]
    before: Before = "escalate"
    settings: dict[str, Any] = Field(default_factory=dict)

    _asked: str = PrivateAttr(default="")
    _ask: Ask | None = PrivateAttr(default=None)

    @property
    def question(self) -> str:
        """What is asked, in words for a person."""
        return self._asked or f"Does the condition {self.use} allow it?"

    @property
    def ask(self) -> Ask | None:
        """What answers for an account; None while no plugin is bound to it."""
        return self._ask

    def bound(self, asked: str, ask: Ask) -> "PluginCondition":
        """The same condition, answered by `ask`."""
        found = self.model_copy()
        found._asked, found._ask = asked, ask
        return found


class Policy(Record):
    """Ordered steps and the gates before them, in one currency. `version` names the exact rules.

    - `steps`: of every debtor who belongs to no segment.
    - `conditions`: conditions from plugins, asked of every debtor.
    - `segments`: groups of debtors with steps of their own. `routes`: which agency takes a case; without any, the first
      of the ledger.

    Raises pydantic's ValidationError for a ladder that cannot be climbed; `load_policy` turns it into a ConfigError.
    """

    model_config = ConfigDict(validate_by_name=True)

    name: Name = Field(description='such as "standard"')
    version: Annotated[str, Field(min_length=1, max_length=80, description='yours to choose, such as "2026-11"')]
    currency: PolicyCurrency
    steps: tuple[Step, ...] = Field(default=(), alias="step")
    segments: tuple[Segment, ...] = Field(default=(), alias="segment")
    routes: tuple[Route, ...] = Field(default=(), alias="route")
    conditions: tuple[PluginCondition, ...] = Field(default=(), alias="condition")
    gates: Gates = Gates()

    @property
    def most_days_ahead(self) -> int:
        """How many days before a due date the first step may come, in any segment; 0: none comes before it."""
        steps = (*self.steps, *(step for one in self.segments for step in one.steps))
        return max((one.days_before_due or 0 for one in steps), default=0)

    def gates_of_some(self) -> tuple[Gates, ...]:
        """The gates of the segments and of the routes, in their order."""
        return (*[one.gates for one in self.segments], *[one.gates for one in self.routes])

    def without_law(self) -> "Policy":
        """The policy as it decides where the law is looked at by other means: made-up debtors, and the past."""
        never = {"lawful": LawfulGate(before="never")}
        segments = tuple(one.model_copy(update={"gates": one.gates.model_copy(update=never)}) for one in self.segments)
        routes = tuple(one.model_copy(update={"gates": one.gates.model_copy(update=never)}) for one in self.routes)
        gates = self.gates.model_copy(update=never)
        return self.model_copy(update={"gates": gates, "segments": segments, "routes": routes})

    # The version carries the fingerprint of the content, so it is hash enough; hashing every setting is slow.
    def __hash__(self) -> int:
        return hash((self.name, self.version))

    @model_validator(mode="after")
    def _can_be_climbed(self) -> "Policy":
        wrong = list(wrongs(self))
        if wrong:
            raise PydanticCustomError("ladder", "{why}", {"why": wrong[0].why, "wrong": wrong})
        return self
