"""The agency's bookkeeping: every cent of a line is in one place, and never more is collected than is open."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connector_agency_api.sandbox.books import BookingError, CaseBook, LineBook, collection_costs

_DAY = date(2026, 6, 1)
_AMOUNTS = st.integers(min_value=1, max_value=5_000)
_KINDS = ("principal", "interest", "collection_cost", "reminder_fee", "vat", "other")


def _book(*lines: tuple[str, int]) -> CaseBook:
    numbered = enumerate(lines, start=1)
    return CaseBook({f"L{n}": LineBook(f"L{n}", kind, date(2026, 3, n), minor) for n, (kind, minor) in numbered})


class BookMachine(RuleBasedStateMachine):
    """Anything that can be booked, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.book = _book(("principal", 1_000), ("principal", 700), ("collection_cost", 150), ("interest", 31))
        self.book.costs.charged = 77
        self.reported = 0
        self.number = 0

    @rule(line=st.sampled_from(["L1", "L2", "L3", "L4"]), minor=_AMOUNTS)
    def pay_direct(self, line: str, minor: int) -> None:
        before = self.book.lines[line].open
        assert self.book.lines[line].lower("direct", minor) == min(minor, before)

    @rule(line=st.sampled_from(["L1", "L2", "L3", "L4"]), minor=_AMOUNTS)
    def credit(self, line: str, minor: int) -> None:
        self.book.lines[line].lower("credited", minor)

    @rule(line=st.sampled_from(["L1", "L2", "L3", "L4"]), minor=_AMOUNTS, up=st.booleans())
    def correct(self, line: str, minor: int, up: bool) -> None:
        book = self.book.lines[line]
        if up:
            book.raise_by(minor)
        else:
            book.lower("corrected", minor)

    @rule(line=st.sampled_from(["L1", "L2", "L3", "L4"]), minor=_AMOUNTS)
    def undo_direct(self, line: str, minor: int) -> None:
        book = self.book.lines[line]
        reported, before = book.applied["direct"] + book.surplus["direct"], book.open
        if minor > reported:
            with pytest.raises(BookingError):
                book.undo("direct", minor)
            assert book.open == before
        else:
            assert book.undo("direct", minor) == book.open - before
            assert book.applied["direct"] + book.surplus["direct"] == reported - minor

    @precondition(lambda self: self.book.open > 0)
    @rule(share=st.integers(min_value=1, max_value=100))
    def collect(self, share: int) -> None:
        self.number += 1
        gross = max(1, self.book.open * share // 100)
        before = self.book.open
        payment = self.book.receive(f"P{self.number}", _DAY, gross)
        assert sum(part.minor for part in payment.parts) == gross
        assert self.book.open == before - gross

    @rule(more=_AMOUNTS)
    def never_collect_more_than_is_open(self, more: int) -> None:
        before = self.book.open
        with pytest.raises(BookingError):
            self.book.receive("too-much", _DAY, before + more)
        assert self.book.open == before

    @rule(pick=st.integers(min_value=0, max_value=30))
    def reverse(self, pick: int) -> None:
        standing = [payment for payment in self.book.payments.values() if not payment.reversed]
        if standing:
            self.book.reverse(standing[pick % len(standing)].payment_id)

    @rule()
    def waive(self) -> None:
        self.book.waive()
        assert self.book.charges == 0

    @invariant()
    def every_cent_is_in_one_place(self) -> None:
        for line in self.book.lines.values():
            assert line.open >= 0
            assert all(minor >= 0 for minor in (*line.applied.values(), *line.surplus.values()))
            assert line.handed_over + line.raised == line.open + sum(line.applied.values())

    @invariant()
    def surplus_only_stands_while_nothing_is_open(self) -> None:
        for line in self.book.lines.values():
            assert not (line.open and sum(line.surplus.values()))

    @invariant()
    def what_stands_was_collected(self) -> None:
        standing = sum(payment.gross for payment in self.book.payments.values() if not payment.reversed)
        on_lines = sum(line.applied["collected"] for line in self.book.lines.values())
        assert standing == on_lines + self.book.costs.collected + self.book.interest.collected
        assert min(self.book.costs.open, self.book.interest.open) >= 0


TestBooks = BookMachine.TestCase


def test_a_payment_goes_to_costs_then_interest_then_the_oldest_principal() -> None:
    book = _book(("principal", 500), ("interest", 30), ("principal", 400), ("collection_cost", 40))
    book.costs.charged, book.interest.charged = 60, 5
    parts = book.receive("P1", _DAY, 600).parts
    assert [(part.component, part.line_id, part.minor) for part in parts] == [
        ("costs", "", 60), ("costs", "L4", 40), ("interest", "", 5), ("interest", "L2", 30), ("principal", "L1", 465),
    ]  # fmt: skip


def test_a_payment_undone_opens_what_it_had_settled_and_surplus_fills_it_first() -> None:
    book = _book(("principal", 1_000))
    book.receive("P1", _DAY, 1_000)
    assert book.lines["L1"].lower("direct", 300) == 0
    book.reverse("P1")
    assert (book.lines["L1"].open, book.lines["L1"].applied["direct"], book.lines["L1"].surplus["direct"]) == (
        700,
        300,
        0,
    )
    with pytest.raises(BookingError, match="already undone"):
        book.reverse("P1")


def test_a_line_that_was_not_handed_over_is_refused() -> None:
    with pytest.raises(BookingError, match="line L9 is not in this case"):
        _book(("principal", 1)).line("L9")


@pytest.mark.parametrize(
    ("principal", "costs"),
    [(1, 4_000), (26_666, 4_000), (26_667, 4_000), (100_000, 15_000), (250_000, 37_500), (500_000, 62_500),
     (1_000_000, 87_500), (20_000_000, 277_500), (10**12, 677_500)],
)  # fmt: skip
def test_collection_costs_follow_the_bands_of_the_decree(principal: int, costs: int) -> None:
    assert collection_costs(principal) == costs


@given(st.integers(min_value=1, max_value=10**11))
def test_collection_costs_never_fall_as_the_principal_grows(principal: int) -> None:
    assert 4_000 <= collection_costs(principal) <= collection_costs(principal + 1) <= 677_500


@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_of_line_is_booked_as_some_component(kind: str) -> None:
    assert LineBook("L1", kind, _DAY, 1).component in ("principal", "interest", "costs", "vat")
