"""Dutch collection costs: line by line, together, with VAT, after a part payment."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.allocation import Payment
from connector.law.answers import Undecided
from connector.law.debtor import Debtor, debtor_of
from connector.law.law import Law
from connector.law.library import extend, shipped
from connector.law.lines import Itemised
from connector.law.netherlands.collection_costs import CostClaim, collection_costs, commercial_minimum, scale_costs
from connector.law.netherlands.paid_in_time import still_unpaid
from connector.law.netherlands.vat_on_costs import VatFacts, with_vat
from connector.law.settings import LawSettings
from connector.law.table import CoverageError

LAW = Law()
CHOSEN = Law(settings=LawSettings(nl_recurring_instalments="highest instalment"))
DAY = date(2026, 11, 1)
CONSUMER, BUSINESS = debtor_of("consumer"), debtor_of("business")
ALL_THREE = VatFacts(taxed_service="yes", cannot_deduct="yes", declared="yes")
principals = st.integers(0, 2_000_000) | st.integers(0, 10**11)


def claim(euros: int, since: str = "2026-10-01", **changes: str) -> CostClaim:
    made = CostClaim(principal_minor=euros * 100, default_since=date.fromisoformat(since), instalment="no")
    return made.model_copy(update=changes)


def instalment(euros: int, since: str, contract: str = "rent", **changes: str) -> CostClaim:
    return claim(euros, since, **{"instalment": "yes", "contract": contract} | changes)


def total(answer: Itemised | Undecided) -> int:
    assert isinstance(answer, Itemised), answer
    return answer.amount_minor


def lines(answer: Itemised) -> list[tuple[str, int]]:
    return [(line.what, line.amount_minor) for line in answer.lines]


def test_the_scale_is_shown_band_by_band() -> None:
    assert lines(scale_costs(LAW, 1_234_567, DAY)) == [
        ("15 % of the part over EUR 0.00 up to EUR 2,500.00", 37_500),
        ("10 % of the part over EUR 2,500.00 up to EUR 5,000.00", 25_000),
        ("5 % of the part over EUR 5,000.00 up to EUR 10,000.00", 25_000),
        ("1 % of the part over EUR 10,000.00 up to EUR 200,000.00", 2_346),
    ]


def test_the_least_and_the_most_are_lines_of_their_own() -> None:
    assert lines(scale_costs(LAW, 10_000, DAY))[-1] == ("lifted to the least costs", 2_500)
    assert lines(scale_costs(LAW, 150_000_000, DAY))[-1] == ("taken down to the most costs", -250_000)


def test_a_single_cent_is_a_claim_and_a_single_cent_is_lifted_and_taken_down() -> None:
    one_cent = CostClaim(principal_minor=1, default_since=DAY, instalment="no")

    assert total(collection_costs(LAW, [one_cent], CONSUMER, DAY)) == 4_000
    assert lines(scale_costs(LAW, 26_660, DAY))[-1] == ("lifted to the least costs", 1)
    assert lines(scale_costs(LAW, 100_000_200, DAY))[-1] == ("taken down to the most costs", -1)


def test_a_default_before_the_decree_is_not_computed() -> None:
    with pytest.raises(CoverageError, match=r"nl\.collection_costs covers from 2012-07-01"):
        scale_costs(LAW, 10_000, date(2012, 6, 30))


@given(principals, principals)
def test_costs_never_fall_when_the_principal_rises(one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert scale_costs(LAW, low, DAY).amount_minor <= scale_costs(LAW, high, DAY).amount_minor


@given(principals.filter(bool))
def test_costs_lie_between_the_least_and_the_most_for_every_principal(principal: int) -> None:
    assert 4_000 <= scale_costs(LAW, principal, DAY).amount_minor <= 677_500


@given(st.lists(principals, min_size=1, max_size=6))
def test_together_costs_are_not_above_what_they_were_apart_but_for_roundings(amounts: list[int]) -> None:
    claims = [CostClaim(principal_minor=one, default_since=DAY, instalment="no") for one in amounts]

    together = total(collection_costs(LAW, claims, CONSUMER, DAY))

    apart = [scale_costs(LAW, one, DAY).amount_minor for one in amounts]
    assert together <= sum(apart) + len(apart) // 2
    assert together == scale_costs(LAW, sum(amounts), DAY).amount_minor


def test_nothing_open_costs_nothing() -> None:
    assert total(collection_costs(LAW, [claim(0)], CONSUMER, DAY)) == 0
    assert total(collection_costs(LAW, [], BUSINESS, DAY)) == 0


def test_claims_under_two_scales_are_left_to_a_person() -> None:
    new = {
        "since": date(2027, 1, 1), "source": "Stb.", "maximum_minor": 700_000,
        "bands": [{"over_minor": 0, "percent": "14"}],
    }  # fmt: skip
    law = Law(tables=extend(shipped(), {"nl.collection_costs": [new]}))

    answer = collection_costs(law, [claim(100), claim(100, "2027-02-01")], BUSINESS, date(2027, 3, 1))

    assert isinstance(answer, Undecided)
    assert "more than one scale" in answer.reason
    assert scale_costs(law, 10_000, date(2027, 2, 1)).amount_minor == 1_400


def test_an_amount_that_is_already_the_least_or_the_most_gets_no_line_more() -> None:
    assert len(scale_costs(LAW, 26_667, DAY).lines) == 1
    assert len(scale_costs(LAW, 100_000_000, DAY).lines) == 5


def test_an_agreement_binds_a_business_and_not_a_consumer() -> None:
    claims = [claim(1_000)]

    assert total(collection_costs(LAW, claims, BUSINESS, DAY, agreed_minor=20_000)) == 20_000
    assert total(collection_costs(LAW, claims, BUSINESS, DAY, agreed_minor=1_000)) == 4_000
    assert total(collection_costs(LAW, claims, CONSUMER, DAY, agreed_minor=20_000)) == 15_000
    assert total(collection_costs(LAW, claims, CONSUMER, DAY, agreed_minor=10_000)) == 10_000


@pytest.mark.parametrize(
    ("debtor", "asked"),
    [
        (Debtor(), 15_000),
        (Debtor(natural_person="yes"), 15_000),
        (Debtor(in_business="no"), 15_000),
        (Debtor(natural_person="no"), 20_000),
        (Debtor(in_business="yes"), 20_000),
        (Debtor(public_body="yes"), 20_000),
    ],
)
def test_who_may_be_a_consumer_is_protected_as_one(debtor: Debtor, asked: int) -> None:
    assert total(collection_costs(LAW, [claim(1_000)], debtor, DAY, agreed_minor=20_000)) == asked


def test_instalments_of_one_contract_are_left_to_a_person_with_both_amounts() -> None:
    answer = collection_costs(
        LAW, [instalment(300, "2026-08-01"), instalment(400, "2026-09-01"), claim(500)], CONSUMER, DAY
    )

    assert isinstance(answer, Undecided)
    assert answer.decided_by == "the setting nl_recurring_instalments"
    assert answer.readings == {
        "highest instalment": "EUR 135.00",
        "all added, as for other claims": "EUR 180.00",
    }
    assert "Undecided: Art. 2a Besluit BIK" in str(answer)


def test_the_setting_decides_on_instalments() -> None:
    rents = [instalment(300, "2026-08-01"), instalment(400, "2026-09-01"), instalment(300, "2026-10-01")]

    assert total(collection_costs(CHOSEN, rents, CONSUMER, DAY)) == 6_000


def test_two_invoices_of_which_nobody_knows_may_be_instalments() -> None:
    unknown = [claim(300, "2026-08-01", instalment="unknown"), claim(400, "2026-09-01", instalment="unknown")]

    answer = collection_costs(LAW, unknown, CONSUMER, DAY)

    assert isinstance(answer, Undecided)
    assert answer.decided_by.endswith("or whether these are instalments at all")


@pytest.mark.parametrize(
    "claims",
    [
        [claim(300), claim(400)],
        [instalment(300, "2026-08-01"), claim(400)],
        [instalment(300, "2026-02-01"), instalment(400, "2026-09-01")],
        [instalment(300, "2026-08-01", "rent"), instalment(400, "2026-09-01", "water")],
    ],
)
def test_claims_that_are_no_instalments_together_are_added(claims: list[CostClaim]) -> None:
    assert total(collection_costs(LAW, claims, CONSUMER, DAY)) == 10_500


@pytest.mark.parametrize(("second", "together"), [("2026-08-01", True), ("2026-08-02", False)])
def test_six_months_are_counted_to_the_day(second: str, together: bool) -> None:
    rents = [instalment(300, "2026-02-01"), instalment(400, second)]

    assert isinstance(collection_costs(LAW, rents, CONSUMER, DAY), Undecided) is together


def test_instalments_of_a_business_and_of_before_the_rule_are_added() -> None:
    rents = [instalment(300, "2024-08-01"), instalment(400, "2024-09-01")]

    assert total(collection_costs(LAW, rents, BUSINESS, DAY)) == 10_500
    assert total(collection_costs(LAW, rents, CONSUMER, date(2024, 9, 30))) == 10_500
    assert isinstance(collection_costs(LAW, rents, CONSUMER, date(2024, 10, 1)), Undecided)


def test_the_forty_euro_is_not_asked_before_the_law() -> None:
    with pytest.raises(CoverageError):
        commercial_minimum(LAW, date(2013, 3, 15))


@pytest.mark.parametrize("fact", ["taxed_service", "cannot_deduct", "declared"])
@pytest.mark.parametrize("answer", ["no", "unknown"])
def test_vat_is_added_only_where_all_three_conditions_hold(fact: str, answer: str) -> None:
    costs = scale_costs(LAW, 100_000, DAY)

    assert with_vat(LAW, costs, ALL_THREE.model_copy(update={fact: answer}), DAY) == costs


@pytest.mark.parametrize(("day", "vat"), [("2012-09-30", 2_850), ("2012-10-01", 3_150)])
def test_vat_is_that_of_the_day(day: str, vat: int) -> None:
    costs = scale_costs(LAW, 100_000, DAY)

    assert with_vat(LAW, costs, ALL_THREE, date.fromisoformat(day)).lines[-1].amount_minor == vat


def test_what_was_paid_in_time_lowers_the_costs() -> None:
    claims = [claim(1_000, "2026-09-01"), claim(500, "2026-08-01")]
    paid = [
        Payment(received_on=date(2026, 10, 10), amount_minor=60_000),
        Payment(received_on=date(2026, 10, 21), amount_minor=90_000),
    ]

    rest = still_unpaid(claims, paid, date(2026, 10, 20))

    assert [(one.principal_minor, str(one.default_since)) for one in rest] == [(90_000, "2026-09-01")]
    assert total(collection_costs(LAW, rest, CONSUMER, DAY)) == 13_500


def test_who_paid_all_in_time_owes_no_costs() -> None:
    paid = [Payment(received_on=date(2026, 10, 20), amount_minor=150_000)]

    rest = still_unpaid([claim(1_000), claim(500)], paid, date(2026, 10, 20))

    assert total(collection_costs(LAW, rest, CONSUMER, DAY)) == 0


@given(st.lists(principals, max_size=5), st.lists(st.integers(0, 1_000_000), max_size=5))
def test_what_stays_unpaid_is_what_was_owed_less_what_came(owed: list[int], came: list[int]) -> None:
    claims = [CostClaim(principal_minor=one, default_since=DAY) for one in owed]

    rest = still_unpaid(claims, [Payment(received_on=DAY, amount_minor=one) for one in came], DAY)

    assert sum(one.principal_minor for one in rest) == max(sum(owed) - sum(came), 0)
    assert all(one.principal_minor > 0 for one in rest)
