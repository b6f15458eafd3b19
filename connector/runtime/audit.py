"""The heads of the audit trail as a signed proof to be kept outside, and holding the store against such a proof."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from connector.errors import ConfigError
from connector.model.record import Record
from connector.secrets import KeyRing
from connector.secrets.signing import Signature, is_signed, sign
from connector.store import Store, chain

_FORMAT = "incasso audit head 1"


class ChainHead(Record):
    """Where one chain ended: the number of its last row, and its hash in hexadecimal."""

    ledger: str
    number: int = Field(ge=0)
    hash: str = Field(pattern="^[0-9a-f]{64}$")


class Statement(Record):
    """What is signed: where every chain ended at an instant."""

    at: datetime
    heads: tuple[ChainHead, ...]


class SignedHead(Record):
    """The file. `statement` is signed as it stands, in UTF-8, so that nobody needs to write JSON as we do."""

    format: Literal["incasso audit head 1"]
    statement: str
    key_id: str
    public_key: str
    signature: str


class Comparison(Record):
    """How a chain of the store stands to a head that was signed at `at`."""

    ledger: str
    at: datetime
    verdict: Literal["contained", "older", "rewritten"]
    said: str


def export(store: Store, ring: KeyRing, *, at: datetime) -> SignedHead:
    """The heads of all chains, signed."""
    with store.read() as tx:
        heads = chain.heads(tx)
    told = tuple(ChainHead(ledger=one.ledger, number=one.number, hash=one.hash.hex()) for one in heads)
    statement = Statement(at=at, heads=told).model_dump_json()
    return SignedHead(format=_FORMAT, statement=statement, **sign(ring, statement.encode())._asdict())


def read_head(file: Path, ring: KeyRing) -> Statement:
    """The statement in a file of `export`. Raises ConfigError unless a key of the ring signed it."""
    mend = "Give a file that `incasso audit head --out FILE` wrote."
    try:
        signed = SignedHead.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"it cannot be read ({error.strerror}).", file=str(file), mend=mend) from error
    except ValidationError as error:
        raise ConfigError("it is no signed head of an audit trail.", file=str(file), mend=mend) from error
    if signed.key_id not in ring.key_ids:
        raise ConfigError(
            f"it was signed with the key {signed.key_id}, which is not in the key ring.",
            file=str(file),
            mend="Put that key back into [secrets] keys, behind the others.",
        )
    message = signed.statement.encode()
    if not is_signed(ring, message, Signature(signed.key_id, signed.public_key, signed.signature)):
        raise ConfigError("its signature does not fit: it was changed after it was signed.", file=str(file), mend=mend)
    return Statement.model_validate_json(message)


def compare(store: Store, statement: Statement, *, ledger: str | None = None) -> list[Comparison]:
    """Whether every chain still holds the row that was its last one when the statement was signed."""
    found = []
    with store.read() as tx:
        now = {head.ledger: head.number for head in chain.heads(tx)}
        for one in statement.heads:
            if ledger is None or one.ledger == ledger:
                kept = chain.hash_at(tx, one.ledger, one.number) if one.number else chain.BEGINNING
                found.append(_compare(one, kept, ends_at=now.get(one.ledger, 0), at=statement.at))
    return found


def _compare(one: ChainHead, kept: bytes | None, *, ends_at: int, at: datetime) -> Comparison:
    signed = f"{at:%Y-%m-%d %H:%M} UTC"
    if kept is not None and kept.hex() == one.hash:
        return Comparison(ledger=one.ledger, at=at, verdict="contained", said=f"holds the head of {signed}")
    if kept is None and ends_at < one.number:
        said = f"older than the head of {signed}: it ends at row {ends_at}, the head was row {one.number}"
        return Comparison(ledger=one.ledger, at=at, verdict="older", said=said)
    said = f"rewritten since the head of {signed}: row {one.number} is another one"
    return Comparison(ledger=one.ledger, at=at, verdict="rewritten", said=said)
