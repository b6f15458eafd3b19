"""`incasso plan --explain`: why, for one debtor, now or in a stored plan; as text, as JSON, as a page."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from connector.cli.naming import Names
from connector.cli.output import instant, print_line, show_json
from connector.cli.selection import pick_debtor
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.config import Ledger
    from connector.flow.workspace import Workspace
    from connector.model import ClaimSeen, Decision
    from connector.runtime.pages.languages import Language
    from connector.store.plans import Plan


class Told(NamedTuple):
    """A decision with the claims that were open, when it was made, and in which stored plan (0: in none)."""

    decision: "Decision"
    claims: "tuple[ClaimSeen, ...] | None"
    made_at: datetime
    plan: int = 0


def explain_one(
    workspace: "Workspace",
    ledger: "Ledger",
    text: str,
    *,
    plan: "Plan | None" = None,
    page: Path | None = None,
    language: "Language | None" = None,
    as_json: bool,
) -> None:
    """Print why, of the facts of this moment or as `plan` has it, and write the page where one is wanted."""
    from connector.policy import explain, render

    key = pick_debtor(workspace, ledger, text)
    told = _stored(workspace, ledger, key, plan) if plan else _now(workspace, ledger, key)
    names = Names(workspace, ledger.name, [key])
    if page:
        _write_page(workspace, ledger, told, page, language)
    if as_json:
        more = {"plan": told.plan, "made_at": told.made_at} if told.plan else {}
        show_json({**names.coded(explain(told.decision)), **more})
        return
    if told.plan:
        print_line(f"As decided in plan {told.plan}, made {instant(told.made_at)}:")
    for line in render(explain(told.decision).model_copy(update={"debtor_id": names.full(key)})):
        print_line(line)
    if page:
        print_line(f"The page is in {page}")


def _now(workspace: "Workspace", ledger: "Ledger", key: str) -> Told:
    from connector.flow.plan import explain
    from connector.policy.seen import see_account

    present, decision = explain(workspace, ledger, key)
    return Told(decision, decision.seen or see_account(present), workspace.clock.now())


def _stored(workspace: "Workspace", ledger: "Ledger", key: str, plan: "Plan") -> Told:
    from connector.store import plans

    with workspace.store.read() as tx:
        found = plans.decision_as_of(tx, plan.id, ledger.name, key)
    if found is None:
        raise ConfigError(
            f"plan {plan.id} says nothing of this debtor: nothing was open.",
            mend=f"For today: incasso plan {ledger.name} --explain DEBTOR",
        )
    of, planned = found
    return Told(planned.decision, planned.decision.seen or None, of.created_at, of.id)


def _write_page(workspace: "Workspace", ledger: "Ledger", told: Told, page: Path, language: "Language | None") -> None:
    from connector.runtime.pages.dossier import gather
    from connector.runtime.pages.explained import draw_page
    from connector.store.whole_file import written_whole

    dossier, own = gather(workspace, ledger, told.decision, told.claims, made_at=told.made_at, plan=told.plan)
    text = draw_page(dossier, language or own)
    with written_whole(page) as beside:
        beside.write_text(text, encoding="utf-8")
