"""What every verb works with: the settings, the store, the clock, the plugins, opened once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event, local
from typing import TYPE_CHECKING

from pydantic import BaseModel

from connector import __version__
from connector.api import Clock, Context, Limits, Log, Login, Sink, SinkType, Source, SourceAbility, SourceType
from connector.clock import open_clock
from connector.config import Connection, Ledger, Link, Settings, bind, load
from connector.errors import ConfigError
from connector.flow.observed import Observed
from connector.http import Offset, Session
from connector.log import open_log
from connector.plugins import Plugins
from connector.plugins import load as load_plugins
from connector.quota import StoredBudget
from connector.secrets import BoundSecrets, KeyRing, SecretReader, open_key_ring
from connector.store import Store, open_store, schema
from connector.store.vault import PluginState, TokenRows
from connector.trace import tracing

if TYPE_CHECKING:
    from connector.law.law import Law
    from connector.policy.policy import Policy


class Sessions(local):
    """The HTTP sessions that this thread has open."""

    def __init__(self) -> None:
        self.open: list[Session] = []


@dataclass(frozen=True)
class Workspace:
    """One installation, opened. `stop` is set when the process was asked to end: verbs stop at the next commit.

    Sources and sinks are opened inside `closing()`, which gives their connections back.
    """

    settings: Settings
    store: Store
    clock: Clock
    plugins: Plugins
    reader: SecretReader
    stop: Event = field(default_factory=Event)
    sessions: Sessions = field(default_factory=Sessions)
    observed: Observed = field(default_factory=Observed)

    @cached_property
    def keys(self) -> KeyRing:
        """The key ring: tokens, messages and documents are encrypted at rest with it."""
        if not self.settings.keys:
            raise ConfigError("no key is configured", file="incasso.toml", key="keys", mend="Run `incasso keys new`.")
        return open_key_ring(self.settings.keys, self.reader)

    @cached_property
    def law(self) -> "Law":
        """The law of this installation: the tables with the rows added, and the readings taken."""
        return self.settings.law.law()

    @cached_property
    def log(self) -> Log:
        """The host's own log."""
        return open_log()

    def offsets(self) -> tuple[Offset, ...]:
        """How far the clocks of servers are from ours, as heard by what this thread has open."""
        return tuple(offset for session in self.sessions.open for offset in session.offsets.rows())

    @contextmanager
    def closing(self) -> Iterator[Callable[[], int]]:
        """Close what was opened in this block by this thread. Gives a function that counts its calls so far."""
        mine = self.sessions.open
        before = len(mine)
        try:
            yield lambda: sum(session.calls.total for session in mine[before:])
        finally:
            for session in mine[before:]:
                session.close()
                self.observed.hear(session.offsets.rows())
            del mine[before:]

    def ledger(self, name: str) -> Ledger:
        """A configured ledger. Raises ConfigError naming those there are."""
        _check_known(self.settings.ledgers, name, "ledger")
        return self.settings.ledgers[name]

    def ledgers_at(self, connection: str) -> list[str]:
        """The names of the ledgers that hand over to an agency, in their order."""
        ledgers = self.settings.ledgers.values()
        return sorted(one.name for one in ledgers if one.sink_at(connection) is not None)

    def connection(self, name: str) -> Connection:
        """A configured connection. Raises ConfigError naming those there are."""
        _check_known(self.settings.connections, name, "connection")
        return self.settings.connections[name]

    def policy(self, ledger: Ledger) -> "Policy":
        """The ledger's policy, as its file says now."""
        # Imported at use: who only reads or reports needs no rules.
        from connector.policy.load import load_policy

        _check_known(self.settings.policies, ledger.policy, "policy")
        path = self.settings.policies[ledger.policy]
        return load_policy(path, home=self.settings.home, conditions=self.plugins.conditions)

    def source(self, ledger: Ledger) -> Source:
        """The ledger's source, opened."""
        return self.open_source(self.connection(ledger.source.connection), ledger.source)

    def source_provides(self, ledger: Ledger, ability: SourceAbility) -> bool:
        """Whether the ledger's source announces an ability."""
        plugin = self.connection(ledger.source.connection).plugin
        return ability in self.plugins.source(plugin).provides

    def sink(self, link: Link) -> Sink:
        """An agency of a ledger, opened."""
        return self.open_sink(self.connection(link.connection), link)

    def open_source(self, connection: Connection, link: Link | None = None) -> Source:
        """A source by its connection, with a ledger's overrides or without."""
        kind = self.plugins.source(connection.plugin)
        config = bind(kind.config, connection, link)
        return kind.open(config, self.context(connection.name, hosts=_hosts(kind, config)))

    def open_sink(self, connection: Connection, link: Link | None = None) -> Sink:
        """A sink by its connection, with a ledger's overrides or without."""
        kind = self.plugins.sink(connection.plugin)
        config = bind(kind.config, connection, link)
        return kind.open(config, self.context(connection.name, hosts=_hosts(kind, config)))

    def login(self, connection: Connection) -> Login | None:
        """The log-in of a connection, or None where nobody logs in."""
        kind = self.plugins.sources.get(connection.plugin)
        if kind is None or kind.login is None:
            return None
        config = bind(kind.config, connection)
        return kind.login(config, self.context(connection.name, hosts=_hosts(kind, config)))

    def context(self, connection: str, *, hosts: Iterable[str] | None = None) -> Context:
        """What a plugin gets for one connection; its session calls only `hosts` where they are given."""
        log = open_log(connection=connection)
        http = Session(hosts=hosts, log=log, clock=self.clock)
        self.sessions.open.append(http)
        rows = TokenRows(self.store, self.clock)

        def budget(company: str, limits: Limits) -> StoredBudget:
            return StoredBudget(self.store, connection, company, limits=limits, clock=self.clock)

        return Context(
            connection=connection,
            http=http,
            secrets=BoundSecrets(connection, reader=self.reader, ring=self.keys, rows=rows),
            state=PluginState(self.store, self.clock, connection),
            clock=self.clock,
            log=log,
            budget=budget,
        )


@contextmanager
def open_workspace(home: Path, environ: Mapping[str, str]) -> Iterator[Workspace]:
    """Open the installation in `home`; the database must have the schema of this release.

    Raises ConfigError that names every mistake in the files, or says how to bring the database up.
    """
    settings = load(home, environ)
    plugins = load_plugins(disable=settings.plugins.disabled, prefer=settings.plugins.prefer)
    store = open_store(settings.store_url)
    stop = Event()
    try:
        schema.check(store)
        with tracing(settings.traces.endpoint, version=__version__):
            yield Workspace(
                settings=settings,
                store=store,
                clock=open_clock(settings.test_clock, stop),
                plugins=plugins,
                reader=SecretReader(settings.home, environ),
                stop=stop,
            )
    finally:
        store.close()


def _hosts(kind: SourceType | SinkType, config: BaseModel) -> Iterable[str] | None:
    return kind.hosts(config) if kind.hosts else None


def _check_known(things: Mapping[str, object], name: str, kind: str) -> None:
    if name not in things:
        raise ConfigError(f"there is no {kind} {name!r}", mend=f"Configured: {', '.join(sorted(things)) or 'none'}.")
