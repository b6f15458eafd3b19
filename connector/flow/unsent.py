"""A hand-over that has not left the house: what keeps it here, and how it is taken back."""

from datetime import datetime

from connector.config import Ledger
from connector.flow import promised
from connector.flow.accounts import account
from connector.flow.workspace import Workspace
from connector.model import Money
from connector.policy.standing import active_holds, describe, open_disputes
from connector.policy.stopped import stops
from connector.store import Tx, cases, items, journal, outbox, withdrawals
from connector.store.cases import CaseRow
from connector.store.outbox import Outgoing


def reason_to_stay(workspace: Workspace, tx: Tx, ledger: Ledger, message: Outgoing) -> str:
    """Why a case must not go out any more, in words; empty when it may.

    Asked right before it is sent, however long it waited: a claim that is not overdue as it was handed over, a hold or
    veto, a dispute, a promise or payment plan, what befell the debtor, money that is not allocated yet, or a person who
    asked the case back.
    """
    row = cases.read_case(tx, message.case_ref)
    assert row is not None
    if row.case_ref in withdrawals.standing(tx, row.ledger):
        return "it was asked back"
    present = account(tx, ledger, row.debtor_id, workspace.clock.today(ledger.timezone))
    overdue = {claim.claim: claim.overdue_minor for claim in present.claims}
    lines = cases.lines(tx, row.case_ref)
    for line in lines:
        now = overdue.get(line.claim, 0)
        if now != line.handed_minor:
            seen, handed = (Money(minor=minor, currency=row.currency) for minor in (now, line.handed_minor))
            return f"of invoice {line.number} {seen} is overdue now, not {handed}"
    claims = {line.claim for line in lines}
    for dispute in open_disputes(present):
        if not dispute.claim or dispute.claim in claims:
            return describe(dispute)
    for hold in active_holds(present):
        if hold.scope != "claim" or hold.key in claims:
            return describe(hold)
    waited_for = promised.reason_to_stay(workspace, ledger, present, claims)
    if waited_for:
        return waited_for
    if present.circumstances:
        spare = promised.gates_for(workspace, ledger, present).vulnerable.before != "never"
        stopping = [one.seen for one in stops(workspace.law, present, spare=spare) if one.verdict != "yes"]
        if stopping:
            return stopping[0]
    credit = items.open_credit(tx, ledger.name, row.debtor_id, row.currency) - row.base_credit
    return f"{Money(minor=credit, currency=row.currency)} of the debtor is not allocated yet" if credit > 0 else ""


def take_back(tx: Tx, message: Outgoing, *, why: str, at: datetime) -> CaseRow | None:
    """Cancel a hand-over with all that waits behind it: its claims are home. None when somebody else moved it."""
    if not outbox.move(tx, message, "CANCELLED", ended_at=at, last_error=why):
        return None
    for other in outbox.of_case(tx, message.case_ref):
        if other.state not in outbox.ENDED:
            outbox.move(tx, other, "CANCELLED", ended_at=at)
    row = cases.read_case(tx, message.case_ref)
    assert row is not None
    cases.free_lines(tx, row.case_ref)
    withdrawals.end(tx, row.case_ref, "taken_back", at=at, why=why)
    cases.change_case(tx, row.case_ref, closure="withdrawn", closure_at=at, closure_why=why, handover="draft")
    journal.note(tx, "case.cancelled", row.case_ref, at=at, ledger=row.ledger, why=why)
    return row
