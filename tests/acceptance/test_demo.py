"""The demonstration, as a newcomer starts it: it ends with both sides equal to the cent."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from databases import Databases

from connector.cli.demonstration import demo
from connector.errors import ConfigError
from connector.store import Store, journal

README = Path(__file__).parents[2] / "README.md"


def excerpt() -> list[str]:
    """What the README shows of the demonstration."""
    (shown,) = re.findall(r"^```text\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for line in shown.splitlines() if line]


def incasso(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "connector", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=240)


@pytest.fixture(params=["sqlite", "postgresql"])
def options(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has to be said for the demonstration to be played on this database."""
    if request.param == "sqlite":
        # Somebody's own installation stays out of it.
        monkeypatch.setenv("INCASSO_STORE_URL", "postgresql:///nobody?host=/nowhere")
        return []
    databases: Databases = request.getfixturevalue("postgres")
    return ["--store", databases.empty_url()]


def test_the_demonstration_ends_with_both_sides_equal(
    tmp_path: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = incasso("demo", *options, cwd=tmp_path)
    monkeypatch.delenv("INCASSO_STORE_URL", raising=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stderr == ""
    for part in (
        "10 reminders",
        "8 formal notices",
        "6 cases handed over",
        "1 question from the agency",
        "1 payment undone",
        "pay-out",
        "cases closed",
        "Both sides agree to the cent on 8 invoices.",
    ):
        assert part in told.stdout, part
    printed = iter(told.stdout.splitlines())
    assert [line for line in excerpt() if line not in printed] == [], "the README shows what is not printed"
    table = re.findall(r"^ (25\d{3}) +EUR ([\d.,]+) +EUR ([\d.,]+) +EUR ([\d.,]+) +EUR ([\d.,]+)$", told.stdout, re.M)
    assert len(table) == 8
    assert {difference for *_, difference in table} == {"0.00"}
    # Foodtruck Rosa paid the agency a part only: the rest stands open on both sides.
    assert ("25005", "506.50", "0.00", "506.50", "0.00") in table
    status = incasso("--home", ".demo", "status", cwd=tmp_path)
    assert status.returncode in (0, 1), status.stderr
    assert "molen" in status.stdout
    assert (tmp_path / ".demo" / "data").exists() == (not options)


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me", encoding="utf-8")
    refused = incasso("demo", "mine", cwd=tmp_path)
    assert refused.returncode == 2
    assert "holds something else" in refused.stderr
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "keep me"


def test_a_database_that_holds_something_is_left_alone(tmp_path: Path, store_url: str, store: Store) -> None:
    with store.write() as tx:
        journal.start_run(tx, "mine", "acme", "pull", at=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(ConfigError, match="holds something already"):
        demo(tmp_path / "demo", store=store_url)
    with store.read() as tx:
        assert [run.id for run in journal.last_runs(tx, "acme")] == ["mine"]
    assert not (tmp_path / "demo").exists()


def test_a_password_is_not_written_into_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a password is never written"):
        demo(tmp_path / "demo", store="postgresql://incasso:geheim@localhost/demo")
    assert not (tmp_path / "demo").exists()
