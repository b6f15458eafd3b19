"""One call of the command line: which installation, how talkative, and what it opens."""

import getpass
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.config import Settings
    from connector.flow.workspace import Workspace
    from connector.plugins import Plugins


@dataclass(frozen=True)
class Invocation:
    """The global options. `home_given` is what stood behind --home, None when it did not."""

    home_given: Path | None
    verbose: bool

    @property
    def home(self) -> Path:
        """The home directory of the installation, absolute."""
        from connector.config import find_home

        return find_home(self.home_given, os.environ)

    @property
    def actor(self) -> str:
        """Who acts, for the audit trail: the user of the operating system."""
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return f"uid {os.getuid()}"

    def settings(self) -> "Settings":
        """The installation's settings. Raises ConfigError."""
        from connector.config import load

        return load(self.home, os.environ)

    def plugins(self) -> "Plugins":
        """The installed plugins, with the installation's choices where there is an installation."""
        from connector.config import MAIN_FILE
        from connector.plugins import load

        if not (self.home / MAIN_FILE).is_file():
            return load()
        chosen = self.settings().plugins
        return load(disable=chosen.disabled, prefer=chosen.prefer)

    @contextmanager
    def workspace(self) -> "Iterator[Workspace]":
        """The installation, opened; a signal asks the work in it to stop at its next commit, a second one at once."""
        from connector.flow.workspace import open_workspace
        from connector.log import configure

        configure("debug" if self.verbose else "error")
        with open_workspace(self.home, os.environ) as workspace, _stopping(workspace.stop):
            yield workspace


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    def _ask(_number: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {one: signal.signal(one, _ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
