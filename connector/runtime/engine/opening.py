"""Which engine an installation runs on: embedded beside an SQLite store, or in a PostgreSQL database."""

from connector.config import Settings
from connector.errors import ConfigError
from connector.runtime.engine.port import Engine
from connector.runtime.engine.presence import Presence
from connector.runtime.engine.transact import Transact
from connector.store import Store, health, switch_to_wal

_FILE = "engine.db"


def open_engine(settings: Settings, store: Store, presence: Presence) -> Engine:
    """The engine, not yet started. Raises ConfigError for an `[engine] url` that does not fit the store."""
    chosen = settings.engine
    return Transact(_url(settings, store), presence, at_once=chosen.at_once, budget=60.0 * chosen.budget_minutes)


def _url(settings: Settings, store: Store) -> str:
    file = health.file_of(store)
    if file is None:
        return settings.engine_url or settings.store_url
    if settings.engine_url:
        raise ConfigError(
            "an engine on a server does not go with a store in an SQLite file, which one machine alone can work with.",
            file="incasso.toml",
            key="engine.url",
            mend="Leave it out, or move the store to PostgreSQL.",
        )
    switch_to_wal(file.with_name(_FILE))
    return f"sqlite:///{file.with_name(_FILE)}"
