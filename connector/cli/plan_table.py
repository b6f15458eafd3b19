"""A plan as a person reads it: who moves, what is undecided, what was left out, and what to type next.

A plan may hold more decisions than fit the memory: they are read in pages, each in a transaction of its own.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from connector.cli.long_table import show_long_table
from connector.cli.naming import Names
from connector.cli.output import instant, money, print_line, show_json_parts
from connector.runtime.words import plural

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.runs import Remark
    from connector.flow.workspace import Workspace
    from connector.model import Decision
    from connector.store.plans import Plan, Planned, Total

_STEPS = {"remind": "reminder", "notice": "formal notice", "call": "call", "escalate": "hand-over"}
_WITH_STEPS = ("remind", "notice", "call")
_EVERYTHING = ""
_AT_ONCE = 500


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

    names = Names(workspace, ledger.name, [one.debtor_id for one in remarks])
    if as_json:
        decisions = _for_machines(workspace, plan)
        show_json_parts({"plan": plan, "decisions": decisions, "remarks": [names.coded(one) for one in remarks]})
        return
    with workspace.store.read() as tx:
        totals = plans.totals(tx, plan.id)
    print_line(
        f"Plan {plan.id} of {ledger.name}, {plan.day}, made {instant(plan.created_at)} with policy {plan.policy} "
        f"{plan.policy_version}: {plan.state}"
    )
    columns = ["debtor", "name", "step", "amount", "claims", "change", "why"]
    firm = ["debtor", "step", "change"]
    show_long_table(columns, lambda: _moves(workspace, plan), right=["amount", "claims"], whole=firm)
    _show_why(workspace, plan, "undecided", title="Undecided: a fact is missing")
    if everybody:
        _show_why(workspace, plan, "none", title="Nothing is done")
    for remark in remarks:
        print_line(names.tell(remark))
    _show_totals(plan, totals, everybody=everybody)
    _show_next(plan, ledger, actions={one.action for one in totals})


def _read(workspace: "Workspace", plan: "Plan", *actions: str) -> "Iterator[tuple[Planned, Names]]":
    """The decisions with these actions, action by action, each with names that know its debtor."""
    from connector.store import plans

    for action in actions:
        after = ""
        while True:
            with workspace.store.read() as tx:
                page = plans.next_decisions(tx, plan.id, after=after, most=_AT_ONCE, action=action)
            if not page:
                break
            names = Names(workspace, plan.ledger, [one.decision.debtor_id for one in page])
            yield from ((one, names) for one in page)
            after = page[-1].decision.debtor_id


def _for_machines(workspace: "Workspace", plan: "Plan") -> Iterator[dict[str, Any]]:
    for one, names in _read(workspace, plan, _EVERYTHING):
        yield {**vars(one), "debtor_code": names.code(one.decision.debtor_id)}


def _moves(workspace: "Workspace", plan: "Plan") -> Iterator[list[str]]:
    """The rows of those who take a step, the last step of all first."""
    for one, names in _read(workspace, plan, *reversed(_STEPS)):
        yield [
            names.short(one.decision.debtor_id),
            names.name(one.decision.debtor_id),
            _STEPS[one.decision.action],
            money(one.decision.amount_minor, one.decision.currency),
            str(len(one.decision.claims)),
            one.change,
            _became(one),
        ]


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


def _show_why(workspace: "Workspace", plan: "Plan", action: str, *, title: str) -> None:
    def read_rows() -> Iterator[list[str]]:
        for one, names in _read(workspace, plan, action):
            key = one.decision.debtor_id
            yield [names.short(key), names.name(key), reason_in_short(one.decision)]

    show_long_table(["debtor", "name", "why"], read_rows, title=title, whole=["debtor"])


def _show_totals(plan: "Plan", totals: "Sequence[Total]", *, everybody: bool) -> None:
    for one in totals:
        if one.action in _STEPS:
            print_line(f"{plural(one.count, _STEPS[one.action])}: {money(one.amount_minor, one.currency)}")
    counts = plan.counts
    if counts.get("undecided"):
        print_line(f"{counts['undecided']:,} undecided")
    if counts.get("none"):
        resting = sum(one.count for one in totals if one.action == "none")
        hint = "" if everybody or not resting else f", new for {resting:,} of them (show them with --all)"
        print_line(f"{counts['none']:,} with nothing to do{hint}")
    changes = ", ".join(
        f"{counts[word]:,} {word}" for word in ("new", "changed", "unchanged", "gone") if counts.get(word)
    )
    print_line(f"Against the plan before: {changes or 'no debtor then or now'}.")


def _show_next(plan: "Plan", ledger: "Ledger", *, actions: set[str]) -> None:
    if plan.state != "open":
        return
    if "escalate" in actions and ledger.sinks:
        print_line(f"To hand over exactly this: incasso handover {plan.id}")
    for action in _WITH_STEPS:
        if action in actions:
            print_line(f"When done, record it: incasso steps {plan.id} --taken {action}")
    if "undecided" in actions:
        print_line(f"To see what is missing: incasso plan {ledger.name} --explain DEBTOR")
