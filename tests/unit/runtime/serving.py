"""The HTTP side of the service on a real address, before a desk whose agency lives in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from desk import Desk

from connector.config import Ledger
from connector.runtime.server import Server, Service, build_app


@dataclass
class Served:
    """A service: `silent` is since when its scheduler has not ticked, in seconds."""

    desk: Desk
    ledger: Ledger
    url: str = ""
    silent: float = 0.0

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}/{path}", timeout=10)


@contextmanager
def serving(desk: Desk, ledger: Ledger) -> Iterator[Served]:
    """Serve until the block ends."""
    made = Served(desk, ledger)
    server = Server(build_app(Service(desk, lambda: made.silent, lambda _name: None)), host="127.0.0.1", port=0)
    server.start()
    made.url = server.url
    try:
        yield made
    finally:
        server.stop()
