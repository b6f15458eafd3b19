"""The agencies of a ledger, one after the other: what goes wrong at one keeps the others from nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connector.config import Ledger, Link
from connector.errors import AuthError, ConfigError, ConnectorError, QuotaError, TransientError
from connector.flow.runs import Remark, Report, StoppedError, note_connection, noting
from connector.flow.workspace import Workspace
from connector.store import cases, people

# The task of an agency that was taken out of the ledger's file while it has cases of it; its key is the connection.
NOT_NAMED = "agency_not_named"
# Of several errors the one is told first that a person has to do something about.
_PRESSING = (ConfigError, AuthError)
_LATER = (TransientError, QuotaError)


@dataclass
class Troubles:
    """What went wrong at which agency, by connection, while a verb went on with the ledger's others."""

    at_agency: dict[str, Exception] = field(default_factory=dict)

    @contextmanager
    def at(self, workspace: Workspace, connection: str) -> Iterator[None]:
        """Work with one agency, and remember how its connection stood. An error ends the block, and is kept."""
        try:
            with noting(workspace, connection):
                yield
        except StoppedError:
            raise
        except Exception as error:
            self.at_agency.setdefault(connection, error)

    def keep(self, workspace: Workspace, connection: str, error: Exception) -> None:
        """This agency takes nothing more in this run."""
        if isinstance(error, ConnectorError):
            note_connection(workspace, connection, error)
        self.at_agency.setdefault(connection, error)

    def tell(self, ledger: Ledger) -> None:
        """Raise what went wrong, if anything did, now that every agency had its turn.

        Of several errors it is the one that a person has to do something about first; its text names the others. A
        ledger with several agencies is told at which of them it was.
        """
        # A fault in a program is raised as it is: its class and its place say more than a sentence.
        fault = next((one for one in self.at_agency.values() if not isinstance(one, ConnectorError)), None)
        if fault is not None:
            raise fault
        known = [(name, one) for name, one in self.at_agency.items() if isinstance(one, ConnectorError)]
        if not known:
            return
        known.sort(key=lambda one: _rank(one[1]))
        worst = known[0][1]
        if len(ledger.sinks) > 1 or len(known) > 1:
            worst.message = " ".join(f"{name}: {one.message}" for name, one in known)
            worst.args = (worst.message,)
        raise worst


def link_to(ledger: Ledger, connection: str) -> Link:
    """The agency of a case by the case's connection. Raises ConfigError when the ledger's file does not name it."""
    found = ledger.sink_at(connection)
    if found is None or not connection:
        raise missing(ledger, connection)
    return found


def missing(ledger: Ledger, connection: str) -> ConfigError:
    """The error of a ledger that has cases at an agency which its file does not name."""
    table = "[[sink]]" if ledger.sinks else "[sink]"
    return ConfigError(
        f'the ledger has cases at "{connection}", which its file does not name',
        file=ledger.source.shown,
        key="sink",
        mend=f'Put it back: {table} with connection = "{connection}". Withdraw its cases before you take it out.',
    )


def not_named(workspace: Workspace, ledger: Ledger) -> list[str]:
    """Connections at which the ledger has cases, or messages that have not ended, and that its file does not name."""
    with workspace.store.read() as tx:
        return [one for one in cases.agencies(tx, ledger.name) if ledger.sink_at(one) is None]


def ask_for_missing(workspace: Workspace, ledger: Ledger, troubles: Troubles) -> None:
    """Note an error for each agency that was taken out of the ledger's file while it has cases of it."""
    for connection in not_named(workspace, ledger):
        troubles.at_agency.setdefault(connection, missing(ledger, connection))


def tell_of_missing(workspace: Workspace, ledger: Ledger, report: Report) -> bool:
    """Have a task stand for each agency that was taken out of the ledger's file while it has cases of it.

    Said in the report once a day, however often a ledger is followed; the task ends when the agency is named again.
    Returns whether there is one.
    """
    names, today = not_named(workspace, ledger), str(workspace.clock.today(ledger.timezone))
    with workspace.store.read() as tx:
        over = [one for one in people.open_keys(tx, ledger.name, NOT_NAMED) if one not in names]
        known = {name: people.read_task(tx, ledger.name, NOT_NAMED, name) for name in names}
    fresh = [name for name, task in known.items() if task is None or task.body.get("said_on") != today]
    if over or fresh:
        with workspace.store.write() as tx:
            at = workspace.clock.now()
            for name in over:
                people.finish_task(tx, ledger.name, NOT_NAMED, name, at=at, outcome="it is named, or has nothing left")
            for name in fresh:
                said = missing(ledger, name).message
                people.open_task(tx, ledger.name, NOT_NAMED, name, subject=said, body={"said_on": today}, at=at)
                report.remarks.append(Remark(said))
    if names:
        report.counts["agencies not named"] = len(names)
    return bool(names)


def _rank(error: ConnectorError) -> int:
    if isinstance(error, _PRESSING):
        return 0
    return 2 if isinstance(error, _LATER) else 1
