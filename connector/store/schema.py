"""The schema's version: brought up explicitly, and refused when it is newer or older than this program knows."""

from importlib.resources import files
from typing import Any

from sqlalchemy import inspect, text

from connector.errors import ConfigError
from connector.store.engine import Store, Tx

# The revision this program works with. Written here, because asking Alembic costs every start a third of a second
# and ten megabytes; a test holds it against the migrations.
HEAD = "0014"


# Stands before the revision while a restore is not finished, so that no program works with the database.
RESTORING = "restoring-"


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the schema up to `revision`; creates it in an empty database.

    Raises ConfigError for a database that a newer release wrote, or whose restore was not finished.
    """
    found = current(store)
    if not is_known(found):
        raise _refusal(found)
    with store.write() as tx:
        bring_up(tx, revision)


def bring_up(tx: Tx, revision: str = "head") -> None:
    """The same inside a transaction, for a revision that is known."""
    from alembic import command

    command.upgrade(alembic_config(tx), revision)


def downgrade(store: Store, revision: str) -> None:
    """Take the schema back to `revision` ("base" drops everything)."""
    from alembic import command

    with store.write() as tx:
        command.downgrade(alembic_config(tx), revision)


def current(store: Store) -> str | None:
    """The revision the database is at, or None when it is empty."""
    with store.read() as tx:
        if not inspect(tx).has_table("alembic_version"):
            return None
        found: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def check(store: Store) -> None:
    """Raises ConfigError unless the database is at exactly the revision this program works with."""
    found = current(store)
    if found != HEAD:
        raise _refusal(found)


def _refusal(found: str | None) -> ConfigError:
    if found is not None and found.startswith(RESTORING):
        return ConfigError("a restore of this database was not finished.", mend="Run `incasso db restore` again.")
    mend = "Run `incasso db upgrade`." if is_known(found) else "Use the newer release that wrote it."
    return ConfigError(f"the database is at schema {found or 'none'}, this release needs {HEAD}.", mend=mend)


def is_known(revision: str | None) -> bool:
    """Whether this release can bring a database of this revision up; None is an empty one."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(alembic_config(None)).walk_revisions()}
    return revision is None or revision in known


def alembic_config(tx: Any) -> Any:
    """Alembic's configuration for the transaction `tx`, or for looking at the scripts alone."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("connector.store") / "migrations"))
    config.attributes["connection"] = tx
    return config
