"""What became of a file: to the day and the cent."""

from past_builders import YEAR, invoice, on, past, version
from policy_builders import FAST

from connector.insight.outcome import Outcome, Receipt, follow
from connector.insight.past import DebtorPast
from connector.insight.replay import replay

KNOWN_TO = on(364)


def outcomes(debtor: DebtorPast) -> list[Outcome]:
    return [follow(file, debtor, KNOWN_TO) for file in replay(debtor, FAST, YEAR).files]


def test_a_file_that_pays_by_itself() -> None:
    [one] = outcomes(past(*invoice("A", due=0, paid=42)))
    assert (one.ending, one.paid_after, one.receipts) == ("paid", 12, (Receipt(12, 10000),))
    assert (one.left_minor, one.watched_days, one.late_days) == (0, 334, 30 * 10000)


def test_money_that_was_under_way_counts_as_paid_on_the_day_of_the_hand_over() -> None:
    rows = [
        version("A", first=-30, past=33, due_date=on(0)),
        version("A", first=33, due_date=on(0), state="closed", open_minor=0, closed_reason="paid", settled_on=on(28)),
    ]
    [one] = outcomes(past(*rows))
    assert (one.ending, one.paid_after) == ("paid", 0)


def test_a_file_is_paid_when_its_last_claim_is() -> None:
    [one] = outcomes(past(*invoice("A", due=0, paid=35), *invoice("B", due=0, paid=75, euros="50.00")))
    assert (one.ending, one.paid_after) == ("paid", 45)
    assert one.receipts == (Receipt(5, 10000), Receipt(45, 5000))
    assert [one.came_in_within(days) for days in (4, 5, 44, 45)] == [0, 10000, 10000, 15000]


def test_a_file_that_pays_in_part_is_open() -> None:
    rows = [
        version("A", first=-30, past=50, due_date=on(0)),
        version("A", first=50, euros="60.00", due_date=on(0), original_minor=10000),
        version(
            "A", first=50, euros="40.00", due_date=on(0), original_minor=10000, id="A2",
            state="closed", open_minor=0, closed_reason="paid", settled_on=on(49),
        ),
    ]  # fmt: skip
    [one] = outcomes(past(*rows))
    assert (one.ending, one.paid_after, one.came_in, one.left_minor) == ("open", None, 4000, 6000)


def test_what_was_paid_before_the_hand_over_came_in_before_it() -> None:
    rows = [
        version("A", first=-30, euros="60.00", past=60, due_date=on(0), original_minor=10000),
        version(
            "A", first=-30, euros="40.00", due_date=on(0), original_minor=10000, id="A2",
            state="closed", open_minor=0, closed_reason="paid", settled_on=on(-31),
        ),
        version(
            "A", first=60, euros="60.00", due_date=on(0), original_minor=10000,
            state="closed", open_minor=0, closed_reason="paid", settled_on=on(60),
        ),
    ]  # fmt: skip
    [one] = outcomes(past(*rows))
    assert (one.ending, one.paid_after, one.receipts) == ("paid", 30, (Receipt(30, 6000),))


def test_closed_is_not_paid() -> None:
    for reason in ("credited", "written_off", "unknown"):
        [one] = outcomes(past(*invoice("A", due=0, paid=40, reason=reason)))
        assert (one.ending, one.came_in, one.left_minor) == ("settled otherwise", 0, 0)


def test_a_deleted_invoice_is_not_paid_either() -> None:
    rows = [version("A", first=-30, past=40, due_date=on(0)), version("A", first=40, due_date=on(0), gone=True)]
    [one] = outcomes(past(*rows))
    assert (one.ending, one.came_in, one.left_minor) == ("settled otherwise", 0, 0)


def test_a_payment_that_bounced_did_not_come_in() -> None:
    rows = [*invoice("A", due=0, paid=40)]
    bounced = [rows[0], rows[1]._replace(past=on(50)), version("A", first=50, due_date=on(0))]
    [one] = outcomes(past(*bounced))
    assert (one.ending, one.came_in, one.left_minor) == ("open", 0, 10000)


def test_what_credit_settles_need_not_come_in() -> None:
    credit = [
        version("C", first=10, past=50, euros="-30.00", kind="credit_note"),
        version("C", first=50, euros="-30.00", kind="credit_note", state="closed", open_minor=0, closed_reason="paid"),
    ]
    rows = [
        version("A", first=-30, past=50, due_date=on(0)),
        version("A", first=50, due_date=on(0), state="closed", open_minor=0, closed_reason="paid", settled_on=on(50)),
    ]
    [one] = outcomes(past(*rows, *credit))
    assert (one.file.amount_minor, one.ending, one.came_in) == (7000, "paid", 7000)


def test_what_really_went_to_an_agency_says_nothing_of_paying_by_itself() -> None:
    rows = invoice("A", due=0, paid=80)
    [one] = outcomes(past(*rows, at_agency={"A": on(60)}))
    assert (one.ending, one.came_in, one.paid_after) == ("at an agency", 0, None)
    [paid_before] = outcomes(past(*rows, at_agency={"A": on(81)}))
    assert (paid_before.ending, paid_before.paid_after) == ("paid", 50)
    [open_still] = outcomes(past(*invoice("A", due=0), at_agency={"A": on(20)}))
    assert open_still.ending == "at an agency"


def test_only_what_is_known_is_told() -> None:
    debtor = past(*invoice("A", due=0, paid=42))
    [file] = replay(debtor, FAST, YEAR).files
    one = follow(file, debtor, on(41))
    assert (one.ending, one.came_in, one.left_minor, one.watched_days) == ("open", 0, 10000, 11)
