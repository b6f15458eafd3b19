"""The ledger engine, second half: matching, un-matching, writing off, and direct debit (reference 4.5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from connector_exact.sandbox.division import Division
from connector_exact.sandbox.ledger import (
    Booking,
    add_term,
    book,
    drop_entry,
    drop_term,
    open_terms,
    proportional,
    touch,
)
from connector_exact.sandbox.ledger_records import Entry, Kind, Match, Status, Term
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.toggles import Toggles

RECONCILED, MATCHED_BY_HAND, BY_PROCESS = 2, 3, 5


def open_amount(division: Division, entry: Entry) -> int:
    """What is open of an entry in its own currency, a claim in minor units."""
    return sum(term.fc for term in division.terms_of[entry.id] if term.is_open)


def allocate(
    division: Division, invoice: Entry, credit: Entry, *, amount: int | None, day: date, toggles: Toggles
) -> Match:
    """Close `amount` of `invoice` against `credit` (minor units; None is as much as possible).

    `credit` is a receipt or a credit note of the same currency. Terms are split where needed; a rate difference
    is booked as an exchange difference within the match. Raises Refusal when there is not so much to match.
    """
    check_match(invoice, credit)
    room = min(open_amount(division, invoice), -open_amount(division, credit))
    amount = room if amount is None else amount
    if not 0 < amount <= room:
        raise Refusal(409, f"{amount} minor units cannot be matched: {max(room, 0)} are open on both sides")
    terms = [
        *_take(division, invoice, amount, toggles=toggles),
        *_take(division, credit, -amount, toggles=toggles),
    ]
    return _close(division, terms, day=day, source=RECONCILED)


def check_match(invoice: Entry, credit: Entry) -> None:
    """Raises Refusal (400) unless both are of one account and one currency."""
    if invoice.account != credit.account:
        raise bad_request("A match needs one account")
    if invoice.currency != credit.currency:
        raise bad_request("A match needs one currency")


def write_off(division: Division, entry: Entry, *, amount: int | None, day: date, toggles: Toggles) -> Match:
    """Book a payment difference against `amount` of an entry (None: all that is open) and match the two."""
    left = open_amount(division, entry)
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise Refusal(409, f"{amount} minor units cannot be written off: {left} are open")
    terms = _take(division, entry, amount, toggles=toggles)
    booking = Booking(
        kind=Kind.DIFFERENCE,
        account=entry.account,
        day=day,
        due=day,
        fc=-amount,
        dc=-sum(term.dc for term in terms),
        currency=entry.currency,
        rate=entry.rate,
        description="Afboeking",
        source=MATCHED_BY_HAND,
    )
    difference = book(division, booking)
    return _close(
        division,
        [*terms, *division.terms_of[difference.id]],
        day=day,
        source=MATCHED_BY_HAND,
        booked=[difference],
    )


def _take(division: Division, entry: Entry, amount: int, *, toggles: Toggles) -> list[Term]:
    """Open pieces of `entry` adding up to exactly `amount` (signed as the entry), splitting the last one."""
    taken: list[Term] = []
    left = amount
    for term in open_terms(division, entry):
        if left == 0:
            break
        if abs(term.fc) > abs(left):
            term = _split(division, term, left, toggles=toggles)  # noqa: PLW2901 - the piece stands in for the whole
        taken.append(term)
        left -= term.fc
    return taken


def _split(division: Division, term: Term, fc: int, *, toggles: Toggles) -> Term:
    """Split `fc` off an open term and return the piece to be matched.

    Both pieces keep the TransactionID; the new row has a new ID and a new EntryID. Which piece keeps the old
    row is uncertain and a toggle (reference gotcha 15: the remainder gets the new one).
    """
    dc = proportional(term.dc, fc, term.fc)
    matched_keeps = toggles.split_keeps_id == "matched"
    new_dc, new_fc = (term.dc - dc, term.fc - fc) if matched_keeps else (dc, fc)
    piece = replace(
        term,
        id=division.new_id(),
        entry_id=division.new_id(),
        hid=division.number("hid", 1),
        dc=new_dc,
        fc=new_fc,
        created=division.clock.now,
        version=0,
    )
    term.dc, term.fc = term.dc - new_dc, term.fc - new_fc
    add_term(division, piece)
    touch(division, [term])
    return term if matched_keeps else piece


def _close(division: Division, terms: Sequence[Term], *, day: date, source: int, booked: Sequence[Entry] = ()) -> Match:
    difference = sum(term.dc for term in terms)
    own = list(booked)
    pieces = list(terms)
    if difference:
        entry = _book_exchange(division, terms[0], difference, day=day)
        own.append(entry)
        pieces += division.terms_of[entry.id]
    match = Match(id=division.new_id(), day=day, terms=pieces, shares={}, booked=own)
    _mark(division, match, source=source)
    division.matches[match.id] = match
    return match


def _book_exchange(division: Division, term: Term, difference: int, *, day: date) -> Entry:
    booking = Booking(
        kind=Kind.EXCHANGE,
        account=term.entry.account,
        day=day,
        due=day,
        fc=0,
        dc=-difference,
        currency=term.entry.currency,
        rate=term.entry.rate,
        description="Koersverschil",
        source=MATCHED_BY_HAND,
    )
    return book(division, booking)


def _mark(division: Division, match: Match, *, source: int) -> None:
    """Status 50 for all pieces. EndDate is the highest invoice date of the set; LastPaymentDate needs a payment."""
    end = max(term.entry.day for term in match.terms)
    paid = match.day if any(term.entry.kind is Kind.CASH for term in match.terms) else None
    claims = {term.entry.id: term.entry for term in match.terms if term.entry.kind in (Kind.SALE, Kind.OPENING)}
    single = next(iter(claims.values())) if len(claims) == 1 else None
    for term in match.terms:
        term.status = Status.MATCHED
        term.source = source
        term.match, term.end_date, term.last_payment = match.id, end, paid
        if single and term.entry.kind is Kind.CASH:
            term.invoice_number, term.your_ref = single.invoice_number, single.your_ref
        dc, fc = match.shares.get(term.entry.id, (0, 0))
        match.shares[term.entry.id] = (dc + term.dc, fc + term.fc)
    touch(division, match.terms)


def unallocate(division: Division, match: Match, *, toggles: Toggles) -> None:
    """Undo a match: its pieces are open again, differences booked for it are deleted (reference 4.5)."""
    del division.matches[match.id]
    booked = {entry.id for entry in match.booked}
    for entry in match.booked:
        drop_entry(division, entry)
    pieces = [term for term in match.terms if term.entry.id not in booked]
    for term in pieces:
        term.status, term.match, term.end_date, term.last_payment = Status.OPEN, "", None, None
        if term.entry.kind is Kind.CASH:
            term.invoice_number, term.your_ref = term.entry.invoice_number, term.entry.your_ref
    touch(division, pieces)
    if toggles.unallocate_merges:
        for term in pieces:
            _merge(division, term)


def _merge(division: Division, term: Term) -> None:
    """Join the other open pieces of the same term (same due date) to `term` and delete them."""
    if division.terms.get(term.id) is None:
        return
    for other in open_terms(division, term.entry):
        if other is not term and other.due == term.due and other.status is Status.OPEN:
            term.dc, term.fc = term.dc + other.dc, term.fc + other.fc
            drop_term(division, other)
    touch(division, [term])


def matches_of(division: Division, entry: Entry) -> list[Match]:
    """The standing matches of an entry, oldest first."""
    found = {term.match for term in division.terms_of[entry.id] if term.match}
    return [match for key, match in division.matches.items() if key in found]


def select_for_collection(division: Division, entry: Entry) -> list[Term]:
    """Direct debit, first step: open terms go from 20 to 30, in a new batch. Raises Refusal when none is open."""
    terms = [term for term in open_terms(division, entry) if term.status is Status.OPEN]
    if not terms:
        raise Refusal(409, "No open term to collect")
    batch = division.number("batch", 1)
    for term in terms:
        term.status, term.payment_method, term.batch = Status.SELECTED, "I", batch
        term.selected, term.source = division.clock.now, BY_PROCESS
    touch(division, terms)
    return terms


def process_collection(division: Division, entry: Entry) -> list[Term]:
    """Direct debit, second step: the collection file is made, 30 becomes 40."""
    terms = _in_state(division, entry, Status.SELECTED)
    for term in terms:
        term.status, term.file_reference = Status.PROCESSED, f"SDD{term.batch:06d}-{term.hid}"
    touch(division, terms)
    return terms


def collect(division: Division, entry: Entry, *, day: date, toggles: Toggles) -> Match:
    """Direct debit, third step: the bank paid. A receipt is booked and matched with the processed terms."""
    terms = _in_state(division, entry, Status.PROCESSED)
    fc, dc = sum(term.fc for term in terms), sum(term.dc for term in terms)
    receipt = book(division, _cash(entry, day=day, fc=-fc, dc=-dc, description="Incasso"))
    taken = _take(division, receipt, -fc, toggles=toggles)
    return _close(division, [*terms, *taken], day=day, source=BY_PROCESS)


def bounce(division: Division, entry: Entry, *, day: date, toggles: Toggles) -> None:
    """A direct debit fails: before the bank paid the terms just return to 20.

    After it the match is undone, and the receipt is closed against the bank's charge back.
    """
    under_way = [term for term in open_terms(division, entry) if term.status is not Status.OPEN]
    if under_way:
        for term in under_way:
            term.status, term.batch, term.selected, term.file_reference = Status.OPEN, None, None, None
        touch(division, under_way)
        return
    match = next((found for found in reversed(matches_of(division, entry)) if _is_collection(found)), None)
    if match is None:
        raise Refusal(409, "No direct debit to bounce")
    paid_in = {term.entry.id: term.entry for term in match.terms if term.entry.kind is Kind.CASH}
    unallocate(division, match, toggles=toggles)
    receipts = [term for receipt in paid_in.values() for term in open_terms(division, receipt)]
    fc, dc = -sum(term.fc for term in receipts), -sum(term.dc for term in receipts)
    back = book(division, _cash(entry, day=day, fc=fc, dc=dc, description="Storno incasso"))
    _close(division, [*receipts, *division.terms_of[back.id]], day=day, source=RECONCILED)


def _is_collection(match: Match) -> bool:
    return any(term.batch is not None for term in match.terms)


def _in_state(division: Division, entry: Entry, status: Status) -> list[Term]:
    terms = [term for term in division.terms_of[entry.id] if term.status is status]
    if not terms:
        raise Refusal(409, f"No term has status {int(status)}")
    return terms


def _cash(entry: Entry, *, day: date, fc: int, dc: int, description: str) -> Booking:
    return Booking(
        kind=Kind.CASH,
        account=entry.account,
        day=day,
        due=day,
        fc=fc,
        dc=dc,
        currency=entry.currency,
        rate=entry.rate,
        description=description,
        source=BY_PROCESS,
    )


def close_reversal(division: Division, entry: Entry, reversal: Entry, *, day: date) -> Match:
    """Match an entry with its reversal: both are closed, nothing was paid."""
    terms = [*division.terms_of[entry.id], *division.terms_of[reversal.id]]
    return _close(division, terms, day=day, source=MATCHED_BY_HAND)
