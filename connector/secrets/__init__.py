"""Secrets by reference, the key ring, and tokens encrypted at rest.

A secret stands in the environment, in a file or in the system's keyring; configuration only says where. Tokens
that plugins keep lie encrypted in the store, under a key that never does. Whatever is read here is hidden in every
log line from then on.
"""

from connector.secrets.bound import BoundSecrets, TokenRows, token_purpose
from connector.secrets.reader import SecretReader
from connector.secrets.ring import KeyRing, Sealed, generate_key, open_key_ring

__all__ = [
    "BoundSecrets",
    "KeyRing",
    "Sealed",
    "SecretReader",
    "TokenRows",
    "generate_key",
    "open_key_ring",
    "token_purpose",
]
