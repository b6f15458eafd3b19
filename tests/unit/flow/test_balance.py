"""How a claim was settled: direct payment, the agency's own money, credit, correction. To the cent."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.flow.balance import otherwise_closed, paid, settle
from connector.store.agency import Remitted
from connector.store.items import Piece

DAY = date(2026, 3, 2)


def piece(amount: int, *, reason: str = "", on: date | None = None, name: str = "p") -> Piece:
    state = "closed" if reason else "open"
    return Piece(name, state, amount, 0 if reason else amount, reason, on, "1")


def payout(amount: int, *, on: date = DAY, remittance: str = "R1", payment: str = "P1") -> Remitted:
    return Remitted(remittance, on, "case", "line", payment, amount)


def settled(*pieces: Piece, remitted: tuple[Remitted, ...] = (), credit: tuple[int, ...] = (), base: int = 0):
    return settle(pieces, base_paid=base, base_other=0, remitted=remitted, credit_amounts=credit)


def test_nothing_happened() -> None:
    one = settled(piece(100))
    assert (one.direct, one.echo, one.credited, one.corrected) == (0, 0, 0, 0)


def test_a_payment_to_the_creditor_is_direct() -> None:
    assert settled(piece(60), piece(40, reason="paid", on=DAY)).direct == 40


def test_what_was_paid_before_hand_over_does_not_count() -> None:
    assert settled(piece(60), piece(40, reason="paid", on=DAY), base=40).direct == 0


def test_a_payment_that_is_taken_back_becomes_negative() -> None:
    assert settled(piece(100), base=40).direct == -40


def test_the_agencys_pay_out_is_an_echo_and_not_told_back() -> None:
    one = settled(piece(60), piece(40, reason="paid", on=DAY), remitted=(payout(40),))
    assert (one.direct, one.echo) == (0, 40)


def test_a_payment_before_the_pay_out_is_direct_even_with_the_same_amount() -> None:
    early = piece(40, reason="paid", on=DAY - timedelta(days=1))
    assert settled(piece(60), early, remitted=(payout(40),)).direct == 40


def test_a_direct_payment_beside_the_echo_is_told() -> None:
    pieces = (piece(30), piece(40, reason="paid", on=DAY), piece(30, reason="paid", on=DAY))
    one = settled(*pieces, remitted=(payout(40),))
    assert (one.direct, one.echo) == (30, 40)


def test_two_payments_in_one_pay_out_may_be_booked_as_one() -> None:
    parts = (payout(15, payment="P1"), payout(25, payment="P2"))
    assert settled(piece(60), piece(40, reason="paid", on=DAY), remitted=parts).echo == 40


def test_two_pay_outs_may_be_booked_as_one() -> None:
    parts = (payout(15), payout(25, remittance="R2", on=DAY + timedelta(days=7)))
    late = piece(40, reason="paid", on=DAY + timedelta(days=8))
    assert settled(piece(60), late, remitted=parts).echo == 40


def test_two_payments_in_one_pay_out_may_be_booked_apart() -> None:
    parts = (payout(15, payment="P1"), payout(25, payment="P2"))
    booked = (piece(15, reason="paid", on=DAY), piece(25, reason="paid", on=DAY + timedelta(days=1)))
    assert (settled(*booked, remitted=parts).direct, settled(*booked, remitted=parts).echo) == (0, 40)


def test_of_a_pay_out_that_is_booked_in_part_only_that_part_is_an_echo() -> None:
    parts = (payout(15, payment="P1"), payout(25, payment="P2"))
    one = settled(piece(25, reason="paid", on=DAY), piece(7, reason="paid", on=DAY), remitted=parts)
    assert (one.direct, one.echo) == (7, 25)


def test_a_booking_without_a_day_may_be_a_pay_out() -> None:
    assert settled(piece(40, reason="paid"), remitted=(payout(40),)).echo == 40


def test_one_booking_is_one_pay_out() -> None:
    one = settled(piece(40, reason="paid", on=DAY), remitted=(payout(40), payout(40, remittance="R2")))
    assert (one.direct, one.echo) == (0, 40)


def test_an_echo_is_never_more_than_was_paid_since_hand_over() -> None:
    """The same amount was paid before hand-over, on a day that the ledger shows wrongly."""
    one = settled(piece(40, reason="paid", on=DAY), remitted=(payout(40),), base=30)
    assert (one.direct, one.echo) == (0, 10)


def test_what_was_credited_before_hand_over_does_not_count() -> None:
    pieces = (piece(40, reason="credited"), piece(5, reason="written_off", name="q"))
    one = settle(pieces, base_paid=0, base_other=40, remitted=(), credit_amounts=())
    assert (one.credited, one.corrected) == (5, 0)


def test_a_pay_out_that_is_not_booked_yet_hides_no_direct_payment() -> None:
    one = settled(piece(70), piece(30, reason="paid", on=DAY), remitted=(payout(40),))
    assert (one.direct, one.echo) == (30, 0)


def test_a_write_off_is_a_correction_and_not_a_payment() -> None:
    one = settled(piece(60), piece(40, reason="unknown"))
    assert (one.direct, one.credited, one.corrected) == (0, 0, 40)


def test_a_matched_credit_note_explains_a_closed_piece() -> None:
    one = settled(piece(60), piece(40, reason="unknown"), credit=(40,))
    assert (one.credited, one.corrected) == (40, 0)


def test_one_credit_note_explains_one_piece_only() -> None:
    one = settled(piece(40, reason="unknown"), piece(40, reason="unknown", name="q"), credit=(40,))
    assert (one.credited, one.corrected) == (40, 40)


def test_paid_and_otherwise_closed_are_told_apart() -> None:
    pieces = [piece(1), piece(2, reason="paid"), piece(4, reason="credited"), piece(8, reason="unknown")]
    assert (paid(pieces), otherwise_closed(pieces)) == (2, 12)


def test_what_was_settled_before_hand_over_is_neither_echo_nor_credit() -> None:
    pieces = (piece(40, reason="paid", on=DAY), piece(30, reason="credited"))
    one = settle(pieces, base_paid=40, base_other=30, remitted=(payout(40),), credit_amounts=(30,))
    assert (one.direct, one.echo, one.credited, one.corrected) == (0, 0, 0, 0)


def test_each_pay_out_has_its_own_day() -> None:
    parts = (payout(10), payout(40, remittance="R2", on=DAY + timedelta(days=7)))
    one = settled(piece(40, reason="paid", on=DAY + timedelta(days=3)), remitted=parts)
    assert (one.direct, one.echo) == (40, 0)


def test_each_pay_out_is_found_for_itself_beside_a_direct_payment() -> None:
    parts = (payout(15, payment="P1"), payout(25, payment="P2"), payout(5, remittance="R2"))
    booked = [piece(amount, reason="paid", on=DAY, name=str(amount)) for amount in (40, 5, 7)]
    one = settled(*booked, remitted=parts)
    assert (one.direct, one.echo) == (7, 45)


def test_what_is_open_is_no_pay_out() -> None:
    early = piece(40, reason="paid", on=DAY - timedelta(days=1))
    one = settled(early, piece(40, name="q"), remitted=(payout(40),))
    assert (one.direct, one.echo) == (40, 0)


def test_what_was_credited_is_no_pay_out() -> None:
    early = piece(40, reason="paid", on=DAY - timedelta(days=1))
    one = settled(early, piece(40, reason="credited", on=DAY, name="q"), remitted=(payout(40),))
    assert (one.direct, one.echo, one.credited) == (40, 0, 40)


def test_a_credit_note_explains_no_payment_and_nothing_that_is_open() -> None:
    pieces = (piece(40, reason="paid", on=DAY), piece(40, name="q"), piece(30, reason="unknown", name="r"))
    one = settled(*pieces, credit=(40,))
    assert (one.direct, one.credited, one.corrected) == (40, 0, 30)


def test_credits_add_up() -> None:
    named = (piece(10, reason="credited"), piece(20, reason="credited", name="q"))
    matched = (piece(3, reason="unknown", name="r"), piece(5, reason="unknown", name="s"))
    one = settled(*named, *matched, credit=(3, 5))
    assert (one.credited, one.corrected) == (38, 0)


REASONS = st.sampled_from(["", "paid", "credited", "written_off", "unknown"])
PIECES = st.lists(
    st.builds(
        lambda amount, reason, days: piece(amount, reason=reason, on=DAY + timedelta(days=days)),
        st.integers(1, 10_000),
        REASONS,
        st.integers(-30, 30),
    ),
    max_size=8,
)
PAYOUTS = st.lists(
    st.builds(
        lambda amount, number, days: payout(amount, remittance=f"R{number}", on=DAY + timedelta(days=days)),
        st.integers(1, 10_000),
        st.integers(1, 3),
        st.integers(0, 20),
    ),
    max_size=5,
)


@given(PIECES, PAYOUTS, st.lists(st.integers(1, 10_000), max_size=4))
def test_nothing_is_lost_and_nothing_counted_twice(
    pieces: list[Piece], payouts: list[Remitted], notes: list[int]
) -> None:
    one = settle(pieces, base_paid=0, base_other=0, remitted=payouts, credit_amounts=notes)
    assert one.direct + one.echo == paid(pieces)
    assert one.credited + one.corrected == otherwise_closed(pieces)
    assert 0 <= one.echo <= paid(pieces)
    assert min(one.direct, one.credited, one.corrected) >= 0
