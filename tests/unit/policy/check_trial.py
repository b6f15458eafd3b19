"""A policy that is in order, and what the check finds in it after a change of its text."""

from datetime import date
from pathlib import Path

from connector.law.law import Law
from connector.policy.check import Audience, Calendars, Checked, Finding, check_policy

CALENDARS = Calendars(Law(), date(2026, 1, 1))
NL, BE = Audience("NL"), Audience("BE")
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
name = "notice"
action = "notice"
title = "Notice"
days_overdue = 30
needs = ["remind"]
after = { step = "remind", days = 14 }

[[step]]
name = "escalate"
action = "escalate"
title = "Hand-over"
days_overdue = 52
needs = ["remind", "notice"]
after = { step = "notice", days = 22 }

[gates.debtor_kind]
allowed = ["business", "sole_trader", "public_body", "consumer"]
"""
KINDS = 'allowed = ["business", "sole_trader", "public_body", "consumer"]'


def checked(tmp_path: Path, *changes: tuple[str, str], audience: Audience | None = NL) -> Checked:
    """The trial policy checked after these changes of its text, as policies/trial.toml of a home."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "policies" / "trial.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return check_policy(path, [audience] if audience else [], CALENDARS, home=tmp_path)


def found(tmp_path: Path, *changes: tuple[str, str], audience: Audience | None = NL) -> list[Finding]:
    """What is found in the trial policy after these changes of its text."""
    return list(checked(tmp_path, *changes, audience=audience).findings)


def told(findings: list[Finding]) -> list[tuple[str, str, int, str, str]]:
    return [(one.severity, one.kind, one.line, one.key, one.said) for one in findings]
