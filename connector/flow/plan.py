"""Plan: decide every account, keep the decisions with their reasons, and tell what differs from the last plan."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice

from connector.config import Ledger
from connector.flow.accounts import account, accounts
from connector.flow.changes import change_since
from connector.flow.runs import Progress, Report, StoppedError, quiet, running
from connector.flow.workspace import Workspace
from connector.model import Account, Decision
from connector.policy.decide import decide
from connector.policy.diff import Change, moves
from connector.store import Tx, item_rows, people, plans
from connector.store.plans import Plan

_AT_ONCE = 500


def make_plan(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet) -> tuple[Report, Plan]:
    """Decide all accounts of a ledger as of today and store the plan.

    The counts: decisions by action, and by state against the last plan (`connector.policy.diff.Change`); who is held
    or withdrawn is among those for whom nothing is done. A debtor who does nothing, as before, keeps the decision of
    an earlier plan. Of whom nothing is due yet no step can come: he is counted, and not looked at.
    """
    with running(workspace, ledger.name, "plan") as report:
        policy = workspace.policy(ledger)
        day = workspace.clock.today(ledger.timezone)
        with workspace.store.write() as tx:
            last = plans.last_plan(tx, ledger.name)
            standing = plans.standing(tx, last.id) if last else set()
            plan_id = plans.start_plan(
                tx,
                ledger.name,
                day=day,
                policy=policy.name,
                policy_version=policy.version,
                at=workspace.clock.now(),
            )
        digest = sha256()
        due_by = day + timedelta(days=policy.most_days_ahead)
        with workspace.store.read() as reading:
            everybody = item_rows.count_debtors(reading, ledger.name)
            for chunk in _chunks(reading, ledger, day, due_by, standing):
                decided = [(one, decide(one, policy, workspace.law)) for one in chunk]
                _keep(workspace, plan_id, decided, standing=standing, report=report)
                everybody -= sum(_has_any(one) for one in chunk)
                digest.update("".join(one.facts for present, one in decided if _has_any(present)).encode())
                progress("accounts", len(chunk))
                if workspace.stop.is_set():
                    raise StoppedError("stopped while planning; the next plan starts anew")
        report.counts["none"] += max(0, everybody)
        with workspace.store.write() as tx:
            plans.finish_plan(tx, plan_id, ledger.name, facts=digest.hexdigest(), counts=+report.counts)
            plan = plans.read_plan(tx, plan_id)
    assert plan is not None
    return report, plan


def explain(workspace: Workspace, ledger: Ledger, debtor_id: str) -> tuple[Account, Decision]:
    """What is decided for one debtor on the facts of this moment, with every condition. Stores nothing."""
    day = workspace.clock.today(ledger.timezone)
    with workspace.store.read() as tx:
        present = account(tx, ledger, debtor_id, day)
    return present, decide(present, workspace.policy(ledger), workspace.law)


def _chunks(tx: Tx, ledger: Ledger, day: date, due_by: date, standing: set[str]) -> Iterator[list[Account]]:
    """The accounts with anything due, then those of debtors who are left in `standing` by then: theirs is over."""
    stream = accounts(tx, ledger, day, due_by=due_by)
    while chunk := list(islice(stream, _AT_ONCE)):
        yield chunk
    over = iter(sorted(standing))
    while ids := list(islice(over, _AT_ONCE)):
        steps = people.steps(tx, ledger.name, ids)
        still_open = item_rows.with_anything_open(tx, ledger.name, ids)
        yield [
            account(tx, ledger, key, day)
            if key in still_open
            else Account(
                ledger=ledger.name,
                debtor_id=key,
                debtor_kind="unknown",
                day=day,
                steps=tuple(steps.get(key, ())),
            )
            for key in ids
        ]


def _has_any(present: Account) -> bool:
    return bool(present.claims or present.credit_minor)


def _keep(
    workspace: Workspace,
    plan_id: int,
    decided: Sequence[tuple[Account, Decision]],
    *,
    standing: set[str],
    report: Report,
) -> None:
    """Store who moves, is held or needs a person, and whose standing changed; count everybody."""
    with workspace.store.write() as tx:
        known = plans.latest_decisions(tx, decided[0][0].ledger, [one.debtor_id for one, _ in decided])
        kept = []
        for present, one in decided:
            standing.discard(one.debtor_id)
            change = change_since(tx, known.get(one.debtor_id), one, present)
            report.counts[one.action] += 1
            if change.kind not in ("undecided", "none"):
                report.counts[change.kind] += 1
            if _worth_keeping(change, one):
                kept.append((one, change))
        plans.add_decisions(tx, plan_id, [(one, change.kind, "; ".join(change.why)) for one, change in kept])


def _worth_keeping(change: Change, now: Decision) -> bool:
    if moves(now) or now.action == "undecided" or now.held_step or change.before is None:
        return True
    before = change.before
    if (before.policy_version, before.law) != (now.policy_version, now.law):
        return True
    return change.moved or before.action != now.action
