"""The version of the law that a decision is kept with."""

from datetime import date

from connector.law.law import Law
from connector.law.library import Tables, extend, shipped
from connector.law.settings import LawSettings


def test_the_same_tables_and_readings_are_the_same_version_in_any_order() -> None:
    backwards = Tables(reversed(list(shipped())))

    assert Law().version == Law(tables=backwards).version
    assert len(Law().version) == 12


def test_a_row_or_a_reading_is_another_version() -> None:
    row = {"since": date(2027, 1, 1), "until": date(2027, 6, 30), "percent": "10.65", "source": "Stb. 2026, 1"}
    versions = {
        Law().version,
        Law(tables=extend(shipped(), {"nl.commercial": [row]})).version,
        Law(tables=extend(shipped(), {"nl.commercial": [row | {"source": "Stb. 2026, 2"}]})).version,
        Law(settings=LawSettings(nl_day_count="365")).version,
    }

    assert len(versions) == 4
