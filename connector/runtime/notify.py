"""Telling the service manager how it goes, by sd_notify(3): one datagram to the socket it named."""

import os
import socket
from collections.abc import Mapping

from connector.log import open_log


class Notifier:
    """Speaks to the manager behind NOTIFY_SOCKET; keeps silent where none asked to be told.

    The manager restarts a process that does not say `alive` for as long as the unit's WatchdogSec: whoever calls it
    has to be the thread whose standing still means that nothing is done any more.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        # The variables are inherited: a child of the process that is watched is not meant by them.
        self._watched = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._log = open_log()

    def ready(self, said: str) -> None:
        """The service works; `said` is what `systemctl status` shows."""
        self._tell("READY=1", f"STATUS={said}")

    def alive(self) -> None:
        """A sign of life."""
        if self._watched:
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The service was asked to stop, and does."""
        self._tell("STOPPING=1", "STATUS=stopping at the next commit")

    def _tell(self, *facts: str) -> None:
        """A manager that does not listen keeps nobody from working."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as opened:
                opened.settimeout(1)
                opened.sendto("\n".join(facts).encode(), address)
        except OSError as error:
            self._log.warning("the service manager cannot be told", why=error.strerror or type(error).__name__)
