"""How the claims of a case stand in the ledger since they were handed over, read from the store."""

from collections.abc import Sequence

from connector.flow.balance import Settled, settle
from connector.store import Tx, agency, items
from connector.store.cases import CaseRow, LineRow


def settled_lines(tx: Tx, row: CaseRow, lines: Sequence[LineRow]) -> dict[str, Settled]:
    """How each of these lines of a case was settled since hand-over, by line id."""
    pieces = items.pieces(tx, row.ledger, row.debtor_id, [line.claim for line in lines])
    remitted = agency.remitted(tx, [row.case_ref])
    notes = [-note.amount_minor for note in items.closed_credit_notes(tx, row.ledger, row.debtor_id)]
    return {
        line.line_id: settle(
            pieces[line.claim],
            base_paid=line.base_paid,
            base_other=line.base_other,
            remitted=[one for one in remitted if one.line_id == line.line_id],
            credit_amounts=notes,
        )
        for line in lines
    }
