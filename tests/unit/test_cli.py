"""The command line by itself: what a call costs, what an error becomes, what a person may type."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest
import requests
import typer
from typer.testing import CliRunner

from connector.cli import failures, reference
from connector.cli.app import app, run
from connector.cli.connecting import read_options
from connector.cli.counts import DELIVERED, EVENTS, WORDS, as_counts
from connector.cli.failures import ExitCode, code_of, tell
from connector.cli.keys import write_key
from connector.cli.loopback import Listener, read_address
from connector.cli.options import parse_day
from connector.cli.output import show_table
from connector.cli.tasks import read_answers
from connector.cli.verbs import judge
from connector.config import load
from connector.errors import (
    AuthError,
    ConfigError,
    PluginError,
    QuotaError,
    RejectedError,
    TransientError,
    UnknownOutcome,
)
from connector.model import Event, MutationKind, StepAction
from connector.policy import ChangeKind
from connector.runtime.words import plural

HELP_CPU_SECONDS = 0.3
HEAVY = {
    "requests",
    "sqlalchemy",
    "pydantic",
    "starlette",
    "uvicorn",
    "apscheduler",
    "zeep",
    "pluggy",
    "rich",
    "alembic",
}
UNTIL = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_help_costs_at_most_300_milliseconds_of_cpu() -> None:
    measure = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'connector', '--help'], stdout=subprocess.DEVNULL, check=True);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(used.ru_utime + used.ru_stime)"
    )
    # The best of three: the machine may be busy with something else.
    assert min(float(python(measure)) for _ in range(3)) < HELP_CPU_SECONDS


def test_all_commands_together_import_nothing_heavy() -> None:
    loaded = json.loads(python("import connector.cli.app, json, sys; print(json.dumps(sorted(sys.modules)))"))
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()


def test_the_reference_page_is_what_the_program_says() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert page == reference.render(), "run: python -m connector.cli.reference > docs/reference/cli.md"


def test_every_command_and_argument_says_what_it_is() -> None:
    page = reference.render()
    assert "|  |" not in page
    sections = page.split("\n## ")[2:]
    assert all(section.splitlines()[2].strip() for section in sections)


def test_the_help_lists_the_commands_by_section() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    titles = ["The way of the data:", "The service:", "What people look at and decide:", "Setting up:"]
    places = [shown.index(title) for title in titles]
    assert places == sorted(places)
    assert shown.index("pull ") < shown.index("plan ") < shown.index("handover ") < places[1]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("wrong"), 2),
        (AuthError("log in"), 3),
        (QuotaError("no calls", until=UNTIL), 75),
        (TransientError("time-out"), 75),
        (UnknownOutcome("lost", key="k"), 75),
        (RejectedError("no"), 1),
        (PluginError("broken"), 1),
        (ZeroDivisionError("oops"), 70),
    ],
)
def test_each_error_has_the_exit_code_of_what_happens_next(error: Exception, code: int) -> None:
    assert code_of(error) == code
    assert f"\n| {code} " in (failures.__doc__ or "")


def test_an_error_is_one_sentence_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(QuotaError("No calls are left.", until=UNTIL), as_json=False, verbose=False) == ExitCode.LATER
    shown = capsys.readouterr()
    assert shown.err == "Error: No calls are left. Calls are possible again from 2026-03-02 23:00 UTC.\n"
    assert shown.out == ""


def _fail() -> Path:
    raise TransientError("time-out", detail="socket 4711")


def test_verbose_shows_where_an_error_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TransientError) as caught:
        _fail()
    tell(caught.value, as_json=False, verbose=True)
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "test_cli.py" in shown
    assert "socket 4711" in shown


def test_an_error_is_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    tell(ConfigError("is wrong", file="a.toml", key="b", mend="Mend it."), as_json=True, verbose=False)
    facts = json.loads(capsys.readouterr().out)["error"]
    assert facts["type"] == "ConfigError"
    assert (facts["file"], facts["key"], facts["mend"], facts["exit_code"]) == ("a.toml", "b", "Mend it.", 2)


def test_an_error_shows_no_iban(capsys: pytest.CaptureFixture[str]) -> None:
    tell(TransientError("refused for NL91ABNA0417164300"), as_json=False, verbose=False)
    assert "NL91ABNA0417164300" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("counts", "brake", "code"),
    [
        ({"items new": 3}, "", 0),
        ({"rejected": 1, "put off": 1}, "", 1),
        ({"parked": 1}, "", 1),
        ({"refused": 1}, "", 1),
        ({}, "half of it is gone", 1),
        ({"put off": 1}, "", 75),
        ({"unknown": 1}, "", 75),
        ({"left out": 2}, "", 0),
    ],
)
def test_a_run_that_ended_well_says_what_it_left_to_do(counts: dict[str, int], brake: str, code: int) -> None:
    assert judge(counts, brake=brake) == code


def test_tables_keep_amounts_whole_and_break_reasons_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reason = "a reason that is long enough to be broken " * 5
    show_table(["what", "amount", "why"], [["a", "EUR 1,234,567.89", reason], ["b", "EUR 1.00", ""]], right=["amount"])
    lines = capsys.readouterr().out.splitlines()
    told = [line[len(" a      EUR 1,234,567.89   ") :] for line in lines[3:6]]
    assert lines[3].startswith(" a      EUR 1,234,567.89   a reason")
    assert " ".join(told) == reason.strip()
    assert max(len(part) for part in told) <= 100
    assert lines[6] == " b              EUR 1.00"
    assert all(line == line.rstrip() for line in lines)


def test_a_table_in_a_file_is_as_wide_as_what_must_stay_whole(capsys: pytest.CaptureFixture[str]) -> None:
    keys = ["k" * 300, "l" * 300]
    show_table(["one", "other"], [keys], whole=["one", "other"])
    assert "   ".join(keys) in capsys.readouterr().out


def test_counts_are_said_as_people_say_them() -> None:
    assert [plural(1, "claim"), plural(12000, "claim"), plural(2, "entry", "entries")] == [
        "1 claim",
        "12,000 claims",
        "2 entries",
    ]


def test_every_count_of_a_run_has_its_words() -> None:
    flow = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "connector" / "flow").glob("*.py"))
    counted = set(re.findall(r'counts\["([^"]+)"\]', flow)) | set(
        re.findall(r'"((?:items|debtors|records) \w+.*?)":', flow)
    )
    assert len(counted) > 25
    kinds = {*get_args(ChangeKind), *get_args(StepAction)}
    assert (counted | kinds) - set(WORDS) == set()
    assert set(DELIVERED) == {"open", "document", *get_args(MutationKind)}
    assert set(EVENTS) == {one.model_fields["kind"].default for one in get_args(get_args(Event)[0])}


def test_what_a_run_did_is_said_in_words() -> None:
    counts = {"pages": 1, "items new": 1025, "delivered case.open": 2, "event payment_received": 1, "gone": 0}
    assert as_counts(counts) == "1 page, 1,025 new items, 2 cases delivered, 1 payment received"
    assert as_counts({"left_out": 1, "left out": 2}) == "1 debtor without a step, 2 debtors left out"
    assert (
        as_counts({"event of_tomorrow": 2, "delivered case.of_tomorrow": 1}) == "2 of_tomorrow, 1 of_tomorrow delivered"
    )
    assert as_counts({"calls": 0}) == "nothing to do"


def test_a_day_is_written_one_way() -> None:
    assert parse_day("2026-01-31") == date(2026, 1, 31)
    with pytest.raises(typer.BadParameter, match="2026-01-31"):
        parse_day("31-1-2026")


def test_settings_of_a_sandbox_are_read_as_key_and_value() -> None:
    assert read_options(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    with pytest.raises(ConfigError, match="key=value"):
        read_options(["a"])
    with pytest.raises(ConfigError, match="twice"):
        read_options(["a=1", "a=2"])


def test_answers_are_read_as_question_and_answer() -> None:
    assert read_answers(["q1=yes", "q2=31 January"]) == {"q1": "yes", "q2": "31 January"}
    with pytest.raises(ConfigError, match="QUESTION=ANSWER"):
        read_answers(["yes"])


def test_a_key_is_written_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "main.key"
    write_key(path)
    before = path.read_text(encoding="ascii")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(before.strip()) == 44
    with pytest.raises(ConfigError, match="never overwritten"):
        write_key(path)
    assert path.read_text(encoding="ascii") == before


def test_the_answer_of_a_log_in_arrives_decoded_and_anything_else_is_turned_away() -> None:
    with Listener(0) as listener:
        assert listener.redirect_uri.startswith("http://127.0.0.1:")
        told: list[int] = []

        def browse() -> None:
            base = listener.redirect_uri.removesuffix("/callback")
            asked = (f"{base}/favicon.ico", listener.redirect_uri, f"{listener.redirect_uri}?code=a%21b&state=s")
            told.extend(requests.get(address, timeout=10).status_code for address in asked)

        browser = threading.Thread(target=browse)
        browser.start()
        answer = listener.wait(10)
        browser.join(timeout=10)
    assert answer == {"code": "a!b", "state": "s"}
    assert told == [404, 404, 200]


def test_a_log_in_that_nobody_finishes_ends_as_one_to_be_started_again() -> None:
    with Listener(0) as listener, pytest.raises(AuthError, match="no answer came"):
        listener.wait(0.05)


def test_a_port_in_use_is_named() -> None:
    with Listener(0) as listener:
        port = int(listener.redirect_uri.split(":")[2].partition("/")[0])
        with pytest.raises(ConfigError, match=str(port)):
            Listener(port)


def test_an_address_that_was_pasted_gives_its_query() -> None:
    assert read_address(" https://example.com/back?code=x%2By&state=s\n") == {"code": "x+y", "state": "s"}
    with pytest.raises(AuthError, match="code="):
        read_address("https://example.com/back")


def test_a_database_that_cannot_be_reached_is_for_later_and_no_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0o077)
    try:
        run(["init", str(tmp_path)])
        # Port 1 is nobody's: the connection is refused at once.
        monkeypatch.setenv("INCASSO_STORE_URL", "postgresql://nobody@127.0.0.1:1/none")
        code = run(["--home", str(tmp_path), "status"])
    finally:
        os.umask(before)
    assert code == ExitCode.LATER
    assert capsys.readouterr().err == "Error: the database cannot be reached.\n"


def test_init_writes_an_installation_that_loads_and_overwrites_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0o077)
    try:
        made = CliRunner().invoke(app, ["init", str(home)])
        again = CliRunner().invoke(app, ["init", str(home)])
    finally:
        os.umask(before)
    assert made.exit_code == 0, made.output
    settings = load(home, {})
    assert settings.ledgers
    assert (home / "data" / "incasso.sqlite3").exists()
    assert stat.S_IMODE((home / "keys" / "main.key").stat().st_mode) == 0o600
    assert isinstance(again.exception, ConfigError)
    assert "nothing is overwritten" in str(again.exception)
