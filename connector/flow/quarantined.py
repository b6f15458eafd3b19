"""What a person sees of the quarantine after a restore, and says of cases that the agency does not explain."""

from dataclasses import dataclass

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.adoption import FOREIGN, Said, UnclearError, adopt, strangers
from connector.flow.agencies import link_to
from connector.flow.recovery import inside
from connector.flow.workspace import Workspace
from connector.store import Tx, journal, outbox, people, quarantine
from connector.store.quarantine import STAGES, Quarantine, Stage

_SEE = "See: incasso quarantine show"


@dataclass(frozen=True)
class Stranger:
    """A case at an agency that is not known here; `why` it was not taken up by itself, empty before that was tried."""

    case_ref: str
    why: str
    connection: str


@dataclass(frozen=True)
class Detained:
    """A ledger that hands something over: how far it is, and what is open. Messages by how they stand.

    `stage` is that of the agency that is least far, until the ledger is out.
    """

    ledger: str
    stage: Stage
    in_doubt: int
    parked: int
    strangers: tuple[Stranger, ...]


def standing(workspace: Workspace) -> tuple[Quarantine, list[Detained]] | None:
    """The quarantine and its ledgers, or None."""
    with workspace.store.read() as tx:
        found = quarantine.read(tx)
    if found is None:
        return None
    ledgers = [one for one in workspace.settings.ledgers.values() if one.sinks]
    return found, [_detained(workspace, one, found) for one in sorted(ledgers, key=lambda one: one.name)]


def _detained(workspace: Workspace, ledger: Ledger, found: Quarantine) -> Detained:
    open_refs = [(one, link.connection) for link in ledger.sinks for one in strangers(workspace, ledger, link, found)]
    with workspace.store.read() as tx:
        asked = {one.key: one.subject for one in people.tasks(tx, ledger.name) if one.kind == FOREIGN}
        waiting = outbox.counts(tx, [ledger.name])
        return Detained(
            ledger=ledger.name,
            stage=min(
                (quarantine.stage(tx, ledger.name, one.connection, found) for one in ledger.sinks), key=STAGES.index
            ),
            in_doubt=sum(waiting.get((ledger.name, state), 0) for state in outbox.IN_DOUBT),
            parked=waiting.get((ledger.name, "PARKED"), 0),
            strangers=tuple(Stranger(one, asked.get(one, ""), at) for one, at in open_refs),
        )


def owner_of(workspace: Workspace, case_ref: str) -> tuple[Ledger, Stranger]:
    """The ledger in whose quarantine a case stands, and where it is. Raises ConfigError when it stands in none."""
    found = standing(workspace)
    for one in found[1] if found else []:
        for stranger in one.strangers:
            if stranger.case_ref == case_ref:
                return workspace.ledger(one.ledger), stranger
    raise ConfigError(f"{case_ref} is not asked about", mend=_SEE)


def adopt_as(workspace: Workspace, ledger: Ledger, stranger: Stranger, said: Said, *, actor: str) -> None:
    """Take up a case as a person says it is. Raises ConfigError when that does not fit what its agency shows."""
    case_ref, link = stranger.case_ref, link_to(ledger, stranger.connection)
    with workspace.store.read() as tx:
        found = quarantine.read(tx)
    assert found is not None
    with workspace.closing():
        view = workspace.sink(link).snapshot(case_ref)
    try:
        events = adopt(workspace, ledger, link, case_ref, view, standing=found, said=said, actor=actor)
    except UnclearError as unclear:
        raise ConfigError(f"case {case_ref} cannot be taken up: {unclear}", mend="Compare with the agency.") from None
    for event in events:
        workspace.plugins.on_event(event)


def dismiss(workspace: Workspace, ledger: Ledger, case_ref: str, *, actor: str) -> None:
    """A person says that a case is none of this ledger's, whatever its reference looks like."""
    at = workspace.clock.now()
    with workspace.store.write() as tx:
        text = f"Case {case_ref} is none of ours"
        people.open_task(tx, ledger.name, FOREIGN, case_ref, subject=text, at=at)
        for name in ("", ledger.name):
            people.finish_task(tx, name, FOREIGN, case_ref, at=at, outcome=f"not ours ({actor})")
        journal.note(tx, "case.dismissed", case_ref, at=at, ledger=ledger.name, actor=actor)


def end(workspace: Workspace, *, force: bool, reason: str, actor: str) -> None:
    """End the quarantine. What is still open is only let go by force, with a reason.

    Raises ConfigError when there is none, something is open, or the reason is missing.
    """
    with workspace.store.write() as tx:
        found = quarantine.read(tx)
        if found is None:
            raise ConfigError("there is no quarantine", mend="See: incasso status")
        _end(workspace, tx, found, force=force, reason=reason, actor=actor)


def _end(workspace: Workspace, tx: Tx, found: Quarantine, *, force: bool, reason: str, actor: str) -> None:
    left = inside(workspace, tx, found)
    if left and not force:
        raise ConfigError(f"not everything is known again ({', '.join(left)})", mend=_SEE)
    if left and not reason:
        raise ConfigError("by force needs a reason", mend="Say --reason TEXT: it is kept.")
    at = workspace.clock.now()
    quarantine.end(tx)
    waiting = outbox.counts(tx, left)
    doubtful = {name: waiting.get((name, "UNKNOWN"), 0) for name in left}
    journal.note(tx, "quarantine.forced" if left else "quarantine.ended", "store", at=at, actor=actor, left=doubtful)
    if left:
        # The audit trail takes no free text; the list of what people settled does.
        key = found.at.isoformat()
        text = f"The quarantine after the restore of {found.at:%Y-%m-%d %H:%M} UTC was ended by force"
        people.open_task(tx, "", "quarantine", key, subject=text, at=at)
        people.finish_task(tx, "", "quarantine", key, at=at, outcome=f"{reason} ({actor})")
