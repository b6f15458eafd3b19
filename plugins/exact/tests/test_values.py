"""How days, row versions, amounts and guids of Exact Online are read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from connector.errors import RejectedError
from connector_exact.values import Amount, Day, Guid, RowVersion, guid

DAY: TypeAdapter[Any] = TypeAdapter(Day)
ROW_VERSION: TypeAdapter[Any] = TypeAdapter(RowVersion)
AMOUNT: TypeAdapter[Any] = TypeAdapter(Amount)


def test_a_live_sample_of_the_reference_is_midnight_of_its_own_day() -> None:
    assert DAY.validate_python("/Date(1756684800000)/") == date(2025, 9, 1)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)), st.integers(0, 86_399))
def test_a_day_stays_the_same_day_at_any_time_of_it(day: date, second: int) -> None:
    local = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    assert DAY.validate_python(f"/Date({int(local.timestamp()) * 1000})/") == day


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_day_is_none(nothing: str | None) -> None:
    assert DAY.validate_python(nothing) is None


@pytest.mark.parametrize("wrong", ["2026-01-01", "/Date(soon)/", "/Date(99999999999999999999)/", 5, {"a": 1}, ["x"]])
def test_what_is_no_day_is_refused_with_the_expected_form(wrong: Any) -> None:
    with pytest.raises(ValidationError, match=r"expected /Date\(milliseconds\)/"):
        DAY.validate_python(wrong)


@pytest.mark.parametrize("form", [b'"123456789"', b"123456789"])
def test_a_row_version_is_read_as_text_and_as_number(form: bytes) -> None:
    assert ROW_VERSION.validate_json(form) == 123456789


def test_a_row_version_beyond_64_bits_is_refused() -> None:
    with pytest.raises(ValidationError):
        ROW_VERSION.validate_json(b'"9223372036854775808"')


@given(st.integers(-(10**14) + 1, 10**14 - 1))
def test_an_amount_in_cents_survives_its_way_as_a_json_number(cents: int) -> None:
    text = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    read = AMOUNT.validate_json(text.encode())
    assert int((read * 100).to_integral_value()) == cents


@pytest.mark.parametrize("wrong", [b"NaN", b"Infinity", b"1e12", b'"ten"', b"null"])
def test_what_is_no_amount_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValidationError):
        AMOUNT.validate_json(wrong)


def test_an_amount_is_a_decimal() -> None:
    assert AMOUNT.validate_json(b"605.10") == Decimal("605.1")


def test_a_guid_is_given_back_and_anything_else_is_refused() -> None:
    key = "0f3c8a52-9d1e-4b7a-8c55-1234567890ab"
    assert guid(key) == key
    for wrong in ("", "x' or 1 eq 1", key + "'", "0f3c8a529d1e4b7a8c551234567890ab"):
        with pytest.raises(RejectedError):
            guid(wrong)
    with pytest.raises(ValidationError):
        TypeAdapter(Guid).validate_python("../../" + key)
