"""An installation between two real stand-in servers, worked with the command line as a person would."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests
from databases import upgraded

from connector.cli.app import run
from connector.cli.keys import write_key
from connector.config import Ledger
from connector.flow import actions
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.workspace import Workspace, open_workspace
from connector.runtime.visit import visit
from connector.store import Store, cases, debtors, open_store

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICIES = Path(__file__).parents[2] / "config" / "example" / "policies"
REDIRECT = "http://127.0.0.1:8765/callback"
SECRETS = {"EXACT_SECRET": "sandbox-secret", "AGENCY_KEY": "sandbox-key"}

MAIN = """
[secrets]
keys = [{{ file = "keys/main.key" }}]

[clock]
test_file = "{clock}"

[daemon]
port = 0
grace_seconds = 20
every_minutes = 60
"""
BOOKS = """
plugin = "exact"
base_url = "{exact}"
client_id = "sandbox-client"
client_secret = {{ env = "EXACT_SECRET" }}
calls_per_minute = 100000
calls_per_day = 1000000
"""
AGENCY = """
plugin = "agency_api"
base_url = "{agency}"
api_key = {{ env = "AGENCY_KEY" }}
per_minute = 10000
"""
LEDGER = """
title = "Meelfabriek"
handover = "{handover}"

[source]
connection = "books"
division = {division}
{sink}
[creditor]
name = "Groothandel Meelfabriek N.V."
company_number = "24001234"
iban = "NL91ABNA0417164300"

[creditor.address]
lines = ["Maashaven 8"]
postcode = "3081 AE"
city = "Rotterdam"
country = "NL"

[law]
contractual = "yes"
due_date_agreed = "yes"
in_business = "yes"
registers_read = "yes"
receiver = "registered"
"""
SINK = """
[sink]
connection = "agency"
"""


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class StandIn:
    """A running stand-in server and the test clock it lives by."""

    url: str
    clock: Path

    def order(self, path: str, body: Any = None, *, method: str = "") -> Any:
        """A call of its control interface; `path` below /sandbox/."""
        verb = method or ("GET" if body is None else "POST")
        answer = requests.request(verb, f"{self.url}/sandbox/{path}", json=body, timeout=60)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def stand_in(name: str, clock: Path, options: Mapping[str, str] | None = None) -> Iterator[StandIn]:
    """`incasso sandbox NAME` as a process of its own."""
    settings = [part for key, value in (options or {}).items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "connector", "sandbox", name, "--clock-file", str(clock), *settings]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield StandIn(read_address(process), clock)
        finally:
            process.terminate()
            process.communicate(timeout=20)


def read_address(process: "subprocess.Popen[str]") -> str:
    """The address in the line `listening on …`."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("listening on "):
            return line.split()[-1]
    assert process.stderr is not None
    raise AssertionError(f"it did not start: {process.stderr.read()}")


@dataclass
class Installation:
    """A home directory, the clock of its time, and the books of one division behind it."""

    home: Path
    exact: StandIn
    division: int
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Ended:
        """`incasso ARGUMENTS`, to its end, in this process: what the console script does after it has started."""
        out, err = io.StringIO(), io.StringIO()
        before = os.umask(0o077)
        try:
            with redirect_stdout(out), redirect_stderr(err), mock.patch.dict(os.environ, self.whole_environ):
                code = run(["--home", str(self.home), *arguments])
        finally:
            os.umask(before)
        return Ended(code, out.getvalue(), err.getvalue())

    def run_process(self, *arguments: str) -> Ended:
        """`incasso ARGUMENTS`, to its end, as a process."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """`incasso ARGUMENTS`, going on."""
        return subprocess.Popen(
            self.command(arguments),
            env=self.whole_environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def opened(self) -> Iterator[tuple[Workspace, Ledger]]:
        """The installation in this process, for what a test needs done before it begins."""
        with open_workspace(self.home, self.whole_environ) as workspace:
            yield workspace, workspace.ledger("acme")

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database alone, to look at from outside."""
        opened = open_store(self.environ.get("INCASSO_STORE_URL") or f"sqlite:///{self.home}/data/incasso.sqlite3")
        yield opened
        opened.close()

    def hand_over(self) -> str:
        """Live through the steps of the policy up to a case at the agency; returns our reference."""
        with self.opened() as (workspace, ledger):
            visit(workspace, ledger)
            with workspace.store.read() as tx:
                key = debtors.find(tx, ledger.name, "Korst")[0].id
            actions.confirm_kind(workspace, ledger, key, "business", actor="test")
            for step in ("remind", "notice"):
                _, plan = make_plan(workspace, ledger)
                day = workspace.clock.today(ledger.timezone)
                actions.record_steps(
                    workspace, ledger, plan.id, action=step, taken_on=day, channel="post", actor="test"
                )
                self.pass_days(20)
                pull(workspace, ledger)
            _, plan = make_plan(workspace, ledger)
            done = hand_over(workspace, ledger, plan.id)
            with workspace.store.read() as tx:
                rows = cases.cases(tx, ledger=ledger.name)
        assert rows, done.remarks
        return rows[0].case_ref

    def command(self, arguments: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "connector", "--home", str(self.home), *arguments]

    @property
    def whole_environ(self) -> dict[str, str]:
        return {**os.environ, **SECRETS, **self.environ}

    def write(self, name: str, text: str) -> None:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def amend(self, name: str, change: Callable[[str], str]) -> None:
        """Change a file of the installation."""
        self.write(name, change((self.home / name).read_text(encoding="utf-8")))

    def book(self, path: str, **body: Any) -> Any:
        """Book something in the accounting package."""
        return self.exact.order(f"{self.division}/{path}", body)

    def invoices(self, wanted: int, *, first: int = 1) -> None:
        """Book a debtor with so many invoices of EUR 121.00 that fell due on 4 February."""
        self.book(
            "accounts", code="10", name="Bakkerij De Korst B.V.", country="NL", address="Oudegracht 112",
            postcode="3511 AV", city="Utrecht", email="post@korst.example", chamber_of_commerce="68750110",
        )  # fmt: skip
        numbers = range(first, first + wanted)
        rows = [{"account": "10", "amount": "121.00", "number": n, "date": "2026-01-05"} for n in numbers]
        for start in range(0, wanted, 1000):
            self.book("load", invoices=rows[start : start + 1000])

    def pass_days(self, days: int) -> None:
        """Move everybody's clock."""
        now = datetime.fromisoformat(self.exact.clock.read_text(encoding="utf-8").strip()) + timedelta(days=days)
        beside = self.exact.clock.with_suffix(".new")
        beside.write_text(now.isoformat(), encoding="utf-8")
        beside.replace(self.exact.clock)


def install(
    home: Path,
    exact: StandIn,
    division: int,
    *,
    agency: StandIn | None = None,
    handover: str = "person",
    store_url: str = "",
) -> Installation:
    """Write the files of an installation with a key and a database, and log in; without starting a process.

    `store_url`: a database that stands ready; without one an SQLite file is made where the files say.
    """
    made = Installation(home, exact, division, {"INCASSO_STORE_URL": store_url} if store_url else {})
    made.write("incasso.toml", MAIN.format(clock=exact.clock))
    made.write("connections/books.toml", BOOKS.format(exact=exact.url))
    if agency:
        made.write("connections/agency.toml", AGENCY.format(agency=agency.url))
    sink = SINK if agency else ""
    made.write("ledgers/acme.toml", LEDGER.format(division=division, sink=sink, handover=handover))
    made.write("policies/standard.toml", (POLICIES / "standard.toml").read_text(encoding="utf-8"))
    write_key(home / "keys" / "main.key")
    if not store_url:
        database = home / "data" / "incasso.sqlite3"
        upgraded(f"sqlite:///{database}").close()
        database.chmod(0o600)
    log_in(made)
    return made


def log_in(made: Installation) -> None:
    """Play the person who logs in at the accounting package."""
    with open_workspace(made.home, made.whole_environ) as workspace, workspace.closing():
        login = workspace.login(workspace.connection("books"))
        assert login is not None
        answer = requests.get(login.authorize_url(REDIRECT), allow_redirects=False, timeout=30)
        login.finish(REDIRECT, dict(parse_qsl(urlsplit(answer.headers["location"]).query)))
