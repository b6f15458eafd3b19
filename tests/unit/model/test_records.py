"""The records are built at their first use: here each is used."""

import pytest

from connector import model
from connector.model import Record

RECORDS = [name for name in model.__all__ if name != "Record" and isinstance(getattr(model, name), type)]


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_can_be_built(name: str) -> None:
    kind = getattr(model, name)
    assert issubclass(kind, Record)
    assert kind.model_rebuild() is not False
    assert kind.model_json_schema()["title"] == name
