"""Taking up again what a restored store forgot: nothing is concluded from what an agency shows in part."""

from datetime import date
from typing import Any

import pytest
from desk import Desk, invoice

from connector.config import Ledger
from connector.flow.adoption import bring_forward, payments_differ
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.model import CaseView, LineView, Money, PaymentView
from connector.store import cases

PARTS = ("told_direct", "told_credited", "told_corrected")
WHOLE = dict.fromkeys(PARTS, 0)


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


@pytest.fixture
def case_ref(desk: Desk, ledger: Ledger) -> str:
    """Invoice 1 of EUR 100 is at the agency."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    (ref,) = desk.agency.cases
    return ref


def view(desk: Desk, case_ref: str, left: int, told: dict[str, int], **more: Any) -> CaseView:
    shown = {name: euros(minor) for name, minor in told.items()}
    line = LineView(line_id=f"{case_ref}-1", open=euros(left), **shown)
    return CaseView(
        case_ref=case_ref, agency_ref="A-1", handover="accepted", lines=(line,), as_of=desk.clock.now(), **more
    )


def told_paid(desk: Desk, ledger: Ledger, case_ref: str, shown: CaseView) -> int:
    """What the line was told as payments, after the view was read."""
    with desk.store.write() as tx:
        row = cases.read_case(tx, case_ref)
        assert row is not None
        bring_forward(desk, tx, ledger, row, shown)
        (line,) = cases.lines(tx, case_ref)
    return line.told_paid


@pytest.mark.parametrize("missing", PARTS)
class TestAnAgencyThatSaysAPartOfWhatItWasTold:
    """The rest has to be concluded from what is open, with all that this asks for."""

    def test_its_own_payment_that_its_feed_has_not_told_is_not_taken_for_the_creditors(
        self, desk: Desk, case_ref: str, missing: str
    ) -> None:
        part = {name: minor for name, minor in WHOLE.items() if name != missing}
        paid = (PaymentView(payment_id="P1", received_on=date(2026, 3, 2), gross=euros(2_000)),)
        with desk.store.read() as tx:
            assert payments_differ(tx, case_ref, view(desk, case_ref, 8_000, part, payments=paid))
            assert not payments_differ(tx, case_ref, view(desk, case_ref, 8_000, WHOLE, payments=paid))
            assert not payments_differ(tx, case_ref, view(desk, case_ref, 10_000, part))

    def test_what_it_wrote_off_at_the_end_was_not_told(
        self, desk: Desk, ledger: Ledger, case_ref: str, missing: str
    ) -> None:
        part = {name: minor for name, minor in WHOLE.items() if name != missing}
        shown = view(desk, case_ref, 0, part, closure="uncollectable")
        assert told_paid(desk, ledger, case_ref, shown) == 0


def test_of_a_closed_case_an_agency_that_says_all_of_it_is_believed(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    said = view(desk, case_ref, 0, {**WHOLE, "told_direct": 4_000}, closure="uncollectable")
    assert told_paid(desk, ledger, case_ref, said) == 4_000


def test_what_is_open_of_a_case_that_goes_on_tells_what_was_told(desk: Desk, ledger: Ledger, case_ref: str) -> None:
    assert told_paid(desk, ledger, case_ref, view(desk, case_ref, 7_000, {})) == 3_000
