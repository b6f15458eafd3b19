"""Whether an agency is asked to rest for what the ledger shows or the debtor promised.

One Hold for whichever reasons stand, one Resume.

Level-triggered: asked anew each time from how things are, nothing is remembered but whether the agency rests.
"""

from collections.abc import Iterator
from datetime import date, datetime

from connector.config import Ledger
from connector.flow.messages import next_mutation_id, put_mutation
from connector.flow.promised import cases_to_look_at, resting_for
from connector.flow.workspace import Workspace
from connector.model import Hold, HoldFact, Money, Resume
from connector.store import Tx, cases, items, people
from connector.store.cases import CaseRow

PERHAPS_PAID = "perhaps_paid"
# What the agency is told when it shall rest. A restored store knows its own hold by it.
CREDIT_TEXT = "the creditor received money or booked a credit that is not allocated to an invoice yet"
PROMISED_TEXT = "the debtor promised the creditor to pay, or has a payment plan with the creditor"
HOLE_TEXT = "an invoice was perhaps paid: its rows do not add up in the ledger"
_UNALLOCATED = "unallocated"


def rest_or_go_on(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, *, day: date, at: datetime) -> int:
    """Bring the agency's rest up to what the ledger shows; returns how many messages that took."""
    reasons = list(_reasons(tx, ledger, row, at=at))
    if resting_for(workspace, tx, ledger, row):
        reasons.append(PROMISED_TEXT)
    if bool(reasons) == row.credit_hold:
        return 0
    common = {"mutation_id": next_mutation_id(tx, row.case_ref), "case_ref": row.case_ref, "effective_date": day}
    asked = hold_of_a_person(tx, ledger, row, day)
    if reasons:
        put_mutation(workspace, tx, row, Hold(**common, reason="; ".join(reasons)), at=at)
    elif asked is not None:
        # What a person asked for stands, with its own last day.
        put_mutation(workspace, tx, row, Hold(**common, reason=asked.reason, until=asked.until), at=at)
    else:
        put_mutation(workspace, tx, row, Resume(**common, reason="the ledger explains it"), at=at)
    cases.change_case(tx, row.case_ref, credit_hold=bool(reasons))
    return 1


def is_ours(reason: str) -> bool:
    """Whether a hold with this reason was asked for here, and not by a person."""
    return set(reason.split("; ")) <= {CREDIT_TEXT, HOLE_TEXT, PROMISED_TEXT}


def _reasons(tx: Tx, ledger: Ledger, row: CaseRow, *, at: datetime) -> Iterator[str]:
    """Money that no invoice explains, and claims that no rows explain. The first has its task here."""
    credit = items.open_credit(tx, ledger.name, row.debtor_id, row.currency) - row.base_credit
    if credit > 0:
        yield CREDIT_TEXT
        people.open_task(
            tx,
            ledger.name,
            _UNALLOCATED,
            row.debtor_id,
            case_ref=row.case_ref,
            subject=f"{Money(minor=credit, currency=row.currency)} of this debtor is not allocated: "
            "allocate it in the ledger. The agency rests until then.",
            at=at,
        )
    else:
        people.finish_task(tx, ledger.name, _UNALLOCATED, row.debtor_id, at=at, outcome="allocated")
    if people.open_keys(tx, ledger.name, PERHAPS_PAID, case_ref=row.case_ref):
        yield HOLE_TEXT


def rest_as_promised(workspace: Workspace, ledger: Ledger, connection: str) -> int:
    """Bring the rest of the agency at a connection up to the day.

    Promises and plans end without anything else changing. Returns how many messages that took.
    """
    with workspace.store.read() as tx:
        rows = [one for one in cases_to_look_at(workspace, tx, ledger) if one.connection == connection]
    day, told = workspace.clock.today(ledger.timezone), 0
    for row in rows:
        with workspace.store.write() as tx:
            current = cases.read_case(tx, row.case_ref)
            assert current is not None
            told += rest_or_go_on(workspace, tx, ledger, current, day=day, at=workspace.clock.now())
    return told


def hold_of_a_person(tx: Tx, ledger: Ledger, row: CaseRow, day: date, *, begun: date | None = None) -> HoldFact | None:
    """The hold on the debtor, or on a claim of the case, that lasts longest, when one stands.

    `begun`: of those that began on that day.
    """
    live = {line.claim for line in cases.lines(tx, row.case_ref) if line.live}
    standing = [
        one
        for one in people.holds(tx, ledger.name)
        if (one.key == row.debtor_id if one.scope == "debtor" else one.scope == "claim" and one.key in live)
        and one.before == "every step"
        and (one.since <= day if begun is None else one.since == begun)
        and (one.until is None or one.until >= day)
    ]
    return max(standing, key=lambda one: (one.until is None, one.until or day), default=None)
