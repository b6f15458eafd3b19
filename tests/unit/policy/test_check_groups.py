"""What the check says of segments and routes."""

from pathlib import Path

import pytest
from check_trial import CALENDARS
from policy_builders import POLICIES

from connector.policy.check import COUNTRIES, Audience, Checked, Country, check_policy

HEAD = """\
name = "trial"
version = "1"
currency = "EUR"
"""
STEP = """
[[step]]
name = "call"
action = "call"
title = "Call"
days_overdue = 5
"""


def check(tmp_path: Path, text: str, *, country: Country | None = None) -> Checked:
    path = tmp_path / "trial.toml"
    path.write_text(text, encoding="utf-8")
    return check_policy(path, [Audience(country)] if country else [], CALENDARS, home=tmp_path)


def segment(name: str, *lines: str) -> str:
    return "\n".join(
        [f'\n[[segment]]\nname = "{name}"', *lines, STEP.replace("[[step]]", "[[segment.step]]").strip(), ""]
    )


def route(to: str, *lines: str) -> str:
    return "\n".join([f'\n[[route]]\nto = "{to}"', *lines, ""])


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        (segment("a", 'kinds = ["business"]') + segment("b", 'kinds = ["business"]'), "segment"),
        (segment("a", 'regions = ["10"]') + segment("b", 'regions = ["1012", "10"]'), "segment"),
        (
            segment("a", 'from_amount = "5.00"') + segment("b", 'from_amount = "9.00"', 'below_amount = "12.00"'),
            "segment",
        ),
        (
            segment("a", 'below_amount = "9.00"') + segment("b", 'below_amount = "5.00"', 'countries = ["BE"]'),
            "segment",
        ),
        (route("a") + route("b", 'countries = ["BE"]'), "route"),
        (route("a", "from_days = 9") + route("b", "from_days = 20", "below_days = 30"), "route"),
    ],
)
def test_what_another_one_above_takes_whole_is_never_reached(tmp_path: Path, groups: str, told: str) -> None:
    found = [one for one in check(tmp_path, HEAD + STEP + groups).findings if one.kind == "unreachable"]
    assert [one.said for one in found] == [f'nobody ever gets to {told} "b": "a" above it takes them all']
    assert found[0].line == (HEAD + STEP + groups).splitlines().index('name = "b"' if told == "segment" else 'to = "b"')


@pytest.mark.parametrize(
    "groups",
    [
        segment("a", 'kinds = ["business"]') + segment("b"),
        segment("a", 'regions = ["1012"]') + segment("b", 'regions = ["10"]'),
        segment("a", 'from_amount = "9.00"') + segment("b", 'from_amount = "5.00"'),
        segment("a", 'below_amount = "9.00"') + segment("b", 'from_amount = "5.00"'),
        route("a", "below_days = 9") + route("b"),
        route("a", "from_days = 9") + route("b", "from_days = 5") + route("c"),
    ],
)
def test_what_another_one_leaves_something_to_is_reached(tmp_path: Path, groups: str) -> None:
    assert not [one for one in check(tmp_path, HEAD + STEP + groups).findings if one.kind == "unreachable"]


def test_a_route_that_does_not_ask_the_law_is_told(tmp_path: Path) -> None:
    text = HEAD + STEP + route("north") + '[route.gates]\nlawful = { before = "never" }\n'
    (one,) = [one for one in check(tmp_path, text).findings if "unlawful hand-over" in one.said]
    assert (one.severity, one.key, one.line) == ("warning", "route 1.gates.lawful.before", len(text.splitlines()))


def test_who_belongs_nowhere_is_told(tmp_path: Path) -> None:
    found = check(tmp_path, HEAD + segment("a", 'kinds = ["business"]') + route("x", 'countries = ["BE"]')).findings
    said = [one.said for one in found if one.kind == "gap"]
    assert "who is in no segment gets no step, and nobody is told" in said
    assert "who fits no route is never handed over, and nobody is told" in said


def test_a_route_to_an_agency_that_a_ledger_does_not_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "trial.toml"
    path.write_text(HEAD + STEP + route("south", 'countries = ["BE"]') + route("north"), encoding="utf-8")
    asked = [
        Audience(None, ledger="acme", agencies=("north",)),
        Audience(None, ledger="flour", agencies=("north", "south")),
    ]
    found = check_policy(path, asked, CALENDARS, home=tmp_path).findings
    told = [(one.severity, one.key, one.said) for one in found if one.kind == "contradiction"]
    assert told == [
        ("error", "route 1.to", 'ledger acme hands over to no agency "south": such cases are left out'),
    ]


def test_the_findings_of_a_segment_name_it_and_its_lines(tmp_path: Path) -> None:
    early = (
        STEP.replace("[[step]]", "[[segment.step]]")
        .replace('"call"', '"escalate"')
        .replace("days_overdue = 5", "days_overdue = 3")
    )
    text = HEAD + STEP + '\n[[segment]]\nname = "private"\nkinds = ["consumer"]\n' + early
    text += '\n[segment.gates]\ndebtor_kind = { allowed = ["consumer"] }\n'
    found = [one for one in check(tmp_path, text, country="NL").findings if one.kind == "unlawful"]
    assert [(one.severity, one.key) for one in found] == [("error", "segment 1 (private).step 1 (escalate).action")]
    assert found[0].said.startswith("in segment private: a consumer is handed over without a letter")
    assert text.splitlines()[found[0].line - 1] == 'action = "escalate"'


def test_each_group_has_its_courses(tmp_path: Path) -> None:
    text = (
        HEAD + STEP + segment("firms", 'kinds = ["business"]').replace("days_overdue = 5", "days_after_month_end = 5")
    )
    courses = {
        one.segment: (one.kinds, [(st.step, st.day) for st in one.steps]) for one in check(tmp_path, text).courses
    }
    assert courses["firms"] == (("business",), [("call", 35)])
    # Who of unknown kind is a firm or not is for a person to say.
    assert courses[""] == (("sole_trader", "public_body", "consumer"), [("call", 5)])


def test_the_example_by_segment_has_nothing_to_mend(tmp_path: Path) -> None:
    text = (POLICIES / "by-segment.toml").read_text(encoding="utf-8")
    for country in COUNTRIES:
        assert check(tmp_path, text, country=country).findings == ()


def test_what_came_before_the_due_date_is_no_letter_of_the_law(tmp_path: Path) -> None:
    early = '\n[[step]]\nname = "early"\naction = "remind"\ntitle = "Soon"\ndays_before_due = 30\n'
    gates = '\n[gates.debtor_kind]\nallowed = ["consumer"]\n'
    found = check(tmp_path, HEAD + early + STEP.replace('"call"', '"escalate"') + gates, country="BE").findings
    assert "a consumer is handed over without a letter" in next(one.said for one in found if one.kind == "unlawful")
