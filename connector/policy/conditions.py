"""The conditions of a step: each is asked about how an account stands and answers with a reason.

`CONDITIONS` is the table of all of them, in the order in which they are asked. An entry is made once per step and
policy and returns the check, or None where the policy does not ask this before that step. A check is pure, never
raises, and answers `unknown` where a fact is missing. A new condition is a function and a line in the table.
"""

from collections.abc import Callable
from datetime import timedelta

from connector.model import Because, Claim, Verdict
from connector.policy.policy import Policy, Step, month_end
from connector.policy.records import because, count_text, money_text
from connector.policy.standing import Standing, claim_name, ledger_origin

Check = Callable[[Standing], Because]
Condition = Callable[[Step, Policy], Check | None]


def days_overdue(step: Step, policy: Policy) -> Check:
    """Has the time of the step come, counted from the due date of the oldest claim? See `Step`.

    Unknown when only a claim that lacks a fact could be old enough.
    """
    if step.days_before_due is not None:
        return _days_before_due(step, step.days_before_due)
    if step.days_after_month_end is not None:
        return _days_after_month_end(step, step.days_after_month_end)
    wanted = step.least_days
    name, asked = f"{step.name}.days_overdue", f"Is the oldest claim at least {wanted} days overdue?"

    def check(standing: Standing) -> Because:
        late = standing.late
        verdict: Verdict = "yes" if late >= wanted else "unknown" if _maybe_late(standing, step) else "no"
        return because(name, asked, seen=_age(standing), origin=ledger_origin(standing.account), verdict=verdict)

    return check


def _days_after_month_end(step: Step, days: int) -> Check:
    name = f"{step.name}.days_after_month_end"
    asked = f"Did the oldest claim fall due in a month that ended at least {days} days ago?"

    def check(standing: Standing) -> Because:
        oldest, day = standing.oldest, standing.account.day
        due = oldest.due_date if oldest else None
        sure = due is not None and step.is_ripe(due, day)
        verdict: Verdict = "yes" if sure else "unknown" if _maybe_late(standing, step) else "no"
        seen = _age(standing) + (f", in a month that ended on {month_end(due)}" if due else "")
        return because(name, asked, seen=seen, origin=ledger_origin(standing.account), verdict=verdict)

    return check


def _days_before_due(step: Step, days: int) -> Check:
    """Nothing is overdue, and something falls due soon. Never unknown: a reminder that is spared harms nobody."""
    name, asked = f"{step.name}.days_before_due", f"Is nothing overdue, and something due within {days} days?"

    def check(standing: Standing) -> Because:
        soon = not standing.oldest and bool(due_soon(standing, days))
        verdict: Verdict = "yes" if soon else "no"
        return because(name, asked, seen=_age(standing), origin=ledger_origin(standing.account), verdict=verdict)

    return check


def not_taken(step: Step, policy: Policy) -> Check:
    """Has the step not been taken yet for these claims? A step from before they fell due was about other ones."""
    name, asked = f"{step.name}.not_taken", "Has this step not been taken for these claims yet?"
    never = because(name, asked, seen="never taken", origin="steps taken", verdict="yes")

    def check(standing: Standing) -> Because:
        taken = standing.taken.get(step.name)
        if taken:
            return because(
                name, asked, seen=f"taken on {taken.taken_on}", origin=taken.origin or "steps taken", verdict="no"
            )
        if not standing.account.steps:
            return never
        earlier = [one for one in standing.account.steps if one.step == step.name]
        if not earlier:
            return never
        last = max(earlier, key=lambda one: one.taken_on)
        seen = f"taken on {last.taken_on}, which does not count: the oldest claim fell due on {standing.first_due}"
        return because(name, asked, seen=seen, origin=last.origin or "steps taken", verdict="yes")

    return check


def needs(step: Step, policy: Policy) -> Check | None:
    """Have the steps that must come before been taken?"""
    if not step.needs:
        return None
    name = f"{step.name}.needs"
    asked = f"Taken since the oldest claim fell due: {', '.join(step.needs)}?"

    def check(standing: Standing) -> Because:
        taken = standing.taken
        seen = ", ".join(
            f"{one} on {taken[one].taken_on}" if one in taken else f"{one} not taken" for one in step.needs
        )
        origins = {taken[one].origin for one in step.needs if one in taken and taken[one].origin}
        verdict: Verdict = "yes" if all(one in taken for one in step.needs) else "no"
        return because(name, asked, seen=seen, origin=", ".join(sorted(origins)) or "steps taken", verdict=verdict)

    return check


def after(step: Step, policy: Policy) -> Check | None:
    """Is the earlier step long enough ago?"""
    if step.after is None:
        return None
    earlier, days = step.after.step, timedelta(days=step.after.days)
    name, asked = f"{step.name}.after", f"Was {earlier} taken at least {days.days} days ago?"

    def check(standing: Standing) -> Because:
        taken = standing.taken.get(earlier)
        if taken is None:
            return because(name, asked, seen=f"{earlier} not taken", origin="steps taken", verdict="no")
        age = standing.account.day - taken.taken_on
        seen = f"{age.days} days ago, on {taken.taken_on}"
        verdict: Verdict = "yes" if age >= days else "no"
        return because(name, asked, seen=seen, origin=taken.origin or "steps taken", verdict=verdict)

    return check


def amount(step: Step, policy: Policy) -> Check:
    """Is enough asked for, after everything the debtor has to his credit? Never less than one minor unit."""
    return _at_least(step, policy, name="amount", floor=step.minimum, whose="")


def agency_minimum(step: Step, policy: Policy) -> Check | None:
    """Is the file large enough for the agency?"""
    floor = policy.gates.agency_minimum.amount
    if step.action != "escalate" or not floor:
        return None
    return _at_least(step, policy, name="agency_minimum", floor=floor, whose=", the agency's minimum")


def due_soon(standing: Standing, days: int) -> list[Claim]:
    """The claims that are not overdue and fall due within so many days."""
    day = standing.account.day
    return [one for one in standing.later if one.due_date and (one.due_date - day).days <= days]


def asked_amount(step: Step, standing: Standing) -> int:
    """What the step would ask for: its claims less all credit in the policy's currency, in minor units."""
    if step.claims == "all open":
        gross = standing.open_minor
    elif step.days_before_due is None:
        gross = standing.overdue_minor
    else:
        gross = sum(one.open_minor for one in due_soon(standing, step.days_before_due))
    return gross - standing.credit_minor


def asked_claims(step: Step, standing: Standing) -> list[Claim]:
    """The claims that come along with the step."""
    if step.claims == "all open":
        return [*standing.overdue, *standing.later]
    if step.days_before_due is None:
        return standing.overdue
    return due_soon(standing, step.days_before_due)


def _at_least(step: Step, policy: Policy, *, name: str, floor: int, whose: str) -> Check:
    wanted, currency = max(1, floor), policy.currency
    code = f"{step.name}.{name}"
    asked = f"Is at least {money_text(wanted, currency)} open after credit{whose}?"

    def check(standing: Standing) -> Because:
        net = asked_amount(step, standing)
        verdict: Verdict = "yes" if net >= wanted else "unknown" if _maybe_more(step, standing, wanted) else "no"
        count = len(asked_claims(step, standing))
        seen = f"{money_text(net + standing.credit_minor, currency)} in {count_text(count)}"
        if standing.credit_minor:
            seen += f" less {money_text(standing.credit_minor, currency)} credit = {money_text(net, currency)}"
        return because(code, asked, seen=seen, origin=ledger_origin(standing.account), verdict=verdict)

    return check


def _age(standing: Standing) -> str:
    if standing.oldest:
        return f"{standing.late} days: {claim_name(standing.oldest)} fell due on {standing.oldest.due_date}"
    if standing.first_due:
        return f"nothing is overdue, the first claim falls due on {standing.first_due}"
    return "no claim takes part"


def _maybe_late(standing: Standing, step: Step) -> bool:
    """Could a claim that lacks a fact be that late?"""
    day = standing.account.day
    return any(
        one.verdict == "unknown" and (one.claim.due_date is None or step.is_ripe(one.claim.due_date, day))
        for one in standing.aside
    )


def _maybe_more(step: Step, standing: Standing, wanted: int) -> bool:
    """Could claims that lack a fact lift the amount so far? What is in another currency could be worth anything."""
    unclear = [one for one in standing.aside if one.verdict == "unknown"]
    if any(one.code == "currency" for one in unclear):
        return True
    return asked_amount(step, standing) + sum(one.claim.open_minor for one in unclear) >= wanted
