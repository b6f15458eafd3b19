"""What an agency was told, worked out again from its view: to the cent, payments first."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.flow.balance import Settled
from connector.flow.told import Base, Told, base, handed, told
from connector.model import LineView, Money
from connector.store.items import Piece

DAY = date(2026, 3, 2)
CENTS = st.integers(0, 100_000)


def view(left: int, **shown: int) -> LineView:
    more: dict[str, Any] = {name: Money(minor=minor, currency="EUR") for name, minor in shown.items()}
    return LineView(line_id="l", open=Money(minor=left, currency="EUR"), **more)


def says(left: int, *, direct: int = 0, credited: int = 0, corrected: int = 0) -> LineView:
    return view(left, told_direct=direct, told_credited=credited, told_corrected=corrected)


def settled(direct: int = 0, credited: int = 0, corrected: int = 0) -> Settled:
    return Settled(direct=direct, echo=0, credited=credited, corrected=corrected)


def piece(amount: int, reason: str = "", *, on: date | None = DAY, name: str = "p") -> Piece:
    return Piece(name, "closed" if reason else "open", amount, 0 if reason else amount, reason, on, "1")


class TestWhatWasHandedOver:
    def test_the_agency_says_so(self) -> None:
        assert handed(view(40, handed_over=100), collected=5) == 100

    def test_it_is_what_is_left_and_what_was_taken_off_it(self) -> None:
        assert handed(says(40, direct=10, credited=20, corrected=25), collected=5) == 100

    @pytest.mark.parametrize(
        "shown",
        [
            {},
            {"told_direct": 10},
            {"told_direct": 10, "told_credited": 20},
            {"told_direct": 10, "told_corrected": 25},
            {"told_credited": 20, "told_corrected": 25},
        ],
    )
    def test_what_it_does_not_say_whole_counts_for_nothing(self, shown: dict[str, int]) -> None:
        assert handed(view(40, **shown), collected=5) == 45


class TestWhatHadBeenSettledByThen:
    def test_nothing_when_all_of_it_was_handed_over(self) -> None:
        assert base([piece(60), piece(40, "paid")], 100) == Base(0, 0)

    def test_the_first_days_make_up_what_was_not_handed_over(self) -> None:
        pieces = [
            piece(10, "paid", on=date(2026, 3, 9), name="late"),
            piece(30, "credited", on=date(2026, 3, 3), name="second"),
            piece(20, "paid", on=date(2026, 3, 2), name="first"),
            piece(40),
        ]
        assert base(pieces, 50) == Base(paid=20, other=30)
        assert base(pieces, 60) == Base(paid=20, other=20)
        assert base(pieces, 45) == Base(paid=25, other=30)

    def test_rows_of_one_kind_add_up(self) -> None:
        closed = [piece(10, "credited", name="a"), piece(5, "written_off", name="b")]
        assert base([*closed, piece(20, "paid", name="c"), piece(7, "paid", name="d")], 0) == Base(paid=27, other=15)

    def test_a_row_without_a_day_comes_first(self) -> None:
        pieces = [piece(20, "paid"), piece(20, "written_off", on=None, name="z"), piece(60)]
        assert base(pieces, 80) == Base(paid=0, other=20)

    def test_on_one_day_the_rows_keep_their_order(self) -> None:
        pieces = [piece(20, "paid", name="b"), piece(20, "credited", name="a"), piece(60)]
        assert base(pieces, 80) == Base(paid=0, other=20)

    def test_more_handed_over_than_there_is_leaves_nothing(self) -> None:
        assert base([piece(20, "paid"), piece(60)], 100) == Base(0, 0)


class TestAnAgencyThatSaysWhatItWasTold:
    def test_is_believed(self) -> None:
        one = told(says(40, direct=10, credited=20, corrected=30), Told(), settled(), handed_minor=100, collected=0)
        assert one == Told(10, 20, 30)

    @pytest.mark.parametrize("corrected", [0, 30])
    def test_is_believed_though_the_ledger_shows_less_credit(self, corrected: int) -> None:
        said = says(40, credited=20, corrected=corrected)
        one = told(said, Told(), settled(credited=12), handed_minor=100, collected=0)
        assert one == Told(0, 20, corrected)

    @pytest.mark.parametrize(
        ("in_ledger", "expected"),
        [(0, Told(10, 0, 5)), (12, Told(10, 12, -7)), (20, Told(10, 20, -15)), (50, Told(10, 20, -15))],
    )
    def test_a_credit_note_that_was_taken_back_is_the_correction_upwards(self, in_ledger: int, expected: Told) -> None:
        one = told(
            says(85, direct=10, credited=20, corrected=-15),
            Told(),
            settled(credited=in_ledger),
            handed_minor=100,
            collected=0,
        )
        assert one == expected
        assert one.total == 15


class TestAnAgencyThatSaysOnlyWhatIsOpen:
    def test_payments_explain_it_first(self) -> None:
        one = told(view(50), Told(), settled(30, 30, 30), handed_minor=100, collected=0)
        assert one == Told(30, 20, 0)

    def test_what_it_collected_was_not_told(self) -> None:
        assert told(view(50), Told(), settled(30), handed_minor=100, collected=50) == Told()

    def test_what_was_known_stays(self) -> None:
        one = told(view(50), Told(20, 5, 0), settled(30, 5, 20), handed_minor=100, collected=0)
        assert one == Told(30, 5, 15)

    def test_what_was_taken_back_is_taken_back(self) -> None:
        one = told(view(90), Told(20, 10, 0), settled(5, 10, 0), handed_minor=100, collected=0)
        assert one == Told(0, 10, 0)

    def test_a_credit_that_was_taken_back_is_no_payment_that_was(self) -> None:
        assert told(view(100), Told(0, 10, 0), settled(), handed_minor=100, collected=0) == Told()
        assert told(view(100), Told(0, 0, 10), settled(), handed_minor=100, collected=0) == Told()

    @pytest.mark.parametrize(
        ("now", "expected"), [(settled(0, 1, 0), Told(0, 1, 0)), (settled(0, 0, 1), Told(0, 0, 1))]
    )
    def test_a_single_cent_is_told_as_what_it_is(self, now: Settled, expected: Told) -> None:
        assert told(view(99), Told(), now, handed_minor=100, collected=0) == expected

    def test_more_than_the_ledger_shows_was_told_as_payments(self) -> None:
        assert told(view(40), Told(), settled(30, 10), handed_minor=100, collected=0) == Told(50, 10, 0)
        assert told(view(110), Told(), settled(), handed_minor=100, collected=0) == Told(-10, 0, 0)

    @given(CENTS, CENTS, st.tuples(CENTS, CENTS, CENTS), st.tuples(CENTS, CENTS, CENTS))
    def test_the_total_is_always_what_the_agency_shows(
        self, left: int, collected: int, before: tuple[int, int, int], now: tuple[int, int, int]
    ) -> None:
        one = told(view(left), Told(*before), settled(*now), handed_minor=100_000, collected=collected)
        assert one.total == 100_000 - left - collected
