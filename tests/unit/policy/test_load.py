"""Policy files: what is read, and every mistake told with file, line, key and mend."""

import re
from pathlib import Path

import pytest
from policy_builders import POLICIES

from connector.config import MistakesError
from connector.errors import ConfigError
from connector.policy import Policy, Step, load_policy

TEXT = """\
name = "trial"
version = "7"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 14

[[step]]
name = "escalate"
action = "escalate"
title = "Hand-over"
days_overdue = 45
needs = ["remind"]
after = { step = "remind", days = 14 }
minimum = "50.00"

[gates]
blocked = { before = "never" }

[gates.agency_minimum]
amount = "25.00"
"""


def written(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """The trial policy with `old` replaced by `new`, in policies/trial.toml of a home."""
    assert old in TEXT
    path = tmp_path / "policies" / "trial.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEXT.replace(old, new, 1) if old else TEXT, encoding="utf-8")
    return path


def test_a_policy_file_is_read_with_amounts_in_minor_units(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path))
    assert [step.name for step in policy.steps] == ["remind", "escalate"]
    escalate = policy.steps[1]
    assert (escalate.minimum, escalate.needs, escalate.claims) == (5000, ("remind",), "overdue")
    assert escalate.after is not None
    assert (escalate.after.step, escalate.after.days) == ("remind", 14)
    assert policy.gates.agency_minimum.amount == 2500
    assert policy.gates.blocked.before == "never"


def test_what_is_left_out_takes_the_safe_default(tmp_path: Path) -> None:
    gates = load_policy(written(tmp_path)).gates
    assert gates.debtor_kind.allowed == ("business", "sole_trader", "public_body")
    assert (gates.debtor_kind.before, gates.credit.before, gates.credit.accept) == ("escalate", "escalate", "none")
    assert (gates.calibrated.before, gates.disputed.stops, gates.on_hold.stops) == ("every step", "claim", "claim")


def test_amounts_follow_the_currency_of_the_policy(tmp_path: Path) -> None:
    yen = TEXT.replace('"EUR"', '"JPY"').replace('"50.00"', '"50"').replace('"25.00"', '"25"')
    path = tmp_path / "yen.toml"
    path.write_text(yen, encoding="utf-8")
    assert load_policy(path).steps[1].minimum == 50


@pytest.mark.parametrize("name", ["standard", "b2b-fast"])
def test_the_example_policies_are_in_order(name: str) -> None:
    policy = load_policy(POLICIES / f"{name}.toml")
    assert policy.name == name
    assert policy.steps[-1].action == "escalate"


def test_the_version_names_the_exact_content(tmp_path: Path) -> None:
    version = load_policy(written(tmp_path)).version
    assert re.fullmatch(r"7\+[0-9a-f]{12}", version)
    assert load_policy(written(tmp_path, "days_overdue = 14", "days_overdue = 15")).version != version
    assert load_policy(written(tmp_path, 'before = "never"', 'before = "escalate"')).version != version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "trial"', '# a comment\nname = "trial"'),
        ('name = "trial"\nversion = "7"', 'version = "7"\nname = "trial"'),
        ('blocked = { before = "never" }', 'blocked = { before = "never" }\ndisputed = { stops = "claim" }'),
        ('"50.00"', '"50"'),
    ],
)
def test_comments_order_and_spelled_out_defaults_leave_the_version_alone(tmp_path: Path, old: str, new: str) -> None:
    assert load_policy(written(tmp_path, old, new)).version == load_policy(written(tmp_path)).version


# old text, new text, what the message must say, from the place to the mend.
MISTAKES = [
    ("days_overdue = 14", "days_overdue = -1", "line 9, step 1 (remind).days_overdue: this should be greater"),
    (
        "days_overdue = 14",
        'days_overdue = "14"',
        "line 9, step 1 (remind).days_overdue: this should be a valid integer",
    ),
    (
        "days_overdue = 14",
        "days_overdue = 46",
        '15, step 2 (escalate).days_overdue: "escalate" at 45 days can come before "remind" at 46 days',
    ),
    ('name = "escalate"', 'name = "remind"', 'line 12, step 2 (remind).name: two steps are named "remind"'),
    ('name = "escalate"', 'name = "claim"', 'line 12, step 2 (claim).name: "claim" is taken by the reasons'),
    (
        'name = "escalate"',
        'name = "Hand over"',
        "line 12, step 2 (Hand over).name: this name cannot be used: lower-case",
    ),
    ('action = "escalate"', 'action = "sue"', "Use one of 'remind', 'notice', 'call' or 'escalate'"),
    ('needs = ["remind"]', 'needs = ["notice"]', 'line 16, step 2 (escalate).needs: there is no step "notice"'),
    ('needs = ["remind"]', 'needs = ["notice"]', "The steps above it are: remind."),
    ('needs = ["remind"]', 'needs = ["escalate"]', 'needs: "escalate" does not come before "escalate"'),
    ('needs = ["remind"]', 'needs = ["remind", "remind"]', 'needs: "remind" is named twice'),
    ('step = "remind", days', 'step = "call", days', 'line 17, step 2 (escalate).after: there is no step "call"'),
    (
        "days = 14 }",
        "dayz = 14 }",
        'line 17, step 2 (escalate).after.dayz: this key is not known. Did you mean "days"?',
    ),
    ('"50.00"', '"50.001"', "line 18, step 2 (escalate).minimum: 50.001 has more decimals than EUR allows (2)"),
    ('"50.00"', "50.00", 'line 18, step 2 (escalate).minimum: an amount is written in quotes, such as "50.00"'),
    ('"50.00"', "50", "an amount is written in quotes"),
    ('"50.00"', '"-0.01"', "an amount in a policy is never negative"),
    ('"50.00"', '"a lot"', "'a lot' is not an amount"),
    ('amount = "25.00"', 'amount = "25.005"', "line 24, gates.agency_minimum.amount: 25.005 has more decimals"),
    (
        "[gates.agency_minimum]",
        "[gates.agency_min]",
        'gates.agency_min: this key is not known. Did you mean "agency_minimum"?',
    ),
    ("[gates]", "[gate]", 'line 20, gate: this key is not known. Did you mean "gates"?'),
    ('before = "never"', 'before = "sometimes"', "line 21, gates.blocked.before: this value is not known"),
    ("blocked = {", "disputed = {", "gates.disputed.before: this key is not known"),
    ("[gates]", "[gates]\ndebtor_kind = { allowed = [] }", "gates.debtor_kind.allowed: no debtor could ever pass"),
    ('currency = "EUR"', 'currency = "euro"', "line 3, currency: this should be a currency code of three capitals"),
    ('currency = "EUR"', "", "currency: this key is missing"),
    (
        'version = "7"',
        "version = 7",
        "line 2, version: this should be a valid string. Put the value between double quotes.",
    ),
    (
        'title = "Reminder"',
        'titel = "Reminder"',
        'line 8, step 1 (remind).titel: this key is not known. Did you mean "title"?',
    ),
    ('title = "Reminder"', 'title = "Reminder', "line 8, column 18: this is not TOML"),
]


@pytest.mark.parametrize(("old", "new", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_its_mend(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_policy(written(tmp_path, old, new), home=tmp_path)
    assert told in caught.value.message
    assert "policies/trial.toml" in caught.value.message
    assert str(tmp_path) not in caught.value.message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MistakesError) as caught:
        load_policy(written(tmp_path, 'title = "Reminder"\ndays_overdue = 14', 'days_overdue = "x"'))
    assert {mistake.key for mistake in caught.value.mistakes} == {
        "line 5, step 1 (remind).title",
        "line 8, step 1 (remind).days_overdue",
    }


def test_all_that_keeps_a_ladder_from_being_climbed_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MistakesError) as caught:
        load_policy(
            written(tmp_path, 'needs = ["remind"]\nafter = { step = "remind"', 'needs = ["a"]\nafter = { step = "b"')
        )
    assert [(mistake.key, mistake.what) for mistake in caught.value.mistakes] == [
        ("line 16, step 2 (escalate).needs", 'there is no step "a"'),
        ("line 17, step 2 (escalate).after", 'there is no step "b"'),
    ]


def test_steps_instead_of_step_is_told(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("[[step]]", "[[steps]]"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r'line 5, steps: this key is not known. Did you mean "step"\?'):
        load_policy(path)


@pytest.mark.parametrize("steps", ["", "step = []"])
def test_a_policy_without_a_step_is_refused(tmp_path: Path, steps: str) -> None:
    path = tmp_path / "empty.toml"
    path.write_text(f'name = "empty"\nversion = "1"\ncurrency = "EUR"\n{steps}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"there is no step. Add a table \[\[step\]\]\."):
        load_policy(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: the file cannot be read"):
        load_policy(tmp_path / "none.toml")


def test_in_code_amounts_are_minor_units_and_never_text() -> None:
    step = Step(name="remind", action="remind", title="Reminder", days_overdue=1, minimum=5000)
    assert step.minimum == 5000
    for wrong in ("50.00", 50.0, True):
        with pytest.raises(ValueError, match="an int in minor units"):
            Step.model_validate(step.model_dump() | {"minimum": wrong})


def test_policies_with_one_version_are_still_told_apart_by_their_content(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path))
    other = policy.model_copy(update={"currency": "USD"})
    assert hash(policy) == hash(other)
    assert policy != other
    assert Policy.model_validate(policy.model_dump()) == policy
