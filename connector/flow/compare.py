"""Compare the sides: what the ledger says is open, what our books say is at the agency, and what the agency says.

One comparison, two uses: `incasso compare` shows it, the night keeps the difference list by it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from connector.config import Ledger
from connector.flow.agencies import Troubles, ask_for_missing
from connector.flow.settled import settled_lines
from connector.flow.workspace import Workspace
from connector.model import CaseView
from connector.store import Tx, agency, cases, items
from connector.store.cases import CaseRow, LineRow

Standing = Literal["both", "unknown_there", "unknown_here"]
# Never left the house, as far as we know, or are on their way.
_NOT_THERE = ("queued", "sending", "unknown", "rejected")


@dataclass(frozen=True)
class Comparison:
    """One claim line on all sides, in minor units of `currency`.

    - `in_store`: left to collect by our books: handed over, minus what the agency was told, minus what it collected.
    - `unbooked`: collected by the agency and not yet booked in the ledger; both sides agree when the ledger's open
      amount without it is the agency's.
    - `standing`: `both` sides know it; `unknown_there`: the agency does not know the case, or lists no such claim in
      it, and `at_agency` is None; `unknown_here`: the agency works something that is at no agency by our books.
    - `live`: it is at the agency, by our books.
    """

    case_ref: str
    number: str
    currency: str
    in_ledger: int
    unbooked: int
    at_agency: int | None
    standing: Standing = "both"
    live: bool = True
    line_id: str = ""
    in_store: int = 0

    @property
    def at_source(self) -> int:
        """What the ledger says is left to collect: open, without what the agency has collected already."""
        return self.in_ledger - self.unbooked

    @property
    def difference(self) -> int | None:
        """Zero when both sides agree to the cent; None where there is nothing to subtract."""
        return None if self.at_agency is None else self.at_source - self.at_agency

    @property
    def agrees(self) -> bool:
        """Whether both sides agree to the cent. An agency may forget what is closed."""
        if self.standing == "unknown_there":
            return not self.live
        return self.standing == "both" and self.difference == 0


def compare(workspace: Workspace, ledger: Ledger, troubles: Troubles | None = None) -> list[Comparison]:
    """Ask each agency for each of its cases, live ones and closed ones, and hold it against the ledger.

    Also for those that were taken back before they were sent: the agency should not know them.

    What goes wrong at one agency keeps the others from nothing: it is kept in `troubles`, for whoever shows what was
    compared and then tells it; without that it is raised at the end.
    """
    collected = troubles if troubles is not None else Troubles()
    ask_for_missing(workspace, ledger, collected)
    found: list[Comparison] = []
    with workspace.closing():
        for link in ledger.sinks:
            with collected.at(workspace, link.connection):
                sink = workspace.sink(link)
                with workspace.store.read() as tx:
                    rows = cases.cases(tx, ledger=ledger.name, connection=link.connection)
                for row in rows:
                    if comparable(row):
                        found += compare_case(workspace, row, sink.snapshot(row.case_ref))
    if troubles is None:
        collected.tell(ledger)
    return found


def comparable(row: CaseRow) -> bool:
    """Whether the agency can be asked about a case: one that is on its way, or went into another, is not compared."""
    return row.handover not in _NOT_THERE and not row.merged_into


def compare_case(workspace: Workspace, row: CaseRow, view: CaseView | None) -> Iterator[Comparison]:
    """Each line of a case against how the agency shows it; None where the agency does not know the case."""
    with workspace.store.read() as tx:
        lines = {line.line_id: line for line in cases.lines(tx, row.case_ref)}
        ours = _ours(tx, row, list(lines.values())) if row.handover != "draft" else {}
    there = {line.line_id: line.open.minor for line in view.lines} if view else {}
    for line_id, one in ours.items():
        at_agency = there.pop(line_id, None)
        yield replace(one, at_agency=at_agency, standing="both" if at_agency is not None else "unknown_there")
    if row.handover == "draft" and (view is None or view.handover == "rejected" or view.closure):
        return
    for line_id, minor in there.items():
        number = lines[line_id].number if line_id in lines else line_id
        standing: Standing = "unknown_here"
        yield Comparison(row.case_ref, number, row.currency, 0, 0, minor, standing, live=False, line_id=line_id)


def _ours(tx: Tx, row: CaseRow, lines: list[LineRow]) -> dict[str, Comparison]:
    """Each line by the ledger and by our books; the agency's side is still missing."""
    pieces = items.pieces(tx, row.ledger, row.debtor_id, [line.claim for line in lines])
    collected = agency.collected(tx, [row.case_ref])
    settled = settled_lines(tx, row, lines)
    found = {}
    for line in lines:
        taken = collected.get((row.case_ref, line.line_id), 0)
        found[line.line_id] = Comparison(
            case_ref=row.case_ref,
            number=line.number,
            currency=row.currency,
            in_ledger=sum(piece.open_minor for piece in pieces[line.claim]),
            unbooked=taken - settled[line.line_id].echo,
            at_agency=None,
            live=line.live,
            line_id=line.line_id,
            in_store=line.at_agency_minor - taken,
        )
    return found
