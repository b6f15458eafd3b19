"""Compare both sides: what the ledger says is open and what the agency says it still has to collect."""

from dataclasses import dataclass

from connector.api import Sink
from connector.config import Ledger
from connector.flow.balance import settle
from connector.flow.workspace import Workspace
from connector.model import Money
from connector.store import agency, cases, items
from connector.store.cases import CaseRow, LineRow


@dataclass(frozen=True)
class Comparison:
    """One claim line on both sides, in minor units of `currency`.

    `unbooked`: collected by the agency and not yet booked in the ledger; both sides agree when the ledger's open
    amount without it is the agency's.
    """

    case_ref: str
    number: str
    currency: str
    in_ledger: int
    unbooked: int
    at_agency: int

    @property
    def difference(self) -> int:
        """Zero when both sides agree to the cent."""
        return self.in_ledger - self.unbooked - self.at_agency

    @property
    def agrees(self) -> bool:
        """Whether both sides agree to the cent."""
        return self.difference == 0


def compare(workspace: Workspace, ledger: Ledger) -> list[Comparison]:
    """Ask the agency for each of its cases, live ones and closed ones, and hold it against the ledger."""
    if ledger.sink is None:
        return []
    with workspace.closing():
        return _compare_all(workspace, ledger, workspace.sink(ledger), ledger.sink.connection)


def _compare_all(workspace: Workspace, ledger: Ledger, sink: Sink, connection: str) -> list[Comparison]:
    with workspace.store.read() as tx:
        rows = cases.cases(tx, ledger=ledger.name, connection=connection)
    found = []
    for row in rows:
        if row.handover in ("draft", "queued", "sending", "unknown", "rejected") or row.merged_into:
            continue
        view = sink.snapshot(row.case_ref)
        there = {line.line_id: line.open for line in view.lines} if view else {}
        with workspace.store.read() as tx:
            lines = cases.lines(tx, row.case_ref)
        for line in lines:
            at_agency = there.get(line.line_id, Money(minor=0, currency=row.currency))
            found.append(_compare_line(workspace, row, line, at_agency=at_agency.minor))
    return found


def _compare_line(workspace: Workspace, row: CaseRow, line: LineRow, *, at_agency: int) -> Comparison:
    with workspace.store.read() as tx:
        pieces = items.pieces(tx, line.ledger, row.debtor_id, [line.claim])[line.claim]
        remitted = [one for one in agency.remitted(tx, [row.case_ref]) if one.line_id == line.line_id]
        collected = agency.collected(tx, [row.case_ref]).get((row.case_ref, line.line_id), 0)
    settled = settle(pieces, base_paid=line.base_paid, base_other=line.base_other, remitted=remitted, credit_amounts=[])
    in_ledger = sum(piece.open_minor for piece in pieces)
    return Comparison(row.case_ref, line.number, row.currency, in_ledger, collected - settled.echo, at_agency)
