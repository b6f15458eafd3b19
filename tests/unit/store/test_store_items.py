"""Open items: only what changed is written, every superseded version is kept, claims add up."""

from datetime import UTC, date, datetime, timedelta

import pytest

from connector.model import OpenItem
from connector.store import Store, Tx, claim_rows, item_changes, items
from connector.store.item_rows import debtor_number
from connector.store.tables import open_item
from connector.testing import make_item

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = AT + timedelta(days=1)
DAY = date(2026, 3, 1)


def claim_of(store: Store, claim: str = "INV-1") -> claim_rows.ClaimRow:
    with store.read() as tx:
        return claim_rows.claims_named(tx, "acme", "d1", [claim], DAY)[claim]


def open_claims(tx: Tx, **whose: str) -> list[claim_rows.ClaimRow]:
    debtors = claim_rows.rows_by_debtor(tx, "acme", **whose)  # type: ignore[arg-type]
    return [claim for _, rows in debtors for claim in claim_rows.open_claims(rows, DAY)]


def put(store: Store, *rows: object, at: datetime = AT) -> item_changes.Changes:
    with store.write() as tx:
        return item_changes.store_items(tx, "acme", item_changes.facts_of(rows), at)  # type: ignore[arg-type]


def invoice(**changes: object) -> object:
    base = {
        "id": "t1", "claim": "INV-1", "debtor_id": "d1", "kind": "invoice", "state": "open", "currency": "EUR",
        "amount_minor": 12100, "open_minor": 12100, "original_minor": 12100, "number": "1",
        "invoice_date": date(2025, 12, 1), "due_date": date(2025, 12, 31),
    }  # fmt: skip
    return make_item(**{**base, **changes})


def test_a_first_load_writes_rows_and_no_history(store: Store) -> None:
    changes = put(store, invoice())
    assert (changes.new, changes.changed, changes.unchanged) == (1, 0, 0)
    with store.read() as tx:
        assert items.history(tx, "acme", "d1", "INV-1") == [(AT, None, "t1", 12100)]


def test_the_record_has_its_fields_in_the_order_of_the_columns() -> None:
    fields = list(OpenItem.model_fields)
    columns = [column.name for column in open_item.columns]
    assert columns == ["ledger", *fields, "gone", "since", "debtor_number"]


def test_an_unchanged_row_is_not_written(store: Store) -> None:
    put(store, invoice())
    changes = put(store, invoice(), at=LATER)
    assert (changes.new, changes.changed, changes.unchanged) == (0, 0, 1)
    with store.read() as tx:
        assert items.history(tx, "acme", "d1", "INV-1") == [(AT, None, "t1", 12100)]


def test_a_changed_row_leaves_its_old_version_in_the_history(store: Store) -> None:
    put(store, invoice())
    changes = put(store, invoice(open_minor=0, state="closed", closed_reason="paid"), at=LATER)
    assert (changes.changed, changes.closed) == (1, 1)
    with store.read() as tx:
        assert items.history(tx, "acme", "d1", "INV-1") == [(AT, LATER, "t1", 12100), (LATER, None, "t1", 0)]


@pytest.mark.parametrize("field", ["number", "reference", "payment_reference", "description"])
def test_every_text_counts_as_a_change(store: Store, field: str) -> None:
    put(store, invoice())
    assert put(store, invoice(**{field: "something else"}), at=LATER).changed == 1


def test_of_equal_ids_in_one_page_the_last_counts(store: Store) -> None:
    put(store, invoice(), invoice(open_minor=100))
    assert claim_of(store).open_minor == 100


def test_a_page_of_known_and_new_rows_changes_what_changed_only(store: Store) -> None:
    put(store, invoice(id="t2", claim="INV-2"), invoice(id="t3", claim="INV-3"))
    changes = put(
        store,
        # The first row in the order of ids decides how the page is stored: here it is new.
        invoice(id="t1"),
        invoice(id="t2", claim="INV-2"),
        invoice(id="t3", claim="INV-3", open_minor=100),
        at=LATER,
    )
    assert (changes.new, changes.changed, changes.unchanged) == (1, 1, 1)
    assert claim_of(store, "INV-3").open_minor == 100
    with store.read() as tx:
        assert items.history(tx, "acme", "d1", "INV-2") == [(AT, None, "t2", 12100)]
        assert len(items.history(tx, "acme", "d1", "INV-3")) == 2


def test_two_debtors_with_one_number_in_the_index_are_kept_apart(store: Store) -> None:
    assert debtor_number("plumless") == debtor_number("buckeroo")
    put(store, invoice(debtor_id="plumless"), invoice(id="t2", claim="INV-2", debtor_id="buckeroo"))
    with store.read() as tx:
        assert items.claims_of(tx, "acme", "plumless") == ["INV-1"]
        assert claim_rows.claims_named(tx, "acme", "plumless", ["INV-2"], DAY) == {}


def test_a_split_invoice_adds_up_again(store: Store) -> None:
    put(store, invoice())
    put(
        store,
        invoice(amount_minor=7100, open_minor=7100),
        invoice(id="t2", amount_minor=5000, open_minor=0, state="closed", closed_reason="paid"),
        at=LATER,
    )
    claim = claim_of(store)
    assert (claim.open_minor, claim.total_minor, claim.whole) == (7100, 12100, True)


def test_half_a_split_is_not_whole(store: Store) -> None:
    put(store, invoice())
    put(store, invoice(amount_minor=7100, open_minor=7100), at=LATER)
    assert not claim_of(store).whole


def test_a_deleted_row_is_not_a_payment_and_leaves_a_hole(store: Store) -> None:
    put(store, invoice())
    with store.write() as tx:
        changes = item_changes.mark_gone(tx, "acme", ["t1", "never seen"], LATER)
    assert (changes.gone, changes.closed, changes.debtors) == (1, 1, {"d1"})
    claim = claim_of(store)
    assert (claim.open_minor, claim.whole) == (0, False)
    with store.read() as tx:
        assert open_claims(tx) == []
        assert items.count_open(tx, "acme") == 0


def test_a_row_that_comes_back_is_there_again(store: Store) -> None:
    put(store, invoice())
    with store.write() as tx:
        item_changes.mark_gone(tx, "acme", ["t1"], LATER)
    changes = put(store, invoice(), at=LATER + timedelta(days=1))
    assert changes.changed == 1
    assert claim_of(store).whole


def test_a_direct_debit_on_its_way_is_open_but_not_standing(store: Store) -> None:
    put(store, invoice(state="in_collection"))
    claim = claim_of(store)
    assert (claim.open_minor, claim.in_collection_minor, claim.overdue_minor) == (0, 12100, 0)


def test_only_what_is_past_its_due_date_is_overdue(store: Store) -> None:
    put(
        store,
        invoice(amount_minor=5000, open_minor=5000, due_date=DAY),
        invoice(id="t2", amount_minor=7100, open_minor=7100, due_date=DAY - timedelta(days=1)),
    )
    claim = claim_of(store)
    assert (claim.open_minor, claim.overdue_minor, claim.due_date) == (12100, 7100, DAY - timedelta(days=1))


def test_a_missing_due_date_is_known_to_be_missing(store: Store) -> None:
    put(store, invoice(due_date=None))
    assert claim_of(store).undated == 1


def test_totals_are_per_currency_and_net_of_credit(store: Store) -> None:
    put(
        store,
        invoice(),
        invoice(id="c1", claim="CR-1", kind="credit_note", amount_minor=-2100, open_minor=-2100, original_minor=-2100),
        invoice(id="u1", claim="INV-2", currency="USD", amount_minor=500, open_minor=500, original_minor=500),
    )
    with store.read() as tx:
        assert items.open_total(tx, "acme") == {"EUR": 10000, "USD": 500}
        assert [items.open_in(tx, "acme", code) for code in ("EUR", "USD", "SEK")] == [10000, 500, 0]
        assert items.count_open(tx, "other") == 0


def test_claims_come_by_debtor_and_only_with_something_open(store: Store) -> None:
    put(
        store,
        invoice(id="b", claim="B", debtor_id="d2"),
        invoice(id="a", claim="A", debtor_id="d1"),
        invoice(id="z", claim="Z", debtor_id="d1", open_minor=0, state="closed", closed_reason="paid"),
        invoice(id="c", claim="C", debtor_id="d1"),
    )
    with store.read() as tx:
        assert [(row.debtor_id, row.claim) for row in open_claims(tx)] == [
            ("d1", "A"),
            ("d1", "C"),
            ("d2", "B"),
        ]
        assert [row.claim for row in open_claims(tx, debtor_id="d2")] == ["B"]


def test_many_rows_go_in_and_out_exactly(store: Store) -> None:
    rows = [
        invoice(id=f"t{n}", claim=f"INV-{n}", debtor_id=f"d{n % 7}", amount_minor=n, open_minor=n, original_minor=n)
        for n in range(1, 2501)
    ]
    assert put(store, *rows).new == 2500
    assert put(store, *rows, at=LATER).unchanged == 2500
    with store.read() as tx:
        assert items.open_total(tx, "acme") == {"EUR": 2500 * 2501 // 2}
        assert sum(row.open_minor for row in open_claims(tx)) == 2500 * 2501 // 2
