"""How a claim was settled since it was handed over: pure arithmetic in integer minor units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from connector.store.agency import Remitted
from connector.store.items import Piece


@dataclass(frozen=True)
class Settled:
    """Cumulative amounts of one claim line since hand-over, all at least 0 unless the ledger took something back.

    - `direct`: the debtor paid the creditor, not the agency.
    - `echo`: the agency's own pay-outs, booked in the ledger.
    - `credited`: matched with credit notes; `corrected`: closed otherwise, without evidence of a payment.
    """

    direct: int
    echo: int
    credited: int
    corrected: int


def paid(pieces: Iterable[Piece]) -> int:
    """Closed with evidence of a payment."""
    return sum(piece.amount_minor for piece in pieces if piece.state == "closed" and piece.closed_reason == "paid")


def otherwise_closed(pieces: Iterable[Piece]) -> int:
    """Closed without evidence of a payment: credited, written off, unknown."""
    return sum(piece.amount_minor for piece in pieces if piece.state == "closed" and piece.closed_reason != "paid")


def settle(
    pieces: Sequence[Piece],
    *,
    base_paid: int,
    base_other: int,
    remitted: Sequence[Remitted],
    credit_amounts: Sequence[int],
) -> Settled:
    """Split what was settled since hand-over by cause.

    `credit_amounts`: the amounts of the debtor's matched credit notes, positive.
    """
    paid_since = paid(pieces) - base_paid
    other_since = otherwise_closed(pieces) - base_other
    echo = min(_echo(pieces, remitted), max(paid_since, 0))
    credited = min(_credited(pieces, list(credit_amounts)), max(other_since, 0))
    return Settled(direct=paid_since - echo, echo=echo, credited=credited, corrected=other_since - credited)


def _echo(pieces: Sequence[Piece], remitted: Sequence[Remitted]) -> int:
    """What of the paid pieces is the agency's own money coming in.

    A pay-out is booked on or after its day: one piece per pay-out, per payment in it, or one for all of them.
    """
    if not remitted:
        return 0
    first = min(one.paid_on for one in remitted)
    booked = [_Booking(piece.amount_minor, piece.settled_on) for piece in pieces if _booked_since(piece, first)]
    per_payout: dict[str, list[Remitted]] = {}
    for one in remitted:
        per_payout.setdefault(one.remittance_id, []).append(one)
    echo = 0
    left = []
    for group in per_payout.values():
        total = sum(one.principal_minor for one in group)
        if _take(booked, total, group[0].paid_on):
            echo += total
            continue
        for one in group:
            if _take(booked, one.principal_minor, one.paid_on):
                echo += one.principal_minor
            else:
                left.append(one.principal_minor)
    rest = sum(one.amount for one in booked)
    return echo + rest if rest and rest == sum(left) else echo


@dataclass(frozen=True)
class _Booking:
    amount: int
    on: date | None


def _booked_since(piece: Piece, day: date) -> bool:
    if piece.state != "closed" or piece.closed_reason != "paid":
        return False
    return piece.settled_on is None or piece.settled_on >= day


def _take(booked: list[_Booking], amount: int, since: date) -> bool:
    for index, one in enumerate(booked):
        if one.amount == amount and (one.on is None or one.on >= since):
            del booked[index]
            return True
    return False


def _credited(pieces: Sequence[Piece], notes: list[int]) -> int:
    """What the source calls credited, and pieces that a matched credit note explains to the cent."""
    total = 0
    for piece in pieces:
        if piece.state != "closed" or piece.closed_reason == "paid":
            continue
        if piece.closed_reason == "credited":
            total += piece.amount_minor
        elif piece.amount_minor in notes:
            notes.remove(piece.amount_minor)
            total += piece.amount_minor
    return total
