"""Rotating the key: everything that lies encrypted is sealed anew under the first key of the ring."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pydantic import computed_field

from connector.errors import ConfigError
from connector.flow.messages import document_purpose, message_purpose
from connector.flow.reasons import reason_purpose
from connector.flow.runs import Progress, StoppedError, quiet
from connector.flow.workspace import Workspace
from connector.model.record import Record
from connector.secrets import Sealed, token_purpose
from connector.store import journal, sealed
from connector.store.sealed import Kind, SealedRow
from connector.store.vault import TokenRows

# As long as a plugin waits by default: somebody may be renewing the token.
_PATIENCE_SECONDS = 60.0


class Rotated(Record):
    """One kind of row: how many were sealed anew, lay under the first key before, and lie under an older one still."""

    kind: Kind
    resealed: int
    before: int
    left: int


class Rotation(Record):
    """What a rotation did. `key_id` names the first key, `older_keys` counts those named behind it."""

    key_id: str
    older_keys: int
    kinds: tuple[Rotated, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def old_keys_may_go(self) -> bool:
        """Whether no row lay under an older key when it was last looked at."""
        return not any(one.left for one in self.kinds)


def rotate(workspace: Workspace, *, actor: str, progress: Progress = quiet) -> Rotation:
    """Seal every row anew that lies under an older key; each batch is committed by itself, so that it can be cut.

    A token is sealed anew under the lock under which it is renewed, and nothing is replaced that was written since it
    was read. Rows that no key opens are left as they are.

    Raises ConfigError naming them when all others are done; TransientError when a token is being renewed for too
    long; StoppedError when the process was asked to end.
    """
    rotating = _Rotating(workspace, progress)
    kinds = tuple(rotating.go_through(kind) for kind in sealed.KINDS)
    with workspace.store.write() as tx:
        counts: dict[str, Any] = {one.kind: one.resealed for one in kinds}
        key_id = workspace.keys.key_id
        journal.note(tx, "keys.rotate", key_id, at=workspace.clock.now(), actor=actor, **counts)
    rotating.refuse_unreadable()
    return Rotation(key_id=key_id, older_keys=len(workspace.keys.key_ids) - 1, kinds=kinds)


class _Rotating:
    def __init__(self, workspace: Workspace, progress: Progress) -> None:
        self._workspace = workspace
        self._ring = workspace.keys
        self._tokens = TokenRows(workspace.store, workspace.clock)
        self._progress = progress
        self._unreadable = 0
        self._example = ""

    def go_through(self, kind: Kind) -> Rotated:
        """Seal the rows of one kind anew, then look whether any is left."""
        reseal = self._reseal_tokens if kind == "token" else self._reseal
        resealed = before = older = 0
        for batch in self._batches(kind):
            old = [row for row in batch if not self._ring.is_current(row.blob)]
            older += len(old)
            before += len(batch) - len(old)
            resealed += reseal(old)
            self._progress(kind, len(batch))
        # What was written meanwhile may lie under an older key.
        left = self._count_older(kind) if older else 0
        return Rotated(kind=kind, resealed=resealed, before=before, left=left)

    def refuse_unreadable(self) -> None:
        """Raises ConfigError when there were rows that no key opens."""
        if not self._unreadable:
            return
        raise ConfigError(
            f"of what is encrypted {self._unreadable} open with no key and were left as they are, the first is "
            f"{self._example}. All others that lay under an older key were sealed anew.",
            file="incasso.toml",
            key="secrets.keys",
            mend="Put the key that encrypted them behind the first one and run this again. "
            "If it is lost for good: docs/how-to/rotate-the-key.md.",
        )

    def _batches(self, kind: Kind) -> Iterator[list[SealedRow]]:
        """The rows of one kind; no transaction is open while a batch is worked."""
        after: Sequence[str] | None = None
        while True:
            if self._workspace.stop.is_set():
                raise StoppedError("stopped: what was sealed anew stays, and the next time goes on from there.")
            with self._workspace.store.read() as tx:
                batch = sealed.read_batch(tx, kind, after=after)
            if not batch:
                return
            yield batch
            after = batch[-1].place

    def _reseal_tokens(self, rows: Sequence[SealedRow]) -> int:
        """A token is single-use: under its lock nobody renews it, and what was renewed just before is read again."""
        done = 0
        for row in rows:
            connection, name = row.place
            with self._tokens.lock(connection, name, _PATIENCE_SECONDS):
                blob = self._tokens.load(connection, name)
                if blob is not None and not self._ring.is_current(blob):
                    done += self._reseal([replace(row, blob=blob)])
        return done

    def _reseal(self, rows: Sequence[SealedRow]) -> int:
        """Encrypts first and writes then: no transaction waits for the encrypting."""
        fresh = [(row, again) for row in rows if (again := self._open_and_seal(row))]
        if not fresh:
            return 0
        with self._workspace.store.write() as tx:
            return sum(sealed.replace(tx, row, again.blob, key_id=again.key_id) for row, again in fresh)

    def _open_and_seal(self, row: SealedRow) -> Sealed | None:
        try:
            return self._ring.reseal(row.blob, purpose=_purpose(row))
        except ConfigError:
            self._unreadable += 1
            self._example = self._example or _purpose(row)
            return None

    def _count_older(self, kind: Kind) -> int:
        return sum(self._is_older(row) for batch in self._batches(kind) for row in batch)

    def _is_older(self, row: SealedRow) -> bool:
        if self._ring.is_current(row.blob):
            return False
        try:
            self._ring.open(row.blob, purpose=_purpose(row))
        except ConfigError:
            return False
        return True


def _purpose(row: SealedRow) -> str:
    match row.kind:
        case "token":
            return token_purpose(*row.place)
        case "message":
            return message_purpose(*row.place)
        case "document":
            return document_purpose(row.place[1])
        case "reason":
            return reason_purpose(*row.place)
