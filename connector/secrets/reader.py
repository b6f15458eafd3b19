"""Reading secrets where references point: the environment, a file, the service manager, the keyring."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.api import SecretRef
from connector.errors import ConfigError
from connector.log import MASKER, Masker

_LARGEST = 64 * 1024
_MEND_CREDENTIAL = "Add LoadCredential={}:/path/to/the/secret to the unit."


@dataclass(frozen=True)
class SecretReader:
    """Reads secrets where references point. Relative files are relative to `home`."""

    home: Path
    environ: Mapping[str, str]
    masker: Masker = MASKER

    def resolve(self, ref: SecretRef) -> str:
        """The secret behind `ref`. Raises ConfigError naming the reference and the mend."""
        if ref.env:
            secret = _from_environment(ref, self.environ)
        elif ref.file:
            secret = _from_file(ref, self.home / Path(ref.file).expanduser())
        elif ref.credential:
            secret = _from_file(ref, _credential(ref, self.environ), absent=_MEND_CREDENTIAL.format(ref.credential))
        else:
            secret = _from_keyring(ref)
        self.masker.register(secret)
        return secret


def _unreadable(ref: SecretRef, why: str, mend: str, *, detail: str = "") -> ConfigError:
    return ConfigError(f"the secret {ref} cannot be read: {why}.", mend=mend, detail=detail)


def _from_environment(ref: SecretRef, environ: Mapping[str, str]) -> str:
    secret = environ.get(ref.env, "").strip()
    if not secret:
        raise _unreadable(ref, "the variable is not set", f"Set {ref.env} in the environment of the service.")
    return secret


def _credential(ref: SecretRef, environ: Mapping[str, str]) -> Path:
    """Where systemd puts a credential, see systemd.exec(5)."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        mend = "Start it by systemd with LoadCredential, or use { file = … }."
        raise _unreadable(ref, "this process was given no credentials", mend)
    if Path(ref.credential).name != ref.credential:
        raise _unreadable(ref, "it is a path, not a name", "Write the name that stands behind LoadCredential.")
    return Path(folder) / ref.credential


def _from_file(ref: SecretRef, path: Path, *, absent: str = "Put it there, or change the reference.") -> str:
    try:
        with path.open("rb") as opened:
            _refuse_open_rights(ref, path, os.fstat(opened.fileno()))
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise _unreadable(ref, (error.strerror or "it cannot be opened").lower(), absent) from error
    if len(content) > _LARGEST:
        raise _unreadable(ref, "the file is larger than 64 kB", "Name the file that holds the secret alone.")
    try:
        secret = content.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise _unreadable(ref, "the file is not UTF-8 text", "Write the secret as text.") from None
    if not secret:
        raise _unreadable(ref, "the file is empty", "Write the secret into it.")
    return secret


def _refuse_open_rights(ref: SecretRef, path: Path, status: os.stat_result) -> None:
    """On POSIX only the owner may read a secret. A file that another user gave our group to read is left alone:
    that is how service managers hand secrets over.
    """
    if os.name != "posix":
        return
    forbidden = 0o077 if status.st_uid == os.geteuid() else 0o037
    if stat.S_IMODE(status.st_mode) & forbidden:
        raise _unreadable(ref, "other users may read or change the file", f"Run: chmod 600 {path}")


def _from_keyring(ref: SecretRef) -> str:
    import keyring
    from keyring.errors import KeyringError

    service, slash, user = ref.keyring.rpartition("/")
    if not (slash and service and user):
        raise _unreadable(ref, "it does not name service and user", 'Write { keyring = "service/user" }.')
    try:
        secret = keyring.get_password(service, user)
    except KeyringError as error:
        mend = "Use { file = … } or { env = … } on a machine without a keyring."
        raise _unreadable(ref, "the keyring does not answer", mend, detail=type(error).__name__) from error
    if not secret:
        raise _unreadable(ref, "the keyring does not hold it", f"Run: keyring set {service} {user}")
    return secret
