"""Settings of a policy that undo each other."""

from collections.abc import Iterator

from connector.model import PriorStep
from connector.policy.check.debtors import DUE
from connector.policy.check.finding import Finding, Places
from connector.policy.check.runs import Runs
from connector.policy.ladder import ladder_of
from connector.policy.policy import Policy
from connector.policy.records import money_text


def contradictions(runs: Runs, places: Places) -> Iterator[Finding]:
    """Minimums that never decide, kinds that nobody asks for, steps that shut a hand-over out."""
    yield from _minimums(runs, places)
    yield from _kinds(runs.policy, places)
    yield from _shut_out(runs.policy, places)


def _minimums(runs: Runs, places: Places) -> Iterator[Finding]:
    """A minimum that is lower than what it takes to get the step."""
    policy = runs.policy
    for index, step in enumerate(policy.steps):
        getting = [one.trial.owes for one in runs.ordinary if one.find(step.name)]
        if not step.minimum or not getting or min(getting) <= step.minimum:
            continue
        asked, really = (money_text(minor, policy.currency) for minor in (step.minimum, min(getting)))
        reasons = (
            f"{reason.asked} No: {reason.seen}"
            for one in runs.ordinary
            if one.trial.owes == step.minimum
            for reason in one.last.because
            if reason.condition.startswith(f"{step.name}.") and reason.verdict == "no"
        )
        why = next(reasons, "Another step comes in its place")
        said = f"a minimum of {asked} is asked, but nobody who owes less than {really} gets the step. {why}"
        mend = f'Write minimum = "{_plain(really)}", or lower what keeps the smaller debts back.'
        yield places.finding("warning", "contradiction", ("step", index, "minimum"), said, mend)


def _plain(amount: str) -> str:
    return amount.partition(" ")[2].replace(",", "")


def _kinds(policy: Policy, places: Places) -> Iterator[Finding]:
    gate = policy.gates.debtor_kind
    if gate.before == "never" and "allowed" in gate.model_fields_set:
        path = ("gates", "debtor_kind", "allowed")
        mend = 'Leave allowed out, or write before = "escalate".'
        yield places.finding("warning", "contradiction", path, 'with before = "never" nobody asks for this', mend)


def other_currency(policy: Policy, currency: str, places: Places) -> Iterator[Finding]:
    """A policy in another currency than the ledger's: most claims take no part. `currency` is the ledger's."""
    if currency and currency != policy.currency:
        said = (
            f"a ledger that uses this policy is kept in {currency}: its claims in {currency} take no part in any step"
        )
        mend = f'Write currency = "{currency}", and the amounts in it.'
        yield places.finding("warning", "contradiction", ("currency",), said, mend)


def _shut_out(policy: Policy, places: Places) -> Iterator[Finding]:
    """A step that stands below a hand-over: whoever gets it while something bars his hand-over never goes."""
    ladder = ladder_of(policy)
    handing = [step.name for step in policy.steps if step.action == "escalate"]
    for index, step in enumerate(policy.steps):
        if step.action == "escalate":
            continue
        ahead = {rung.name for rung in ladder.ahead({step.name: PriorStep(step=step.name, taken_on=DUE)})}
        above = {one.name for one in policy.steps[:index]}
        for name in handing:
            if name in above and name not in ahead:
                said = f'whoever gets this step, while something bars "{name}", is never handed over any more'
                mend = f'Put it above "{name}": nobody climbs down.'
                yield places.finding("warning", "contradiction", ("step", index, "name"), said, mend)
