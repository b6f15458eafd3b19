"""What rows add up to, and what is seen of plain ones at a glance."""

from datetime import date

from hypothesis import event, given
from hypothesis import strategies as st

from connector.policy.facts import claim_facts
from connector.store.claim_rows import ItemRow, open_claims, plain_claims
from connector.store.netting import claim_of, is_credit

DAY = date(2026, 3, 1)
LONG_AGO = date(2026, 1, 1)
days = st.none() | st.sampled_from(["2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01", "2026-03-09"])
rows = st.tuples(
    st.just("d1"), st.sampled_from(["A", "B", "C"]), st.sampled_from(["EUR", "EUR", "EUR", "USD"]),
    st.sampled_from(["invoice", "invoice", "opening", "credit_note"]), st.sampled_from(["1", "2"]),
    st.sampled_from(["open", "open", "open", "in_collection", "closed"]), st.sampled_from([100, 200]),
    st.sampled_from([100, 100, 200, 0, -100]), st.sampled_from([0, 100, 200]), days, days, st.booleans(),
    st.sampled_from(["", "text"]), st.just(""), st.sampled_from(["", "", "gas"]),
    st.sampled_from([None, None, "C-1"]),
)  # fmt: skip
plain_rows = st.tuples(
    st.just("d1"), st.sampled_from(["A", "B", "C", "D"]), st.just("EUR"), st.sampled_from(["invoice", "opening"]),
    st.just("1"), st.just("open"), st.just(100), st.integers(1, 100), st.sampled_from([0, 100]), days,
    st.sampled_from(["2026-02-01", "2026-02-28", "2026-03-01", "2026-03-09"]), st.sampled_from([False]), st.just(""),
    st.just(""), st.just(""), st.none(),
)  # fmt: skip


def sorted_by_claim(found: list[ItemRow]) -> list[ItemRow]:
    return sorted(found, key=lambda row: row[1:3])


in_order = st.lists(rows, max_size=5).map(sorted_by_claim)


@given(rows)
def test_one_row_says_what_it_says_beside_one_that_is_gone(row: ItemRow) -> None:
    """The quick way for one row, and the way for several."""
    row = (*row[:11], False, *row[12:])
    [one, *none] = open_claims([row], DAY) or [None]
    assert not none
    [other] = open_claims([row, (*row[:11], True, *row[12:])], DAY) or [None]
    assert (one is None) == (row[7] == 0)
    assert other == (one and one._replace(gone=1))


@given(in_order | st.lists(plain_rows, max_size=4, unique_by=lambda row: row[1]).map(sorted_by_claim))
def test_at_a_glance_the_same_is_seen_as_of_the_claims(found: list[ItemRow]) -> None:
    plain = plain_claims(found, DAY, "EUR", LONG_AGO)
    claims = open_claims(found, DAY)
    event("plain" if plain else "not plain")
    if plain:
        facts, open_minor, overdue_minor, oldest = plain
        made = [claim_of(row) for row in claims]
        assert not any(is_credit(row) for row in claims)
        assert facts == claim_facts(made)
        assert (open_minor, overdue_minor) == (
            sum(one.open_minor for one in made),
            sum(one.overdue_minor for one in made),
        )
        first = min(made, key=lambda one: one.due_date or date.min)
        assert oldest[1] == first.claim
        assert first.due_date
        assert first.due_date > LONG_AGO
        assert all(one.last_due_date == one.due_date and not one.product_group for one in made)
