"""The schema's version: brought up explicitly, and refused when it is newer or older than this program knows."""

from importlib.resources import files
from typing import Any

from sqlalchemy import inspect, text

from connector.errors import ConfigError
from connector.store.engine import Store

# The revision this program works with. Written here, because asking Alembic costs every start a third of a second
# and ten megabytes; a test holds it against the migrations.
HEAD = "0004"


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the schema up to `revision`; creates it in an empty database."""
    from alembic import command

    with store.write() as tx:
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
    found, wanted = current(store), HEAD
    if found != wanted:
        mend = "Run `incasso db upgrade`." if _knows(found) else "Use the newer release that wrote it."
        raise ConfigError(f"the database is at schema {found or 'none'}, this release needs {wanted}.", mend=mend)


def _knows(revision: str | None) -> bool:
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
