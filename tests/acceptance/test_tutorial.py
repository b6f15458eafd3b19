"""The tutorial, done: its commands are run in order in one shell, and what it shows is what is printed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from databases import Databases

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "@@end@@"
_FAILED = "@@failed@@"


@dataclass(frozen=True)
class Block:
    """Commands, and the lines that they must print, in order; `…` stands for anything."""

    commands: str
    shown: tuple[str, ...] = ()


def read_blocks(text: str) -> list[Block]:
    """The `sh` fences of a page, each with the `text` fence that follows it."""
    found: list[Block] = []
    for language, body in _FENCE.findall(text):
        if language == "sh":
            found.append(Block(body))
        elif language == "text":
            found[-1] = Block(found[-1].commands, tuple(line for line in body.splitlines() if line.strip()))
    return found


def on_free_ports(text: str) -> str:
    """The page with the ports it names replaced by ports that are free here."""
    for port in sorted(set(re.findall(r"--port (\d+)", text))):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            text = text.replace(port, str(taken.getsockname()[1]))
    return text


def missing_line(shown: tuple[str, ...], printed: str) -> str:
    """The first line that was not printed after the one before it; empty when all were."""
    rest = [squeeze(line) for line in printed.splitlines()]
    for line in shown:
        wanted = ".*".join(re.escape(part) for part in re.split(r" ?… ?", squeeze(line)))
        place = next((place for place, one in enumerate(rest) if re.search(wanted, one)), None)
        if place is None:
            return line
        del rest[: place + 1]
    return ""


def squeeze(line: str) -> str:
    return " ".join(line.split())


class Shell:
    """A bash that stays, so that folders, variables and jobs do as well. Any command that fails is told."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._write(f"trap 'echo {_FAILED} $BASH_COMMAND' ERR")

    def run(self, block: Block) -> str:
        """Everything printed by the commands; a server that is started has come up when this returns."""
        self._write(block.commands)
        self._write(f"echo {_END}")
        servers = len(re.findall(r"&$", block.commands, flags=re.MULTILINE))
        assert self.process.stdout is not None
        lines: list[str] = []
        ended = False
        while not (ended and sum(line.startswith("listening on") for line in lines) >= servers):
            line = self.process.stdout.readline()
            assert line, "the shell ended:\n" + "".join(lines)
            ended = ended or _END in line
            lines.append(line.replace(_END, ""))
        return "".join(lines)

    def close(self) -> None:
        """End the shell and everything it started, also what hangs."""
        os.killpg(self.process.pid, signal.SIGTERM)
        os.killpg(self.process.pid, signal.SIGHUP)
        self.process.communicate(timeout=20)

    def _write(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{dedent(text)}", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """What a reader has in the environment: nothing, or the address of an empty database on a server."""
    if request.param == "sqlite":
        return {}
    databases: Databases = request.getfixturevalue("postgres")
    return {"INCASSO_STORE_URL": databases.empty_url()}


@pytest.fixture
def shell(tmp_path: Path, database: dict[str, str]) -> Iterator[Shell]:
    """A shell as the tutorial's reader has it: `incasso` at hand, and a browser that follows where it is sent."""
    programs = tmp_path / "bin"
    browser = write_program(
        programs / "browser",
        """
        import sys, urllib.request
        urllib.request.urlopen(sys.argv[1]).read()
        """,
    )
    if shutil.which("curl") is None:
        write_program(
            programs / "curl",
            """
            import sys, urllib.request
            url = next(word for word in sys.argv if word.startswith("http"))
            body = sys.argv[sys.argv.index("-d") + 1].encode()
            print(urllib.request.urlopen(url, body).read().decode())
            """,
        )
    ours = {name: value for name, value in os.environ.items() if not name.startswith("INCASSO_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), str(programs), os.environ["PATH"]])
    opened = Shell(tmp_path, {**ours, **database, "PATH": path, "BROWSER": f"{browser} %s &"})
    yield opened
    opened.close()


def test_the_tutorial_does_what_it_says(shell: Shell, tmp_path: Path, database: dict[str, str]) -> None:
    for block in read_blocks(on_free_ports(TUTORIAL.read_text(encoding="utf-8"))):
        printed = shell.run(block)
        assert _FAILED not in printed, f"{block.commands}\n{printed}"
        missing = missing_line(block.shown, printed)
        assert not missing, f"{block.commands}\ndid not print: {missing}\nbut:\n{printed}"
    assert (tmp_path / "mine" / "data" / "incasso.sqlite3").exists() == (not database)


def test_a_line_that_is_not_printed_is_found() -> None:
    assert missing_line(("2 cases", "never"), "1 case\n2 cases\n") == "never"


def test_lines_count_in_their_order_only() -> None:
    assert missing_line(("two", "one"), "one\ntwo\n") == "one"
    assert not missing_line(("o…e", "two"), " one \n | two   |\n")
