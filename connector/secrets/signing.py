"""Signing what leaves the house as a proof: Ed25519, with a key that is derived from the key ring.

Derived and not stored: whoever can write the database cannot put another key in its place, every machine with the
key ring signs alike, and nothing but the key ring needs a copy elsewhere. Its price: a new key in the ring is a new
public key, and whoever checks from outside is told so.
"""

from base64 import b64decode, b64encode
from typing import NamedTuple

from connector.secrets.ring import KeyRing

_PURPOSE = "incasso: sign audit heads, 1"


class Signature(NamedTuple):
    """A signature and what checks it; both in base64. `key_id` is the key of the ring it was derived from."""

    key_id: str
    public_key: str
    signature: str


def sign(ring: KeyRing, message: bytes) -> Signature:
    """Sign with the newest key of the ring."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = ring.derive(_PURPOSE)[ring.key_id]
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = b64encode(private.public_key().public_bytes_raw()).decode("ascii")
    return Signature(ring.key_id, public, b64encode(private.sign(message)).decode("ascii"))


def is_signed(ring: KeyRing, message: bytes, signature: Signature) -> bool:
    """Whether a key of the ring signed exactly this message. The public key that came along is not believed."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = ring.derive(_PURPOSE).get(signature.key_id)
    if seed is None:
        return False
    try:
        given = b64decode(signature.signature, validate=True)
        Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(given, message)
    except (ValueError, InvalidSignature):
        return False
    return True
