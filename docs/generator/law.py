"""docs/reference/law-tables.md: what the tables of the law cover, their rates, their sources, and the open settings."""

from collections.abc import Iterable
from typing import get_args

from connector.law.library import shipped, sources
from connector.law.rows import Row
from connector.law.settings import LawSettings
from connector.law.table import AnyTable, RateTable
from generator.text import page, sentence, table

_COUNTRIES = {"nl": "The Netherlands", "be": "Belgium"}
_INTRO = """
The figures behind [what the law says](../law.md). A row holds from its first day up to and including its last; on any
other day a table refuses to answer, and says what it covers. The key of a source is explained [below](#sources).
"""
_SETTINGS = """
They stand in the table `[law]` of `incasso.toml`. One that is left out makes the answer *undecided* wherever it would
matter: a person decides, and is told what comes out under each value.
"""


def render() -> str:
    """The page."""
    tables = list(shipped())
    parts = [_INTRO, "## What each table covers"]
    for country, title in _COUNTRIES.items():
        parts += [f"### {title}", _coverage(one for one in tables if one.name.startswith(f"{country}."))]
    parts.append("## Rates")
    parts += [_rates(one) for one in tables if isinstance(one, RateTable) and one.unit == "percent per year"]
    parts += ["## Settings", _SETTINGS, _settings(), "## Sources", _sources()]
    return page("The tables of the law", *parts)


def _coverage(tables: Iterable[AnyTable]) -> str:
    rows = [
        [
            f"`{one.name}`",
            f"{one.title}. {one.about}",
            one.article,
            one.unit,
            _span(one.rows[0], one.rows[-1]),
            _doubt(one),
        ]
        for one in tables
    ]
    return table(["table", "what it tells", "article", "unit", "covers", "rests on"], rows)


def _rates(one: RateTable) -> str:
    rows = [
        [str(row.since), str(row.until), str(row.percent), ", ".join((row.source, *row.also)), _remark(row)]
        for row in reversed(one.rows)
    ]
    return f"### `{one.name}`\n\n{one.title}.\n\n" + table(["from", "to", "% a year", "sources", "remark"], rows)


def _settings() -> str:
    rows = []
    for name, field in LawSettings.model_fields.items():
        values = [value for choice in get_args(field.annotation) for value in get_args(choice)]
        rows.append([f"`{name}`", ", ".join(f'`"{value}"`' for value in values), sentence(field.description or "")])
    return table(["setting", "values", "what it decides"], rows)


def _sources() -> str:
    rows = [[f"`{key}`", one.title, one.where, one.kind] for key, one in sources().items()]
    return table(["source", "what it is", "where", "kind"], rows)


def _span(first: Row, last: Row) -> str:
    return f"from {first.since} " + (f"to {last.until}" if last.until else "on")


def _doubt(one: AnyTable) -> str:
    """Its sources, and how sure they make us where that is not wholly."""
    named = dict.fromkeys(row.source for row in one.rows)
    if len(named) > 3:
        return "see its rates"
    doubts = [row.confidence for row in one.rows if row.confidence != "high"]
    return ", ".join(named) + (f" ({doubts[0]} confidence)" if doubts else "")


def _remark(row: Row) -> str:
    doubt = "" if row.confidence == "high" else f"{row.confidence} confidence"
    return "; ".join(part for part in (doubt, row.note) if part)
