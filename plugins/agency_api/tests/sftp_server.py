"""A real SFTP server on loopback over one folder, which plays badly when it is told to."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface

USER, PASSWORD = "meelfabriek", "a-password-for-tests"
HOST_KEY = paramiko.ECDSAKey.generate()

Mishap = Literal[
    "cut_during_upload", "cut_before_rename", "cut_after_rename", "cut_after_fetch", "fetch_at_once", "refuse_rename",
    "refuse_log_in", "slow_rename", "cut_after_listing",
]  # fmt: skip


def make_key() -> tuple[str, paramiko.PKey]:
    """A private key as ssh-keygen writes it, and its public half."""
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return text, paramiko.Ed25519Key.from_private_key(_file(text))


def _file(text: str) -> Any:
    from io import StringIO

    return StringIO(text)


PRIVATE_KEY, PUBLIC_KEY = make_key()


class SftpStandIn:
    """The server. `mishaps` are played once each, in their order; `operations` and `fetched` keep what was asked."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mishaps: list[Mishap] = []
        self.operations: list[str] = []
        self.fetched: list[str] = []
        self.log_ins = 0
        self.port = 0
        self._transports: list[paramiko.Transport] = []
        self._listener: socket.socket | None = None

    @property
    def pin(self) -> str:
        """The host key as a line of known_hosts."""
        return f"127.0.0.1 {HOST_KEY.get_name()} {HOST_KEY.get_base64()}"

    def settings(self) -> dict[str, Any]:
        """What a connection file says, besides how it logs in."""
        return {"folder": ".", "host": "127.0.0.1", "port": self.port, "user": USER, "host_keys": (self.pin,)}

    def takes(self, mishap: Mishap) -> bool:
        """Whether it is the turn of this mishap; then it is over."""
        if self.mishaps and self.mishaps[0] == mishap:
            del self.mishaps[0]
            return True
        return False

    def fetch(self, path: Path) -> None:
        """The agency takes a file away; `fetched` counts it also when the archive has one of its name."""
        (self.root / "archive").mkdir(exist_ok=True)
        path.rename(self.root / "archive" / path.name)
        self.fetched.append(path.name)

    def start(self) -> None:
        """Listen, at the same port as before."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def stop(self) -> None:
        """Go away, and break every line."""
        if self._listener:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Break every line."""
        lines, self._transports = self._transports, []
        for transport in lines:
            transport.sock.close()
            transport.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(line)
            transport.add_server_key(HOST_KEY)
            transport.set_subsystem_handler("sftp", SFTPServer, _Files, standin=self)
            self._transports.append(transport)
            with suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(server=_Gate(self))


class _Gate(paramiko.ServerInterface):
    def __init__(self, standin: SftpStandIn) -> None:
        self._standin = standin

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,password"

    def check_auth_password(self, username: str, password: str) -> int:
        return self._judge(username == USER and password == PASSWORD)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._judge(username == USER and key.asbytes() == PUBLIC_KEY.asbytes())

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def _judge(self, good: bool) -> int:
        if self._standin.takes("refuse_log_in") or not good:
            return int(paramiko.AUTH_FAILED)
        self._standin.log_ins += 1
        return int(paramiko.AUTH_SUCCESSFUL)


class _Handle(SFTPHandle):
    def __init__(self, standin: SftpStandIn, flags: int, path: Path) -> None:
        super().__init__(flags)
        self._standin = standin
        self.readfile = self.writefile = None
        if flags & (os.O_WRONLY | os.O_RDWR):
            self.writefile = path.open("wb")
        else:
            self.readfile = path.open("rb")

    def write(self, offset: int, data: bytes) -> int:
        if self._standin.takes("cut_during_upload"):
            super().write(offset, data[: len(data) // 2])
            self.writefile.flush()
            self._standin.cut()
            return int(paramiko.SFTP_FAILURE)
        return int(super().write(offset, data))

    def stat(self) -> SFTPAttributes:
        return SFTPAttributes.from_stat(os.fstat((self.readfile or self.writefile).fileno()))


class _Files(SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, *args: Any, standin: SftpStandIn, **kwargs: Any) -> None:
        super().__init__(server, *args, **kwargs)
        self._standin = standin

    def _path(self, path: str) -> Path:
        return self._standin.root / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        self._standin.operations.append(f"list {path}")
        try:
            found = []
            for one in self._path(path).iterdir():
                attributes = SFTPAttributes.from_stat(one.stat())
                attributes.filename = one.name
                found.append(attributes)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)
        if self._standin.takes("cut_after_listing"):
            self._standin.cut()
        return found

    def stat(self, path: str) -> Any:
        try:
            return SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> Any:
        self._standin.operations.append(f"{'write' if flags & os.O_WRONLY else 'read'} {path}")
        try:
            return _Handle(self._standin, flags, self._path(path))
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or 0)

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        try:
            self._path(path).mkdir()
        except OSError as error:
            return int(SFTPServer.convert_errno(error.errno or 0))
        return int(paramiko.SFTP_OK)

    def rename(self, oldpath: str, newpath: str) -> int:
        standin = self._standin
        standin.operations.append(f"rename {oldpath}")
        old, new = self._path(oldpath), self._path(newpath)
        if standin.takes("refuse_rename") or new.exists():
            return int(paramiko.SFTP_FAILURE)
        if standin.takes("cut_before_rename"):
            standin.cut()
            return int(paramiko.SFTP_FAILURE)
        if standin.takes("slow_rename"):
            time.sleep(1.5)
        try:
            old.rename(new)
        except OSError as error:
            return int(SFTPServer.convert_errno(error.errno or 0))
        if standin.takes("cut_after_rename"):
            standin.cut()
        if standin.mishaps[:1] in (["fetch_at_once"], ["cut_after_fetch"]) and new.suffix == ".json":
            standin.fetch(new)
            if standin.mishaps.pop(0) == "cut_after_fetch":
                standin.cut()
        return int(paramiko.SFTP_OK)


@contextmanager
def running_sftp(root: Path) -> Iterator[SftpStandIn]:
    """The server over `root`, with both folders in it."""
    for name in ("to-agency", "from-agency"):
        (root / name).mkdir(parents=True, exist_ok=True)
    standin = SftpStandIn(root)
    standin.start()
    try:
        yield standin
    finally:
        standin.stop()
