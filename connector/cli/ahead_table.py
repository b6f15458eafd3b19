"""What would come, as a person reads it: day by day, week by week, and who stands before a step at the end."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from connector.cli.long_table import show_long_table
from connector.cli.naming import Names
from connector.cli.output import money, print_line, show_json, show_table
from connector.runtime.words import plural

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.ahead import Outlook, Stuck
    from connector.flow.workspace import Workspace
    from connector.insight.ahead import Coming, Prospect

ASSUMED = (
    "Assumed: nobody pays, nothing new comes in, and each step is taken on its day. Letters that the law asks for are "
    "not assumed; record them with incasso debtor letter."
)
_BAR = 24


def show_outlook(workspace: "Workspace", found: "Outlook", *, as_json: bool) -> None:
    """Print the steps in the order of days, their totals by week, and whom a gate or a missing fact stops."""
    keys = {one.debtor_id for one in found.steps} | {one.debtor_id for one in found.stuck}
    names = Names(workspace, found.ledger, keys)
    if as_json:
        show_json(_for_machines(found, names))
        return
    print_line(
        f"{found.ledger} from {found.first} to {found.last}, with policy {found.policy} {found.policy_version}. "
        "Nothing is stored."
    )
    rows = [[str(one.day), *_who(one.debtor_id, names), one.step, _amount(one), str(one.claims)] for one in found.steps]
    columns = ["day", "debtor", "name", "step", "amount", "claims"]
    show_long_table(columns, lambda: rows, right=["amount", "claims"], whole=["day", "debtor", "step"])
    _show_weeks(found.steps)
    _show_stuck(found.stuck, names, found.last)
    print_line(
        f"{plural(len(found.steps), 'step')} of {plural(len({one.debtor_id for one in found.steps}), 'debtor')}."
    )
    print_line(ASSUMED)


def show_prospect(workspace: "Workspace", ledger: "Ledger", key: str, found: "Prospect", *, as_json: bool) -> None:
    """Print the steps of one debtor, and why the last day brings what it brings."""
    from connector.policy import explain, render

    names = Names(workspace, ledger.name, [key])
    if as_json:
        told = names.coded(explain(found.last))
        show_json({"steps": [_step_facts(one, names) for one in found.steps], "last": told})
        return
    rows = [[str(one.day), one.step, _amount(one), str(one.claims)] for one in found.steps]
    if rows:
        show_table(["day", "step", "amount", "claims"], rows, right=["amount", "claims"], whole=["day", "step"])
    for line in render(explain(found.last).model_copy(update={"debtor_id": names.full(key)})):
        print_line(line)
    print_line(ASSUMED)


def _show_weeks(steps: "Sequence[Coming]") -> None:
    """Per week, step and currency how many and how much, with a bar as long as the count."""
    if not steps:
        return
    found: dict[tuple[date, str, str], list[int]] = defaultdict(list)
    for one in steps:
        found[one.day - timedelta(days=one.day.weekday()), one.step, one.currency].append(one.amount_minor)
    most = max(len(amounts) for amounts in found.values())
    rows = [
        [str(week), step, f"{len(amounts):,}", money(sum(amounts), currency), "#" * -(-len(amounts) * _BAR // most)]
        for (week, step, currency), amounts in sorted(found.items(), key=lambda one: one[0][0])
    ]
    show_table(
        ["week of", "step", "debtors", "amount", ""], rows, right=["debtors", "amount"], whole=["week of", "step"]
    )


def _show_stuck(stuck: "Sequence[Stuck]", names: Names, last: date) -> None:
    for state in ("held", "undecided"):
        rows = [
            [*_who(one.debtor_id, names), one.step, _amount(one), one.reason] for one in stuck if one.state == state
        ]
        title = f"{state.capitalize()} on {last}: {len(rows):,}"
        columns = ["debtor", "name", "step", "amount", "why"]

        def read_rows(rows: list[list[str]] = rows) -> Iterator[list[str]]:
            return iter(rows)

        show_long_table(columns, read_rows, title=title, right=["amount"], whole=["debtor", "step"])


def _for_machines(found: "Outlook", names: Names) -> dict[str, Any]:
    return {
        "ledger": found.ledger,
        "from": found.first,
        "to": found.last,
        "policy": found.policy,
        "policy_version": found.policy_version,
        "steps": [_step_facts(one, names) for one in found.steps],
        "stuck": [{**one._asdict(), "debtor_code": names.code(one.debtor_id)} for one in found.stuck],
    }


def _step_facts(one: "Coming", names: Names) -> dict[str, Any]:
    return {**one._asdict(), "debtor_code": names.code(one.debtor_id)}


def _who(key: str, names: Names) -> tuple[str, str]:
    return names.short(key), names.name(key)


def _amount(one: "Coming | Stuck") -> str:
    return money(one.amount_minor, one.currency)
