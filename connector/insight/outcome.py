"""What became of a file that a replay handed over: the ledger's own history, which knew nothing of the hand-over."""

from datetime import date
from typing import Literal, NamedTuple

from connector.insight.past import DebtorPast
from connector.insight.replay import File, HandedClaim

Ending = Literal["paid", "settled otherwise", "open", "at an agency"]


class Receipt(NamedTuple):
    """Money that came in by itself, so many days after the hand-over; minor units."""

    days: int
    minor: int


class Outcome(NamedTuple):
    """What the ledger tells of a file after its day.

    - `ending`: `paid` when all of it came in as payments; `settled otherwise` when it was closed in part without
      evidence of a payment (credited, written off, deleted); `open` when something still stands; `at an agency` when
      it really was handed over before it was settled, so that nobody can say what it would have done by itself.
    - `paid_after`: days from the hand-over to the last payment of a file that was paid; 0 for money that was under way.
    - `receipts`: what came in by itself, in the order of days, together at most the file's amount.
    - `left_minor`: what is still open at the end of what is known, `watched_days` after the hand-over.
    """

    file: File
    ending: Ending
    paid_after: int | None
    receipts: tuple[Receipt, ...]
    left_minor: int
    watched_days: int

    @property
    def came_in(self) -> int:
        """What came in by itself, in minor units."""
        return sum(one.minor for one in self.receipts)

    def came_in_within(self, days: int) -> int:
        """What came in by itself at most so many days after the hand-over, in minor units."""
        return sum(one.minor for one in self.receipts if one.days <= days)

    @property
    def late_days(self) -> int:
        """Days overdue at hand-over, each claim's weighted with its amount: days times minor units."""
        return sum((self.file.day - one.due_date).days * one.minor for one in self.file.claims)


def follow(file: File, past: DebtorPast, known_to: date) -> Outcome:
    """What the ledger tells of a file up to and with the day `known_to`."""
    receipts: list[Receipt] = []
    left, is_away = 0, False
    for claim in file.claims:
        end = past.span_on((claim.claim, file.currency), known_to)
        still = min(max(end.open_minor, 0), claim.minor) if end else 0
        paid = _receipts(claim, file, past, known_to)
        gone_on = past.at_agency.get(claim.claim)
        if gone_on is not None:
            before = (gone_on - file.day).days
            is_away = is_away or still > 0 or not paid or paid[-1].days >= before
            paid = [one for one in paid if one.days < before]
        receipts += paid
        left += still
    capped = _at_most(sorted(receipts), file.amount_minor)
    is_paid = not left and sum(one.minor for one in capped) >= file.amount_minor
    ending: Ending = "at an agency" if is_away else "open" if left else "paid" if is_paid else "settled otherwise"
    return Outcome(
        file=file,
        ending=ending,
        paid_after=max(one.days for one in capped) if ending == "paid" else None,
        receipts=capped,
        left_minor=min(left, file.amount_minor),
        watched_days=(known_to - file.day).days,
    )


def _receipts(claim: HandedClaim, file: File, past: DebtorPast, known_to: date) -> list[Receipt]:
    """The claim's payments that were not known on the day of the hand-over and stand at the end of what is known."""
    key = (claim.claim, file.currency)
    then, end = past.span_on(key, file.day), past.span_on(key, known_to)
    known = then.payments if then else {}
    since = [one for row_id, one in end.payments.items() if row_id not in known] if end else []
    found = sorted(Receipt(max(0, (one.on - file.day).days), one.minor) for one in since)
    return list(_at_most(found, claim.minor))


def _at_most(receipts: list[Receipt], most: int) -> tuple[Receipt, ...]:
    """The first receipts, together at most `most` minor units."""
    kept, room = [], most
    for one in receipts:
        minor = min(one.minor, room)
        if minor > 0:
            kept.append(Receipt(one.days, minor))
            room -= minor
    return tuple(kept)
