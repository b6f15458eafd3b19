"""When a claim is barred, what begins the term anew, and how early that is said."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law import limitation as terms
from connector.law.answers import Undecided
from connector.law.belgium import limitation as belgium
from connector.law.debtor import Debtor, debtor_of
from connector.law.law import Law
from connector.law.limitation import Interruption, InterruptionKind, Limitation, nearness
from connector.law.netherlands import limitation as netherlands
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
COUNTS = Law(settings=LawSettings(be_interruption_by_letter="counts"))
CONSUMER, BUSINESS = debtor_of("consumer"), debtor_of("business")
LETTER: InterruptionKind = "registered letter of a lawyer or bailiff"


def day(text: str) -> date:
    return date.fromisoformat(text)


def event(kind: InterruptionKind, on: str) -> Interruption:
    return Interruption(kind=kind, on=day(on))


def barred(answer: Limitation | Undecided) -> str:
    assert isinstance(answer, Limitation), answer
    assert answer.article
    return str(answer.barred_from)


@pytest.mark.parametrize(
    ("kind", "due", "then"),
    [
        ("contract", "2021-03-31", "2026-04-01"),
        ("consumer sale", "2024-12-31", "2027-01-01"),
        ("periodic", "2024-02-28", "2029-03-01"),
        ("contract", "2024-02-29", "2029-03-01"),
        ("judgment", "2020-06-15", "2040-06-16"),
        ("judgment periodic", "2020-06-15", "2025-06-16"),
    ],
)
def test_dutch_terms(kind: netherlands.ClaimKind, due: str, then: str) -> None:
    assert barred(netherlands.limitation(LAW, kind, day(due))) == then


@pytest.mark.parametrize(
    ("events", "then"),
    [
        ([event("written demand", "2025-10-10")], "2030-10-11"),
        ([event("acknowledgment", "2026-03-31")], "2031-04-01"),
        ([event("written demand", "2026-04-01")], "2026-04-01"),
        ([event("acknowledgment", "2025-01-01"), event("written demand", "2023-01-01")], "2030-01-02"),
        ([event("reminder", "2025-10-10")], "2026-04-01"),
        ([event("court action", "2026-04-01")], "2026-04-01"),
    ],
)
def test_a_dutch_term_begins_anew(events: list[Interruption], then: str) -> None:
    assert barred(netherlands.limitation(LAW, "contract", day("2021-03-31"), events)) == then


def test_a_new_dutch_term_has_five_years_at_most_and_never_ends_sooner() -> None:
    early = netherlands.limitation(LAW, "judgment", day("2020-06-15"), [event("written demand", "2021-01-01")])
    late = netherlands.limitation(LAW, "judgment", day("2020-06-15"), [event("written demand", "2039-01-01")])

    assert barred(early) == "2040-06-16"
    assert isinstance(early, Limitation)
    assert early.renewed_by == ()
    assert barred(late) == "2044-01-02"


def test_a_claim_before_a_court_is_left_to_a_person() -> None:
    summons = [event("court action", "2025-10-10")]

    assert isinstance(netherlands.limitation(LAW, "contract", day("2021-03-31"), summons), Undecided)
    assert isinstance(belgium.limitation(LAW, "general", day("2021-03-31"), summons), Undecided)
    assert isinstance(
        netherlands.earliest_limitation(LAW, CONSUMER, day("2024-03-31"), summons, consumer_sale="no"), Undecided
    )


@pytest.mark.parametrize(
    ("debtor", "sale", "then"),
    [
        (CONSUMER, "unknown", "2026-04-01"),
        (CONSUMER, "yes", "2026-04-01"),
        (Debtor(), "unknown", "2026-04-01"),
        (CONSUMER, "no", "2029-04-01"),
        (BUSINESS, "unknown", "2029-04-01"),
    ],
)
def test_the_two_years_of_a_sale_count_against_who_may_be_a_consumer(debtor: Debtor, sale: str, then: str) -> None:
    assert barred(netherlands.earliest_limitation(LAW, debtor, day("2024-03-31"), consumer_sale=sale)) == then


@pytest.mark.parametrize(
    ("kind", "from_day", "then"),
    [
        ("general", "2020-03-31", "2030-04-01"),
        ("goods to consumer", "2025-03-31", "2026-03-31"),
        ("periodic", "2020-03-31", "2025-04-01"),
        ("utilities", "2020-03-31", "2025-04-01"),
        ("health care", "2024-12-05", "2027-01-01"),
        ("insurance", "2023-03-31", "2026-04-01"),
        ("judgment", "2020-03-31", "2030-04-01"),
        ("judgment periodic", "2020-03-31", "2025-04-01"),
    ],
)
def test_belgian_terms(kind: belgium.ClaimKind, from_day: str, then: str) -> None:
    assert barred(belgium.limitation(LAW, kind, day(from_day))) == then


@pytest.mark.parametrize(
    ("events", "then"),
    [
        ([event("reminder", "2025-01-10"), event("written demand", "2025-01-10")], "2026-01-01"),
        ([event("acknowledgment", "2025-01-10")], "2030-01-11"),
        ([event("payment order", "2025-01-10")], "2030-01-11"),
        ([event("seizure", "2026-01-01")], "2026-01-01"),
    ],
)
def test_what_begins_a_belgian_term_anew(events: list[Interruption], then: str) -> None:
    assert barred(belgium.limitation(LAW, "periodic", day("2020-12-31"), events)) == then


def test_a_bailiffs_letter_is_left_to_a_person_where_it_matters() -> None:
    near, far = event(LETTER, "2025-06-10"), event(LETTER, "2023-06-10")

    answer = belgium.limitation(LAW, "periodic", day("2020-12-31"), [near])

    assert isinstance(answer, Undecided)
    assert answer.readings == {"counts": "barred from 2026-06-11", "does not count": "barred from 2026-01-01"}
    assert barred(belgium.limitation(LAW, "periodic", day("2020-12-31"), [far])) == "2026-01-01"


def test_a_bailiffs_letter_counts_once() -> None:
    twice = [event(LETTER, "2025-06-10"), event(LETTER, "2026-06-01")]

    assert barred(belgium.limitation(COUNTS, "periodic", day("2020-12-31"), twice)) == "2026-06-11"


@pytest.mark.parametrize(("debtor", "then"), [(CONSUMER, "2026-02-15"), (BUSINESS, "2030-04-01")])
def test_the_shortest_belgian_term_counts_where_the_kind_is_not_known(debtor: Debtor, then: str) -> None:
    assert barred(belgium.earliest_limitation(LAW, debtor, day("2025-03-31"), day("2025-02-15"))) == then


def test_claims_of_long_ago_are_not_computed() -> None:
    with pytest.raises(CoverageError):
        belgium.limitation(LAW, "general", date(2015, 12, 31))


@given(
    st.dates(date(1992, 1, 1), date(2026, 1, 1)),
    st.lists(
        st.builds(
            Interruption,
            kind=st.sampled_from(["written demand", "acknowledgment", "reminder"]),
            on=st.dates(date(1992, 1, 1), date(2040, 1, 1)),
        ),
        max_size=4,
    ),
)
def test_an_interruption_never_lets_a_term_end_sooner(due: date, events: list[Interruption]) -> None:
    plain = netherlands.limitation(LAW, "contract", due)
    renewed = netherlands.limitation(LAW, "contract", due, events)

    assert isinstance(plain, Limitation)
    assert isinstance(renewed, Limitation)
    assert plain.barred_from <= renewed.barred_from
    assert all(one.on < renewed.barred_from for one in renewed.renewed_by)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (91, "far"),
        (90, "within 90 days"),
        (31, "within 90 days"),
        (30, "within 30 days"),
        (1, "within 30 days"),
        (0, "barred"),
        (-5, "barred"),
    ],
)
def test_the_end_is_said_ahead(left: int, said: str) -> None:
    assert nearness(date(2026, 11, 25) + timedelta(days=left), date(2026, 11, 25)) == said


def test_the_shortest_of_several_terms() -> None:
    long, short = (netherlands.limitation(LAW, kind, day("2024-03-31")) for kind in ("contract", "consumer sale"))

    assert terms.shortest([long, short]) == short
