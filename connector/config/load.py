"""From the files of a home directory and the environment to `Settings`, with every mistake found on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from connector.config.files import list_tables, read_table, shown
from connector.config.mistakes import Mistake, MistakesError, explain, suggest
from connector.config.settings import Connection, Ledger, LedgerOptions, Link, Settings
from connector.config.shapes import ConnectionFile, InstallationFile, LedgerFile, LinkTable
from connector.errors import ConfigError

T = TypeVar("T", bound=BaseModel)

MAIN_FILE = "incasso.toml"


def find_home(given: Path | None, environ: Mapping[str, str]) -> Path:
    """The home directory: `given` on the command line, else INCASSO_HOME, else the current folder; absolute."""
    return (given or Path(environ.get("INCASSO_HOME") or ".")).expanduser().resolve()


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of the installation in `home`, all files read and checked against each other.

    The environment overrides: INCASSO_STORE_URL the store's URL, INCASSO_ENGINE_URL the engine's, INCASSO_TEST_CLOCK
    the file of the test clock. Connections are checked against their plugins later, by `bind`.

    Raises ConfigError when there is no installation, MistakesError with every mistake of every file otherwise.
    """
    home = home.expanduser().resolve()
    if not (home / MAIN_FILE).is_file():
        raise ConfigError(
            "this folder holds no installation",
            file=str(home),
            mend="Make one with `incasso init`, or name another folder with --home or INCASSO_HOME.",
        )
    reading = _Reading(home)
    installation = reading.parse(home / MAIN_FILE, InstallationFile)
    policies = list_tables(home / "policies", home, reading.mistakes)
    connections = reading.connections()
    ledgers = reading.ledgers(connections, policies, (installation or InstallationFile()).daemon.every_minutes)
    if reading.mistakes or installation is None:
        raise MistakesError(reading.mistakes)
    return Settings(
        home=home,
        store_url=_store_url(environ.get("INCASSO_STORE_URL") or installation.store.url, home),
        engine_url=environ.get("INCASSO_ENGINE_URL") or installation.engine.url,
        test_clock=_path(environ.get("INCASSO_TEST_CLOCK") or installation.clock.test_file, home),
        clock_tolerance=installation.clock.tolerance_seconds,
        keys=installation.secrets.keys,
        log=installation.log,
        traces=installation.traces,
        daemon=installation.daemon,
        engine=installation.engine,
        plugins=installation.plugins,
        law=installation.law,
        connections=connections.whole,
        ledgers=ledgers,
        policies=policies,
    )


@dataclass
class _Connections:
    """The connections that could be read, and the names of all, so that a broken one is not called unknown."""

    whole: dict[str, Connection]
    names: set[str]


@dataclass
class _Reading:
    home: Path
    mistakes: list[Mistake] = field(default_factory=list)

    def parse(self, path: Path, shape: type[T]) -> T | None:
        table = read_table(path, self.home, self.mistakes)
        if table is None:
            return None
        try:
            return shape.model_validate(table)
        except ValidationError as error:
            self.mistakes += explain(error, shape, table, shown(path, self.home))
            return None

    def connections(self) -> _Connections:
        files = list_tables(self.home / "connections", self.home, self.mistakes)
        parsed = {name: self.parse(path, ConnectionFile) for name, path in files.items()}
        whole = {
            name: Connection(
                name=name,
                plugin=one.plugin,
                file=files[name],
                shown=shown(files[name], self.home),
                values=one.model_extra or {},
            )
            for name, one in parsed.items()
            if one is not None
        }
        return _Connections(whole, set(files))

    def ledgers(self, connections: _Connections, policies: dict[str, Path], every_minutes: int) -> dict[str, Ledger]:
        found = {}
        for name, path in list_tables(self.home / "ledgers", self.home, self.mistakes).items():
            parsed = self.parse(path, LedgerFile)
            if parsed is not None:
                self._check_names(shown(path, self.home), parsed, connections.names, set(policies))
                found[name] = _ledger(name, path, shown(path, self.home), parsed, every_minutes)
        return found

    def _check_names(self, file: str, ledger: LedgerFile, connections: set[str], policies: set[str]) -> None:
        asked = [("source.connection", "connection", ledger.source.connection, connections)]
        links = _sinks(ledger, file)
        asked += [(f"{one.key}.connection", "connection", one.connection, connections) for one in links]
        asked.append(("policy", "policy", ledger.policy, policies))
        for key, what, name, known in asked:
            if name not in known:
                place = "connections" if what == "connection" else "policies"
                mend = suggest(name, known) if known else f"Add {place}/{name}.toml."
                self.mistakes.append(Mistake(file, key, f'there is no {what} "{name}"', mend))
        self.mistakes += _named_twice(file, links)


def _ledger(name: str, path: Path, shown_as: str, parsed: LedgerFile, every_minutes: int) -> Ledger:
    options: dict[str, Any] = {key: getattr(parsed, key) for key in LedgerOptions.model_fields}
    return Ledger(
        name=name,
        file=path,
        source=_link(parsed.source, shown_as, "source"),
        sinks=_sinks(parsed, shown_as),
        every_minutes=parsed.every_minutes or every_minutes,
        **options,
    )


def _sinks(parsed: LedgerFile, shown_as: str) -> tuple[Link, ...]:
    several = len(parsed.sink) > 1
    return tuple(
        _link(one, shown_as, "sink").model_copy(update={"agency": one.agency, "number": number if several else None})
        for number, one in enumerate(parsed.sink)
    )


def _named_twice(file: str, links: Sequence[Link]) -> Iterator[Mistake]:
    """An agency that stands in the file twice: which of the two settings counts nobody knows."""
    first: dict[str, str] = {}
    for link in links:
        said = f'the connection "{link.connection}" is named already, in {first.setdefault(link.connection, link.key)}'
        if first[link.connection] != link.key:
            yield Mistake(file, f"{link.key}.connection", said, "Name each agency once.")


def _link(table: LinkTable, shown_as: str, kind: Literal["source", "sink"]) -> Link:
    return Link(connection=table.connection, overrides=table.model_extra or {}, shown=shown_as, table=kind)


def _store_url(url: str, home: Path) -> str:
    """The URL with a relative SQLite file made absolute: a service's current folder is nobody's choice."""
    scheme, _, file = url.partition(":///")
    if scheme != "sqlite" or not file or file == ":memory:" or Path(file).is_absolute():
        return url
    return f"sqlite:///{(home / file).as_posix()}"


def _path(name: str, home: Path) -> Path | None:
    return (home / name).resolve() if name else None
