"""The key ring: what is kept encrypted at rest, and the keys that open it."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from connector.api import SecretRef
from connector.errors import ConfigError
from connector.secrets.reader import SecretReader

_MEND_NO_KEY = 'Make one with `incasso keys new` and name it: [secrets] keys = [{ file = "keys/main.key" }].'
_MEND_UNREADABLE = "Put the key that encrypted it back into the list, or log in again."


def generate_key() -> str:
    """A new key for the key ring: 32 random bytes in URL-safe base64, the form a key file or variable holds."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode("ascii")


class Sealed(NamedTuple):
    """An encrypted value, and the id of the key that encrypted it."""

    key_id: str
    blob: bytes


class KeyRing:
    """The keys of the token store, newest first: the first encrypts, all decrypt.

    A value is sealed for a purpose (such as "token:exact-nl:main"): a row copied to another place does not open.
    """

    def __init__(self, keys: Sequence[str], *, names: Sequence[str] = ()) -> None:
        """`keys` as `generate_key` makes them; `names` say in errors where each came from.

        Raises ConfigError for a text that is no key.
        """
        from cryptography.fernet import Fernet, MultiFernet

        if not keys:
            raise ConfigError("there is no key", file="incasso.toml", key="secrets.keys", mend=_MEND_NO_KEY)
        fernets = []
        for index, key in enumerate(keys):
            try:
                fernets.append(Fernet(key))
            except ValueError as error:
                where = names[index] if index < len(names) else f"number {index + 1}"
                raise ConfigError(
                    f"the key {where} is not 32 bytes in URL-safe base64.",
                    file="incasso.toml",
                    key=f"secrets.keys[{index}]",
                    mend="Make a new one with `incasso keys new`.",
                ) from error
        self._first = fernets[0]
        self._ring = MultiFernet(fernets)
        self._raw = tuple(urlsafe_b64decode(key) for key in keys)
        self.key_ids = tuple(sha256(key.encode()).hexdigest()[:8] for key in keys)

    @property
    def key_id(self) -> str:
        """The id of the key that encrypts: the beginning of its hash, which says nothing about the key."""
        return self.key_ids[0]

    def seal(self, value: bytes, *, purpose: str) -> Sealed:
        """`value` encrypted for `purpose`."""
        return Sealed(self.key_id, self._ring.encrypt(_bind(purpose) + value))

    def open(self, blob: bytes, *, purpose: str) -> bytes:
        """The value sealed in `blob` for `purpose`. Raises ConfigError when no key opens it, or it was changed."""
        from cryptography.fernet import InvalidToken

        try:
            plain = self._ring.decrypt(blob)
        except InvalidToken:
            plain = b""
        if not plain.startswith(_bind(purpose)):
            raise ConfigError(
                f"what is kept for {purpose} opens with no key.", key="secrets.keys", mend=_MEND_UNREADABLE
            )
        return plain[len(_bind(purpose)) :]

    def is_current(self, blob: bytes) -> bool:
        """Whether `blob` lies under the first key, for whatever purpose."""
        from cryptography.fernet import InvalidToken

        try:
            self._first.decrypt(blob)
        except InvalidToken:
            return False
        return True

    def reseal(self, blob: bytes, *, purpose: str) -> Sealed:
        """The same value under the first key, for rotating keys. Errors as for `open`."""
        return self.seal(self.open(blob, purpose=purpose), purpose=purpose)

    def derive(self, purpose: str) -> dict[str, bytes]:
        """32 bytes for a purpose out of every key (HKDF-SHA-256, RFC 5869), by key id, the newest first.

        They tell nothing about the key, nor about what is derived for another purpose.
        """
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = purpose.encode()
        made = (HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(raw) for raw in self._raw)
        return dict(zip(self.key_ids, made, strict=True))


def open_key_ring(keys: Sequence[SecretRef], reader: SecretReader) -> KeyRing:
    """The key ring that the references of `Settings.keys` point to. Raises ConfigError."""
    return KeyRing([reader.resolve(ref) for ref in keys], names=[str(ref) for ref in keys])


def _bind(purpose: str) -> bytes:
    """A prefix of fixed length inside the encrypted text: Fernet itself has no place for associated data."""
    return sha256(purpose.encode()).digest()
