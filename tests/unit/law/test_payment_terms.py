"""Which term of payment applies between businesses, and with a public body."""

from datetime import date
from typing import Any

import pytest

from connector.law.answers import Undecided
from connector.law.belgium import payment_terms as belgium
from connector.law.debtor import debtor_of
from connector.law.law import Law
from connector.law.netherlands.payment_terms import CompanyFigures, is_large, payment_term
from connector.law.payment_term import PaymentTerm
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
BUSINESS, PUBLIC = debtor_of("business"), debtor_of("public_body")


def day(text: str) -> date:
    return date.fromisoformat(text)


def dutch(
    agreed: int | None, *, concluded: str = "2024-01-01", on: str = "2026-11-02", public: bool = False, **facts: str
) -> PaymentTerm | Undecided:
    debtor = PUBLIC if public else BUSINESS
    return payment_term(LAW, debtor, day(concluded), day(on), agreed_days=agreed, **facts)


def term(found: PaymentTerm | Undecided) -> tuple[int, bool]:
    assert isinstance(found, PaymentTerm), found
    assert found.article
    return found.days, found.valid


@pytest.mark.parametrize(("agreed", "applies"), [(None, 30), (14, 14), (30, 30)])
@pytest.mark.parametrize("public", [True, False])
def test_up_to_thirty_days_there_is_nothing_to_ask(agreed: int | None, applies: int, public: bool) -> None:
    assert term(dutch(agreed, public=public)) == (applies, True)


@pytest.mark.parametrize(
    ("agreed", "facts", "applies"),
    [
        (60, {"large_to_small": "no"}, (60, True)),
        (60, {"large_to_small": "yes"}, (30, False)),
        (90, {"large_to_small": "yes", "expressly_fair": "yes"}, (30, False)),
        (90, {"large_to_small": "no", "expressly_fair": "yes"}, (90, True)),
    ],
)
def test_between_dutch_businesses(agreed: int, facts: dict[str, str], applies: tuple[int, bool]) -> None:
    assert term(dutch(agreed, **facts)) == applies


def test_the_days_run_from_the_day_after_the_invoice_was_received() -> None:
    found = dutch(None)

    assert isinstance(found, PaymentTerm)
    assert str(found.last_day(day("2026-02-01"))) == "2026-03-03"


def test_what_matters_and_is_not_known_is_asked() -> None:
    size, fair, unfair = dutch(45), dutch(90, large_to_small="no"), dutch(90, large_to_small="no", expressly_fair="no")

    assert isinstance(size, Undecided)
    assert size.decided_by == "the fact large_to_small of the contract"
    assert size.readings == {"yes": "30 days", "no": "45 days"}
    assert isinstance(fair, Undecided)
    assert fair.decided_by == "the fact expressly_fair of the contract"
    assert isinstance(unfair, Undecided)
    assert unfair.decided_by == "a lawyer's reading"


@pytest.mark.parametrize(
    ("concluded", "on", "agreed", "applies"),
    [
        ("2022-06-30", "2023-06-30", 60, (60, True)),
        ("2022-06-30", "2023-07-01", 60, (30, False)),
        ("2022-07-01", "2022-08-01", 60, (30, False)),
        ("2018-01-01", "2020-01-01", 61, (30, False)),
        ("2014-01-01", "2018-01-01", 60, (60, True)),
        ("2014-01-01", "2016-01-01", 60, (60, True)),
    ],
)
def test_a_large_debtor_by_the_day_of_the_contract(
    concluded: str, on: str, agreed: int, applies: tuple[int, bool]
) -> None:
    assert term(dutch(agreed, concluded=concluded, on=on, large_to_small="yes")) == applies


@pytest.mark.parametrize(
    ("agreed", "fair", "applies"),
    [(60, "yes", (60, True)), (60, "no", (30, False)), (61, "yes", (30, False)), (61, "unknown", (30, False))],
)
def test_a_public_body(agreed: int, fair: str, applies: tuple[int, bool]) -> None:
    assert term(dutch(agreed, public=True, expressly_fair=fair)) == applies
    unsure = dutch(60, public=True)
    assert isinstance(unsure, Undecided)
    assert unsure.readings == {"yes": "60 days", "no": "30 days"}


def test_terms_of_before_the_law_are_not_computed() -> None:
    with pytest.raises(CoverageError):
        dutch(None, concluded="2002-11-30")


@pytest.mark.parametrize(
    ("balance", "turnover", "staff", "year", "large"),
    [
        (20, 41, 249, 2023, False),
        (21, 41, 0, 2023, True),
        (21, 0, 250, 2023, True),
        (26, 51, 0, 2025, True),
        (26, 0, 250, None, True),
        (19, 60, 249, None, False),
    ],
)
def test_two_of_three_make_a_company_large(
    balance: int, turnover: int, staff: int, year: int | None, large: bool
) -> None:
    figures = CompanyFigures(
        balance_euro=balance * 1_000_000, turnover_euro=turnover * 1_000_000, staff=staff, year=year
    )

    assert is_large(LAW, figures) is large


@pytest.mark.parametrize(
    ("setting", "balance", "turnover"), [("20/40", 20_000_000, 40_000_000), ("25/50", 25_000_000, 50_000_000)]
)
def test_exactly_the_amounts_are_not_more_than_them(setting: Any, balance: int, turnover: int) -> None:
    law = Law(settings=LawSettings(nl_large_company=setting))
    at_the_amounts = CompanyFigures(balance_euro=balance, turnover_euro=turnover, staff=250)

    assert is_large(law, at_the_amounts) is False
    assert is_large(law, at_the_amounts.model_copy(update={"balance_euro": balance + 1})) is True
    assert is_large(law, at_the_amounts.model_copy(update={"turnover_euro": turnover + 1})) is True
    above = {"balance_euro": balance + 1, "turnover_euro": turnover + 1}
    assert is_large(law, at_the_amounts.model_copy(update={"staff": 249} | above)) is True


def test_between_the_old_and_the_raised_amounts_a_person_decides() -> None:
    figures = CompanyFigures(balance_euro=22_000_000, turnover_euro=45_000_000, staff=100, year=2025)

    answer = is_large(LAW, figures)

    assert isinstance(answer, Undecided)
    assert answer.readings == {"20/40": "True", "25/50": "False"}
    assert is_large(Law(settings=LawSettings(nl_large_company="25/50")), figures) is False


@pytest.mark.parametrize(
    ("concluded", "agreed", "small", "applies"),
    [
        ("2024-01-01", None, "unknown", (30, True)),
        ("2024-01-01", 60, "unknown", (60, True)),
        ("2024-01-01", 61, "unknown", (30, False)),
        ("2021-01-01", 61, "yes", (30, False)),
        ("2021-01-01", 61, "no", (61, True)),
        ("2020-01-28", 90, "unknown", (90, True)),
    ],
)
def test_between_belgian_enterprises(concluded: str, agreed: int | None, small: str, applies: tuple[int, bool]) -> None:
    assert term(belgium.payment_term(LAW, day(concluded), agreed_days=agreed, small_creditor=small)) == applies


def test_a_belgian_term_of_2021_asks_for_the_size_of_the_creditor() -> None:
    answer = belgium.payment_term(LAW, day("2022-01-31"), agreed_days=90)

    assert isinstance(answer, Undecided)
    assert answer.readings == {"yes": "30 days", "no": "90 days"}
    assert term(belgium.payment_term(LAW, day("2022-02-01"), agreed_days=90)) == (30, False)
    assert isinstance(belgium.payment_term(LAW, day("2020-01-29"), agreed_days=90), Undecided)
