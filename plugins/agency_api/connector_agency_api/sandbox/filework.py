"""Lets the clerk work beside the stand-in's server, over its own address."""

import sys
import threading
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import requests

from connector_agency_api.sandbox.clerk import Clerk

_EVERY_SECONDS = 0.5
_TIMEOUT = 30


def api_of(url: str, api_key: str) -> Any:
    """A function that calls the agency's API at `url`."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {api_key}"

    def call(
        method: str,
        path: str,
        *,
        key: str = "",
        body: dict[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = session.request(method, url + path, json=body, params=params, headers=headers, timeout=_TIMEOUT)
        return answer.status_code, answer.json()

    return call


def keep_working(folder: Path, url: str, api_key: str, stop: threading.Event) -> None:
    """Work the folder until stopped; a status file at the beginning of each day."""
    call = api_of(url, api_key)
    clerk = Clerk(folder, call)
    told: date | None = None
    while not stop.wait(_EVERY_SECONDS):
        try:
            clerk.round()
            _, answer = call("GET", "/v1/ping")
            day = datetime.fromisoformat(answer["time"]).date()
            if day != told:
                clerk.tell_status()
                told = day
        except (OSError, ValueError, KeyError) as error:
            # The next round tries again: a fault that a test asked for, or a file that is being replaced.
            sys.stderr.write(f"the stand-in's clerk was interrupted: {type(error).__name__}\n")
