"""Configuration: files and environment to settings. A mistake names file, key and the mend; all are told at once."""

from connector.config.bind import bind
from connector.config.home import write_home
from connector.config.load import MAIN_FILE, find_home, load
from connector.config.mistakes import Mistake, MistakesError
from connector.config.settings import (
    Connection,
    DaemonSettings,
    EngineSettings,
    Ledger,
    Link,
    LogSettings,
    PluginSettings,
    Settings,
)

__all__ = [
    "MAIN_FILE",
    "Connection",
    "DaemonSettings",
    "EngineSettings",
    "Ledger",
    "Link",
    "LogSettings",
    "Mistake",
    "MistakesError",
    "PluginSettings",
    "Settings",
    "bind",
    "find_home",
    "load",
    "write_home",
]
