"""How a debtor's promises and payment plans stand today, and which cases their agencies rest for."""

from datetime import timedelta

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.accounts import account
from connector.flow.workspace import Workspace
from connector.model import Account, PaymentPlanFact, PromiseFact
from connector.policy.policy import Gates
from connector.policy.promised import Promised, read_promised
from connector.policy.ways import gates_of
from connector.store import Tx, cases, items, promises
from connector.store.cases import CaseRow


def standing(
    workspace: Workspace,
    tx: Tx,
    ledger: Ledger,
    debtor_id: str,
    *,
    promised: tuple[PromiseFact, ...],
    agreed: tuple[PaymentPlanFact, ...],
) -> tuple[Promised, ...]:
    """These promises and plans of a debtor, in their order, as they stand today under the ledger's policy."""
    if not (promised or agreed):
        return ()
    # An account without anything open carries no facts.
    present = account(tx, ledger, debtor_id, workspace.clock.today(ledger.timezone))
    asked = present.model_copy(update={"promises": promised, "payment_plans": agreed})
    return read_promised(asked, gates_for(workspace, ledger, present))


def resting_for(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow) -> list[Promised]:
    """The promises and plans for which the agency of a case shall rest today."""
    name, debtor_id = ledger.name, row.debtor_id
    promised = promises.promises(tx, name, [debtor_id]).get(debtor_id, {})
    agreed = promises.plans(tx, name, [debtor_id]).get(debtor_id, {})
    if not (promised or agreed):
        return []
    found = standing(workspace, tx, ledger, debtor_id, promised=tuple(promised.values()), agreed=tuple(agreed.values()))
    live = {line.claim for line in cases.lines(tx, row.case_ref) if line.live}
    return [one for one in found if one.stops and one.before != "never" and (not one.claims or one.claims & live)]


def reason_to_stay(workspace: Workspace, ledger: Ledger, present: Account, claims: set[str]) -> str:
    """The promise or plan for which these claims of a debtor are not handed over today, in words; empty without one."""
    if not (present.promises or present.payment_plans):
        return ""
    gates = gates_for(workspace, ledger, present)
    reaching = {"promise": gates.promise.stops == "debtor", "payment_plan": gates.payment_plan.stops != "claim"}
    for one in read_promised(present, gates):
        about = not one.claims or bool(one.claims & claims) or reaching[one.kind]
        if one.stops and one.before != "never" and about:
            return one.seen
    return ""


def cases_to_look_at(workspace: Workspace, tx: Tx, ledger: Ledger) -> list[CaseRow]:
    """The cases at an agency that should rest for a promise or plan and do not, or rest and perhaps need not.

    Promises and plans that are settled are not looked at: those whose last day and its grace have passed, and those
    that a person ended. A plan past its last day can still be waited for while credit may be the missing instalment.
    """
    found = []
    for debtor_id in sorted(_unsettled(workspace, tx, ledger) | promises.at_rest(tx, ledger.name)):
        for row in cases.cases(tx, ledger=ledger.name, debtor_id=debtor_id):
            live = any(line.live for line in cases.lines(tx, row.case_ref))
            if live and row.credit_hold != bool(resting_for(workspace, tx, ledger, row)):
                found.append(row)
    return found


def _unsettled(workspace: Workspace, tx: Tx, ledger: Ledger) -> set[str]:
    """Debtors with a case at an agency of whom a promise or plan may still be waited for today."""
    day, gates = workspace.clock.today(ledger.timezone), _all_gates(workspace, ledger)
    days = max(one.promise.grace_days for one in gates)
    found = promises.promising(tx, ledger.name, day=day, grace_days=days)
    patience = timedelta(days=max(one.payment_plan.grace_days for one in gates))
    for debtor_id, plan in promises.plans_going_on(tx, ledger.name, day=day):
        goes_on = not plan.claims or max(one.due_on for one in plan.instalments) >= day - patience
        if goes_on or items.open_credit(tx, ledger.name, debtor_id, plan.currency) > 0:
            found.add(debtor_id)
    return found


def _all_gates(workspace: Workspace, ledger: Ledger) -> tuple[Gates, ...]:
    """The gates of every debtor; which are whose is asked of few."""
    try:
        policy = workspace.policy(ledger)
    except ConfigError:
        return (Gates(),)
    return (policy.gates, *policy.gates_of_some())


def gates_for(workspace: Workspace, ledger: Ledger, present: Account) -> Gates:
    """What the policy asks of a debtor; the defaults where it cannot be read: no agency is woken by a typing error."""
    try:
        return gates_of(present, workspace.policy(ledger))
    except ConfigError:
        return Gates()
