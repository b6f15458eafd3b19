"""Both databases for tests: SQLite in a folder, PostgreSQL from the installed binaries on a socket of its own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connector.store import Store, open_store, schema


def find_postgres() -> Path | None:
    """The folder with initdb and postgres: on the PATH, or where distributions put them; the newest."""
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in candidates if (path / "postgres").exists() and (path / "initdb").exists()), None)


@contextmanager
def postgres_server() -> Iterator[str]:
    """A server without TCP, thrown away at the end; yields the URL of its maintenance database."""
    binaries = find_postgres()
    if binaries is None:
        text = "PostgreSQL's binaries are not installed: the tests on PostgreSQL DID NOT RUN"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    folder = Path(tempfile.mkdtemp(prefix="incasso-pg-"))
    # PostgreSQL refuses to run as root.
    user = _plain_user()
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    run = {"user": user, "cwd": str(folder), "capture_output": True, "check": True}
    subprocess.run([binaries / "initdb", "-D", data, "-U", "incasso", "-A", "trust", "-E", "UTF8", "--no-sync"], **run)
    quick = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    options = f"-c listen_addresses='' -c max_connections=400 {quick} -k {folder}"
    control = [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", options, "start"], **{**run, "capture_output": False, "stdout": subprocess.DEVNULL})
    try:
        yield f"postgresql://incasso@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **{**run, "check": False})
        shutil.rmtree(folder, ignore_errors=True)


def _plain_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Databases:
    """Makes fresh, upgraded databases; on PostgreSQL as copies of one template."""

    def __init__(self, server_url: str) -> None:
        self._server = server_url
        self._made = 0
        self._execute("CREATE DATABASE template_incasso")
        template = open_store(self._url("template_incasso"))
        schema.upgrade(template)
        template.close()

    def url(self) -> str:
        """The URL of a fresh database."""
        return self._make("template_incasso")

    def empty_url(self) -> str:
        """The URL of a database without any table."""
        return self._make("template1")

    def _make(self, template: str) -> str:
        self._made += 1
        name = f"test_{self._made}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url(name)

    def _url(self, name: str) -> str:
        return self._server.replace("/postgres?", f"/{name}?")

    def _execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


def fresh_sqlite(folder: Path, template: Path) -> str:
    """The URL of a fresh SQLite database, copied from an upgraded one."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "store.sqlite3")
    return f"sqlite:///{folder / 'store.sqlite3'}"


def upgraded(url: str) -> Store:
    """A store that was brought up from nothing."""
    store = open_store(url)
    schema.upgrade(store)
    return store
