"""The records are built at their first use: here each is used."""

import pytest

from connector import model
from connector.model import Money, Record
from connector.testing import make_item

RECORDS = [name for name in model.__all__ if name != "Record" and isinstance(getattr(model, name), type)]


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_can_be_built(name: str) -> None:
    kind = getattr(model, name)
    assert issubclass(kind, Record)
    assert kind.model_rebuild() is not False
    assert kind.model_json_schema()["title"] == name


def test_what_is_open_of_a_row_is_money_of_its_currency() -> None:
    assert make_item(open_minor=-1_250, currency="USD").open == Money(minor=-1_250, currency="USD")
