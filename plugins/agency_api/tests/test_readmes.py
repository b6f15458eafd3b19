"""The READMEs against the code: every option, scenario, act, fault and setting is explained, and no other."""

import re
from pathlib import Path
from typing import get_args

import pytest

from connector_agency_api.config import AgencyConfig
from connector_agency_api.outgoing import WITHHOLDABLE
from connector_agency_api.sandbox.acts import _ACTS
from connector_agency_api.sandbox.control import routes
from connector_agency_api.sandbox.faults import FaultKind
from connector_agency_api.sandbox.options import AgencyOptions
from connector_agency_api.sandbox.scenarios import Step, load_scenarios

_PLUGIN = Path(__file__).parents[1]
_README = (_PLUGIN / "README.md").read_text(encoding="utf-8")
_SANDBOX = (_PLUGIN / "connector_agency_api" / "sandbox" / "README.md").read_text(encoding="utf-8")


def _first_cells(text: str, heading: str) -> set[str]:
    """The words in the first column of the table under a heading."""
    section = text.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)} - {"--set"}


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("## Options", set(AgencyOptions.model_fields)),
        ("## Scenarios", set(load_scenarios(None))),
        ("### Acts", set(_ACTS)),
        ("### Faults", set(get_args(FaultKind))),
    ],
)
def test_the_stand_ins_readme_explains_everything_there_is(heading: str, expected: set[str]) -> None:
    assert _first_cells(_SANDBOX, heading) == expected


def test_every_act_of_a_scenario_can_be_done() -> None:
    assert set(get_args(Step.model_fields["act"].annotation)) == set(_ACTS)


def test_the_defaults_of_the_options_are_as_told() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", _SANDBOX.split("## Scenarios")[0], re.MULTILINE))
    defaults = AgencyOptions.parse({})
    for name, text in told.items():
        value = getattr(defaults, name)
        assert text == (",".join(value) if isinstance(value, tuple) else str(value).removesuffix(".0")), name


def test_the_control_surface_is_told_call_by_call() -> None:
    from connector_agency_api.sandbox.agency import Agency
    from connector_agency_api.sandbox.agenda import AgencyClock

    agency = Agency(AgencyOptions.parse({}), AgencyClock(None))
    served = {(method, route.path) for route in routes(agency) for method in (route.methods or set()) - {"HEAD"}}
    rows = re.findall(r"^\| (`[A-Z`, ]+[^|]*`) \|", _SANDBOX, re.MULTILINE)
    told = {
        (method, path)
        for row in rows
        for path in re.findall(r"(/sandbox/[^`]*)", row)
        for method in re.findall(r"[A-Z]{3,}", row.split("/sandbox")[0])
    }
    assert told == served


def test_every_setting_and_every_withholdable_field_is_told() -> None:
    table = _README.split("| key | meaning |", 1)[1].split("\n\n", 1)[0]
    keys = {word for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}
    assert keys == set(AgencyConfig.model_fields)
    listed = _README.split("These can be withheld:", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"`([a-z_.]+)`", listed)) == WITHHOLDABLE
