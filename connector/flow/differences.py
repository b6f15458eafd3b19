"""What the sides do not agree on, found case by case: source, our books, the agency. Each difference has an owner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from hashlib import sha256

from connector.flow.compare import Comparison
from connector.flow.standing import SNAPSHOT
from connector.model import Allocation, CaseView, Money, PaymentReceived, PaymentView
from connector.store.cases import CaseRow
from connector.store.differences import Found

# Who mends it, by rule; a person may give it to somebody else.
CREDIT_CONTROLLER = "credit controller"
AGENCY = "agency"
OPERATOR = "operator"

_SETTLED = ("paid", "settled", "credited")


@dataclass(frozen=True)
class Known:
    """What our books hold of a case besides its lines.

    - `paid`: {payment id: {line id: minor units}} of the payments that stand; the line is empty for costs and interest.
    - `undone`: ids of payments that were undone.
    - `frozen`: lines whose rows do not add up at the source: perhaps paid, and a task of their own.
    """

    paid: dict[str, dict[str, int]]
    undone: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()

    def principal(self, payment_ids: Sequence[str], line_id: str) -> int:
        """What these payments brought on a line."""
        return sum(self.paid[one].get(line_id, 0) for one in payment_ids)


def find(row: CaseRow, view: CaseView | None, compared: Sequence[Comparison], known: Known) -> list[Found]:
    """Everything that differs in one case. Pure: the same facts give the same list."""
    if view is None:
        return list(_unknown_there(row, compared))
    vanished = _vanished(view, compared, known)
    found = list(_payments(row, view, known, vanished=vanished))
    for one in compared:
        found += _line(row, one, known, vanished=vanished)
    if row.handover != "draft":
        found += _standing(row, view)
    return found


def untold(row: CaseRow, view: CaseView, compared: Sequence[Comparison], known: Known) -> tuple[PaymentReceived, ...]:
    """Payments that the snapshot shows and no event told, as events; empty where their split would be a guess.

    What the agency still has to collect of a line is less than in our books by exactly the principal in them; the
    rest of a payment went to costs and interest.
    """
    strange = sorted(_strangers(view, known), key=lambda one: (one.received_on, one.payment_id))
    missing = {one.line_id: _missing(one, known, view, compared) for one in compared if one.standing == "both"}
    if not strange or any(minor < 0 for minor in missing.values()):
        return ()
    if sum(missing.values()) > sum(one.gross.minor for one in strange):
        return ()
    return tuple(_as_event(row, one, missing) for one in strange)


def control(ledger_total: int, stored_total: int, currency: str) -> list[Found]:
    """The source's own total against the sum of the rows that we hold of it."""
    if ledger_total == stored_total:
        return []
    seen = "the open total the source states is not the sum of its rows here"
    return [
        Found(
            "control_total", "", seen, OPERATOR, currency=currency, source_minor=ledger_total, store_minor=stored_total
        )
    ]


def stranger(case_ref: str) -> Found:
    """The agency tells of a case that is not ours."""
    return Found("foreign_case", case_ref, "the agency tells of a case that is not ours", OPERATOR)


def _unknown_there(row: CaseRow, compared: Sequence[Comparison]) -> Iterator[Found]:
    live = [one for one in compared if one.live]
    if live:
        yield Found(
            "case_unknown_there", row.case_ref, "the agency does not know this case", AGENCY,
            currency=row.currency,
            source_minor=sum(one.at_source for one in live), store_minor=sum(one.in_store for one in live),
        )  # fmt: skip


def _payments(row: CaseRow, view: CaseView, known: Known, *, vanished: Sequence[str]) -> Iterator[Found]:
    for payment_id in vanished:
        seen = f"the agency no longer shows payment {payment_id}, and told no reversal"
        minor = sum(known.paid[payment_id].values())
        yield _about(row, "payment_vanished", payment_id, seen, store=minor, agency=0)
    for one in _strangers(view, known):
        seen = f"the agency shows payment {one.payment_id} of {one.received_on}, which no event told"
        yield _about(row, "payment_untold", one.payment_id, seen, store=0, agency=one.gross.minor)
    for one in view.payments:
        if one.payment_id in known.undone:
            seen = f"the agency shows payment {one.payment_id}, which it told was undone"
            yield _about(row, "payment_differs", one.payment_id, seen, store=0, agency=one.gross.minor)
        elif one.payment_id in known.paid and sum(known.paid[one.payment_id].values()) != one.gross.minor:
            ours = sum(known.paid[one.payment_id].values())
            seen = f"payment {one.payment_id} has another amount at the agency"
            yield _about(row, "payment_differs", one.payment_id, seen, store=ours, agency=one.gross.minor)


def _line(row: CaseRow, one: Comparison, known: Known, *, vanished: Sequence[str]) -> Iterator[Found]:
    def found(kind: str, seen: str, owner: str) -> Found:
        return Found(
            kind, row.case_ref, seen, owner, about=one.line_id, number=one.number, currency=row.currency,
            source_minor=None if one.standing == "unknown_here" else one.at_source,
            store_minor=None if one.standing == "unknown_here" else one.in_store,
            agency_minor=one.at_agency,
        )  # fmt: skip

    if one.standing == "unknown_here":
        yield found("line_unknown_here", "the agency works a claim that is at no agency by our books", AGENCY)
    elif one.at_agency is None:
        if one.live:
            yield found("line_unknown_there", "the agency lists no such claim in the case", AGENCY)
    elif not one.live:
        if row.closure in _SETTLED and one.at_source > 0:
            seen = f"the case was closed as {row.closure}, and the ledger shows the claim open"
            yield found("open_at_source", seen, CREDIT_CONTROLLER)
    elif one.line_id not in known.frozen:
        lost = known.principal(vanished, one.line_id)
        if one.at_source + lost != one.at_agency and one.at_source <= 0 < one.at_agency:
            yield found("closed_at_source", "the ledger shows nothing open, and the agency collects", AGENCY)
        elif not one.at_source + lost == one.in_store + lost == one.at_agency:
            owner = AGENCY if one.at_source == one.in_store else OPERATOR
            yield found("balance_differs", "the sides do not say the same amount is left", owner)


def _standing(row: CaseRow, view: CaseView) -> Iterator[Found]:
    pairs = (
        ("hand-over", row.handover, view.handover),
        ("closure", row.closure, view.closure),
        # An agency may leave the phase out.
        ("phase", row.phase, view.phase or row.phase),
    )
    for axis, ours, theirs in pairs:
        if ours != theirs:
            seen = f"{axis}: {ours or 'none'} by the events, {theirs or 'none'} at the agency"
            yield Found("standing_differs", row.case_ref, seen.replace("_", " "), AGENCY, about=axis)


def _vanished(view: CaseView, compared: Sequence[Comparison], known: Known) -> list[str]:
    """Payments that we booked and the agency does not list.

    An agency whose snapshot lists no payments at all may never list any: then only its balances can tell.
    """
    shown = {one.payment_id for one in view.payments}
    missing = [one for one in known.paid if one not in shown]
    agrees = all(one.at_agency == one.in_store for one in compared if one.standing == "both")
    return [] if not shown and agrees else missing


def _strangers(view: CaseView, known: Known) -> list[PaymentView]:
    return [one for one in view.payments if one.payment_id not in known.paid and one.payment_id not in known.undone]


def _missing(one: Comparison, known: Known, view: CaseView, compared: Sequence[Comparison]) -> int:
    """By how much the agency has less to collect of a line than our books say, apart from what vanished there."""
    lost = known.principal(_vanished(view, compared, known), one.line_id)
    return one.in_store + lost - (one.at_agency or 0)


def _as_event(row: CaseRow, payment: PaymentView, missing: dict[str, int]) -> PaymentReceived:
    """Takes what the payment brought on the lines off `missing`."""
    currency = payment.gross.currency
    left = payment.gross.minor
    parts = []
    for line_id in sorted(missing):
        taken = min(left, missing[line_id])
        if taken:
            missing[line_id] -= taken
            left -= taken
            amount = Money(minor=taken, currency=currency)
            parts.append(Allocation(component="principal", amount=amount, line_id=line_id))
    if left:
        parts.append(Allocation(component="costs", amount=Money(minor=left, currency=currency)))
    name = sha256(f"{row.case_ref}|{payment.payment_id}".encode()).hexdigest()[:40]
    return PaymentReceived(
        id=f"{SNAPSHOT}{name}",
        case_ref=row.case_ref,
        # Earlier than the event of the same payment, which counts when it comes after all.
        occurred_at=datetime.combine(payment.received_on, time(), tzinfo=UTC),
        payment_id=payment.payment_id,
        received_on=payment.received_on,
        gross=payment.gross,
        allocation=tuple(parts),
    )


def _about(row: CaseRow, kind: str, payment_id: str, seen: str, *, store: int, agency: int) -> Found:
    return Found(
        kind, row.case_ref, seen, AGENCY, about=payment_id, currency=row.currency,
        store_minor=store, agency_minor=agency,
    )  # fmt: skip
