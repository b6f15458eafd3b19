"""Pages: every shape of an answer, and what happens to records and pages that cannot be read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import TransientError
from connector_exact.pages import RowReader
from connector_exact.rows import DeletedRow, DivisionRow, Term

TERMS: RowReader[Term] = RowReader(Term, "sync/Cashflow/PaymentTerms", entity="payment terms")
KEY = "00000000-0000-4000-8000-{:012d}"


def term(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "__metadata": {"uri": "https://start.exactonline.nl/x", "type": "Exact.Web.Api.Models.PaymentTerm"},
        "ID": KEY.format(number),
        "Timestamp": str(1000 + number),
        "LineType": 20,
        "Account": KEY.format(7),
        "TransactionEntryID": KEY.format(number),
        "TransactionType": 20,
        "Status": 20,
        "AmountDC": -121.0,
        "Currency": "EUR",
    } | changes


def body(records: Any, **envelope: Any) -> bytes:
    return json.dumps({"d": {"results": records, **envelope}}).encode()


def test_a_collection_gives_its_rows_their_highest_version_and_the_next_page() -> None:
    page = TERMS.read(body([term(2), term(5), term(3)], __next="https://next"))
    assert [row["ID"] for row in page.rows] == [KEY.format(2), KEY.format(5), KEY.format(3)]
    assert (page.high, page.next_url, page.faults) == (1005, "https://next", ())


def test_an_empty_collection_is_an_empty_page() -> None:
    page = TERMS.read(body([]))
    assert (page.rows, page.high, page.next_url) == ([], 0, "")


def test_a_bare_list_as_top_gives_it_is_read_as_well() -> None:
    assert len(TERMS.read(json.dumps({"d": [term(1), term(2)]}).encode()).rows) == 2


def test_a_single_entity_is_a_page_of_one() -> None:
    reader: RowReader[DivisionRow] = RowReader(DivisionRow, "system/Divisions", entity="administration")
    rows = reader.read(json.dumps({"d": {"Code": 123456, "Currency": "EUR"}}).encode()).rows
    assert [row["Code"] for row in rows] == [123456]


def test_select_asks_for_the_fields_of_the_row_and_no_others() -> None:
    without = RowReader[Term](Term, "x", entity="x", without=frozenset({"GLAccountCode"}))
    assert "GLAccountCode" in TERMS.fields.split(",")
    assert set(TERMS.fields.split(",")) - set(without.fields.split(",")) == {"GLAccountCode"}
    assert "Timestamp" in without.fields.split(",")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("AmountDC", "a lot"),
        ("AmountDC", None),
        ("Status", 35),
        ("Account", None),
        ("Account", "not a guid"),
        ("Currency", "euro"),
        ("DueDate", "2026-01-01"),
        ("Timestamp", None),
        ("LineType", "x"),
    ],
)
def test_one_bad_record_is_set_aside_with_its_id_field_and_reason_and_the_others_arrive(field: str, value: Any) -> None:
    page = TERMS.read(body([term(1), term(2, **{field: value}), term(3)]), number=4)
    assert [row["ID"] for row in page.rows] == [KEY.format(1), KEY.format(3)]
    (fault,) = page.faults
    assert (fault.id, fault.field, fault.entity) == (KEY.format(2), field, "payment terms")
    assert fault.why
    assert str(value) not in fault.why or value is None


def test_a_missing_field_is_named() -> None:
    broken = term(2)
    del broken["AmountDC"]
    (fault,) = TERMS.read(body([term(1), broken])).faults
    assert (fault.field, fault.why) == ("AmountDC", "Field required")


def test_a_bad_record_without_a_key_is_named_by_its_place() -> None:
    page = TERMS.read(body([term(1), "not even a record", term(3, ID=None)]), number=2)
    assert [fault.id for fault in page.faults] == ["page 2, row 2", "page 2, row 3"]
    assert page.high == 1003


def test_the_version_of_a_bad_record_still_moves_the_cursor_past_it() -> None:
    assert TERMS.read(body([term(1), term(9, Status=35)])).high == 1009


def test_good_rows_read_beside_a_bad_one_are_the_same_as_read_without_it() -> None:
    good = [term(1, AmountDC=-0.1, DueDate="/Date(1756684800000)/"), term(2, AmountDC=-1234.5600000000004)]
    alone = TERMS.read(body(good)).rows
    beside = TERMS.read(body([*good, term(3, Status=0)])).rows
    rounded = [row | {"AmountDC": round(row["AmountDC"], 2)} for row in (*alone, *beside)]
    assert rounded[:2] == rounded[2:]


def test_a_page_of_which_no_record_can_be_read_is_a_malformed_page() -> None:
    with pytest.raises(TransientError, match="malformed page 3: none of its 20 records could be read"):
        TERMS.read(body([term(number, Status=35) for number in range(20)]), number=3)


def test_a_few_changed_records_may_all_be_bad_without_stopping_the_feed() -> None:
    assert len(TERMS.read(body([term(1, Status=35), term(2, Status=35)])).faults) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b'{"d": {"results": [{"ID": "0f3c',
        b"[]",
        b'"text"',
        b"{}",
        b'{"d": null}',
        b'{"d": 5}',
        b'{"d": {"results": {}}}',
        b'{"d": {"results": [], "__next": 5}}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_page_ends_in_an_error_that_names_the_endpoint_and_the_page(answer: bytes) -> None:
    with pytest.raises(TransientError, match="sync/Cashflow/PaymentTerms: malformed page 7"):
        TERMS.read(answer, number=7)


@given(st.binary(max_size=200))
def test_no_answer_at_all_raises_anything_but_a_named_error(answer: bytes) -> None:
    with pytest.raises(TransientError, match="malformed page"):
        TERMS.read(answer)


@given(cut=st.integers(1, 1500))
def test_a_body_cut_off_anywhere_never_gives_rows(cut: int) -> None:
    whole = body([term(number) for number in range(5)])
    with pytest.raises(TransientError):
        TERMS.read(whole[:-cut])


def test_deletes_name_their_kind_and_key() -> None:
    reader: RowReader[DeletedRow] = RowReader(DeletedRow, "sync/Deleted", entity="deletes")
    record = {"Timestamp": 12, "EntityKey": KEY.format(1), "EntityType": 10, "ID": KEY.format(2)}
    page = reader.read(body([record, record | {"EntityKey": "?"}]))
    assert page.rows[0]["EntityType"] == 10
    assert page.faults[0].field == "EntityKey"
