"""What an agency was told of a claim line, worked out again after a restore: pure arithmetic in integer minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connector.flow.balance import Settled
from connector.model import LineView
from connector.store.items import Piece


@dataclass(frozen=True)
class Told:
    """All that the agency was told of a line so far, net of what was taken back: the line's `told_*`."""

    paid: int = 0
    credited: int = 0
    corrected: int = 0

    @property
    def total(self) -> int:
        """How much less the agency has to collect by it."""
        return self.paid + self.credited + self.corrected


@dataclass(frozen=True)
class Base:
    """What of a claim had been settled when it was handed over: the line's `base_*`."""

    paid: int
    other: int


def handed(view: LineView, collected: int) -> int:
    """What was handed over, by the agency's view.

    Of an agency that shows neither that nor what it was told, it counts as handed over with what is left of it: what
    it was told belongs to the base then, and from here on both sides move alike.
    """
    if view.handed_over is not None:
        return view.handed_over.minor
    told = exactly(view) or Told()
    return view.open.minor + collected + told.total


def base(pieces: Sequence[Piece], handed_minor: int) -> Base:
    """Of a claim that was handed over with `handed_minor` open: what had been settled by then.

    The rows that are closed now were closed in the order of their days; the first of them make up what was not open.
    """
    before = sum(piece.amount_minor for piece in pieces) - handed_minor
    paid = other = 0
    closed = [piece for piece in pieces if piece.state == "closed"]
    for piece in sorted(closed, key=lambda one: (one.settled_on or date.min, one.id)):
        part = max(0, min(piece.amount_minor, before - paid - other))
        if piece.closed_reason == "paid":
            paid += part
        else:
            other += part
    return Base(paid, other)


def told(view: LineView, before: Told, settled: Settled, *, handed_minor: int, collected: int) -> Told:
    """What the agency was told, by its view; `before` is what is known of it, `settled` how the claim stands here.

    An agency that says what it was told is believed. Of one that says only what is open, the total is known: what is
    more than `before` explains what the ledger shows, payments first.
    """
    said = exactly(view)
    if said is None:
        return _explain(handed_minor - view.open.minor - collected, before, settled)
    if said.credited and said.corrected < 0:
        # A credit note that was taken back is told as a correction upwards: which of the two it was does not show.
        credited = max(0, min(settled.credited, said.credited))
        return Told(said.paid, credited, said.total - said.paid - credited)
    return said


def exactly(view: LineView) -> Told | None:
    """What the agency says that it was told; None when it does not say all of it."""
    if view.told_direct is None or view.told_credited is None or view.told_corrected is None:
        return None
    return Told(view.told_direct.minor, view.told_credited.minor, view.told_corrected.minor)


def _explain(total: int, before: Told, settled: Settled) -> Told:
    left = total - before.total
    parts = []
    for was, now in (
        (before.paid, settled.direct),
        (before.credited, settled.credited),
        (before.corrected, settled.corrected),
    ):
        step = now - was
        taken = max(0, min(step, left)) if step > 0 else min(0, max(step, left))
        parts.append(was + taken)
        left -= taken
    # More, or less, than the ledger shows: told as payments, and taken back as such.
    return Told(parts[0] + left, parts[1], parts[2])
