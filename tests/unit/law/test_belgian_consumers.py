"""Belgian consumers: the caps of Book XIX, clauses old and new, the first reminder, the agency's notice."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.answers import Undecided
from connector.law.belgium.agency_notice import agency_notice, suspension
from connector.law.belgium.consumer_indemnity import PenaltyClause, consumer_indemnity, indemnity_cap
from connector.law.belgium.first_reminder import (
    Channel,
    ReminderFee,
    WaitingPeriod,
    first_reminder,
    interest_from,
    reminder_fee,
)
from connector.law.law import Law
from connector.law.lines import Itemised
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
WORKING = Law(settings=LawSettings(be_saturday="working"))
FREE = Law(settings=LawSettings(be_saturday="not working"))
LATE = date(2026, 11, 2)
amounts = st.integers(0, 10**7)
sending_days = st.dates(date(2023, 9, 1), date(2040, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


def clause(**changes: object) -> PenaltyClause:
    made = PenaltyClause(concluded_on=date(2024, 1, 1), agreed="yes", reciprocal="yes", percent=Decimal(10))
    return made.model_copy(update=changes)


def old_clause(**changes: object) -> PenaltyClause:
    return clause(concluded_on=date(2022, 5, 1), percent=Decimal(15), **changes)


def asked(answer: Itemised | Undecided) -> int:
    assert isinstance(answer, Itemised), answer
    return answer.amount_minor


def decided(answer: WaitingPeriod | Undecided) -> WaitingPeriod:
    assert isinstance(answer, WaitingPeriod), answer
    return answer


def test_the_cap_is_shown_in_its_parts() -> None:
    answer = indemnity_cap(LAW, 65_000, LATE)

    assert [(line.what, line.amount_minor) for line in answer.lines] == [
        ("over EUR 500.00: fixed", 6_500),
        ("5 % of the part over EUR 500.00", 750),
    ]
    assert indemnity_cap(LAW, 10_000_000, LATE).lines[-1].what == "taken down to the most"


@given(amounts, amounts)
def test_the_cap_never_falls_when_more_is_due_and_never_exceeds_2000(one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert 0 <= indemnity_cap(LAW, low, LATE).amount_minor <= indemnity_cap(LAW, high, LATE).amount_minor <= 200_000


@given(
    amounts,
    st.builds(
        PenaltyClause,
        concluded_on=st.dates(date(2000, 1, 1), LATE),
        agreed=st.sampled_from(["yes", "no", "unknown"]),
        reciprocal=st.sampled_from(["yes", "no", "unknown"]),
        changed_since=st.sampled_from(["yes", "no", "unknown"]),
        percent=st.decimals(0, 100, places=1),
        fixed_minor=amounts,
        least_minor=amounts,
    ),
    st.dates(date(2000, 1, 1), LATE),
)
def test_no_clause_asks_more_than_the_cap(remaining: int, any_clause: PenaltyClause, default_on: date) -> None:
    late = max(default_on, any_clause.concluded_on)
    answer = consumer_indemnity(LAW, remaining, any_clause, late)

    if isinstance(answer, Itemised):
        assert answer.amount_minor >= 0
        assert not answer.lines or answer.amount_minor <= indemnity_cap(LAW, remaining, late).amount_minor


def test_a_clause_within_the_cap_is_asked_as_it_stands() -> None:
    assert asked(consumer_indemnity(LAW, 30_000, clause(), LATE)) == 3_000
    assert asked(consumer_indemnity(LAW, 30_000, clause(percent=Decimal(0), fixed_minor=2_500), LATE)) == 2_500
    assert asked(consumer_indemnity(LAW, 30_000, clause(least_minor=4_000), LATE)) == 4_000


def test_a_new_clause_above_the_cap_is_as_if_unwritten() -> None:
    first_new = clause(percent=Decimal(20), concluded_on=date(2023, 9, 1), changed_since="no")
    last_old = first_new.model_copy(update={"concluded_on": date(2023, 8, 31)})

    assert asked(consumer_indemnity(LAW, 30_000, clause(percent=Decimal(20)), LATE)) == 0
    assert asked(consumer_indemnity(LAW, 30_000, first_new, LATE)) == 0
    assert asked(consumer_indemnity(LAW, 30_000, last_old, LATE)) == 4_500


def test_an_old_clause_above_the_cap_is_reduced_where_the_contract_stayed_as_it_was() -> None:
    answer = consumer_indemnity(LAW, 40_000, old_clause(changed_since="no"), LATE)

    assert isinstance(answer, Itemised)
    assert [(line.what, line.amount_minor) for line in answer.lines] == [
        ("15 % by the clause", 6_000),
        ("reduced to the cap of Book XIX", -500),
    ]
    assert asked(consumer_indemnity(LAW, 40_000, old_clause(changed_since="yes"), LATE)) == 0


def test_whether_an_old_contract_was_changed_is_asked_where_it_matters() -> None:
    answer = consumer_indemnity(LAW, 40_000, old_clause(), LATE)

    assert isinstance(answer, Undecided)
    assert answer.readings == {"unchanged": "EUR 55.00", "changed or renewed": "EUR 0.00"}
    assert asked(consumer_indemnity(LAW, 10_000, old_clause(), LATE)) == 1_500


@pytest.mark.parametrize("fact", ["agreed", "reciprocal"])
def test_a_clause_that_does_not_bind_asks_nothing(fact: str) -> None:
    assert asked(consumer_indemnity(LAW, 40_000, clause(**{fact: "no"}), LATE)) == 0

    unsure = consumer_indemnity(LAW, 40_000, clause(**{fact: "unknown"}), LATE)
    assert isinstance(unsure, Undecided)
    assert unsure.readings == {"yes": "EUR 40.00", "no": "EUR 0.00"}


def test_nothing_due_is_nothing_asked() -> None:
    assert asked(consumer_indemnity(LAW, 0, clause(), LATE)) == 0


def test_before_book_xix_a_person_decides() -> None:
    before = date(2023, 8, 31)

    assert isinstance(consumer_indemnity(LAW, 40_000, old_clause(), before), Undecided)
    with pytest.raises(CoverageError):
        indemnity_cap(LAW, 40_000, before)
    with pytest.raises(CoverageError):
        first_reminder(LAW, before, "post")


@pytest.mark.parametrize(
    ("sent", "working", "free"),
    [
        ("2026-04-02", "2026-04-21", "2026-04-22"),
        ("2026-05-12", "2026-05-30", "2026-06-01"),
        ("2026-12-22", "2027-01-09", "2027-01-11"),
    ],
)
def test_a_saturday_that_matters_is_left_to_a_person(sent: str, working: str, free: str) -> None:
    answer = first_reminder(LAW, day(sent), "post")

    assert isinstance(answer, Undecided)
    assert answer.decided_by == "the setting be_saturday"
    assert [text.rpartition(" ")[2] for text in answer.readings.values()] == [working, free]
    assert str(decided(first_reminder(WORKING, day(sent), "post")).free_on) == working
    assert str(decided(first_reminder(FREE, day(sent), "post")).free_on) == free


@given(sending_days)
def test_by_post_the_days_begin_after_three_working_days_and_never_sooner_than_by_mail(sent: date) -> None:
    post, mail = decided(first_reminder(FREE, sent, "post")), decided(first_reminder(FREE, sent, "electronic"))

    assert mail.starts == sent + timedelta(days=1)
    assert sent + timedelta(days=3) <= post.starts <= sent + timedelta(days=9)
    assert post.starts.weekday() < 5
    for period in (post, mail):
        assert period.free_on - period.starts == timedelta(days=14)
        assert period.last_day - period.starts == timedelta(days=13)


@given(sending_days)
def test_a_free_saturday_never_makes_the_days_begin_sooner(sent: date) -> None:
    assert decided(first_reminder(WORKING, sent, "post")).starts <= decided(first_reminder(FREE, sent, "post")).starts


@given(sending_days)
def test_a_channel_that_is_not_known_is_taken_for_post(sent: date) -> None:
    assert first_reminder(FREE, sent, "unknown") == first_reminder(FREE, sent, "post")


@pytest.mark.parametrize(
    ("channel", "small", "first"),
    [
        ("post", "yes", "2024-03-05"),
        ("post", "no", "2024-03-21"),
        ("post", "unknown", "2024-03-21"),
        ("electronic", "no", "2024-03-19"),
    ],
)
def test_interest_begins_sooner_for_a_small_creditor(channel: Channel, small: str, first: str) -> None:
    assert str(interest_from(LAW, day("2024-03-04"), channel, small)) == first


def test_interest_waits_for_the_saturday_too() -> None:
    assert isinstance(interest_from(LAW, day("2026-04-02"), "post", "no"), Undecided)


@pytest.mark.parametrize(
    ("regular", "number", "fee"), [("yes", 3, 0), ("yes", 4, 750), ("no", 4, 0), ("unknown", 4, 0), ("no", 1, 0)]
)
def test_what_a_reminder_may_cost(regular: str, number: int, fee: int) -> None:
    assert reminder_fee(LAW, LATE, regular_delivery=regular, number_in_year=number) == ReminderFee(
        most_minor=fee, plus_postage=bool(fee)
    )


def test_an_agencys_notice_takes_the_postal_days_however_it_was_sent() -> None:
    assert str(agency_notice(LAW, day("2026-01-05"))) == "from 2026-01-08, over on 2026-01-22"


@pytest.mark.parametrize(
    ("cause", "decided_on", "goes_on", "interest_stops"),
    [
        ("debt mediation", None, "2026-12-17", None),
        ("debt mediation", "2026-11-20", "2026-11-20", None),
        ("petition for collective settlement", "2027-02-01", "2026-12-17", None),
        ("reasoned dispute", None, "2026-12-17", "2026-12-02"),
        ("reasoned dispute", "2026-12-02", "2026-12-02", None),
        ("instalment request", "2026-12-03", "2026-12-03", "2026-12-02"),
    ],
)
def test_what_stands_still_and_for_how_long(
    cause: str, decided_on: str | None, goes_on: str, interest_stops: str | None
) -> None:
    found = suspension(LAW, cause, LATE, day(decided_on) if decided_on else None)

    assert str(found.goes_on) == goes_on
    assert found.interest_stops == (day(interest_stops) if interest_stops else None)
