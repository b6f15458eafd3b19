"""The settings of a connection by files, from its connection file and a ledger's `[sink]` table."""

import base64
import binascii
import re
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from connector.api import PluginConfig, SecretRef
from connector.model import Product
from connector_agency_api.outgoing import WITHHOLDABLE

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_KEY_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


def pinned_type(pin: str) -> tuple[str, bytes] | None:
    """Type and key of a host key given as a line of `known_hosts`, with or without its host names; else None."""
    words = pin.split()
    for place, word in enumerate(words[:-1]):
        if word in _KEY_TYPES:
            try:
                return word, base64.b64decode(words[place + 1], validate=True)
            except (binascii.Error, ValueError):
                return None
    return None


def _host_key(pin: str) -> str:
    if _FINGERPRINT.fullmatch(pin) or pinned_type(pin):
        return pin
    raise ValueError('give a fingerprint such as "SHA256:…" or a line of known_hosts, as the agency told it')


def _below(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError("give the name of a folder below `folder`")
    return str(PurePosixPath(path))


class AgencyFilesConfig(PluginConfig):
    """One agency that is reached by files. With `host` over SFTP, without it in a folder of this machine."""

    folder: str = Field(
        description="where the two folders are: a path on this machine, or with `host` one on the server"
    )
    to_agency: Annotated[str, AfterValidator(_below)] = Field(
        "to-agency", description="the folder below it in which the agency finds your files"
    )
    from_agency: Annotated[str, AfterValidator(_below)] = Field(
        "from-agency", description="the folder below it in which the agency puts its answers"
    )
    host: str = Field("", description="the SFTP server; empty for a folder of this machine")
    port: int = Field(22, ge=1, le=65535, description="its port")
    user: str = Field("", description="your user name on the server")
    host_keys: tuple[Annotated[str, AfterValidator(_host_key)], ...] = Field(
        (),
        description="its host key as the agency told it: `SHA256:…` or a `known_hosts` line; two while it changes",
    )
    private_key: SecretRef | None = Field(None, description="your private key, in OpenSSH or PEM form")
    passphrase: SecretRef | None = Field(None, description="of the private key, where it has one")
    password: SecretRef | None = Field(None, description="for a server that asks for one")
    connect_timeout: float = Field(10, gt=0, le=60, description="seconds for connecting and logging in")
    read_timeout: float = Field(30, gt=0, le=300, description="seconds for an answer")
    client_number: Annotated[str, Field(max_length=50)] = Field(
        "", description="your number at the agency; wins over the creditor's agency_client_number"
    )
    product: Product | None = Field(None, description="what is ordered here, instead of what the case says")
    payer_iban: str = Field("", description="the account pay-outs come from, used when the agency does not tell")
    withhold: frozenset[str] = Field(
        frozenset(), description="optional fields that never leave, such as debtor.phone; see the README for the list"
    )
    receipt_days: int = Field(
        3, ge=0, le=60, description="days after which a missing receipt is told to a person; 0 for an agency without"
    )
    quiet_seconds: float = Field(
        2, ge=0, le=60, description="a file that changes within this time is still being written, and is left"
    )
    page_limit: int = Field(500, ge=1, le=5000, description="lines of an event file that are stored at once")

    @field_validator("withhold")
    @classmethod
    def _only_optional(cls, value: frozenset[str]) -> frozenset[str]:
        wrong = sorted(value - WITHHOLDABLE)
        if wrong:
            raise ValueError(f"cannot be withheld: {', '.join(wrong)}; possible are {', '.join(sorted(WITHHOLDABLE))}")
        return value

    @model_validator(mode="after")
    def _one_way_there(self) -> "AgencyFilesConfig":
        if self.to_agency == self.from_agency:
            raise ValueError("to_agency and from_agency must be two folders")
        if not self.host:
            if not Path(self.folder).is_absolute():
                raise ValueError("folder: give the whole path, from the root")
            return self
        if not self.user:
            raise ValueError("host: an SFTP server needs `user`")
        if not self.host_keys:
            raise ValueError(
                "host: an SFTP server needs `host_keys`; ask the agency for the fingerprint of its host key"
            )
        if not (self.private_key or self.password):
            raise ValueError("host: an SFTP server needs `private_key` or `password`")
        return self
