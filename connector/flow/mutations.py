"""What happened at the creditor after hand-over, as messages to the agency.

Nothing is remembered of single events: what is to be told is the difference between how a claim stands in the
ledger and what the agency was told, both cumulative. A change that was missed once is told the next time.
"""

from collections.abc import Iterable
from datetime import date, datetime

from connector.config import Ledger
from connector.flow.balance import Settled
from connector.flow.messages import next_mutation_id, put_mutation
from connector.flow.rest import PERHAPS_PAID, rest_as_promised, rest_or_go_on
from connector.flow.runs import Report
from connector.flow.settled import settled_lines
from connector.flow.workspace import Workspace
from connector.model import (
    CorrectClaim,
    CreditNote,
    DirectPayment,
    LineAmount,
    Money,
    Mutation,
    ReversePayment,
)
from connector.store import Tx, cases, claim_rows, items, journal, people, quarantine
from connector.store.cases import CaseRow, LineRow
from connector.store.claim_rows import ClaimRow


def tell_changes(workspace: Workspace, ledger: Ledger, connection: str, report: Report) -> None:
    """Put into the outbox what the agency at a connection does not know yet of this ledger's claims.

    Called after that agency's pay-outs were read, so that its own money coming in is not told back to it. One
    transaction a case: its messages, and that they were written. In a restored store nothing is told before it is
    known again what was.
    """
    with workspace.store.write() as tx:
        if quarantine.held(tx, ledger.name, connection) == "all":
            return
        if journal.read_ledger_state(tx, ledger.name).brake_reason:
            report.counts["claims held by the brake"] = len(items.dirty_claims(tx, ledger.name))
            return
        dirty = {
            ref: lines for ref, lines in _dirty_lines(tx, ledger).items() if _row(tx, ref).connection == connection
        }
    for case_ref, lines in dirty.items():
        with workspace.store.write() as tx:
            row = _row(tx, case_ref)
            report.counts["mutations"] += _tell_case(workspace, tx, ledger, row, lines=lines)
    report.counts["mutations"] += rest_as_promised(workspace, ledger, connection)


def _dirty_lines(tx: Tx, ledger: Ledger) -> dict[str, list[LineRow]]:
    """The live lines of claims that changed, by case; claims that are at no agency any more are forgotten."""
    dirty = items.dirty_claims(tx, ledger.name)
    lines: dict[str, list[LineRow]] = {}
    for line in cases.live_lines(tx, ledger.name, claims=dirty):
        lines.setdefault(line.case_ref, []).append(line)
    live = {line.claim for group in lines.values() for line in group}
    items.clean(tx, ledger.name, [claim for claim in dirty if claim not in live])
    return lines


def _tell_case(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, *, lines: list[LineRow]) -> int:
    """Returns how many messages it took. A claim that is being changed at the source stays dirty."""
    at = workspace.clock.now()
    day = workspace.clock.today(ledger.timezone)
    whole, holes = _whole(workspace, tx, ledger, row, lines)
    for line, claim in holes:
        _ask_about_hole(tx, ledger, line, claim, at=at)
    for line in whole:
        people.finish_task(tx, ledger.name, PERHAPS_PAID, line.claim, at=at, outcome="the ledger explains it")
    items.clean(tx, ledger.name, [line.claim for line in whole])
    settled = settled_lines(tx, row, whole)
    told = 0
    for line in whole:
        for mutation, values in _differences(row, line, settled[line.line_id], day=day):
            named = mutation.model_copy(update={"mutation_id": next_mutation_id(tx, row.case_ref)})
            put_mutation(workspace, tx, row, named, at=at)
            cases.change_line(tx, line, **values)
            told += 1
    return told + rest_or_go_on(workspace, tx, ledger, row, day=day, at=at)


def _row(tx: Tx, case_ref: str) -> CaseRow:
    row = cases.read_case(tx, case_ref)
    assert row is not None
    return row


def _whole(
    workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, lines: list[LineRow]
) -> tuple[list[LineRow], list[tuple[LineRow, ClaimRow | None]]]:
    """The lines whose claim adds up in the ledger, and the others with what is there of them."""
    day = workspace.clock.today(ledger.timezone)
    present = claim_rows.claims_named(tx, ledger.name, row.debtor_id, [line.claim for line in lines], day)
    whole, holes = [], []
    for line in lines:
        claim = present.get(line.claim)
        if claim is not None and claim.whole:
            whole.append(line)
        else:
            holes.append((line, claim))
    return whole, holes


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


def _ask_about_hole(tx: Tx, ledger: Ledger, line: LineRow, present: ClaimRow | None, *, at: datetime) -> None:
    """Rows are missing at the source: perhaps paid. No amount is told; a person looks, and the agency rests."""
    people.open_task(
        tx,
        ledger.name,
        PERHAPS_PAID,
        line.claim,
        case_ref=line.case_ref,
        subject=f"Invoice {line.number} {_seen(present)}: perhaps paid. The agency rests until the ledger explains it.",
        at=at,
    )


def _seen(present: ClaimRow | None) -> str:
    if present is None:
        return "stands with another debtor in the ledger"
    return "does not add up in the ledger" if present.total_minor else "is gone from the ledger"
