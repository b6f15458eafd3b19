"""Interest: over changing rates, years and leap years, line by line."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.answers import Undecided
from connector.law.belgium.interest import (
    civil_interest,
    commercial_interest,
    commercial_rates,
    consumer_interest,
    flat_sum,
)
from connector.law.debtor import Debtor, debtor_of
from connector.law.interest import fixed_rate, higher_of, interest, lower_of, rates_of
from connector.law.law import Law
from connector.law.lines import Itemised
from connector.law.netherlands.interest import article_for, late_interest
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
BY_365 = Law(settings=LawSettings(nl_day_count="365"))
CONSUMER, BUSINESS, PUBLIC = debtor_of("consumer"), debtor_of("business"), debtor_of("public_body")
STATUTORY = LAW.tables.rate("nl.statutory")
FIRST_COVERED, LAST_COVERED = date(1976, 4, 1), date(2026, 11, 22)
covered = st.dates(FIRST_COVERED, LAST_COVERED)
principals = st.integers(0, 10**9)
ways = st.sampled_from(["365", "anniversary"])


def day(text: str) -> date:
    return date.fromisoformat(text)


def statutory(principal: int, first: date, last: date, *, compound: bool = True, way: str = "365") -> Itemised:
    rates = rates_of(STATUTORY, first, last)
    return interest(principal, rates, compound=compound, day_count=way, article="art. 6:119 BW")


def decided(answer: Itemised | Undecided) -> Itemised:
    assert isinstance(answer, Itemised), answer
    return answer


def shown(answer: Itemised) -> list[tuple[str, str, int | None, str, int | None, int]]:
    return [
        (str(it.first_day), str(it.last_day), it.days, str(it.percent), it.base_minor, it.amount_minor)
        for it in answer.lines
    ]


def test_a_line_for_each_rate_and_each_year_of_interest() -> None:
    answer = decided(late_interest(BY_365, 100_000, CONSUMER, day("2022-10-01"), day("2024-01-31")))

    assert shown(answer) == [
        ("2022-10-01", "2022-12-31", 92, "2.00", 100_000, 504),
        ("2023-01-01", "2023-06-30", 181, "4.00", 100_000, 1_984),
        ("2023-07-01", "2023-09-30", 92, "6.00", 100_000, 1_512),
        ("2023-10-01", "2023-12-31", 92, "6.00", 104_000, 1_573),
        ("2024-01-01", "2024-01-31", 31, "7.00", 104_000, 618),
    ]
    assert answer.amount_minor == 6_191
    assert {line.rounding for line in answer.lines} == {"half a cent up"}
    assert answer.lines[-1].source == "nl.statutory: wikipedia-nl"


def test_a_full_year_at_one_rate_gives_exactly_the_rate() -> None:
    assert statutory(100_000, day("2018-04-05"), day("2019-04-04")).amount_minor == 2_000
    assert statutory(100_000, day("2019-04-05"), day("2020-04-04"), way="anniversary").amount_minor == 2_000
    assert statutory(100_000, day("2019-04-05"), day("2020-04-04")).amount_minor == 2_005


def test_a_year_that_began_on_a_leap_day_is_over_on_the_28th() -> None:
    answer = statutory(100_000, day("2016-02-29"), day("2017-03-01"), way="anniversary")

    assert shown(answer) == [
        ("2016-02-29", "2017-02-28", 366, "2.00", 100_000, 2_000),
        ("2017-03-01", "2017-03-01", 1, "2.00", 102_000, 6),
    ]


def test_a_leap_year_that_makes_a_difference_is_left_to_a_person() -> None:
    answer = late_interest(LAW, 100_000, CONSUMER, day("2024-02-02"), day("2025-02-01"))

    assert isinstance(answer, Undecided)
    assert answer.decided_by == "the setting nl_day_count"
    assert answer.readings == {"365": "EUR 69.31", "anniversary": "EUR 69.13"}


def test_a_leap_year_that_makes_none_is_computed() -> None:
    assert decided(late_interest(LAW, 1_000, CONSUMER, day("2024-02-28"), day("2024-03-01"))).amount_minor == 1


@pytest.mark.parametrize(
    ("debtor", "article", "percent"),
    [
        (CONSUMER, "art. 6:119, 6:120 lid 1 BW", "4.00"),
        (Debtor(), "art. 6:119, 6:120 lid 1 BW", "4.00"),
        (debtor_of("sole_trader"), "art. 6:119, 6:120 lid 1 BW", "4.00"),
        (Debtor(natural_person="no"), "art. 6:119, 6:120 lid 1 BW", "4.00"),
        (BUSINESS, "art. 6:119a, 6:120 lid 2 BW", "10.15"),
        (PUBLIC, "art. 6:119b, 6:120 lid 2 BW", "10.15"),
    ],
)
def test_who_owes_which_interest(debtor: Debtor, article: str, percent: str) -> None:
    answer = decided(late_interest(LAW, 100_000, debtor, day("2026-01-01"), day("2026-01-31")))

    assert article_for(debtor) == answer.article == article
    assert [str(line.percent) for line in answer.lines] == [percent]


def test_a_higher_agreed_interest_goes_on() -> None:
    def at(percent: str) -> list[str]:
        answer = late_interest(
            LAW, 100_000, CONSUMER, day("2025-12-01"), day("2026-01-31"), agreed_percent=Decimal(percent)
        )
        return [str(line.percent) for line in decided(answer).lines]

    assert at("5") == ["6.00", "5"]
    assert at("8") == ["8", "8"]
    assert at("3") == ["6.00", "4.00"]


def test_interest_on_a_claim_of_before_1992_is_simple() -> None:
    old = decided(late_interest(BY_365, 100_000, CONSUMER, day("1990-07-01"), day("1993-06-30")))
    taken_over = decided(
        late_interest(BY_365, 100_000, CONSUMER, day("1992-02-01"), day("1994-01-31"), arose_on=day("1991-12-31"))
    )

    assert {line.base_minor for line in old.lines} == {line.base_minor for line in taken_over.lines} == {100_000}


def test_beyond_the_table_nothing_is_computed() -> None:
    with pytest.raises(CoverageError, match=r"nl\.statutory covers from 1976-04-01 to 2026-11-22, not 2026-11-23"):
        late_interest(LAW, 100_000, CONSUMER, day("2026-01-01"), day("2026-11-23"))
    with pytest.raises(CoverageError, match="not 2002-11-30"):
        late_interest(LAW, 100_000, BUSINESS, day("2002-11-30"), day("2003-01-01"))


@given(covered, covered, principals, principals, st.booleans(), ways)
def test_interest_never_falls_when_the_principal_rises(
    one_day: date, other_day: date, one: int, other: int, compound: bool, way: str
) -> None:
    first, last = sorted((one_day, other_day))
    low, high = sorted((one, other))

    assert (
        statutory(low, first, last, compound=compound, way=way).amount_minor
        <= statutory(high, first, last, compound=compound, way=way).amount_minor
    )


@given(st.lists(covered, min_size=3, max_size=3), principals, st.booleans(), ways)
def test_interest_never_falls_when_days_are_added(days: list[date], principal: int, compound: bool, way: str) -> None:
    first, sooner, later = sorted(days)

    assert (
        statutory(principal, first, sooner, compound=compound, way=way).amount_minor
        <= statutory(principal, first, later, compound=compound, way=way).amount_minor
    )


@given(covered, covered, st.booleans(), ways)
def test_every_day_is_counted_once(one: date, other: date, compound: bool, way: str) -> None:
    first, last = sorted((one, other))

    lines = statutory(1_000_000, first, last, compound=compound, way=way).lines

    assert sum(line.days or 0 for line in lines) == (last - first).days + 1
    assert (lines[0].first_day, lines[-1].last_day) == (first, last)
    for before, after in pairwise(lines):
        assert before.last_day is not None
        assert after.first_day == before.last_day + timedelta(days=1)


@given(covered, covered, principals, ways)
def test_compound_is_never_below_simple(one: date, other: date, principal: int, way: str) -> None:
    first, last = sorted((one, other))

    assert (
        statutory(principal, first, last, compound=False, way=way).amount_minor
        <= statutory(principal, first, last, compound=True, way=way).amount_minor
    )


def test_no_days_and_no_principal_bear_no_interest() -> None:
    assert statutory(100_000, day("2026-02-01"), day("2026-01-31")).lines == ()
    assert statutory(0, day("2026-01-01"), day("2026-01-31")).lines == ()
    assert statutory(-1, day("2026-01-01"), day("2026-01-31")).lines == ()
    assert fixed_rate(Decimal(1), day("2026-02-01"), day("2026-01-31"), "x") == []


@given(covered, covered, st.decimals(0, 20, places=2))
def test_lower_and_higher_are_picked_day_by_day(one: date, other: date, percent: Decimal) -> None:
    first, last = sorted((one, other))
    table, fixed = rates_of(STATUTORY, first, last), fixed_rate(percent, first, last, "contract")

    assert all(period.percent <= percent for period in lower_of(table, fixed))
    assert all(period.percent >= percent for period in higher_of(table, fixed))


def test_two_tables_that_change_on_days_of_their_own_are_cut_at_both() -> None:
    first, last = day("2023-06-01"), day("2024-07-31")
    consumer, business = (rates_of(LAW.tables.rate(name), first, last) for name in ("nl.statutory", "nl.commercial"))

    assert [str(one.percent) for one in lower_of(consumer, business)] == ["4.00", "6.00", "7.00", "7.00"]
    assert [str(one.percent) for one in higher_of(consumer, business)] == ["10.50", "12.00", "12.50", "12.25"]


def test_belgian_commercial_interest_is_simple() -> None:
    answer = decided(
        commercial_interest(LAW, 100_000, day("2023-01-01"), day("2024-12-31"), contract_concluded=day("2022-01-01"))
    )

    assert [str(line.percent) for line in answer.lines] == ["10.50", "12.00", "12.50", "12.50"]
    assert {line.base_minor for line in answer.lines} == {100_000}


def test_old_belgian_contracts_keep_their_lower_rate_until_march_2015() -> None:
    rates = commercial_rates(LAW, day("2013-02-01"), day("2015-07-31"), day("2012-06-01"))

    assert [(str(it.first_day), str(it.last_day), str(it.percent)) for it in rates] == [
        ("2013-02-01", "2013-03-15", "8.00"),
        ("2013-03-16", "2013-06-30", "8.00"),
        ("2013-07-01", "2013-12-31", "7.50"),
        ("2014-01-01", "2014-06-30", "7.50"),
        ("2014-07-01", "2014-12-31", "7.50"),
        ("2015-01-01", "2015-03-15", "7.50"),
        ("2015-03-16", "2015-06-30", "8.50"),
        ("2015-07-01", "2015-07-31", "8.50"),
    ]


def test_an_unknown_day_of_the_contract_is_asked_for_only_where_it_matters() -> None:
    answer = commercial_interest(LAW, 100_000, day("2014-01-01"), day("2014-01-31"), contract_concluded=None)

    assert isinstance(answer, Undecided)
    assert answer.decided_by == "the day on which the contract was concluded"
    assert answer.readings == {
        "contract of 2013-03-16 or later": "EUR 7.22",
        "contract of 2013-03-15 or earlier": "EUR 6.37",
    }
    decided(commercial_interest(LAW, 100_000, day("2016-01-01"), day("2016-01-31"), contract_concluded=None))


def test_contracts_of_before_the_law_bear_its_interest_from_2004_only() -> None:
    with pytest.raises(CoverageError, match="from 2004-08-07"):
        commercial_rates(LAW, day("2004-08-06"), day("2004-12-31"), day("2002-08-07"))
    assert commercial_rates(LAW, day("2004-08-07"), day("2004-12-31"), day("2002-08-07"))
    assert commercial_rates(LAW, day("2004-08-06"), day("2004-12-31"), day("2002-08-08"))


def test_a_rate_that_is_less_than_sure_says_so() -> None:
    (rate,) = commercial_rates(LAW, day("2026-08-01"), day("2026-08-01"), day("2020-01-01"))

    assert rate.source == "be.commercial: derived-be5 (medium confidence)"


def test_a_belgian_consumer_pays_the_agreed_interest_under_the_cap_of_each_half_year() -> None:
    answer = consumer_interest(LAW, 100_000, Decimal("11"), day("2025-01-01"), day("2025-12-31"))

    assert [(str(line.percent), line.source) for line in answer.lines] == [
        ("11", "contract"),
        ("10.50", "be.commercial: lawbase2025"),
    ]
    assert answer.article.startswith("art. XIX.4")


@given(st.dates(date(2023, 9, 1), date(2026, 12, 31)), st.integers(0, 500), st.decimals(0, 60, places=2), principals)
def test_no_agreed_interest_is_above_the_cap(first: date, more: int, agreed: Decimal, principal: int) -> None:
    last = min(first + timedelta(days=more), date(2026, 12, 31))
    most = interest(
        principal, rates_of(LAW.tables.rate("be.commercial"), first, last), compound=False, day_count="365", article="x"
    )

    assert consumer_interest(LAW, principal, agreed, first, last).amount_minor <= most.amount_minor


def test_without_a_clause_a_consumer_pays_the_civil_interest() -> None:
    first, last = day("2025-06-01"), day("2025-06-30")

    assert consumer_interest(LAW, 100_000, None, first, last) == civil_interest(LAW, 100_000, first, last)
    assert civil_interest(LAW, 100_000, first, last).amount_minor == 370


def test_the_flat_sum_is_not_asked_before_the_law() -> None:
    with pytest.raises(CoverageError):
        flat_sum(LAW, date(2013, 3, 15))
