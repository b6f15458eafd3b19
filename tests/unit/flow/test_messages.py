"""Keys and references come from business facts alone, and are the same in every release.

A restored back-up derives them again: a release that derives others would hand over twice.
"""

from itertools import pairwise

import pytest

from connector.flow.messages import derive_case_ref, derive_key, ledger_of_reference


def test_a_key_never_changes() -> None:
    key = derive_key("acme", "agency", "case.open", "acme-abc", 0)
    assert key == "e3jnhr52azh66mbdz3stlnvgrusmwtedxeckzckp"


def test_a_reference_never_changes_and_does_not_hang_on_the_order_of_claims() -> None:
    for claims in (["INV-1", "INV-2"], ["INV-2", "INV-1"]):
        assert derive_case_ref("acme", "d1", claims, attempt=0) == "acme-2fp7b2p46wqq"


def test_a_long_ledger_name_is_cut() -> None:
    assert derive_case_ref("a" * 50, "d1", ["INV-1"], attempt=1) == "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-5bd6a6avocms"


def test_every_fact_is_in_the_key() -> None:
    facts = ("acme", "agency", "case.open", "acme-abc")
    keys = {derive_key(*facts[:place], "other", *facts[place + 1 :], 0) for place in range(4)}
    keys |= {derive_key(*facts, 0), derive_key(*facts, 1)}
    assert len(keys) == 6
    assert {len(key) for key in keys} == {40}


def test_every_fact_is_in_the_reference() -> None:
    refs = {
        derive_case_ref("acme", "d1", ["INV-1"], attempt=0),
        derive_case_ref("acme", "d2", ["INV-1"], attempt=0),
        derive_case_ref("acme", "d1", ["INV-2"], attempt=0),
        derive_case_ref("acme", "d1", ["INV-1"], attempt=1),
        derive_case_ref("acne", "d1", ["INV-1"], attempt=0),
    }
    assert len(refs) == 5


@pytest.mark.parametrize(
    ("ledgers", "found"),
    [
        (["acme", "other"], "acme"),
        (["acme", "acme-nl"], "acme-nl"),
        (["acme-nl", "acme"], "acme-nl"),
        (["nl", "cme"], None),
        ([], None),
    ],
)
def test_whose_a_reference_is(ledgers: list[str], found: str | None) -> None:
    assert ledger_of_reference("acme-nl-abcdefghijkl", ledgers) == found


def test_names_that_differ_after_the_cut_are_one_stem() -> None:
    names = ["a" * 36 + "b", "a" * 36 + "c"]
    refs = [derive_case_ref(name, "d1", ["INV-1"], attempt=0) for name in names]
    assert all(one[:37] == other[:37] and one != other for one, other in pairwise(refs))
    assert ledger_of_reference(refs[0], ["a" * 35]) is None
