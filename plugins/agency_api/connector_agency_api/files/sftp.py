"""Files on an SFTP server. One session for a sink, opened at the first use, to a host whose key is known beforehand."""

import base64
import hashlib
import logging
import socket
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

from connector.api import Secrets
from connector.errors import AuthError, ConfigError, ConnectorError, TransientError
from connector_agency_api.files.config import AgencyFilesConfig, pinned_type
from connector_agency_api.files.place import MOST_BYTES, Denied, Entry, Unanswered

if TYPE_CHECKING:
    from paramiko import PKey, SFTPClient, Transport

_READ_AHEAD = 64
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")


class SftpPlace:
    """See `connector_agency_api.files.place.Place`. A broken session is opened anew by the next call, not within it."""

    def __init__(self, config: AgencyFilesConfig, secrets: Secrets) -> None:
        self._config = config
        self._secrets = secrets
        self._lines: list[Transport] = []
        self._session: SFTPClient | None = None
        # The host closes nothing of ours: the session ends with the sink that uses it.
        weakref.finalize(self, _hang_up, self._lines)

    def check(self, folder: str) -> None:
        with self._asking(folder) as session:
            session.listdir_attr(self._path(folder))

    def listed(self, folder: str) -> dict[str, Entry]:
        with self._asking(folder) as session:
            found = session.listdir_attr(self._path(folder))
        return {one.filename: _entry(one) for one in found if _is_file(one)}

    def look(self, path: str) -> Entry | None:
        try:
            with self._asking(path) as session:
                return _entry(session.stat(self._path(path)))
        except _NotThereError:
            return None

    def read(self, path: str) -> bytes:
        entry = self.look(path)
        if entry is None:
            raise Denied("A file of the agency is gone.", detail=path)
        if entry.size > MOST_BYTES:
            raise Denied(f"A file of the agency is larger than {MOST_BYTES} bytes.", detail=path)
        held = BytesIO()
        try:
            with self._asking(path) as session:
                session.getfo(self._path(path), held, max_concurrent_prefetch_requests=_READ_AHEAD)
        except _NotThereError as error:
            raise Denied("A file of the agency is gone.", detail=path) from error
        return held.getvalue()

    def write(self, path: str, content: bytes) -> None:
        with self._asking(path) as session:
            session.putfo(BytesIO(content), self._path(path), confirm=False)

    def move(self, source: str, target: str) -> None:
        try:
            # The plain rename of the protocol, which refuses to replace; the one of POSIX replaces.
            with self._asking(source, lost=Unanswered) as session:
                session.rename(self._path(source), self._path(target))
        except _NotThereError as error:
            raise Denied("The server does not let a file be renamed.", detail=source) from error

    def make(self, folder: str) -> None:
        if self.look(folder) is None:
            with self._asking(folder) as session:
                session.mkdir(self._path(folder))

    def _path(self, path: str) -> str:
        return f"{self._config.folder.rstrip('/')}/{path}"

    @contextmanager
    def _asking(self, what: str, *, lost: type[TransientError] = TransientError) -> "Iterator[SFTPClient]":
        """The session, and what its failures mean: an answer of the server, or a line that broke."""
        import paramiko

        session = self._open_session()
        try:
            yield session
        except FileNotFoundError as error:
            raise _NotThereError(
                "the server has no such folder or file.", key="folder", mend="Ask the agency for the path.", detail=what
            ) from error
        except PermissionError as error:
            raise ConfigError(
                "the server does not give this user the right to.",
                key="user",
                mend="Ask the agency for it.",
                detail=what,
            ) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            if _is_answer(error) and self._is_alive():
                raise Denied("The server does not do it.", detail=f"{what}: {error}") from error
            self._forget_session()
            raise lost("The SFTP server's answer was lost.", detail=f"{what}: {type(error).__name__}") from error

    def _open_session(self) -> "SFTPClient":
        if self._session is None or not self._is_alive():
            self._forget_session()
            self._session = self._connect()
        return self._session

    def _is_alive(self) -> bool:
        channel = self._session.get_channel() if self._session else None
        return channel is not None and not channel.closed and bool(self._lines) and self._lines[-1].is_active()

    def _forget_session(self) -> None:
        self._session = None
        _hang_up(self._lines)

    def _connect(self) -> "SFTPClient":
        import paramiko

        config = self._config
        try:
            line = socket.create_connection((config.host, config.port), timeout=config.connect_timeout)
        except OSError as error:
            raise TransientError("The SFTP server cannot be reached.", detail=type(error).__name__) from error
        try:
            transport = paramiko.Transport(line)
        except (paramiko.SSHException, OSError) as error:
            line.close()
            raise TransientError("The SFTP server does not answer.", detail=type(error).__name__) from error
        self._lines.append(transport)
        try:
            return self._log_in(transport)
        except ConnectorError:
            self._forget_session()
            raise
        except paramiko.AuthenticationException as error:
            self._forget_session()
            raise AuthError(
                "The SFTP server refuses the log-in. Ask the agency whether user and key are known there.",
                detail=type(error).__name__,
            ) from error
        except (paramiko.SSHException, EOFError, OSError) as error:
            self._forget_session()
            raise TransientError("The SFTP server breaks the log-in off.", detail=type(error).__name__) from error

    def _log_in(self, transport: "Transport") -> "SFTPClient":
        import paramiko

        config = self._config
        # What goes wrong is raised here in our words; the library would also print it, with its traceback.
        transport.set_log_channel(_silent_log())
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = config.connect_timeout
        options = transport.get_security_options()
        wanted = _wanted_types(config.host_keys)
        options.key_types = [one for one in options.key_types if one in wanted] if wanted else list(options.key_types)
        transport.start_client(timeout=config.connect_timeout)
        # Before a word of ours is sent: a server with another key gets neither user nor password.
        _refuse_stranger(transport.get_remote_server_key(), config.host_keys)
        missing: list[str] = ["password"]
        if config.private_key:
            missing = transport.auth_publickey(config.user, self._private_key())
        if config.password and "password" in missing and not transport.is_authenticated():
            transport.auth_password(config.user, self._secrets.resolve(config.password))
        if not transport.is_authenticated():
            raise AuthError(f"The SFTP server asks for more than it was given: {', '.join(missing)}.")
        session = paramiko.SFTPClient.from_transport(transport)
        if session is None:
            raise TransientError("The SFTP server opens no channel for files.")
        channel = session.get_channel()
        if channel is not None:
            channel.settimeout(config.read_timeout)
        return session

    def _private_key(self) -> "PKey":
        import paramiko

        assert self._config.private_key
        text = self._secrets.resolve(self._config.private_key)
        passphrase = self._secrets.resolve(self._config.passphrase) if self._config.passphrase else None
        for kind in (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey):
            with suppress(paramiko.SSHException, ValueError, IndexError):
                return kind.from_private_key(StringIO(f"{text}\n"), password=passphrase)
        raise ConfigError(
            "the private key cannot be read, or its passphrase is wrong.",
            key="private_key",
            mend="Give an Ed25519, RSA or ECDSA key as ssh-keygen writes it.",
        )


class _NotThereError(ConfigError):
    """The server has no such file or folder."""


def _refuse_stranger(key: "PKey", pins: tuple[str, ...]) -> None:
    raw = key.asbytes()
    shown = "SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("=")
    for pin in pins:
        known = pinned_type(pin)
        if known[1] == raw if known else pin.rstrip("=") == shown:
            return
    raise ConfigError(
        f"the server shows another host key than the pinned one: {key.get_name()} {shown}.",
        key="host_keys",
        mend="Ask the agency by telephone whether it changed its key. Do not copy this one unasked.",
    )


def _wanted_types(pins: tuple[str, ...]) -> frozenset[str]:
    """The algorithms by which the server is to show a pinned key; none when a fingerprint does not tell its type."""
    known = [pinned_type(pin) for pin in pins]
    names = {one[0] for one in known if one}
    if not all(known):
        return frozenset()
    return frozenset(names - {"ssh-rsa"} | (set(_RSA_SIGNATURES) if "ssh-rsa" in names else set()))


def _silent_log() -> str:
    log = logging.getLogger(f"{__name__}.library")
    log.setLevel(logging.CRITICAL + 1)
    return log.name


def _is_file(attributes: Any) -> bool:
    # Some servers do not tell what an entry is.
    return attributes.st_mode is None or stat.S_IFMT(attributes.st_mode) in (0, stat.S_IFREG)


def _entry(attributes: Any) -> Entry:
    return Entry(size=attributes.st_size or 0, changed_at=int(attributes.st_mtime or 0))


def _is_answer(error: Exception) -> bool:
    """Whether the server said no. Its failures carry no number of the system; a time-out carries none either."""
    return isinstance(error, OSError) and error.errno is None and not isinstance(error, TimeoutError)


def _hang_up(lines: "list[Transport]") -> None:
    while lines:
        lines.pop().close()
