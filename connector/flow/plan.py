"""Plan: decide every account, keep the decisions with their reasons, and tell what differs from the last plan."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice

from connector.config import Ledger
from connector.flow.accounts import account, accounts
from connector.flow.runs import Progress, Report, StoppedError, quiet, running
from connector.flow.workspace import Workspace
from connector.model import Account, Decision
from connector.policy import decide
from connector.store import Tx, plans
from connector.store.plans import Plan, Planned

_AT_ONCE = 500
_MOVES = ("remind", "notice", "call", "escalate")


def make_plan(workspace: Workspace, ledger: Ledger, *, progress: Progress = quiet) -> tuple[Report, Plan]:
    """Decide all accounts of a ledger as of today and store the plan.

    The counts of the plan: decisions by action, and by change against the last plan (`new`, `changed`,
    `unchanged`, `withdrawn`: was to move and has nothing open any more).
    """
    with running(workspace, ledger.name, "plan") as report:
        policy = workspace.policy(ledger)
        day = workspace.clock.today(ledger.timezone)
        with workspace.store.write() as tx:
            last = plans.last_plan(tx, ledger.name)
            moved = {one.decision.debtor_id: one for one in _moving(tx, last)} if last else {}
            plan_id = plans.start_plan(
                tx,
                ledger.name,
                day=day,
                policy=policy.name,
                policy_version=policy.version,
                at=workspace.clock.now(),
            )
        with workspace.store.read() as reading:
            stream = accounts(reading, ledger, day)
            digest = sha256()
            while chunk := list(islice(stream, _AT_ONCE)):
                decided = [decide(one, policy) for one in chunk]
                _keep(workspace, plan_id, decided, moved=moved, report=report)
                digest.update("".join(one.facts for one in decided).encode())
                progress("accounts", len(chunk))
                if workspace.stop.is_set():
                    raise StoppedError("stopped while planning; the next plan starts anew")
        report.counts["withdrawn"] = len(moved)
        report.messages += [f"{debtor_id}: withdrawn, nothing is open any more" for debtor_id in sorted(moved)]
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
    return present, decide(present, workspace.policy(ledger))


def _moving(tx: Tx, plan: Plan) -> Iterator[Planned]:
    return (one for one in plans.decisions(tx, plan.id) if one.decision.action in _MOVES)


def _keep(
    workspace: Workspace, plan_id: int, decided: Sequence[Decision], *, moved: dict[str, Planned], report: Report
) -> None:
    """Store who moves, who needs a person, and whose standing changed; count everybody."""
    with workspace.store.write() as tx:
        known = plans.latest_decisions(tx, decided[0].ledger, [one.debtor_id for one in decided])
        kept = []
        for one in decided:
            moved.pop(one.debtor_id, None)
            change = _change(one, known.get(one.debtor_id))
            report.counts[one.action] += 1
            report.counts[change] += 1
            if change != "unchanged" or one.action != "none":
                kept.append((one, change))
        plans.add_decisions(tx, plan_id, kept)


def _change(one: Decision, before: Planned | None) -> str:
    if before is None:
        return "new"
    was = before.decision
    same = (one.action, one.step, one.claims, one.facts) == (was.action, was.step, was.claims, was.facts)
    return "unchanged" if same and not before.outcome else "changed"
