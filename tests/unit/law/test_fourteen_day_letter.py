"""The fourteen-day letter: delivered when, costs from when, and what it has to say."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.answers import Undecided
from connector.law.law import Law
from connector.law.netherlands.fourteen_day_letter import LetterPeriod, LetterSent, deemed_delivery, fourteen_days
from connector.law.netherlands.letter_text import APPROVED, LetterText, check_text
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
sending_days = st.dates(date(2014, 1, 1), date(2050, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


def period(sent: str | date, **changes: object) -> LetterPeriod:
    letter = LetterSent(sent_on=day(sent) if isinstance(sent, str) else sent).model_copy(update=changes)
    answer = fourteen_days(LAW, letter)
    assert isinstance(answer, LetterPeriod), answer
    return answer


def text(**changes: object) -> LetterText:
    made = LetterText(
        wording=f"Wij verzoeken u {APPROVED[1]} te betalen.",
        default_since=date(2026, 10, 1),
        sent_on=date(2026, 11, 3),
        amounts_minor=(100_000,),
        accounts=("NL91ABNA0417164300",),
        costs_named_minor=15_000,
        costs_due_minor=15_000,
        costs_on_interest="no",
    )
    return made.model_copy(update=changes)


@pytest.mark.parametrize(
    ("sent", "delivered"),
    [
        ("2026-11-03", "2026-11-05"),
        ("2026-11-06", "2026-11-10"),
        ("2026-11-07", "2026-11-11"),
        ("2026-11-08", "2026-11-11"),
        ("2026-05-01", "2026-05-06"),
        ("2026-04-02", "2026-04-07"),
        ("2026-12-23", "2026-12-29"),
        ("2025-12-30", "2026-01-02"),
        ("2028-02-28", "2028-03-01"),
    ],
)
def test_sundays_mondays_and_holidays_bring_no_post(sent: str, delivered: str) -> None:
    assert str(deemed_delivery(LAW, day(sent))) == delivered


def test_a_last_day_in_the_weekend_or_on_a_holiday_moves_on() -> None:
    found = period("2026-04-09")

    assert (str(found.last_day), str(found.extended_to), str(found.costs_from)) == (
        "2026-04-25",
        "2026-04-28",
        "2026-04-29",
    )


@given(sending_days)
def test_costs_are_never_due_before_the_seventeenth_day_after_sending(sent: date) -> None:
    found = period(sent)

    assert found.costs_from - sent >= timedelta(days=17)
    assert found.day_one == found.delivered_on + timedelta(days=1)
    assert found.last_day - found.delivered_on == timedelta(days=14)
    assert found.delivered_on.weekday() not in (0, 6)
    assert found.extended_to.weekday() < 5
    assert found.last_day <= found.extended_to < found.costs_from


@given(sending_days, st.integers(1, 30))
def test_a_later_letter_is_never_due_sooner(sent: date, more: int) -> None:
    assert period(sent).costs_from <= period(sent + timedelta(days=more)).costs_from


def test_proof_of_receipt_goes_before_every_presumption() -> None:
    found = period("2026-11-03", received_on=day("2026-11-16"), disputed="yes")

    assert (str(found.day_one), str(found.costs_from)) == ("2026-11-17", "2026-12-01")
    assert str(period("2026-11-03", received_on=day("2026-11-04"), channel="email").costs_from) == "2026-11-19"


def test_a_disputed_arrival_without_proof_is_left_to_a_person() -> None:
    answer = fourteen_days(LAW, LetterSent(sent_on=day("2026-11-03"), disputed="yes"))

    assert isinstance(answer, Undecided)
    assert "received_on" in answer.decided_by


def test_an_email_without_proof_needs_the_setting() -> None:
    letter = LetterSent(sent_on=day("2026-11-03"), channel="email")
    chosen = Law(settings=LawSettings(nl_letter_by_email="postal calendar"))

    answer = fourteen_days(LAW, letter)

    assert isinstance(answer, Undecided)
    assert answer.readings == {"postal calendar": "costs from 2026-11-20"}
    assert fourteen_days(chosen, letter) == period("2026-11-03")


def test_a_letter_of_before_the_calendar_is_not_computed() -> None:
    with pytest.raises(CoverageError):
        fourteen_days(LAW, LetterSent(sent_on=day("2013-11-01")))


@pytest.mark.parametrize("wording", APPROVED)
def test_an_approved_wording_earns_the_costs(wording: str) -> None:
    assert check_text(text(wording=wording.upper().replace(" ", "\n  ")), period("2026-11-03")).valid == "yes"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wording": "binnen veertien dagen na dagtekening van deze brief"}, "starts too early"),
        ({"wording": f"{APPROVED[0]}, dus binnen veertien dagen na heden"}, "starts too early"),
        ({"printed_last_day": day("2026-11-18")}, "the printed 2026-11-18 lies before 2026-11-19"),
        ({"default_since": day("2026-11-04")}, "before the default of 2026-11-04"),
        ({"amounts_minor": (100_000, 115_000)}, "confusing"),
        ({"accounts": ("NL91ABNA0417164300", "NL02RABO0123456789")}, "confusing"),
        ({"costs_named_minor": None}, "not named"),
        ({"costs_named_minor": 15_001}, "above the scale"),
        ({"costs_on_interest": "yes"}, "wrong information"),
        ({"repairs_earlier": "yes"}, "does not repair"),
    ],
)
def test_a_defect_loses_the_costs(changes: dict[str, object], said: str) -> None:
    found = check_text(text(**changes), period("2026-11-03"))

    assert found.valid == "no"
    assert any(said in one for one in found.defects)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wording": "binnen twee weken na ontvangst"}, "not one that the Supreme Court approved"),
        ({"costs_on_interest": "unknown"}, "not known"),
        ({"costs_named_minor": 14_999}, "below the scale"),
        ({"repairs_earlier": "unknown"}, "not known"),
    ],
)
def test_what_is_not_known_is_left_to_a_person(changes: dict[str, object], said: str) -> None:
    found = check_text(text(**changes), period("2026-11-03"))

    assert found.valid == "unknown"
    assert any(said in one for one in found.open_points)


def test_a_printed_date_is_judged_by_the_day_of_delivery() -> None:
    printed = text(printed_last_day=day("2026-11-19"))
    saturday = text(sent_on=day("2026-04-09"), printed_last_day=day("2026-04-25"), default_since=day("2026-04-01"))

    assert check_text(printed, period("2026-11-03")).valid == "yes"
    assert check_text(printed, None).valid == "unknown"
    assert check_text(saturday, period("2026-04-09")).valid == "unknown"
