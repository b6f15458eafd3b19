"""A policy made ready to decide with: per step its checks, and which steps must come before it."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from connector.model import Because, PriorStep, Verdict
from connector.policy import choices, conditions, foreign, gates, stopped
from connector.policy.conditions import Check, Condition
from connector.policy.policy import Ask, Policy, Step
from connector.policy.records import weakest
from connector.policy.standing import Standing

# In the order in which they are asked. The name is the stable code in `Because.condition`, behind the step's name.
CONDITIONS: dict[str, Condition] = {
    "days_overdue": conditions.days_overdue,
    "not_taken": conditions.not_taken,
    "needs": conditions.needs,
    "after": conditions.after,
    "amount": conditions.amount,
    "destination": choices.destination,
    "agency_minimum": conditions.agency_minimum,
    "disputed": gates.disputed,
    "on_hold": gates.on_hold,
    "promise": gates.promise,
    "payment_plan": gates.payment_plan,
    "veto": gates.veto,
    "direct_debit": gates.direct_debit,
    "whole": gates.whole,
    "calibrated": gates.calibrated,
    "blocked": gates.blocked,
    "debtor_kind": gates.debtor_kind,
    "credit": gates.credit,
}
_BY_THE_CALENDAR = frozenset(
    {"amount", "agency_minimum", "days_overdue", "not_taken", "needs", "after"}
    | {"disputed", "on_hold", "promise", "payment_plan", "veto"}
)


class Rung(NamedTuple):
    """One step with its checks. `place` counts from 0; `builds_on` are the steps it needs or follows.

    `others` are the checks after the first, days overdue. For the forecast: `lasting` are the checks that no
    calendar changes, `floor` is the least amount in minor units, `least_days` of its step, `wait` these as a span
    where nothing but they are counted.
    `asks_law`: the law is asked of each claim once all else allows the step. `plugins` are the conditions of plugins.
    `spares`: the vulnerable are spared it.
    """

    place: int
    name: str
    step: Step
    checks: dict[str, Check]
    builds_on: frozenset[str]
    others: tuple[Check, ...]
    lasting: tuple[Check, ...]
    floor: int
    least_days: int
    wait: timedelta | None
    asks_law: bool
    plugins: tuple[Ask | None, ...]
    spares: bool

    def ripe_on(self, due: date) -> date:
        """`Step.ripe_on`, quicker."""
        return self.step.ripe_on(due) if self.wait is None else due + self.wait


class Weighed(NamedTuple):
    """What came of asking a rung's conditions about `standing`."""

    rung: Rung
    reasons: tuple[Because, ...]
    verdict: Verdict
    standing: Standing


class Ladder(NamedTuple):
    """The rungs from the first to the last."""

    policy: Policy
    rungs: tuple[Rung, ...]

    @property
    def begins_ahead(self) -> bool:
        """Whether a step comes before the due date."""
        return bool(self.rungs) and self.rungs[0].step.is_ahead

    def ahead(self, taken: dict[str, PriorStep]) -> Sequence[Rung]:
        """The rungs that may still come: those above the highest one taken, and what these need from below it.

        Nobody climbs down: a reminder after a formal notice comes only where a later step needs it.
        """
        if not taken:
            return self.rungs
        top = max((rung.place for rung in self.rungs if rung.name in taken), default=-1)
        ahead: list[Rung] = []
        needed: set[str] = set()
        for rung in reversed(self.rungs):
            if rung.name not in taken and (rung.place > top or rung.name in needed):
                ahead.insert(0, rung)
                needed |= rung.builds_on
        return ahead


@lru_cache(maxsize=64)
def ladder_of(policy: Policy) -> Ladder:
    """The ladder of a policy; made once, as policies are frozen."""
    rungs = (_rung(place, step, policy) for place, step in enumerate(policy.steps))
    return Ladder(policy, tuple(rungs))


def _rung(place: int, step: Step, policy: Policy) -> Rung:
    builds_on = frozenset([*step.needs, *([step.after.step] if step.after else [])])
    made = {name: condition(step, policy) for name, condition in CONDITIONS.items()}
    checks = {name: check for name, check in made.items() if check is not None}
    checks |= dict(foreign.checks(step, policy))
    plugins = tuple(one.ask for one in foreign.asked_before(step, policy))
    others = tuple(check for name, check in checks.items() if name != "days_overdue")
    lasting = tuple(check for name, check in checks.items() if name in CONDITIONS and name not in _BY_THE_CALENDAR)
    agency = policy.gates.agency_minimum.amount if "agency_minimum" in checks else 0
    asks_law = step.action == "escalate" and policy.gates.lawful.before == "escalate"
    floor = max(1, step.minimum, agency)
    spares = gates.asked_before(policy.gates.vulnerable.before, step)
    wait = timedelta(days=step.least_days) if step.days_after_month_end is None else None
    return Rung(
        place, step.name, step, checks, builds_on, others, lasting, floor, step.least_days, wait, asks_law, plugins,
        spares,
    )  # fmt: skip


def weigh(rung: Rung, standing: Standing) -> Weighed:
    """Ask a rung's conditions: all of them, unless the claims are surely not old enough for it."""
    first = rung.checks["days_overdue"](standing)
    if first.verdict == "no":
        return Weighed(rung, (first,), "no", standing)
    reasons = (first, *[check(standing) for check in rung.others])
    if standing.account.circumstances:
        reasons += stopped.reasons(rung.name, standing.law, standing.account, spare=rung.spares)
    return Weighed(rung, reasons, weakest(reasons), standing)
