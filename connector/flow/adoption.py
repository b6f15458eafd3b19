"""Cases that stand at an agency and are not known here: handed over after the back-up that was restored.

What was handed over and told is read off the agency's view; where the case stands, off the events that were kept of
it. A case is adopted whole or not at all, and never twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.config import Ledger, Link
from connector.flow.events import catch_up
from connector.flow.messages import OPEN, ledger_of_reference
from connector.flow.rest import is_ours
from connector.flow.settled import settled_lines
from connector.flow.told import Told, base, exactly, handed, told
from connector.flow.unsent import take_back
from connector.flow.workspace import Workspace
from connector.model import ActivityChanged, CaseView, Event
from connector.store import Tx, agency, cases, claim_rows, items, journal, outbox, people, quarantine
from connector.store.cases import AlreadyHandedOverError, CaseRow, LineRow
from connector.store.claim_rows import ClaimRow
from connector.store.quarantine import Quarantine

FOREIGN = "foreign_case"


@dataclass(frozen=True)
class Said:
    """What a person says of a case: whose it is, and the invoice of each line, in the order in which it shows them."""

    debtor_id: str
    numbers: tuple[str, ...]


class UnclearError(Exception):
    """It is not known whose case it is, or which claims are in it; the text says what is missing."""


def strangers(workspace: Workspace, ledger: Ledger, link: Link, standing: Quarantine) -> list[str]:
    """References of this ledger of which the agency told since the restore, and that nobody has settled yet."""
    sharing = workspace.ledgers_at(link.connection)
    with workspace.store.read() as tx:
        found = agency.strangers(tx, link.connection, since=standing.at)
        dismissed = {one.key for one in people.tasks(tx, ledger.name, done=True) if one.kind == FOREIGN}
    return [one for one in found if ledger_of_reference(one, sharing) == ledger.name and one not in dismissed]


def adopt(
    workspace: Workspace,
    ledger: Ledger,
    link: Link,
    case_ref: str,
    view: CaseView | None,
    *,
    standing: Quarantine,
    said: Said | None = None,
    actor: str = "incasso",
) -> list[Event]:
    """Take a case into the books as if it had never been forgotten. Returns what the agency told of it so far.

    `said`: what a person said of it, for a view that does not. Raises UnclearError, with nothing changed, when it is
    not known whose case it is, or which claims are in it.
    """
    if view is None or not view.lines:
        raise UnclearError("the agency does not show it")
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        debtor_id = said.debtor_id if said else view.debtor_id
        claims = _claims(workspace, tx, ledger, view, debtor_id=debtor_id, said=said)
        row = _row(ledger, link, view, debtor_id, opened=agency.events(tx, case_ref), standing=standing)
        _open(tx, row, claims)
        elsewhere = _bring_out(workspace, tx, row, claims.values())
        events = catch_up(tx, case_ref, at=at)
        if payments_differ(tx, case_ref, view):
            raise UnclearError("its payments are not told yet as the agency shows them")
        for line in cases.lines(tx, case_ref):
            _settle_line(tx, ledger, row, line, view)
        note_rest(tx, row, view, events)
        items.mark_dirty(tx, ledger.name, [one.claim for one in claims.values()], at)
        for name in ("", ledger.name):
            people.finish_task(tx, name, FOREIGN, case_ref, at=at, outcome=f"adopted ({actor})")
        if elsewhere:
            text = (
                f"Case {case_ref} is at the agency, and invoice {', '.join(elsewhere)} of it is in another case as well"
            )
            people.open_task(tx, ledger.name, "reopened", case_ref, case_ref=case_ref, subject=text, at=at)
        cases.touch(tx, [case_ref])
        journal.note(tx, "case.adopted", case_ref, at=at, ledger=ledger.name, actor=actor, lines=len(claims))
    return events


def bring_forward(workspace: Workspace, tx: Tx, ledger: Ledger, row: CaseRow, view: CaseView) -> None:
    """A case of which the back-up knew: what the agency was told since is read off its view.

    Money that was not told yet is told anew, from how the claim stands: the messages that wait are taken back.
    """
    at = workspace.clock.now()
    for message in outbox.of_case(tx, row.case_ref):
        if message.kind in _MONEY and message.state not in outbox.ENDED:
            outbox.move(tx, message, "CANCELLED", ended_at=at, last_error="told anew after the restore")
            people.finish_task(tx, ledger.name, "parked", message.key, at=at, outcome="told anew after the restore")
    shown = {one.line_id for one in view.lines}
    lines = [line for line in cases.lines(tx, row.case_ref) if line.line_id in shown]
    for line in lines:
        _keep_told(tx, ledger, row, line, view)
    note_rest(tx, row, view, agency.events(tx, row.case_ref))
    items.mark_dirty(tx, ledger.name, [line.claim for line in lines if line.live], at)


_MONEY = ("case.direct_payment", "case.reverse_payment", "case.credit_note", "case.correct_claim")


def note_rest(tx: Tx, row: CaseRow, view: CaseView, events: Sequence[Event]) -> None:
    """Whether the agency rests because we asked it to: it repeats our words. Else nobody would tell it to go on."""
    waits = ("case.hold", "case.resume")
    if any(one.kind in waits and one.state not in outbox.ENDED for one in outbox.of_case(tx, row.case_ref)):
        return
    moved = [one for one in events if isinstance(one, ActivityChanged)]
    last = max(moved, key=lambda one: (one.occurred_at, one.id), default=None)
    ours = view.activity == "on_hold" and last is not None and is_ours(last.reason)
    if ours or view.activity != "on_hold":
        cases.change_case(tx, row.case_ref, credit_hold=ours)


def _claims(
    workspace: Workspace, tx: Tx, ledger: Ledger, view: CaseView, *, debtor_id: str, said: Said | None
) -> dict[str, ClaimRow]:
    """The claim of each line, by line id."""
    if not debtor_id:
        raise UnclearError("the agency does not say whose case it is")
    numbers = said.numbers if said else [line.number for line in view.lines]
    if len(numbers) != len(view.lines) or not all(numbers):
        raise UnclearError(f"it is not known which invoice each of its {len(view.lines)} lines is")
    day = workspace.clock.today(ledger.timezone)
    theirs = claim_rows.claims_named(tx, ledger.name, debtor_id, items.claims_of(tx, ledger.name, debtor_id), day)
    by_number: dict[str, list[ClaimRow]] = {}
    for claim in theirs.values():
        by_number.setdefault(claim.number, []).append(claim)
    found = {}
    for line, number in zip(view.lines, numbers, strict=True):
        named = by_number.get(number, [])
        if len(named) != 1:
            raise UnclearError(f"the debtor has {len(named) or 'no'} claims under the number {number}")
        found[line.line_id] = named[0]
    if len({one.claim for one in found.values()}) < len(found):
        raise UnclearError("two of its lines are the same invoice")
    return found


def _row(
    ledger: Ledger, link: Link, view: CaseView, debtor_id: str, *, opened: Sequence[Event], standing: Quarantine
) -> CaseRow:
    at = min((one.occurred_at for one in opened), default=view.as_of)
    return CaseRow(
        case_ref=view.case_ref,
        ledger=ledger.name,
        connection=link.connection,
        debtor_id=debtor_id,
        currency=view.lines[0].open.currency,
        # No plan that is known here made it.
        plan_id=0,
        opened_at=at,
        handover="received",
        handover_at=at,
        agency_ref=view.agency_ref,
        # What the debtor had unallocated at hand-over is not known: with 0 the agency rests rather than collects it.
        base_credit=0,
        next_seq=quarantine.fresh_number(standing.at),
    )


def _open(tx: Tx, row: CaseRow, claims: Mapping[str, ClaimRow]) -> None:
    lines = [
        LineRow(
            case_ref=row.case_ref,
            line_id=line_id,
            ledger=row.ledger,
            claim=claim.claim,
            number=claim.number,
            handed_minor=0,
            base_paid=0,
            base_other=0,
            live=False,
        )
        for line_id, claim in claims.items()
    ]
    try:
        cases.open_case(tx, row, lines)
    except AlreadyHandedOverError as error:
        raise UnclearError("a case of this reference is known already") from error


def _bring_out(workspace: Workspace, tx: Tx, row: CaseRow, claims: Iterable[ClaimRow]) -> list[str]:
    """Make the lines live. Returns those whose claim is in another case that left the house as well."""
    at = workspace.clock.now()
    live = cases.live_lines(tx, row.ledger, claims=[one.claim for one in claims])
    for rival in sorted({line.case_ref for line in live}):
        for message in outbox.of_case(tx, rival):
            if message.kind == OPEN and message.state == "READY":
                take_back(tx, message, why=f"it was handed over as case {row.case_ref}", at=at)
    return cases.revive_lines(tx, row.case_ref)


def _settle_line(tx: Tx, ledger: Ledger, row: CaseRow, line: LineRow, view: CaseView) -> None:
    shown = next(one for one in view.lines if one.line_id == line.line_id)
    collected = agency.collected(tx, [row.case_ref]).get((row.case_ref, line.line_id), 0)
    minor = handed(shown, collected)
    pieces = items.pieces(tx, ledger.name, row.debtor_id, [line.claim])[line.claim]
    had = base(pieces, minor)
    values = {"handed_minor": minor, "base_paid": had.paid, "base_other": had.other}
    cases.change_line(tx, line, **values)
    changed = next(one for one in cases.lines(tx, row.case_ref) if one.line_id == line.line_id)
    _keep_told(tx, ledger, row, changed, view)


def payments_differ(tx: Tx, case_ref: str, view: CaseView) -> bool:
    """Whether what the agency collected would be mistaken for something that it was told."""
    if says_what_it_was_told(view):
        return False
    booked = {payment_id for payment_id, *_ in agency.payments(tx, case_ref)}
    return bool(view.payments) and {one.payment_id for one in view.payments} != booked


def says_what_it_was_told(view: CaseView) -> bool:
    """Whether nothing has to be concluded from what is open."""
    return all(exactly(line) is not None for line in view.lines)


def _keep_told(tx: Tx, ledger: Ledger, row: CaseRow, line: LineRow, view: CaseView) -> None:
    if view.closure and not says_what_it_was_told(view):
        # What is open of a closed case says nothing: some agencies write off what is left.
        return
    shown = next(one for one in view.lines if one.line_id == line.line_id)
    settled = settled_lines(tx, row, [line])[line.line_id]
    collected = agency.collected(tx, [row.case_ref]).get((row.case_ref, line.line_id), 0)
    before = Told(line.told_paid, line.told_credited, line.told_corrected)
    now = told(shown, before, settled, handed_minor=line.handed_minor, collected=collected)
    cases.change_line(tx, line, told_paid=now.paid, told_credited=now.credited, told_corrected=now.corrected)
