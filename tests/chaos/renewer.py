"""Processes that share one log-in at Exact Online, call all the time and renew it when due; `tokens.py` kills them.

    python renewer.py HOME REPORTS [unlocked|late]

Each line of input starts one more process, by a fork of this one that has imported everything; the answer is its
number. What goes wrong in a process is written to the file REPORTS. The naive ways: `unlocked`, nobody waits for
another's renewal; `late`, a new log-in is used before it is kept.
"""

import json
import os
import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from connector.cli.demo.stage import SECRETS
from connector.config import bind
from connector.errors import ConnectorError
from connector.flow.workspace import open_workspace
from connector.log import configure
from connector.secrets import BoundSecrets
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.division import read_me
from connector_exact.tokens import TokenKeeper

_PAUSE = 0.005


def main() -> None:
    """Start processes until the input ends."""
    home, reports = Path(sys.argv[1]), Path(sys.argv[2])
    configure("critical", "console")
    if sys.argv[3:]:
        {"unlocked": _unlock, "late": _keep_late}[sys.argv[3]]()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getpid()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                _call_on(home, reports, parent)
            finally:
                os._exit(1)
        print(child, flush=True)


def _call_on(home: Path, reports: Path, parent: int) -> None:
    """Call as long as the starting process lives."""
    told = ""
    with open_workspace(home, {**os.environ, **SECRETS}) as workspace:
        config = bind(ExactConfig, workspace.connection("exact-nl"))
        while os.getppid() == parent:
            context = workspace.context("exact-nl")
            # So that the server knows who presents a token.
            context.http._session.headers["User-Agent"] = str(os.getpid())
            client = Client(config.model_copy(update={"division": None}), context, TokenKeeper(config, context))
            try:
                while os.getppid() == parent:
                    read_me(client)
                    told = ""
                    time.sleep(_PAUSE)
            except ConnectorError as error:
                if told != error.message:
                    told = error.message
                    _report(reports, {"kind": type(error).__name__, "message": told})
            time.sleep(_PAUSE)


def _report(reports: Path, what: dict[str, Any]) -> None:
    # One write of one line: lines of several processes do not mix.
    with reports.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"pid": os.getpid(), **what}) + "\n")


def _unlock() -> None:
    BoundSecrets.lock = lambda *_args, **_named: nullcontext()


def _keep_late() -> None:
    keep = TokenKeeper._keep

    def use_and_keep(self: TokenKeeper, response: Any) -> Any:
        bearer = {"Authorization": f"Bearer {json.loads(response.content)['access_token']}"}
        self._context.http.request("GET", f"{self._config.base}/api/v1/current/Me", headers=bearer)
        return keep(self, response)

    TokenKeeper._keep = use_and_keep


if __name__ == "__main__":
    main()
