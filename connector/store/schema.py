"""The schema's version: brought up explicitly, and refused when it is newer or older than this program knows."""

from importlib.resources import files
from typing import Any

from connector.errors import ConfigError
from connector.store.engine import Store


def upgrade(store: Store, revision: str = "head") -> None:
    """Bring the schema up to `revision`; creates it in an empty database."""
    from alembic import command

    with store.write() as tx:
        command.upgrade(_config(tx), revision)


def downgrade(store: Store, revision: str) -> None:
    """Take the schema back to `revision` ("base" drops everything)."""
    from alembic import command

    with store.write() as tx:
        command.downgrade(_config(tx), revision)


def current(store: Store) -> str | None:
    """The revision the database is at, or None when it is empty."""
    from alembic.runtime.migration import MigrationContext

    with store.read() as tx:
        return MigrationContext.configure(tx).get_current_revision()


def head() -> str:
    """The revision this program works with."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_config(None)).get_current_head())


def check(store: Store) -> None:
    """Raises ConfigError unless the database is at exactly the revision this program works with."""
    found, wanted = current(store), head()
    if found != wanted:
        mend = "Run `incasso db upgrade`." if _knows(found) else "Use the newer release that wrote it."
        raise ConfigError(f"the database is at schema {found or 'none'}, this release needs {wanted}.", mend=mend)


def _knows(revision: str | None) -> bool:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    return revision is None or revision in known


def _config(tx: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("connector.store") / "migrations"))
    config.attributes["connection"] = tx
    return config
