"""What every verb works with: the settings, the store, the clock, the plugins, opened once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

from connector.api import Clock, Context, Log, Login, Sink, Source
from connector.clock import open_clock
from connector.config import Connection, Ledger, Link, Settings, bind
from connector.errors import ConfigError
from connector.http import CallCounter, Session
from connector.log import open_log
from connector.plugins import Plugins
from connector.policy import Policy, load_policy
from connector.quota import open_budget
from connector.secrets import BoundSecrets, KeyRing
from connector.store import Store
from connector.store.vault import PluginState, TokenRows
