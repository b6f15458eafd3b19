"""The doctor: looks at everything a run needs, changes nothing, and says for each what is wrong and the mend."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from math import ceil
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector import __version__
from connector.clock import FileClock, open_clock
from connector.config import MAIN_FILE, Connection, Link, MistakesError, Settings, load
from connector.errors import AuthError, ConfigError, ConnectorError, QuotaError, TransientError
from connector.flow.agencies import missing, not_named
from connector.flow.workspace import Workspace
from connector.http import Offset
from connector.law.freshness import ending, freshness
from connector.log import mask
from connector.model.record import Record
from connector.plugins import Plugins
from connector.plugins import load as load_plugins
from connector.policy.check import check_used
from connector.policy.load import load_policy
from connector.policy.unstated import unstated
from connector.runtime.status import QuarantineStatus
from connector.runtime.words import plural
from connector.secrets import SecretReader, open_key_ring
from connector.store import Store, health, open_store, quarantine, schema
from connector.store.backups import last_backup

Verdict = Literal["ok", "warn", "fail"]
_PACKAGES = ("pydantic", "sqlalchemy", "requests", "apscheduler", "dbos", "cryptography", "tzdata")
_LITTLE_DISK = 1_000_000_000
_TOO_LITTLE_DISK = 100_000_000
_OLD_BACKUP = timedelta(days=2)
_FIRST_PYTHON = (3, 11)
_MEND_CLOCK = (
    "Turn on time synchronisation (on Linux: timedatectl set-ntp true); log-ins and limits of calls depend on it. "
    "If this machine's clock is right, tell who runs the other one."
)


class Finding(Record):
    """What was looked at, how it is, and what to do when it is not well."""

    subject: str
    verdict: Verdict
    said: str
    mend: str = ""


def examine(home: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything, in the order in which one thing needs another. Yields as it goes: servers take time."""
    yield from _versions()
    try:
        settings = load(home, environ)
    except MistakesError as error:
        yield from (Finding(subject="configuration", verdict="fail", said=str(one)) for one in error.mistakes)
        return
    except ConfigError as error:
        yield _failed("configuration", error)
        return
    counted = plural(len(settings.ledgers), "ledger"), plural(len(settings.connections), "connection")
    known = f"{', '.join(counted)} in {settings.home}"
    yield Finding(subject="configuration", verdict="ok" if settings.ledgers else "warn", said=known)
    plugins = load_plugins(disable=settings.plugins.disabled, prefer=settings.plugins.prefer)
    yield from _plugins(plugins)
    reader = SecretReader(settings.home, environ)
    yield attempt("keys", lambda: _keys(settings, reader))
    yield from _clock(settings)
    yield from _law(settings)
    yield from _policies(settings)
    yield from _statements(settings)
    yield from _rights(settings)
    yield from _store(settings, plugins, reader)


def worst(findings: Iterable[Finding]) -> Verdict:
    """The worst verdict among them."""
    verdicts = {one.verdict for one in findings}
    return "fail" if "fail" in verdicts else "warn" if "warn" in verdicts else "ok"


def _versions() -> Iterator[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < _FIRST_PYTHON
    yield Finding(subject="program", verdict="ok", said=f"incasso {__version__}, {_package_versions()}")
    mend = f"Use Python {'.'.join(map(str, _FIRST_PYTHON))} or newer." if old else ""
    yield Finding(subject="python", verdict="fail" if old else "ok", said=found, mend=mend)


def _keys(settings: Settings, reader: SecretReader) -> str:
    return f"{plural(len(open_key_ring(settings.keys, reader).key_ids), 'key')}, the first encrypts"


def _package_versions() -> str:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} missing")
    return ", ".join(found)


def _plugins(plugins: Plugins) -> Iterator[Finding]:
    for one in plugins.report():
        verdict: Verdict = "ok" if one.state in ("loaded", "disabled") else "fail"
        said = f"{one.distribution} {one.version}: {one.state}" + (f", {one.reason}" if one.reason else "")
        mend = "" if verdict == "ok" else "Mend or uninstall it, or put its name under [plugins] disabled."
        yield Finding(subject=f"plugin {one.name}", verdict=verdict, said=mask(said), mend=mend)


def _clock(settings: Settings) -> Iterator[Finding]:
    for ledger in settings.ledgers.values():
        try:
            ZoneInfo(ledger.timezone)
        except ZoneInfoNotFoundError:
            mend = "Install the package tzdata."
            yield Finding(subject="clock", verdict="fail", said=f"no data of zone {ledger.timezone}", mend=mend)
    clock = open_clock(settings.test_clock)
    finding = attempt("clock", lambda: f"{clock.now():%Y-%m-%d %H:%M:%S} UTC")
    if isinstance(clock, FileClock) and finding.verdict == "ok":
        said = f"a TEST clock stands at {finding.said} ({clock.path})"
        mend = (
            "Take [clock] test_file out of incasso.toml, and INCASSO_TEST_CLOCK out of the environment, for real work."
        )
        finding = Finding(subject="clock", verdict="warn", said=said, mend=mend)
    yield finding


def _law(settings: Settings) -> Iterator[Finding]:
    """Which tables of the law end soon, or have ended: beyond its end a table refuses to answer."""
    tables = settings.law.law().tables
    try:
        today = open_clock(settings.test_clock).now().date()
    except ConnectorError:
        return
    found = ending(tables, today)
    for one in found:
        mend = f'Look the new figure up, and add it under [[law.tables."{one.table}"]] with its source: docs/law.md.'
        yield Finding(subject=f"law {one.table}", verdict="warn", said=str(one), mend=mend)
    if not found:
        first = freshness(tables, today)[0]
        yield Finding(subject="law", verdict="ok", said=f"every table answers; the first to end: {first}")


def _policies(settings: Settings) -> Iterator[Finding]:
    """What the policies in use will never do as they say, or do unlawfully."""
    try:
        checked = list(check_used(settings, open_clock(settings.test_clock).now().date()))
    except ConnectorError as error:
        yield _failed("policies", error)
        return
    for one in checked:
        for wrong in one.errors:
            said = f"{wrong.place}: {wrong.said}" + (f" ({wrong.article})" if wrong.article else "")
            yield Finding(subject=f"policy {one.policy}", verdict="fail", said=said, mend=wrong.mend)
    warnings = sum(len(one.findings) for one in checked)
    if checked and not any(one.errors for one in checked):
        told = f", {plural(warnings, 'warning')}: incasso policy check" if warnings else ""
        yield Finding(
            subject="policies", verdict="ok", said=f"{plural(len(checked), 'policy', 'policies')} in use{told}"
        )


def _statements(settings: Settings) -> Iterator[Finding]:
    """What `[law]` of a ledger that hands over leaves open: its debtors wait for a person."""
    law = settings.law.law()
    try:
        today = open_clock(settings.test_clock).now().date()
        policies = {one.policy: load_policy(settings.policies[one.policy]) for one in settings.ledgers.values()}
    except ConnectorError:
        return
    for ledger in settings.ledgers.values():
        country = ledger.creditor.address.country
        policy = policies[ledger.policy]
        keys: dict[str, None] = {}
        for link in ledger.sinks:
            there = unstated(law, ledger.legal_at(link), policy, country, ledger.debtors_are, today)
            keys |= dict.fromkeys(there)
        if keys:
            said = f"[law] says nothing of {', '.join(keys)}: hand-overs wait for a person"
            mend = f"State it in [law] of {ledger.source.shown}, as you and your lawyer see it: docs/law.md."
            yield Finding(subject=f"law of ledger {ledger.name}", verdict="warn", said=said, mend=mend)


def _rights(settings: Settings) -> Iterator[Finding]:
    """Who else on this machine may change what the service reads, or read what it keeps."""
    if os.name != "posix":
        return
    files = [settings.home / MAIN_FILE, *settings.policies.values()]
    files += [connection.file for connection in settings.connections.values()]
    files += [ledger.file for ledger in settings.ledgers.values()]
    open_to_write = [path for path in files if path.exists() and path.stat().st_mode & stat.S_IWOTH]
    for path in open_to_write:
        said = f"everybody on this machine may change {path}"
        yield Finding(subject="rights", verdict="fail", said=said, mend=f"Run: chmod o-w {path}")
    database = _database_file(settings)
    if database and database.exists() and database.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        said = f"everybody on this machine may read {database}, which holds names and addresses"
        yield Finding(subject="rights", verdict="warn", said=said, mend=f"Run: chmod 600 {database}")
    elif not open_to_write:
        yield Finding(
            subject="rights", verdict="ok", said="nobody else may change the configuration or read the database"
        )


def _database_file(settings: Settings) -> Path | None:
    scheme, _, path = settings.store_url.partition(":///")
    return Path(path) if scheme.startswith("sqlite") else None


def _store(settings: Settings, plugins: Plugins, reader: SecretReader) -> Iterator[Finding]:
    try:
        store = open_store(settings.store_url)
    except (ConnectorError, OSError) as error:
        yield _failed("database", error)
        return
    try:
        reached = attempt("database", lambda: _reach(store))
        yield reached
        if reached.verdict == "fail":
            return
        yield from _disk(store)
        current = attempt("schema", lambda: _schema(store))
        yield current
        if current.verdict == "ok":
            yield from _backups(store, open_clock(settings.test_clock).now())
            workspace = Workspace(
                settings=settings,
                store=store,
                clock=open_clock(settings.test_clock),
                plugins=plugins,
                reader=reader,
            )
            yield from _connections(workspace)
    finally:
        store.close()


def _reach(store: Store) -> str:
    health.reach(store)
    health.try_writing(store)
    mode = health.journal_mode(store)
    if mode not in ("", "wal"):
        raise ConfigError(
            f"the journal mode is {mode}, not wal.",
            mend="Put the database on a local disk: network disks cannot do it.",
        )
    return f"{store.dialect}, reached and written to" + (f", journal {mode}" if mode else "")


def _disk(store: Store) -> Iterator[Finding]:
    free = health.free_bytes(store)
    if free is None:
        return
    verdict: Verdict = "fail" if free < _TOO_LITTLE_DISK else "warn" if free < _LITTLE_DISK else "ok"
    mend = "" if verdict == "ok" else "Make room on the disk that holds the database."
    yield Finding(subject="disk", verdict=verdict, said=f"{free / 1e9:.1f} GB free", mend=mend)


def _schema(store: Store) -> str:
    schema.check(store)
    return f"revision {schema.current(store)}"


def _backups(store: Store, now: datetime) -> Iterator[Finding]:
    """How old the newest back-up is, and whether the store was made from one."""
    with store.read() as tx:
        last, held = last_backup(tx), quarantine.read(tx)
    if last is None:
        yield Finding(subject="back-up", verdict="ok", said="none was made with `incasso db backup`")
    else:
        old = now - last > _OLD_BACKUP
        mend = "Run `incasso db backup --verify` every day." if old else ""
        said = f"the last is of {last:%Y-%m-%d %H:%M} UTC"
        yield Finding(subject="back-up", verdict="warn" if old else "ok", said=said, mend=mend)
    if held is not None:
        said = QuarantineStatus(at=held.at, backup_at=held.backup_at).said
        mend = "Run the service or `incasso follow`; then look at `incasso quarantine show`."
        yield Finding(subject="quarantine", verdict="warn", said=said, mend=mend)


def _connections(workspace: Workspace) -> Iterator[Finding]:
    """Every connection as each ledger uses it: the administration is a part of what is tried."""
    used = set()
    offsets: dict[tuple[str, str], Offset] = {}
    for ledger in workspace.settings.ledgers.values():
        for link in (ledger.source, *ledger.sinks):
            used.add(link.connection)
            with workspace.closing():
                found = _connection(workspace, workspace.connection(link.connection), link, ledger=ledger.name)
                offsets |= {(link.connection, one.host): one for one in workspace.offsets()}
            yield found
        for name in not_named(workspace, ledger):
            yield _failed(f"sink {name} of {ledger.name}", missing(ledger, name))
    for (name, _), offset in offsets.items():
        yield judge_clock(name, offset, tolerance=workspace.settings.clock_tolerance)
    for name, connection in workspace.settings.connections.items():
        if name not in used:
            said = f"plugin {connection.plugin}: no ledger uses it"
            yield Finding(subject=f"connection {name}", verdict="warn", said=said)


def _connection(workspace: Workspace, connection: Connection, link: Link, *, ledger: str) -> Finding:
    open_it = workspace.open_source if link.table == "source" else workspace.open_sink

    def _check() -> str:
        open_it(connection, link).check()
        return f"plugin {connection.plugin}: answers"

    return attempt(f"{link.table} {connection.name} of {ledger}", _check, login=connection.name)


def judge_clock(connection: str, offset: Offset, *, tolerance: int) -> Finding:
    """Whether our clock and a server's agree to `tolerance` seconds, and which of the two is ahead."""
    subject = f"clock of {connection}"
    if abs(offset.sure) <= tolerance:
        within = plural(ceil(max(abs(offset.least), abs(offset.most))), "second")
        return Finding(subject=subject, verdict="ok", said=f"this machine and {offset.host} agree within {within}")
    ours = "behind" if offset.sure > 0 else "ahead of"
    said = f"this machine is about {plural(abs(offset.likely), 'second')} {ours} {offset.host}"
    return Finding(subject=subject, verdict="warn", said=said, mend=_MEND_CLOCK)


def attempt(subject: str, act: Callable[[], str], *, login: str = "") -> Finding:
    """Do `act` and say how it went; `login` is the connection a person would log in at."""
    try:
        return Finding(subject=subject, verdict="ok", said=act())
    except QuotaError as error:
        said = f"{error.message} Calls are possible again from {error.until:%Y-%m-%d %H:%M} UTC."
        return Finding(subject=subject, verdict="warn", said=mask(said))
    except AuthError as error:
        said_already = f"incasso connect {login}" in error.message
        mend = "" if said_already or not login else f"Run: incasso connect {login}"
        return Finding(subject=subject, verdict="fail", said=mask(error.message), mend=mend)
    except Exception as error:
        return _failed(subject, error)


def _failed(subject: str, error: Exception) -> Finding:
    said, mend = str(error) or type(error).__name__, ""
    if isinstance(error, ConfigError) and error.mend and said.endswith(error.mend):
        said, mend = said.removesuffix(error.mend).strip(), error.mend
    elif isinstance(error, TransientError):
        mend = "Try again later; if it stays, look at the network and at the other side."
    elif not isinstance(error, ConnectorError):
        said = f"{type(error).__name__}: {said}"
    return Finding(subject=subject, verdict="fail", said=mask(said), mend=mask(mend))
