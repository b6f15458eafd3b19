"""Against OpenSSH's own server, where the machine has one: foreign code on the other side of the line.

`INCASSO_TEST_SSHD` names the program where it is in no usual place. Where `CI` is set it must be there.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.errors import AuthError, ConfigError, UnknownOutcome
from connector.testing import make_case, make_context
from connector_agency_api.files.config import AgencyFilesConfig
from connector_agency_api.files.place import Denied
from connector_agency_api.files.sink import AgencyFilesSink
from plugins.agency_api.tests.files_agency import KEY, Folder, an_event
from plugins.agency_api.tests.sftp_server import make_key

SSHD = os.environ.get("INCASSO_TEST_SSHD") or shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
# As root it wants a user of its own: it is started as one that every Unix has, and serves whoever started it.
USER = "games" if sys.platform != "win32" and os.geteuid() == 0 else os.environ.get("USER", "")
CASE = make_case()

pytestmark = pytest.mark.skipif(
    not (SSHD and USER and shutil.which("ssh-keygen")) and not os.environ.get("CI"),
    reason="NOT TRIED AGAINST OPENSSH: this machine has no sshd (apt-get install openssh-server, or INCASSO_TEST_SSHD)",
)


@dataclass
class OpenSsh:
    """A running server, and what a connection file says of it."""

    folder: Folder
    port: int
    private_key: str
    host_keys: dict[str, tuple[str, str]]

    def sink(self, *, key: str = "", **changes: Any) -> AgencyFilesSink:
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "folder": str(self.folder.root),
            "user": USER,
            "host_keys": [self.host_keys["ed25519"][0]],
            "private_key": {"env": "KEY"},
            **changes,
        }
        context = make_context(secrets={"env:KEY": key or self.private_key})
        return AgencyFilesSink(AgencyFilesConfig.model_validate(settings), context)


@pytest.fixture
def openssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSsh]:
    # Below the folder of the system: the server's user must get to it.
    home = Path(subprocess.check_output(["mktemp", "-d", "/tmp/incasso-sshd-XXXXXX"], text=True).strip())
    # A command that ran in this process before keeps what is written for its owner, who is not the server's user.
    before = os.umask(0o022)
    private, public = make_key()
    home.joinpath("authorized_keys").write_text(f"{public.get_name()} {public.get_base64()}\n", encoding="utf-8")
    host_keys = {kind: _host_key(home, kind) for kind in ("ed25519", "rsa", "ecdsa")}
    folder = Folder(home / "exchange").make()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"PidFile {home}/pid", "UsePAM no", "StrictModes no",
        f"AuthorizedKeysFile {home}/authorized_keys", "PasswordAuthentication no", "Subsystem sftp internal-sftp",
        "ForceCommand internal-sftp", *(f"HostKey {home}/host_{kind}" for kind in host_keys),
    ]  # fmt: skip
    home.joinpath("config").write_text("\n".join(lines), encoding="utf-8")
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", USER, home], check=True)
        who = {"user": USER}
    # Into a file: the server's children would keep a pipe open.
    log = home / "log"
    process = subprocess.Popen([str(SSHD), "-D", "-E", str(log), "-f", str(home / "config")], **who)
    try:
        _wait_for(port, process, log)
        yield OpenSsh(folder, port, private, host_keys)
    finally:
        process.terminate()
        process.wait(timeout=10)
        os.umask(before)
        shutil.rmtree(home, ignore_errors=True)


def _host_key(home: Path, kind: str) -> tuple[str, str]:
    """The public key and its fingerprint, as ssh-keygen tells them."""
    path = home / f"host_{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)
    line = Path(f"{path}.pub").read_text(encoding="utf-8").strip()
    told = subprocess.check_output(["ssh-keygen", "-l", "-f", f"{path}.pub"], text=True)
    return line, told.split()[1]


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"sshd ended: {log.read_text(encoding='utf-8') if log.exists() else ''}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not listen")


def test_a_case_goes_out_and_its_answers_come_in(openssh: OpenSsh) -> None:
    openssh.sink().check()
    receipt = openssh.sink().submit(CASE, key=KEY)
    assert openssh.folder.sent == [receipt.reference]
    assert openssh.sink().find(KEY) is not None
    assert openssh.sink().find("another") is None
    openssh.folder.put("events_1.jsonl", [an_event(number) for number in range(3)])
    events = [event for page in openssh.sink().changes(None) for event in page.events]
    assert len(events) == 3
    assert openssh.folder.returned("done") == ["000001_events_1.jsonl"]


def test_a_message_fetched_at_once_is_not_sent_again(openssh: OpenSsh) -> None:
    sink = openssh.sink()
    handing: Any = sink._handing
    inner = handing._place.move

    def lose(source: str, target: str) -> None:
        inner(source, target)
        openssh.folder.fetch()
        handing._place._forget_session()
        raise handing_lost

    from connector_agency_api.files.place import Unanswered

    handing_lost = Unanswered("the line was cut")
    handing._place.move = lose
    with pytest.raises(UnknownOutcome):
        sink.submit(CASE, key=KEY)
    handing._place.move = inner
    assert sink.submit(CASE, key=KEY).raw == "file fetched"
    assert openssh.folder.sent == []


def test_its_rename_does_not_replace(openssh: OpenSsh) -> None:
    place: Any = openssh.sink()._place
    place.write("to-agency/a", b"mine")
    place.write("to-agency/b", b"theirs")
    with pytest.raises(Denied):
        place.move("to-agency/a", "to-agency/b")
    assert place.read("to-agency/b") == b"theirs"
    with pytest.raises(Denied):
        place.move("to-agency/not-there", "to-agency/c")
    assert place.look("to-agency/c") is None


@pytest.mark.parametrize("kind", ["ed25519", "rsa", "ecdsa"])
def test_the_host_key_of_each_kind_is_pinned_by_its_line(openssh: OpenSsh, kind: str) -> None:
    openssh.sink(host_keys=[openssh.host_keys[kind][0]]).check()


def test_fingerprints_and_strangers(openssh: OpenSsh) -> None:
    openssh.sink(host_keys=[openssh.host_keys["ed25519"][1]]).check()
    with pytest.raises(ConfigError, match="another host key"):
        openssh.sink(host_keys=["SHA256:" + "A" * 43]).check()
    with pytest.raises(AuthError):
        openssh.sink(key=make_key()[0]).check()


def test_a_folder_that_is_not_there_is_named(openssh: OpenSsh) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        openssh.sink(from_agency="nowhere").check()
