"""Setting the stage: two stand-in servers, an installation in a folder, one log-in."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from shutil import copytree
from typing import Any

from pydantic import ValidationError

from connector.clock import FileClock
from connector.config import MAIN_FILE, load
from connector.config.shapes import StoreTable
from connector.errors import ConfigError, TransientError
from connector.flow.workspace import Workspace, open_workspace
from connector.secrets import generate_key
from connector.store import open_store, schema

SECRETS = {"INCASSO_DEMO_EXACT": "sandbox-secret", "INCASSO_DEMO_AGENCY": "sandbox-key"}


@dataclass(frozen=True)
class Stage:
    """A running demonstration: where the two stand-ins listen, the installation's folder and its clock."""

    home: Path
    clock: FileClock
    servers: Mapping[str, str]
    workspace: Workspace

    def order(self, server: str, path: str, body: Any = None) -> Any:
        """Give an order to a stand-in's control surface; returns its JSON answer."""
        import requests

        method = "GET" if body is None else "POST"
        answer = requests.request(method, f"{self.servers[server]}/sandbox/{path}", json=body, timeout=60)
        if not answer.ok:
            raise TransientError(f"the stand-in {server} refused {path}", detail=answer.text[:500])
        return answer.json()


@contextmanager
def set_stage(
    home: Path, begin: datetime, servers: Mapping[str, Mapping[str, str]], *, store: str = ""
) -> Iterator[Stage]:
    """Start the stand-ins (`servers`: name to options), write the installation into `home`, log in.

    `store`: see `check_store`. Everything is ended when the block is left; the folder stays, to be looked at.
    """
    home.mkdir(parents=True, exist_ok=True)
    clock = FileClock(home / "clock.txt")
    clock.set(begin)
    running: dict[str, subprocess.Popen[str]] = {}
    try:
        for name, options in servers.items():
            running[name] = _start(name, clock.path, options, log=home / f"{name}.log")
        urls = {name: _address(process, name) for name, process in running.items()}
        _write_home(home, urls, store)
        with open_workspace(home, _environ()) as workspace:
            for connection in workspace.settings.connections:
                log_in(workspace, connection)
            yield Stage(home, clock, urls, workspace)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(10)
            if process.stdout:
                process.stdout.close()


def check_store(url: str) -> None:
    """Raises ConfigError for the URL of a database that may not stand in a file, or holds something already."""
    try:
        StoreTable(url=url)
    except ValidationError as error:
        raise ConfigError(error.errors()[0]["msg"].removeprefix("Value error, "), key="store.url") from None
    store = open_store(url)
    try:
        if schema.current(store) is not None:
            raise ConfigError("this database holds something already.", key="store.url", mend="Name an empty one.")
    finally:
        store.close()


def _start(name: str, clock: Path, options: Mapping[str, str], *, log: Path) -> subprocess.Popen[str]:
    settings = [part for key, value in options.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "connector", "sandbox", name, "--clock-file", str(clock), *settings]
    with log.open("w", encoding="utf-8") as errors:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603


def _address(process: subprocess.Popen[str], name: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("listening on "):
            return line.removeprefix("listening on ").strip()
    raise TransientError(f"the stand-in {name} did not start; its log stands beside the demonstration's files")


def _environ() -> dict[str, str]:
    """Ours without what would lead to another installation's database or clock."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("INCASSO_")}
    return {**ours, **SECRETS}


def _write_home(home: Path, urls: Mapping[str, str], store: str) -> None:
    with as_file(files("connector.cli.demo") / "home") as template:
        copytree(template, home, dirs_exist_ok=True)
    with as_file(files("connector.config") / "starter" / "policies") as policies:
        copytree(policies, home / "policies", dirs_exist_ok=True)
    for path in (home / "connections").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        for name, url in urls.items():
            text = text.replace("{" + name + "}", url)
        path.write_text(text, encoding="utf-8")
    key = home / "key"
    key.touch(mode=0o600)
    key.write_text(generate_key(), encoding="utf-8")
    if store:
        with (home / MAIN_FILE).open("a", encoding="utf-8") as main:
            main.write(f"\n[store]\nurl = {json.dumps(store)}\n")
    database = open_store(load(home, _environ()).store_url)
    schema.upgrade(database)
    database.close()


def log_in(workspace: Workspace, connection: str) -> None:
    """Play the person at the browser: the stand-in consents by itself and sends us back with the code."""
    from urllib.parse import parse_qsl, urlsplit

    import requests

    with workspace.closing():
        login = workspace.login(workspace.connection(connection))
        if login is None:
            return
        redirect = "http://127.0.0.1:8765/callback"
        answer = requests.get(login.authorize_url(redirect), allow_redirects=False, timeout=60)
        login.finish(redirect, dict(parse_qsl(urlsplit(answer.headers["location"]).query)))
