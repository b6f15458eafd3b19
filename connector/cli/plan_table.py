"""A plan as a person reads it: by state, who moves, who is held and by what, what was withdrawn, and what to type next.

A plan may hold more decisions than fit the memory: they are read in pages, each in a transaction of its own.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.cli.long_table import show_long_table
from connector.cli.naming import Names
from connector.cli.output import instant, money, print_line, show_json_parts
from connector.runtime.words import plural

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.workspace import Workspace
    from connector.model import Decision
    from connector.store.plans import Plan, Planned, Total

_STEPS = {"remind": "reminder", "notice": "formal notice", "call": "call", "escalate": "hand-over"}
_WITH_STEPS = ("remind", "notice", "call")
# The states in the order in which they are shown; `none` on request only.
STATES = ("new", "changed", "held", "withdrawn", "unchanged", "undecided")
_AT_ONCE = 500
_AMOUNTS = ["amount", "claims"]
_COLUMNS = {
    "new": ["debtor", "name", "step", *_AMOUNTS, "change", "why"],
    "changed": ["debtor", "name", "step", *_AMOUNTS, "change", "why"],
    "unchanged": ["debtor", "name", "step", *_AMOUNTS, "why"],
    "held": ["debtor", "name", "step", "amount", "change", "held by"],
    "withdrawn": ["debtor", "name", "change"],
    "undecided": ["debtor", "name", "change", "why"],
    "none": ["debtor", "name", "why"],
}

_TITLES = {"none": "Nothing is done", "undecided": "Undecided, a fact is missing"}


class Shown(NamedTuple):
    """What is shown of a plan: also those for whom nothing is done, or only what differs from the plan before."""

    everybody: bool = False
    differing: bool = False


def show_plan(workspace: "Workspace", ledger: "Ledger", plan: "Plan", *, shown: Shown, as_json: bool) -> None:
    """Print a stored plan: a table a state, those who are nearest to the agency first."""
    from connector.store import plans

    if as_json:
        show_json_parts({"plan": plan, "decisions": _for_machines(workspace, plan, shown)})
        return
    with workspace.store.read() as tx:
        totals = plans.totals(tx, plan.id)
    print_line(
        f"Plan {plan.id} of {ledger.name}, {plan.day}, made {instant(plan.created_at)} with policy {plan.policy} "
        f"{plan.policy_version}: {plan.state}"
    )
    for state in (*STATES, *(["none"] if shown.everybody else [])):
        _show_state(workspace, plan, [one for one in totals if one.change == state], state, shown)
    _show_totals(plan, totals, shown)
    _show_next(plan, ledger, actions={one.action for one in totals})


def _read(
    workspace: "Workspace", plan: "Plan", *, state: str = "", action: str = "", differing: bool
) -> "Iterator[tuple[Planned, Names]]":
    """These decisions in the order of debtors, each with names that know its debtor."""
    from connector.store import plans

    after = ""
    while True:
        with workspace.store.read() as tx:
            page = plans.next_decisions(
                tx, plan.id, after=after, most=_AT_ONCE, change=state, action=action, differing=differing
            )
        if not page:
            return
        names = Names(workspace, plan.ledger, [one.decision.debtor_id for one in page])
        yield from ((one, names) for one in page)
        after = page[-1].decision.debtor_id


def _for_machines(workspace: "Workspace", plan: "Plan", shown: Shown) -> Iterator[dict[str, Any]]:
    for one, names in _read(workspace, plan, differing=shown.differing):
        yield {**vars(one), "debtor_code": names.code(one.decision.debtor_id)}


def _show_state(workspace: "Workspace", plan: "Plan", totals: "Sequence[Total]", state: str, shown: Shown) -> None:
    """The table of one state; the last step of all comes first."""
    count = sum(one.differing if shown.differing else one.count for one in totals)
    if not count:
        return
    present = {one.action for one in totals}
    actions = [action for action in (*reversed(_STEPS), "none", "undecided") if action in present]

    def read_rows() -> Iterator[list[str]]:
        for action in actions:
            for one, names in _read(workspace, plan, state=state, action=action, differing=shown.differing):
                cells = _cells(one, names)
                yield [cells[column] for column in _COLUMNS[state]]

    title = _TITLES.get(state, state.capitalize())
    firm = ["debtor", "step"]
    show_long_table(_COLUMNS[state], read_rows, title=f"{title}: {count:,}", right=_AMOUNTS, whole=firm)


def _cells(one: "Planned", names: Names) -> dict[str, str]:
    decision = one.decision
    reason = _became(one)
    return {
        "debtor": names.short(decision.debtor_id),
        "name": names.name(decision.debtor_id),
        "step": _STEPS.get(decision.action, decision.held_step)
        + (f" to {decision.destination}" if decision.destination else ""),
        "amount": money(decision.amount_minor or decision.held_minor, decision.currency),
        "claims": str(len(decision.claims)),
        "why": reason,
        "held by": reason,
        "change": one.change_why,
    }


def _became(one: "Planned") -> str:
    """What became of a decision once its plan was carried out, else why the step comes, in short."""
    if one.outcome == "handed_over":
        return f"handed over as {one.case_ref}"
    return f"left out: {one.outcome_why}" if one.outcome else reason_in_short(one.decision)


def reason_in_short(decision: "Decision") -> str:
    """The reason that decided: what is missing, what holds it, the first one not met where nothing moves, else the
    first one met.
    """
    from connector.policy import held_by, missing

    if decision.action == "undecided":
        return missing(decision)
    if decision.held_step:
        return held_by(decision)[0]
    if decision.action == "none":
        return next((one.seen for one in decision.because if one.verdict == "no"), "")
    met = (one for one in decision.because if one.verdict == "yes")
    of_step = next((one.seen for one in met if not one.condition.startswith("account.")), "")
    return ": ".join(filter(None, [decision.segment, of_step]))


def _show_totals(plan: "Plan", totals: "Sequence[Total]", shown: Shown) -> None:
    steps: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, str]] = Counter()
    for one in totals:
        steps[one.action, one.currency] += one.count
        amounts[one.action, one.currency] += one.amount_minor
    for (action, currency), count in steps.items():
        if action in _STEPS:
            print_line(f"{plural(count, _STEPS[action])}: {money(amounts[action, currency], currency)}")
    for one in totals:
        if one.change == "held":
            print_line(f"{one.count:,} held: {money(one.amount_minor, one.currency)}")
    counts = plan.counts
    if counts.get("undecided"):
        print_line(f"{counts['undecided']:,} undecided")
    idle = counts.get("none", 0) - counts.get("held", 0) - counts.get("withdrawn", 0)
    if idle > 0:
        resting = sum(one.count for one in totals if one.change == "none")
        hint = "" if shown.everybody or not resting else f", new for {resting:,} of them (show them with --all)"
        print_line(f"{idle:,} with nothing to do{hint}")
    states = ", ".join(f"{counts[word]:,} {word}" for word in STATES if counts.get(word))
    print_line(f"Against the plan before: {states or 'no step then or now'}.")


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
