"""Both paid at once: the debtor paid the creditor and the agency, together more than the claim."""

from datetime import date, datetime

from connector.config import Ledger
from connector.flow.settled import settled_lines
from connector.flow.workspace import Workspace
from connector.model import Money
from connector.store import Tx, agency, cases, items, people
from connector.store.cases import CaseRow, LineRow

PAID_TWICE = "paid_twice"


def flag(workspace: Workspace, ledger: Ledger, connection: str) -> int:
    """Put claims that were paid twice before a person, and take those off the list that a reversal has settled.

    Of the cases at one agency, called after its pay-outs were read. Returns how many stand. Looks at the claims of
    which the agency was told so; the night looks at closed ones too.
    """
    with workspace.store.read() as tx:
        suspects = set(agency.overpaid(tx, ledger.name))
        suspects |= set(people.open_keys(tx, ledger.name, PAID_TWICE))
    count = 0
    for line_id in sorted(suspects):
        with workspace.store.write() as tx:
            line = cases.line_named(tx, ledger.name, line_id)
            row = cases.read_case(tx, line.case_ref) if line else None
            if line and row and row.connection == connection:
                count += look(workspace, tx, ledger, row, line)
    return count


def look(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, line: LineRow) -> bool:
    """Whether a claim was paid twice, by how it stands in the ledger and at the agency now; its task follows."""
    at = workspace.clock.now()
    collected, collected_on = _collected(tx, row, line)
    pieces = items.pieces(tx, ledger.name, row.debtor_id, [line.claim])[line.claim]
    remitted = [one for one in agency.remitted(tx, [row.case_ref]) if one.line_id == line.line_id]
    settled = settled_lines(tx, row, [line])[line.line_id]
    claimed = line.handed_minor - settled.credited - settled.corrected
    excess = settled.direct + collected - claimed
    if settled.direct <= 0 or collected <= 0 or excess <= 0:
        people.finish_task(tx, ledger.name, PAID_TWICE, line.line_id, at=at, outcome="one of the payments was undone")
        return False
    days = [one.settled_on for one in pieces if one.closed_reason == "paid" and one.settled_on]
    direct_on = max(days, default=None)
    paid_out = sum(one.principal_minor for one in remitted)
    _tell(
        tx,
        ledger,
        row,
        line,
        at=at,
        body={
            "currency": row.currency,
            "claim_minor": claimed,
            "direct_minor": settled.direct,
            "direct_on": direct_on.isoformat() if direct_on else None,
            "collected_minor": collected,
            "collected_on": collected_on.isoformat(),
            "excess_minor": excess,
            "pays_back": _who(direct_on, collected_on, is_paid_out=paid_out >= excess),
        },
    )
    return True


def _collected(tx: Tx, row: CaseRow, line: LineRow) -> tuple[int, date]:
    """Principal that the agency collected on a line, and the day of the last of it."""
    parts = [
        (minor, received_on)
        for _, received_on, component, line_id, minor in agency.payments(tx, row.case_ref)
        if component == "principal" and line_id == line.line_id
    ]
    return sum(minor for minor, _ in parts), max((day for _, day in parts), default=date.min)


def _who(direct_on: date | None, collected_on: date, *, is_paid_out: bool) -> str:
    """Whoever holds the money that came last pays it back; the creditor holds what the agency paid out."""
    return "creditor" if is_paid_out or (direct_on is not None and direct_on > collected_on) else "agency"


def _tell(tx: Tx, ledger: Ledger, row: CaseRow, line: LineRow, *, at: datetime, body: dict[str, object]) -> None:
    """Once: a person who has dealt with exactly this is not asked again."""
    before = people.read_task(tx, ledger.name, PAID_TWICE, line.line_id)
    if before is not None and before.done_at is not None and dict(before.body) == body:
        return

    def money(name: str) -> Money:
        minor = body[name]
        assert isinstance(minor, int)
        return Money(minor=minor, currency=row.currency)

    subject = (
        f"Invoice {line.number} was paid twice: {money('direct_minor')} to the creditor "
        f"({body['direct_on'] or 'day unknown'}) and {money('collected_minor')} to the agency "
        f"({body['collected_on']}) on a claim of {money('claim_minor')}. "
        f"The {body['pays_back']} has to pay {money('excess_minor')} back to the debtor."
    )
    people.open_task(
        tx, ledger.name, PAID_TWICE, line.line_id, case_ref=row.case_ref, subject=subject, body=body, at=at
    )
