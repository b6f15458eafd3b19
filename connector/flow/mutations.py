"""What happened at the creditor after hand-over, as messages to the agency.

Nothing is remembered of single events: what is to be told is the difference between how a claim stands in the
ledger and what the agency was told, both cumulative. A change that was missed once is told the next time.
"""

from collections.abc import Iterable
from datetime import date, datetime

from connector.config import Ledger
from connector.flow.balance import Settled, settle
from connector.flow.messages import OPEN, next_mutation_id, put_mutation
from connector.flow.runs import Report
from connector.flow.workspace import Workspace
from connector.model import (
    CorrectClaim,
    CreditNote,
    DirectPayment,
    Hold,
    LineAmount,
    Money,
    Mutation,
    Resume,
    ReversePayment,
)
from connector.store import Tx, agency, cases, items, journal, outbox, people
from connector.store.cases import CaseRow, LineRow
from connector.store.items import ClaimRow


def tell_changes(workspace: Workspace, ledger: Ledger, report: Report) -> None:
    """Put into the outbox what the agencies do not know yet of this ledger's claims.

    Called after the agency's pay-outs were read, so that its own money coming in is not told back to it.
    """
    with workspace.store.read() as tx:
        claims = items.dirty_claims(tx, ledger.name)
        braked = bool(journal.read_ledger_state(tx, ledger.name).brake_reason)
    if braked:
        report.counts["claims held by the brake"] = len(claims)
        return
    for claim in claims:
        with workspace.store.write() as tx:
            told = _tell_claim(workspace, tx, ledger, claim)
        report.counts["mutations"] += told


def _tell_claim(workspace: Workspace, tx: Tx, ledger: Ledger, claim: str) -> int:
    """Returns how many messages it took. A claim that is being changed at the source stays dirty."""
    line = next(iter(cases.live_lines(tx, ledger.name, claims=[claim])), None)
    row = cases.read_case(tx, line.case_ref) if line else None
    if line is None or row is None:
        items.clean(tx, ledger.name, [claim])
        return 0
    at = workspace.clock.now()
    day = workspace.clock.today(ledger.timezone)
    present = items.claim_of(tx, ledger.name, row.debtor_id, claim, day)
    if present is None or not present.whole:
        _ask_about_hole(tx, ledger, line, present, at=at)
        return 0
    people.finish_task(tx, ledger.name, "perhaps_paid", claim, at=at, outcome="the ledger explains it")
    settled = _settled(tx, ledger, row, line)
    items.clean(tx, ledger.name, [claim])
    if _settled_before_sending(tx, row, line, settled):
        _cancel(tx, row, at=at)
        return 0
    told = 0
    for mutation, values in _differences(row, line, settled, day=day):
        named = mutation.model_copy(update={"mutation_id": next_mutation_id(tx, row.case_ref)})
        put_mutation(workspace, tx, row, named, at=at)
        cases.change_line(tx, line, **values)
        told += 1
    return told + _hold_for_credit(workspace, tx, ledger, row, day=day, at=at)


def _settled(tx: Tx, ledger: Ledger, row: CaseRow, line: LineRow) -> Settled:
    pieces = items.pieces(tx, ledger.name, row.debtor_id, [line.claim])[line.claim]
    remitted = [one for one in agency.remitted(tx, [row.case_ref]) if one.line_id == line.line_id]
    notes = items.closed_credit_notes(tx, ledger.name, row.debtor_id)
    return settle(
        pieces,
        base_paid=line.base_paid,
        base_other=line.base_other,
        remitted=remitted,
        credit_amounts=[-note.amount_minor for note in notes],
    )


def _differences(
    row: CaseRow, line: LineRow, settled: Settled, *, day: date
) -> Iterable[tuple[Mutation, dict[str, int]]]:
    """Each difference as a mutation (still unnamed), with the line's new cumulative value."""

    def amount(minor: int) -> tuple[LineAmount, ...]:
        return (LineAmount(line_id=line.line_id, amount=Money(minor=abs(minor), currency=row.currency)),)

    common = {"mutation_id": "", "case_ref": row.case_ref, "effective_date": day}
    direct = settled.direct - line.told_paid
    if direct > 0:
        yield DirectPayment(**common, lines=amount(direct)), {"told_paid": settled.direct}
    elif direct < 0:
        yield ReversePayment(**common, lines=amount(direct)), {"told_paid": settled.direct}
    credited = settled.credited - line.told_credited
    if credited > 0:
        yield CreditNote(**common, lines=amount(credited)), {"told_credited": settled.credited}
    elif credited < 0:
        text = "a credit note was taken back in the ledger"
        yield (
            CorrectClaim(**common, direction="up", lines=amount(credited), reason=text),
            {"told_credited": settled.credited},
        )
    corrected = settled.corrected - line.told_corrected
    if corrected:
        text = "closed in the ledger without a payment" if corrected > 0 else "open again in the ledger"
        way = "down" if corrected > 0 else "up"
        yield (
            CorrectClaim(**common, direction=way, lines=amount(corrected), reason=text),
            {"told_corrected": settled.corrected},
        )


def _settled_before_sending(tx: Tx, row: CaseRow, line: LineRow, settled: Settled) -> bool:
    """Money that arrives while the hand-over has not left the house takes it back instead of following it."""
    if not (settled.direct or settled.credited or settled.corrected):
        return False
    opening = next((one for one in outbox.of_case(tx, row.case_ref) if one.kind == OPEN), None)
    return opening is not None and opening.state == "READY" and opening.attempt == 0 and line.live


def _cancel(tx: Tx, row: CaseRow, *, at: datetime) -> None:
    for message in outbox.of_case(tx, row.case_ref):
        outbox.move(tx, message, "CANCELLED", ended_at=at)
    cases.free_lines(tx, row.case_ref)
    cases.change_case(
        tx, row.case_ref, closure="withdrawn", closure_at=at, closure_why="settled before it was sent", handover="draft"
    )
    journal.note(tx, "case.cancelled", row.case_ref, at=at, ledger=row.ledger, why="settled before it was sent")


def _ask_about_hole(tx: Tx, ledger: Ledger, line: LineRow, present: ClaimRow | None, *, at: datetime) -> None:
    """Rows are missing at the source: perhaps paid. Nothing is told, a person looks."""
    seen = "is gone from the ledger" if present is None else "does not add up in the ledger"
    people.open_task(
        tx,
        ledger.name,
        "perhaps_paid",
        line.claim,
        case_ref=line.case_ref,
        subject=f"Invoice {line.number} {seen}: perhaps paid. The agency has not been told anything.",
        at=at,
    )


def _hold_for_credit(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, *, day: date, at: datetime) -> int:
    """Money of the debtor that no invoice explains yet: the agency rests until it is allocated."""
    open_rows = items.claims(tx, ledger.name, day, debtor_id=row.debtor_id)
    credit = -sum(one.open_minor for one in open_rows if one.open_minor < 0 and one.currency == row.currency)
    if bool(credit) == row.credit_hold:
        return 0
    common = {"mutation_id": next_mutation_id(tx, row.case_ref), "case_ref": row.case_ref, "effective_date": day}
    if credit:
        text = "the creditor received money or booked a credit that is not allocated to an invoice yet"
        put_mutation(workspace, tx, row, Hold(**common, reason=text), at=at)
        people.open_task(
            tx,
            ledger.name,
            "unallocated",
            row.debtor_id,
            case_ref=row.case_ref,
            subject=f"{Money(minor=credit, currency=row.currency)} of debtor {row.debtor_id} is not allocated: "
            "allocate it in the ledger. The agency rests until then.",
            at=at,
        )
    else:
        put_mutation(workspace, tx, row, Resume(**common, reason="the money was allocated"), at=at)
        people.finish_task(tx, ledger.name, "unallocated", row.debtor_id, at=at, outcome="allocated")
    cases.change_case(tx, row.case_ref, credit_hold=bool(credit))
    return 1
