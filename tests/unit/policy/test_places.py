"""Lines of keys in TOML texts."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from policy_builders import POLICIES

from connector.policy.places import line_of

TEXT = """\
# top
name = "x"

[[step]]          # the first
title = "one"
after = { step = "remind", days = 14 }

  [[step]]
title = "two"
"quoted-key" = 1

[step.after]
days = 3

[gates.credit]
accept = "netted"

[gates]
on_hold.stops = "claim"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("name",), 2),
        (("step",), 4),
        (("step", 0), 4),
        (("step", 0, "title"), 5),
        (("step", 0, "after", "days"), 6),
        (("step", 1), 8),
        (("step", 1, "title"), 9),
        (("step", 1, "quoted-key"), 10),
        (("step", 1, "after", "days"), 13),
        (("step", 0, "minimum"), 4),
        (("gates", "credit", "accept"), 16),
        (("gates", "on_hold", "stops"), 19),
        (("gates", "blocked"), 18),
        (("currency",), 0),
    ],
)
def test_the_line_of_a_key_or_of_what_is_around_it(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize("name", ["standard", "b2b-fast"])
def test_every_key_of_the_example_policies_is_found_on_its_own_line(name: str) -> None:
    text = Path(POLICIES / f"{name}.toml").read_text(encoding="utf-8")
    lines = text.splitlines()
    for path in _paths(tomllib.loads(text)):
        assert str(path[-1]) in lines[line_of(text, path) - 1]


def _paths(table: dict[str, Any], before: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found: list[tuple[str | int, ...]] = []
    for key, value in table.items():
        if key == "step" and isinstance(value, list):
            for place, one in enumerate(value):
                found += _paths(one, (*before, key, place))
        else:
            found.append((*before, key))
            found += _paths(value, (*before, key)) if isinstance(value, dict) else []
    return found
