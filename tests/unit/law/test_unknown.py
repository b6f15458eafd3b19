"""What nobody has said is unknown, in every record of the law room."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest

import connector.law
from connector.law.agency import Registration
from connector.law.answers import Answer
from connector.law.belgium.first_reminder import Channel
from connector.model.record import Record

SAID = {("LetterText", "repairs_earlier"): "no"}
"""A letter is taken for one of its own unless somebody says that it mends another."""


def facts() -> Iterator[tuple[str, str, object]]:
    """Record, field and default of everything that can be unknown."""
    for found in walk_packages(connector.law.__path__, "connector.law."):
        for one in vars(import_module(found.name)).values():
            if isinstance(one, type) and issubclass(one, Record) and one.__module__ == found.name:
                for name, field in one.model_fields.items():
                    if field.annotation in (Answer, Registration, Channel) and not field.is_required():
                        yield one.__name__, name, field.default


@pytest.mark.parametrize(("record", "name", "default"), sorted(set(facts())))
def test_a_fact_is_unknown_until_it_is_said(record: str, name: str, default: object) -> None:
    assert default == SAID.get((record, name), "unknown")


def test_there_are_facts_to_look_at() -> None:
    assert len(set(facts())) > 25
