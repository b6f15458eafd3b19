"""What a policy does to made-up debtors who never pay: the real decision, day by day, until nothing comes any more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, get_args

from connector.model import DebtorKind, Decision, PriorStep
from connector.policy.check.debtors import DUE, Oddity, Trial, account, ripe_after
from connector.policy.decide import decide
from connector.policy.diff import moves
from connector.policy.ladder import ladder_of
from connector.policy.policy import MovingAction, Policy

# A business first: of several debtors who would do, it is the one that a message is about.
KINDS: tuple[DebtorKind, ...] = ("business", "sole_trader", "public_body", "consumer", "unknown")


class Taken(NamedTuple):
    """A step that was taken, `day` days past the due date."""

    step: str
    action: MovingAction
    day: int


class Run(NamedTuple):
    """What became of a debtor: the steps in their order, and the decision with which it ended."""

    trial: Trial
    taken: tuple[Taken, ...]
    last: Decision

    def find(self, step: str) -> Taken | None:
        """The step as it was taken, or None."""
        return next((one for one in self.taken if one.step == step), None)

    @property
    def handed_over(self) -> Taken | None:
        """The step that handed over, or None."""
        return next((one for one in self.taken if one.action == "escalate"), None)

    @property
    def letters(self) -> tuple[Taken, ...]:
        """The reminders and notices: demands, so that what came before the due date is none."""
        return tuple(one for one in self.taken if one.action in ("remind", "notice") and one.day > 0)


def run(trial: Trial, policy: Policy) -> Run:
    """Decide for one debtor on each day on which something could come; what comes is carried out on the same day.

    Days are left out where the decision says that no step comes on them; the last day tried is after all the waiting
    times of the policy together. The gate of the law is left out: a made-up debtor has no letters, and `timings` holds
    the waiting times against the law.
    """
    policy = policy.without_law()
    end = max(1, trial.seen_from) + _longest(policy)
    late = trial.seen_from
    taken: list[Taken] = []
    steps: list[PriorStep] = []
    agency_case = ""
    actions = {step.name: step.action for step in policy.steps}
    while True:
        decision = decide(account(trial, policy, late, steps, agency_case), policy)
        if moves(decision):
            action = actions[decision.step]
            taken.append(Taken(decision.step, action, late))
            if action == "escalate":
                agency_case = f'a case of "{decision.step}"'
            else:
                steps.append(PriorStep(step=decision.step, taken_on=decision.day, origin="check"))
            late += 1
        elif agency_case or late >= end:
            return Run(trial, tuple(taken), decision)
        elif decision.action == "undecided":
            late = min((day for day in _days(policy, taken) if day > late), default=end)
        else:
            late = min(end, (decision.not_before - DUE).days) if decision.not_before else end


def _days(policy: Policy, taken: Sequence[Taken]) -> Iterator[int]:
    """The days on which a step may become due: an undecided decision names none."""
    days = {one.step: one.day for one in taken}
    for step in policy.steps:
        yield ripe_after(step)
        if step.after and step.after.step in days:
            yield days[step.after.step] + step.after.days


def _longest(policy: Policy) -> int:
    waits = sum(step.after.days for step in policy.steps if step.after)
    return max(map(ripe_after, policy.steps)) + waits + len(policy.steps) + 1


@dataclass(frozen=True)
class Runs:
    """A policy tried on every kind of debtor who gets its steps, and every amount that matters to it.

    - `ordinary`: seen from the first day on, with nothing odd; the largest amounts first.
    - `late`: the same, first seen when every step but those after a waiting time is due: a ledger new to the policy.
    - `odd`: with credit, blocked, or in instalments.
    """

    policy: Policy
    kinds: tuple[DebtorKind, ...] = KINDS

    @cached_property
    def ordinary(self) -> tuple[Run, ...]:
        """See the class."""
        return self._all(seen_from=min(1, ripe_after(self.policy.steps[0])))

    @cached_property
    def late(self) -> tuple[Run, ...]:
        """See the class."""
        return self._all(seen_from=max(1, *map(ripe_after, self.policy.steps)))

    @cached_property
    def odd(self) -> tuple[Run, ...]:
        """See the class."""
        return tuple(one for oddity in get_args(Oddity) if oddity for one in self._all(seen_from=1, oddity=oddity))

    @property
    def by_kind(self) -> dict[DebtorKind, Run]:
        """Of each kind the ordinary debtor who owes the most."""
        largest = {one.trial.kind: one for one in reversed(self.ordinary)}
        return {kind: largest[kind] for kind in self.kinds}

    def _all(self, *, seen_from: int, oddity: Oddity = "") -> tuple[Run, ...]:
        return tuple(
            run(Trial(kind, owes, seen_from, oddity), self.policy)
            for kind in self.kinds
            for owes in sorted(amounts(self.policy), reverse=True)
        )


def amounts(policy: Policy) -> set[int]:
    """One cent, and every amount from which on the policy asks for another step; in minor units."""
    floors = (floor for rung in ladder_of(policy).rungs for floor in (rung.step.minimum, rung.floor))
    return {max(1, floor) for floor in (1, *floors)}
