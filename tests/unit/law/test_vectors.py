"""Every vector of tests/vectors/law.json by its id, to the cent and to the day."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import vector_belgium
import vector_business
import vector_costs
import vector_interest
import vector_letters

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "law.json").read_text(encoding="utf-8"))
ALL = VECTORS["published"] + VECTORS["computed"]
ANSWERS: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]] = {
    ("NL", "bik"): vector_costs.bik,
    ("NL", "bik_vat"): vector_costs.bik,
    ("NL", "bik_aggregation"): vector_costs.bik_aggregation,
    ("NL", "b2b_flat_fee"): vector_costs.dutch_flat_sum,
    ("NL", "interest_simple"): vector_interest.simple,
    ("BE", "interest_simple"): vector_interest.simple,
    ("NL", "interest_simple_with_surcharge"): vector_interest.with_surcharge,
    ("NL", "interest_statutory"): vector_interest.statutory,
    ("NL", "rate_lookup"): vector_interest.rate_lookup,
    ("BE", "rate_lookup"): vector_interest.rate_lookup,
    ("BE", "interest_commercial"): vector_interest.belgian_commercial,
    ("BE", "b2b_flat_fee"): vector_interest.belgian_flat_sum,
    ("BE", "b2c_cap"): vector_belgium.cap,
    ("BE", "old_clause_reduction"): vector_belgium.reduced,
    ("BE", "b2c_fee"): vector_belgium.fee,
    ("BE", "waiting_period"): vector_belgium.waiting,
    ("BE", "waiting_period_rule"): vector_belgium.waiting_rule,
    ("BE", "sme_interest_start"): vector_belgium.small_creditor,
    ("BE", "suspension"): vector_belgium.stands_still,
    ("NL", "fourteen_day_letter"): vector_letters.letter,
    ("NL", "fourteen_day_letter_validity"): vector_letters.validity,
    ("NL", "limitation"): vector_letters.dutch_limitation,
    ("BE", "limitation"): vector_letters.belgian_limitation,
    ("NL", "limitation_interrupt"): vector_letters.interrupted,
    ("NL", "payment_term_max"): vector_business.longest_term,
    ("NL", "large_company_test"): vector_business.large,
    ("BE", "payment_term_default"): vector_business.default_term,
    ("BE", "ios_cap"): vector_business.ios_most,
    ("BE", "ios_eligibility"): vector_business.ios_open,
    ("BE", "ios_timeline"): vector_business.ios_timeline,
    ("BE", "insolvency_effect"): vector_business.belgian_insolvency,
    ("NL", "insolvency_effect"): vector_business.dutch_insolvency,
}


@pytest.mark.parametrize("vector", ALL, ids=lambda one: one["id"])
def test_a_vector(vector: dict[str, Any]) -> None:
    answer = ANSWERS[vector["jurisdiction"], vector["kind"]](vector["input"])

    assert {key: answer[key] for key in vector["expected"]} == vector["expected"]


def test_no_vector_is_missing() -> None:
    counted = Counter(one["provenance"] for one in ALL)

    assert (counted["published"], counted["hand_computed"]) == (109, 42)
    assert len({one["id"] for one in ALL}) == len(ALL)
