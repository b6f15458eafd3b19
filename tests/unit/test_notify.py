"""What a service manager hears, over a real socket."""

import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.runtime.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest) -> Iterator[tuple[str, Callable[[], str]]]:
    """The address for NOTIFY_SOCKET, and what was heard next. A socket's path may be 107 bytes long at most."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        path = Path(folder) / "notify"
        name = str(path) if request.param == "path" else f"@incasso{folder}"
        listening.bind(name if request.param == "path" else f"\0{name[1:]}")
        listening.settimeout(5)
        yield name, lambda: listening.recv(4096).decode()


def test_the_manager_hears_that_it_is_ready_alive_and_stopping(manager: tuple[str, Callable[[], str]]) -> None:
    address, hear = manager
    notifier = Notifier({"NOTIFY_SOCKET": address})
    notifier.ready("listening on http://127.0.0.1:8085")
    assert hear() == "READY=1\nSTATUS=listening on http://127.0.0.1:8085"
    notifier.alive()
    assert hear() == "WATCHDOG=1"
    notifier.stopping()
    assert hear().splitlines()[0] == "STOPPING=1"


def test_a_process_that_is_not_the_watched_one_gives_no_sign_of_life(manager: tuple[str, Callable[[], str]]) -> None:
    address, hear = manager
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_PID": "1"})
    notifier.alive()
    notifier.ready("here")
    assert hear().startswith("READY=1")


def test_without_a_manager_nothing_is_said_and_a_deaf_one_hinders_nobody() -> None:
    Notifier({}).ready("here")
    Notifier({"NOTIFY_SOCKET": "/nowhere/notify"}).alive()
