"""`incasso policy check`: what is wrong with a policy, before it decides about anybody."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption
from connector.cli.selection import is_file, pick_policy

if TYPE_CHECKING:
    from datetime import date

    from connector.config import Settings
    from connector.policy.check import Checked, Country

PoliciesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[POLICY|FILE]...", help="Policies by name, or files; all of the installation if left out."),
]
CountryOption = Annotated[
    str,
    typer.Option(
        "--country", metavar="NL|BE", help="Whose law; else that of the creditor of each ledger that uses the policy."
    ),
]


def check(
    context: typer.Context, policies: PoliciesArgument = None, country: CountryOption = "", json: JsonOption = False
) -> None:
    """Find contradictions, steps nobody gets, gaps and unlawful timings; the exit code is 2 on errors."""
    from connector.cli.output import show_json
    from connector.plugins import load
    from connector.policy.check import check_policies

    invocation: Invocation = context.obj
    law_of = _country(country)
    settings = _settings(invocation, policies or [])
    paths = [pick_policy(settings, one) for one in policies] if policies else None
    today = _today(settings)
    plugins = load(disable=settings.plugins.disabled, prefer=settings.plugins.prefer)
    checked = list(check_policies(settings, today, paths=paths, country=law_of, conditions=plugins.conditions))
    if json:
        show_json({"verdict": "fail" if any(one.errors for one in checked) else "ok", "policies": checked})
    else:
        _show(checked)
    raise typer.Exit(ExitCode.CONFIG if any(one.errors for one in checked) else ExitCode.DONE)


def _country(text: str) -> "Country | None":
    from connector.policy.check import COUNTRIES

    found = next((one for one in COUNTRIES if one == text.upper()), None)
    if text and found is None:
        raise typer.BadParameter(f"give {' or '.join(COUNTRIES)}", param_hint="--country")
    return found


def _settings(invocation: Invocation, named: list[str]) -> "Settings":
    """The installation's settings; files alone need no installation."""
    from connector.config import MAIN_FILE, Settings

    files_only = bool(named) and all(is_file(one) for one in named)
    if files_only and not (invocation.home / MAIN_FILE).is_file():
        return Settings(home=Path.cwd(), store_url="")
    return invocation.settings()


def _today(settings: "Settings") -> "date":
    from connector.clock import open_clock

    return open_clock(settings.test_clock).now().date()


def _show(checked: list["Checked"]) -> None:
    from connector.cli.output import print_line, show_table
    from connector.runtime.words import plural

    found = [finding for one in checked for finding in one.findings]
    if found:
        rows = [
            [one.severity, one.place, one.key, f"{one.said} ({one.article})" if one.article else one.said, one.mend]
            for one in found
        ]
        show_table(["", "file and line", "setting", "what is wrong", "mend"], rows, whole=["", "file and line"])
    for policy in checked:
        print_line(_heading(policy))
        for course in policy.courses:
            kinds = ", ".join(kind.replace("_", " ") for kind in course.kinds)
            steps = ", ".join(f"{one.step} on day {one.day}" for one in course.steps)
            group = f"segment {course.segment}, " if course.segment else ""
            print_line(f"  {group}{kinds}: {steps or 'no step'}")
    errors = sum(one.severity == "error" for one in found)
    counts = f"{plural(errors, 'error')}, {plural(len(found) - errors, 'warning')}"
    print_line(f"{plural(len(checked), 'policy', 'policies')} checked: {counts}.")


def _heading(policy: "Checked") -> str:
    if policy.countries:
        return f"{policy.policy}, by the law of {' and '.join(policy.countries)}:"
    if not policy.courses:
        return f"{policy.policy}: cannot be read"
    return f"{policy.policy}, by no law: no ledger of a known country uses it; try --country"
