"""What agencies are told on a later day than it was said: a hold that begins, and what befell a debtor that is over.

It is looked at anew on its day: what was lifted, or recorded otherwise, meanwhile is not told.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from connector.config import Ledger
from connector.flow.messages import put_mutation
from connector.flow.rest import hold_of_a_person
from connector.flow.telling import common_of, tell_all
from connector.flow.workspace import Workspace
from connector.model import Circumstance, Hold, Message
from connector.policy.stopped import stop_of
from connector.store import Tx, cases, circumstances, told_on

_ONE_DAY = timedelta(days=1)
# What a public register tells; a person's vulnerability is nobody else's business.
TOLD = ("insolvency", "deceased")


def tell_today(workspace: Workspace, ledger: Ledger) -> int:
    """Tell the agencies of a ledger what was to be told by today. Returns how many messages that took."""
    with workspace.store.read() as tx:
        if not told_on.waits(tx, ledger.name, up_to=workspace.clock.today(ledger.timezone)):
            return 0
    with workspace.store.write() as tx:
        return tell_by_now(workspace, tx, ledger)


def tell_by_now(workspace: Workspace, tx: Tx, ledger: Ledger, *, debtor_id: str = "") -> int:
    """Tell agencies what was to be told by today, of one debtor or of all. Returns how many messages that took."""
    today, told = workspace.clock.today(ledger.timezone), 0
    for due in told_on.take(tx, ledger.name, up_to=today, debtor_id=debtor_id):
        if due.kind == "hold":
            told += _tell_of_hold(workspace, tx, ledger, due.debtor_id, begun=due.day)
        else:
            befell = circumstances.circumstances(tx, ledger.name, [due.debtor_id]).get(due.debtor_id, [])
            over = [one for one in befell if one.kind == due.kind and one.until == due.day - _ONE_DAY]
            told += tell_of_end(workspace, tx, ledger, due.debtor_id, over, on=due.day)
    return told


def tell_of_end(
    workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str, ended: list[Circumstance], *, on: date
) -> int:
    """Take back what agencies were told of these when they were recorded; returns how many cases that concerns."""
    text = " ".join(_said_over(workspace, ended, on))
    return tell_all(workspace, tx, ledger, debtor_id, lambda common: Message(**common, text=text)) if text else 0


def _said_over(workspace: Workspace, ended: list[Circumstance], on: date) -> Iterator[str]:
    for one in ended:
        if one.kind not in TOLD or stop_of(workspace.law, one, one.since).verdict == "yes":
            continue
        if one.kind == "deceased":
            yield f"The debtor is not known to be dead any more from {on} on. Go on as if that had not been said."
        else:
            named = f", {one.reference}" if one.reference else ""
            yield f"The debtor: {one.regime} since {one.since}{named} is over from {on} on. It stops nothing any more."


def _tell_of_hold(workspace: Workspace, tx: Tx, ledger: Ledger, debtor_id: str, *, begun: date) -> int:
    """The agencies of the cases that a hold of this day reaches rest; one that rests already for the ledger does so."""
    day, told = workspace.clock.today(ledger.timezone), 0
    for row in cases.cases(tx, ledger=ledger.name, debtor_id=debtor_id):
        begins = hold_of_a_person(tx, ledger, row, day, begun=begun)
        longest = hold_of_a_person(tx, ledger, row, day)
        live = any(line.live for line in cases.lines(tx, row.case_ref))
        if begins is None or longest is None or not live or row.credit_hold:
            continue
        common = common_of(workspace, tx, ledger, row)
        rest = Hold(**common, reason=longest.reason, until=longest.until)
        put_mutation(workspace, tx, row, rest, at=workspace.clock.now())
        told += 1
    return told
