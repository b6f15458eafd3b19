"""A plan as a person reads it: who moves, what is undecided, what was left out, and what to type next."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from connector.cli.naming import Names
from connector.cli.output import instant, money, print_line, show_json, show_table
from connector.runtime.words import plural

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.runs import Remark
    from connector.flow.workspace import Workspace
    from connector.model import Decision
    from connector.store.plans import Plan, Planned

_STEPS = {"remind": "reminder", "notice": "formal notice", "call": "call", "escalate": "hand-over"}
_WITH_STEPS = ("remind", "notice", "call")
_WHY_COLUMNS = ("debtor", "name", "why")


def show_plan(
    workspace: "Workspace",
    ledger: "Ledger",
    plan: "Plan",
    *,
    everybody: bool,
    as_json: bool,
    remarks: "Sequence[Remark]" = (),
) -> None:
    """Print a stored plan. With `everybody` also those for whom nothing is done, as far as that is news."""
    from connector.store import plans

    with workspace.store.read() as tx:
        found = list(plans.decisions(tx, plan.id))
    about = [one.decision.debtor_id for one in found] + [one.debtor_id for one in remarks]
    names = Names(workspace, ledger.name, about)
    if as_json:
        decisions = [{**vars(one), "debtor_code": names.code(one.decision.debtor_id)} for one in found]
        show_json({"plan": plan, "decisions": decisions, "remarks": [names.coded(one) for one in remarks]})
        return
    print_line(
        f"Plan {plan.id} of {ledger.name}, {plan.day}, made {instant(plan.created_at)} with policy {plan.policy} "
        f"{plan.policy_version}: {plan.state}"
    )
    _show_moves([one for one in found if one.decision.action in _STEPS], names)
    _show_why("Undecided: a fact is missing", [one for one in found if one.decision.action == "undecided"], names)
    resting = [one for one in found if one.decision.action == "none"]
    if everybody:
        _show_why("Nothing is done", resting, names)
    for remark in remarks:
        print_line(names.tell(remark))
    _show_totals(plan, found, resting=len(resting), everybody=everybody)
    _show_next(plan, ledger, found)


def _show_moves(moving: Sequence["Planned"], names: Names) -> None:
    if not moving:
        return
    rows = [
        [
            names.short(one.decision.debtor_id),
            names.name(one.decision.debtor_id),
            _STEPS[one.decision.action],
            money(one.decision.amount_minor, one.decision.currency),
            str(len(one.decision.claims)),
            one.change,
            _became(one),
        ]
        for one in sorted(moving, key=lambda one: (-list(_STEPS).index(one.decision.action), one.decision.debtor_id))
    ]
    columns = ["debtor", "name", "step", "amount", "claims", "change", "why"]
    show_table(columns, rows, right=["amount", "claims"], whole=["debtor", "step", "change"])


def _became(one: "Planned") -> str:
    """What became of a decision once its plan was carried out, else why the step comes, in short."""
    if one.outcome == "handed_over":
        return f"handed over as {one.case_ref}"
    return f"left out: {one.outcome_why}" if one.outcome else reason_in_short(one.decision)


def reason_in_short(decision: "Decision") -> str:
    """The reason that decided: what is missing, the first one not met where nothing moves, else the first one met."""
    from connector.policy import missing

    if decision.action == "undecided":
        return missing(decision)
    wanted = "no" if decision.action == "none" else "yes"
    return next((one.seen for one in decision.because if one.verdict == wanted), "")


def _show_why(title: str, found: Sequence["Planned"], names: Names) -> None:
    if found:
        rows = [
            [names.short(one.decision.debtor_id), names.name(one.decision.debtor_id), reason_in_short(one.decision)]
            for one in found
        ]
        show_table(_WHY_COLUMNS, rows, title=title, whole=["debtor"])


def _show_totals(plan: "Plan", found: Iterable["Planned"], *, resting: int, everybody: bool) -> None:
    totals: dict[tuple[str, str], list[int]] = {}
    for one in found:
        if one.decision.action in _STEPS:
            totals.setdefault((one.decision.action, one.decision.currency), []).append(one.decision.amount_minor)
    for (action, currency), amounts in totals.items():
        print_line(f"{plural(len(amounts), _STEPS[action])}: {money(sum(amounts), currency)}")
    counts = plan.counts
    if counts.get("undecided"):
        print_line(f"{counts['undecided']:,} undecided")
    if counts.get("none"):
        hint = "" if everybody or not resting else f", new for {resting:,} of them (show them with --all)"
        print_line(f"{counts['none']:,} with nothing to do{hint}")
    changes = ", ".join(
        f"{counts[word]:,} {word}" for word in ("new", "changed", "unchanged", "gone") if counts.get(word)
    )
    print_line(f"Against the plan before: {changes or 'no debtor then or now'}.")


def _show_next(plan: "Plan", ledger: "Ledger", found: Sequence["Planned"]) -> None:
    if plan.state != "open":
        return
    actions = {one.decision.action for one in found}
    if "escalate" in actions and ledger.sink is not None:
        print_line(f"To hand over exactly this: incasso handover {plan.id}")
    for action in _WITH_STEPS:
        if action in actions:
            print_line(f"When done, record it: incasso steps {plan.id} --taken {action}")
    if "undecided" in actions:
        print_line(f"To see what is missing: incasso plan {ledger.name} --explain DEBTOR")
