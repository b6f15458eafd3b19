"""Holds that no agency is told of: on a whole ledger, and the veto on the hand-over of a debtor."""

from datetime import date
from typing import Literal

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.workspace import Workspace
from connector.model import HoldFact
from connector.store import Tx, journal, people

Before = Literal["every step", "escalate"]


def hold_ledger(
    workspace: Workspace, ledger: Ledger, *, reason: str, since: date | None, until: date | None, actor: str
) -> None:
    """No step for any debtor of a ledger, from `since` (today) to `until`. Agencies go on with what they have."""
    day = workspace.clock.today(ledger.timezone)
    start = checked_start(since or day, until)
    fact = HoldFact(scope="ledger", key=ledger.name, since=start, until=until, reason=reason, origin=actor)
    with workspace.store.write() as tx:
        add_hold(workspace, tx, ledger, fact, action="ledger.hold", subject=ledger.name, actor=actor)


def resume_ledger(workspace: Workspace, ledger: Ledger, *, actor: str) -> int:
    """End the holds on a ledger. Returns how many there were."""
    return _end(workspace, ledger, ledger.name, before="every step", action="ledger.resume", actor=actor)


def veto(workspace: Workspace, ledger: Ledger, debtor_id: str, *, reason: str, until: date | None, actor: str) -> None:
    """Nobody hands this debtor over until `until`, or until the veto is lifted; all other steps go on."""
    day = workspace.clock.today(ledger.timezone)
    start = checked_start(day, until)
    fact = HoldFact(
        scope="debtor", key=debtor_id, since=start, until=until, reason=reason, origin=actor, before="escalate"
    )
    with workspace.store.write() as tx:
        add_hold(workspace, tx, ledger, fact, action="debtor.veto", subject=debtor_id, actor=actor)


def lift_veto(workspace: Workspace, ledger: Ledger, debtor_id: str, *, actor: str) -> int:
    """End the vetoes on a debtor. Returns how many there were."""
    return _end(workspace, ledger, debtor_id, before="escalate", action="debtor.unveto", actor=actor)


def checked_start(since: date, until: date | None) -> date:
    """The first day of a hold. Raises ConfigError when it ends before that."""
    if until and until < since:
        raise ConfigError(f"the last day, {until}, lies before the first, {since}", mend="Turn them round.")
    return since


def add_hold(
    workspace: Workspace, tx: Tx, ledger: Ledger, fact: HoldFact, *, action: str, subject: str, actor: str
) -> None:
    """Keep a hold, with its line in the audit trail."""
    at = workspace.clock.now()
    people.add_hold(tx, ledger.name, fact, at=at)
    journal.note(
        tx, action, subject, at=at, ledger=ledger.name, actor=actor,
        of=fact.key, since=str(fact.since), until=str(fact.until or ""),
    )  # fmt: skip


def _end(workspace: Workspace, ledger: Ledger, key: str, *, before: Before, action: str, actor: str) -> int:
    with workspace.store.write() as tx:
        on = workspace.clock.today(ledger.timezone)
        at = workspace.clock.now()
        ended = len(people.end_holds(tx, ledger.name, [key], on=on, at=at, before=before))
        if ended:
            journal.note(tx, action, key, at=at, ledger=ledger.name, actor=actor, count=ended)
    return ended
