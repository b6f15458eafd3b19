"""A case that came back: its claims are free, and stay at home until a person has looked."""

from datetime import datetime

from connector.model import HoldFact
from connector.store import Tx, cases, people
from connector.store.cases import CaseRow

_ORIGIN = "agency"


def bring_back(tx: Tx, row: CaseRow, *, reason: str, at: datetime, line_ids: list[str] | None = None) -> None:
    """End the live hand-over of a case (or of some lines) and hold its claims.

    Without the hold the next plan would hand the same claims over again, unchanged.
    """
    for claim in cases.free_lines(tx, row.case_ref, line_ids=line_ids):
        text = f"case {row.case_ref} came back: {reason}"
        fact = HoldFact(scope="claim", key=claim, since=at.date(), reason=text, origin=_ORIGIN)
        people.add_hold(tx, row.ledger, fact, at=at)


def take_up_again(tx: Tx, row: CaseRow, *, without: frozenset[str] = frozenset(), at: datetime) -> list[str]:
    """A case is open again: its lines are live and the holds on them end, but for lines that were refused.

    Returns the numbers of invoices that went elsewhere meanwhile.
    """
    elsewhere = cases.revive_lines(tx, row.case_ref, without=without)
    claims = [line.claim for line in cases.lines(tx, row.case_ref) if line.line_id not in without]
    people.end_holds(tx, row.ledger, claims, on=at.date(), at=at)
    return elsewhere
