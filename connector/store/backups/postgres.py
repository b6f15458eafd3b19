"""Back-ups of PostgreSQL, by the tools that come with it: pg_dump, pg_restore, psql."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, text

from connector.errors import ConfigError, TransientError
from connector.store.engine import Store, Tx, open_store
from connector.store.tables import metadata

_MEND_TOOLS = "Install PostgreSQL's client programs, of the server's version or newer (package postgresql-client)."
VERSION_TABLE = "alembic_version"


def copy(store: Store, file: Path) -> dict[str, int]:
    """Dump what is committed now into `file`, in pg_dump's custom format. Returns the rows by table."""
    tool = _find("pg_dump")
    with store.engine.connect().execution_options(isolation_level="REPEATABLE READ") as tx:
        # The dump and the counts see the same instant. This transaction idles while the dump is made.
        tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = tx.scalar(text("SELECT pg_export_snapshot()"))
        schema = str(tx.scalar(text("SELECT current_schema()")))
        rows = count_rows(tx)
        what = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}", f"--snapshot={snapshot}"]
        _run([tool, *what, f"--file={file}", f"--dbname={_address(store)}"], store)
    return rows


def count_rows(tx: Tx) -> dict[str, int]:
    """The rows of every table of ours."""
    there = [name for name in inspect(tx).get_table_names() if name in metadata.tables or name == VERSION_TABLE]
    return {name: int(tx.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0) for name in there}  # noqa: S608 - our own


def check_file(file: Path) -> None:
    """Raises ConfigError unless `file` is a dump that can be read to its end."""
    _read(file, f"--file={os.devnull}")


def revision_in(file: Path) -> str | None:
    """The schema of the store in a dump; None when there is no store of this program in it."""
    script = _read(file, "--data-only", f"--table={VERSION_TABLE}", "--file=-").splitlines()
    start = next((place for place, line in enumerate(script) if line.startswith("COPY ")), None)
    return None if start is None or script[start + 1] == "\\." else script[start + 1]


def _read(file: Path, *options: str) -> str:
    done = subprocess.run([_find("pg_restore"), *options, file], capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise ConfigError(f"it is no dump that can be read: {_last(done.stderr)}", file=str(file), mend="Take another.")
    return done.stdout


@contextmanager
def throw_away(store: Store) -> Iterator[Store]:
    """A database beside the store's, on the same server, that is dropped at the end. Needs the right CREATEDB."""
    name = f"incasso_trial_{secrets.token_hex(6)}"
    try:
        _outside(store, f"CREATE DATABASE {name} TEMPLATE template0")
    except Exception as error:
        raise ConfigError(
            f"no database can be made to try the back-up in: {_last(str(error))}",
            mend="Give the role the right CREATEDB, or try the dump on another server.",
        ) from error
    # By text, for the form of a URL hides the password.
    url = store.engine.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    beside = open_store(url)
    try:
        yield beside
    finally:
        beside.close()
        _outside(store, f"DROP DATABASE {name} WITH (FORCE)")


def others(store: Store) -> int:
    """How many other sessions are in the database."""
    with store.read() as tx:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return int(tx.scalar(text(f"{query} AND backend_type = 'client backend'")) or 0)


def put_back(store: Store, file: Path, *, after: str) -> None:
    """Put a dump in the place of the tables that are there, and carry out the statement `after`: all or nothing."""
    restore, psql = _find("pg_restore"), _find("psql")
    with store.read() as tx:
        schema, before = str(tx.scalar(text("SELECT current_schema()"))), _clearing(tx)
    store.engine.dispose()
    command = [
        psql,
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--output",
        os.devnull,
        "--dbname",
        _address(store),
    ]
    piped = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
    reading: list[str | Path] = [restore, "--no-owner", "--no-privileges", f"--schema={schema}", "--file=-", file]
    with (
        subprocess.Popen(command, env=_environ(store), **piped) as writer,  # type: ignore[call-overload]  # noqa: S603
        subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader,  # noqa: S603
    ):
        assert reader.stdout is not None
        try:
            writer.stdin.write("\n".join(["BEGIN;", *before, ""]).encode())
            shutil.copyfileobj(reader.stdout, writer.stdin)
            # Half a dump ends without its COMMIT: the server then takes everything back.
            if reader.wait() == 0:
                writer.stdin.write(f'\nSET search_path = "{schema}";\n{after};\nCOMMIT;\n'.encode())
        except BrokenPipeError:
            reader.kill()
        said = writer.communicate()[1].decode(errors="replace")
    if writer.returncode or reader.returncode:
        raise ConfigError(f"the dump was not put back, and nothing was changed: {_last(said)}", file=str(file))


def _clearing(tx: Tx) -> list[str]:
    """What takes away our tables, and the functions of their triggers."""
    there = [name for name in inspect(tx).get_table_names() if name in metadata.tables or name == VERSION_TABLE]
    functions = tx.scalars(
        text(
            "SELECT DISTINCT p.oid::regprocedure::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE NOT t.tgisinternal AND n.nspname = current_schema() AND c.relname = ANY(:names)"
        ),
        {"names": there},
    ).all()
    return [f'DROP TABLE "{name}" CASCADE;' for name in there] + [f"DROP FUNCTION {one};" for one in functions]


def _outside(store: Store, statement: str) -> None:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def _find(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        raise ConfigError(f"the program {tool} is not on the PATH.", mend=_MEND_TOOLS)
    return found


def _parts(store: Store) -> dict[str, str]:
    _, parts = store.engine.dialect.create_connect_args(store.engine.url)
    return {name: str(value) for name, value in parts.items() if name != "context"}


def _address(store: Store) -> str:
    """How libpq reaches the database, without the password: anybody may read the arguments of a process."""
    from psycopg.conninfo import make_conninfo

    return make_conninfo("", **{name: value for name, value in _parts(store).items() if name != "password"})


def _environ(store: Store) -> Mapping[str, str]:
    password = _parts(store).get("password")
    return {**os.environ, "PGOPTIONS": "-c lock_timeout=30s", **({"PGPASSWORD": password} if password else {})}


def _run(command: Sequence[str | Path], store: Store) -> None:
    done = subprocess.run(command, env=_environ(store), capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise TransientError(f"the back-up was not made: {_last(done.stderr)}", detail=done.stderr)


def _last(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    return lines[-1] if lines else "the tool said nothing"
