"""What the check of a policy finds: each kind of finding with its line, its words and its mend."""

from pathlib import Path

import pytest
from check_trial import BE, KINDS, NL, TEXT, checked, found, told

from connector.policy.check import Audience


@pytest.mark.parametrize("audience", [NL, BE, None])
def test_nothing_is_found_in_a_policy_that_is_in_order(tmp_path: Path, audience: Audience | None) -> None:
    assert found(tmp_path, audience=audience) == []


def test_every_mistake_of_the_reading_is_a_finding_with_its_line(tmp_path: Path) -> None:
    findings = found(tmp_path, ("days_overdue = 14", 'days_overdue = "14"'), ('"Notice"', '"Notice"\ncolour = "red"'))
    assert told(findings) == [
        ("error", "reading", 9, "step 1 (remind).days_overdue", "this should be a valid integer"),
        ("error", "reading", 15, "step 2 (notice).colour", "this key is not known"),
    ]
    assert findings[0].file == "policies/trial.toml"
    assert findings[0].place == "policies/trial.toml:9"
    assert findings[0].mend == "Write a whole number, without quotes."


def test_a_text_that_is_no_toml_is_a_finding_with_its_line(tmp_path: Path) -> None:
    (one,) = found(tmp_path, ('title = "Notice"', 'title = "Notice'))
    assert (one.severity, one.kind, one.line, one.key) == ("error", "reading", 14, "")
    assert one.said.startswith("this is not TOML")


NO_NEEDS = ('needs = ["remind", "notice"]\nafter = { step = "notice", days = 22 }', 'needs = ["remind"]')


def test_of_two_steps_on_one_day_the_first_is_never_taken(tmp_path: Path) -> None:
    changes = ('needs = ["remind"]\nafter = { step = "remind", days = 14 }', ""), ('needs = ["remind", ', "needs = [")
    findings = found(tmp_path, *changes, ("days_overdue = 30", "days_overdue = 14"), audience=None)
    (one,) = (one for one in findings if one.kind == "unreachable")
    assert told([one]) == [
        (
            "error",
            "unreachable",
            9,
            "step 1 (remind).days_overdue",
            'no debtor ever gets "remind": "notice" is due on day 14 as well, and the step that stands lower comes',
        )
    ]
    assert one.mend == 'Put "remind" under needs of "notice", or let "notice" come later.'


def test_a_letter_on_the_day_of_the_hand_over_is_for_odd_debtors_only(tmp_path: Path) -> None:
    findings = found(tmp_path, NO_NEEDS, ("days_overdue = 52", "days_overdue = 30"), audience=None)
    (one,) = (one for one in findings if one.kind == "unreachable")
    assert (one.severity, one.line) == ("error", 15)
    assert one.said == (
        'no ordinary debtor gets "notice", only one with credit that nobody has matched: '
        '"escalate" is due on day 30 as well, and the step that stands lower comes'
    )


def test_a_step_that_a_harsher_one_overtakes_is_never_taken(tmp_path: Path) -> None:
    changes = NO_NEEDS, ('"remind", days = 14', '"remind", days = 60'), ('action = "escalate"', 'action = "call"')
    (one,) = (one for one in found(tmp_path, *changes, audience=None) if one.kind == "unreachable")
    assert (one.severity, one.line, one.key) == ("error", 17, "step 2 (notice).after")
    assert one.said == 'no debtor ever gets "notice": it could come on day 74, and "escalate" comes on day 52'


def test_a_step_that_only_a_debtor_gets_who_is_found_late(tmp_path: Path) -> None:
    waits = (
        'needs = ["remind", "notice"]\nafter = { step = "notice", days = 22 }',
        'after = { step = "remind", days = 20 }',
    )
    changes = waits, ("days_overdue = 30", "days_overdue = 52"), ('action = "escalate"', 'action = "call"')
    (one,) = (one for one in found(tmp_path, *changes, audience=None) if one.kind == "unreachable")
    assert (one.severity, one.line) == ("error", 15)
    assert one.said == (
        'no ordinary debtor gets "notice", only one who is 52 days late when he is first seen: '
        '"escalate" is due on day 52 as well, and the step that stands lower comes'
    )


AFTER_ALL = """
[[step]]
name = "call"
action = "call"
title = "Call"
days_overdue = 60
NEEDS
[gates.debtor_kind]"""


def test_a_step_that_needs_a_hand_over_can_never_come(tmp_path: Path) -> None:
    change = ("\n[gates.debtor_kind]", AFTER_ALL.replace("NEEDS", 'needs = ["escalate"]\n'))
    findings = found(tmp_path, change, audience=None)
    (one,) = (one for one in findings if one.kind == "unreachable")
    assert (one.severity, one.line, one.key) == ("error", 32, "step 4 (call).needs")
    assert one.said == (
        'no debtor ever gets "call": Is the invoice not yet at an agency? No: at an agency as a case of "escalate"'
    )
    assert one.mend == 'Do not build on "escalate": nothing comes after a hand-over.'


def test_a_step_below_a_hand_over_shuts_it_out(tmp_path: Path) -> None:
    change = ("\n[gates.debtor_kind]", AFTER_ALL.replace("NEEDS", ""))
    findings = found(tmp_path, change, audience=None)
    assert [(one.severity, one.kind, one.line) for one in findings] == [
        ("warning", "contradiction", 28),
        ("warning", "unreachable", 31),
    ]
    assert findings[0].said == (
        'whoever gets this step, while something bars "escalate", is never handed over any more'
    )
    assert findings[0].mend == 'Put it above "escalate": nobody climbs down.'
    assert "only one who is 60 days late" in findings[1].said


def test_a_minimum_that_never_decides_is_told_with_what_does(tmp_path: Path) -> None:
    findings = found(
        tmp_path,
        ('title = "Notice"', 'title = "Notice"\nminimum = "50.00"'),
        ('title = "Hand-over"', 'title = "Hand-over"\nminimum = "25.00"'),
    )
    assert told(findings) == [
        (
            "warning",
            "contradiction",
            24,
            "step 3 (escalate).minimum",
            (
                "a minimum of EUR 25.00 is asked, but nobody who owes less than EUR 50.00 gets the step. "
                "Taken since the oldest claim fell due: remind, notice? No: remind on 2001-01-15, notice not taken"
            ),
        )
    ]
    assert findings[0].mend == 'Write minimum = "50.00", or lower what keeps the smaller debts back.'


def test_a_minimum_below_that_of_the_agency_never_decides(tmp_path: Path) -> None:
    findings = found(
        tmp_path,
        ('title = "Hand-over"', 'title = "Hand-over"\nminimum = "25.00"'),
        ("[gates.debtor_kind]", '[gates.agency_minimum]\namount = "1100"\n\n[gates.debtor_kind]'),
    )
    (one,) = findings
    assert one.said == (
        "a minimum of EUR 25.00 is asked, but nobody who owes less than EUR 1,100.00 gets the step. "
        "Is at least EUR 1,100.00 open after credit, the agency's minimum? No: EUR 25.00 in 1 claim"
    )
    assert (one.kind, one.line, one.mend) == (
        "contradiction", 23, 'Write minimum = "1100.00", or lower what keeps the smaller debts back.',
    )  # fmt: skip


def test_a_gate_that_lets_only_unknown_debtors_through_refuses_everybody(tmp_path: Path) -> None:
    findings = found(tmp_path, (KINDS, 'allowed = ["unknown"]'), audience=None)
    (one,) = (one for one in findings if one.kind == "unreachable")
    assert (one.severity, one.kind, one.line, one.key) == ("error", "unreachable", 27, "gates.debtor_kind")
    assert one.said == (
        'no ordinary debtor gets "escalate", only a debtor of unknown kind: Is the debtor one of: unknown? No: business'
    )
    assert one.mend == "Change the gate so that ordinary debtors pass."


def test_kinds_that_nobody_asks_for_are_told(tmp_path: Path) -> None:
    findings = found(tmp_path, (KINDS, f'before = "never"\n{KINDS}'), audience=None)
    assert told(findings) == [
        ("warning", "contradiction", 29, "gates.debtor_kind.allowed", 'with before = "never" nobody asks for this')
    ]


ONLY_ESCALATE = TEXT[TEXT.index('[[step]]\nname = "remind"') : TEXT.index('[[step]]\nname = "escalate"')]


def test_a_hand_over_without_any_letter_is_told(tmp_path: Path) -> None:
    change = ('needs = ["remind", "notice"]\nafter = { step = "notice", days = 22 }', "")
    findings = found(tmp_path, change, (ONLY_ESCALATE, ""), audience=None)
    assert told(findings) == [
        ("warning", "gap", 7, "step 1 (escalate).action", "a business is handed over without any letter before")
    ]
    assert findings[0].mend == 'Put a step with action = "remind" or "notice" above it, and name it under needs.'


def test_a_debtor_who_is_found_late_gets_no_letter_where_nothing_is_needed(tmp_path: Path) -> None:
    change = ('needs = ["remind", "notice"]\nafter = { step = "notice", days = 22 }', "")
    findings = found(tmp_path, change, audience=None)
    assert told(findings) == [
        (
            "warning",
            "gap",
            21,
            "step 3 (escalate).action",
            "one who is 52 days late when he is first seen is handed over at once, without any letter before",
        )
    ]
    assert findings[0].mend == 'Name the letters under needs = ["remind", "notice"].'


def test_nothing_between_the_first_letter_and_the_hand_over_is_told(tmp_path: Path) -> None:
    notice = TEXT[TEXT.index('[[step]]\nname = "notice"') : TEXT.index('[[step]]\nname = "escalate"')]
    findings = found(
        tmp_path,
        (notice, ""),
        ('needs = ["remind", "notice"]\nafter = { step = "notice"', 'needs = ["remind"]\nafter = { step = "remind"'),
    )
    assert told(findings) == [
        (
            "warning",
            "gap",
            13,
            "step 2 (escalate).action",
            'nothing comes between the first letter, "remind", and the hand-over',
        )
    ]


def test_a_step_right_after_a_letter_is_told(tmp_path: Path) -> None:
    findings = found(tmp_path, ('after = { step = "notice", days = 22 }', ""), audience=None)
    assert told(findings) == [
        (
            "warning",
            "gap",
            19,
            "step 3 (escalate).after",
            (
                'one who is 52 days late when he is first seen gets this step one day after "notice": '
                "no waiting time is set"
            ),
        )
    ]
    assert findings[0].mend == 'Write after = { step = "notice", days = 14 }.'


def test_a_wait_after_the_wrong_letter_is_seen(tmp_path: Path) -> None:
    """It counts from the reminder, so that the hand-over may come right after the notice."""
    findings = found(tmp_path, ('"notice", days = 22', '"remind", days = 15'), audience=None)
    assert [(one.kind, one.line) for one in findings] == [("gap", 25)]
    assert 'one day after "notice"' in findings[0].said


def test_a_kind_that_no_gate_lets_through_is_told(tmp_path: Path) -> None:
    findings = found(tmp_path, (KINDS, 'allowed = ["business", "public_body"]'))
    assert told(findings) == [
        (
            "warning",
            "gap",
            28,
            "gates.debtor_kind.allowed",
            'a sole trader and a consumer get "notice" on day 30 and nothing after it, and nobody is told',
        )
    ]


def test_a_kind_that_gets_nothing_at_all_is_told(tmp_path: Path) -> None:
    only = 'before = "every step"\nallowed = ["business", "public_body", "sole_trader"]'
    (one,) = found(tmp_path, (KINDS, only), audience=BE)
    assert (one.line, one.said) == (29, "a consumer gets no step, and nobody is told")


def test_a_call_tells_a_person(tmp_path: Path) -> None:
    call = """[[step]]
name = "call"
action = "call"
title = "Call"
days_overdue = 40
needs = ["notice"]
after = { step = "notice", days = 7 }

[[step]]
name = "escalate"
"""
    changes = ('[[step]]\nname = "escalate"\n', call), (KINDS, 'allowed = ["business", "public_body"]')
    assert found(tmp_path, *changes) == []


def test_a_step_below_an_undecided_hand_over_comes_to_who_is_of_unknown_kind(tmp_path: Path) -> None:
    """No decision names the day of the call: until then the hand-over waits for somebody to state the kind."""
    change = ("\n[gates.debtor_kind]", AFTER_ALL.replace("NEEDS", ""))
    soon = ("days_overdue = 52", "days_overdue = 30"), ('"notice", days = 22', '"notice", days = 0')
    courses = checked(tmp_path, change, *soon).courses
    (unknown,) = (one for one in courses if "unknown" in one.kinds)
    assert [(one.step, one.day) for one in unknown.steps] == [("remind", 14), ("notice", 30), ("call", 60)]


def test_a_policy_that_hands_nothing_over_is_unusual(tmp_path: Path) -> None:
    findings = found(tmp_path, ('action = "escalate"', 'action = "remind"'))
    assert told(findings) == [
        (
            "warning",
            "gap",
            21,
            "step 3 (escalate).action",
            "this is the last step, and nothing is handed over: nobody is told of who does not pay after it",
        )
    ]
    assert found(tmp_path, ('action = "escalate"', 'action = "call"')) == []


def test_a_policy_in_another_currency_than_the_ledger_is_unusual(tmp_path: Path) -> None:
    (one,) = found(tmp_path, ('"EUR"', '"GBP"'), audience=Audience(None, currency="EUR"))
    assert told([one]) == [
        (
            "warning",
            "contradiction",
            3,
            "currency",
            "a ledger that uses this policy is kept in EUR: its claims in EUR take no part in any step",
        )
    ]
    assert one.mend == 'Write currency = "EUR", and the amounts in it.'


def test_a_hand_over_that_nobody_asks_the_law_about_is_told(tmp_path: Path) -> None:
    off = '[gates.lawful]\nbefore = "never"\n'
    (one,) = found(tmp_path, (KINDS, f"{KINDS}\n{off}"), audience=None)
    assert (one.severity, one.kind, one.key) == ("warning", "gap", "gates.lawful.before")
    assert 'before = "escalate"' in one.mend
    assert not found(tmp_path, (KINDS, f"{KINDS}\n{off.replace('never', 'escalate')}"), audience=None)
