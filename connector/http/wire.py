"""The transport under the session: it knows whether anything of a request has left, which decides what a failure
means. Importing it imports requests.
"""

import threading
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from connector.http.deadline import check_in_time


class _Progress(threading.local):
    sent = False


_progress = _Progress()


def begin() -> None:
    """Call before a request of this thread: nothing of it has left yet."""
    _progress.sent = False


def mark_sent() -> None:
    """Something of this thread's request leaves now. Also for a transport that stands in for this one in tests."""
    _progress.sent = True


def was_sent() -> bool:
    """Whether any byte of this thread's request has been given to an open connection."""
    return _progress.sent


class _Connection(HTTPConnection):
    def send(self, data: Any) -> None:
        # Connecting by ourselves keeps it apart from sending: a failure in here has surely sent nothing.
        if self.sock is None:
            self.connect()
        check_in_time()
        mark_sent()
        super().send(data)


class _TlsConnection(HTTPSConnection):
    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        check_in_time()
        mark_sent()
        super().send(data)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class WireAdapter(HTTPAdapter):
    """requests' adapter over connections that note when sending begins. It never repeats anything."""

    def __init__(self, *, pool_size: int) -> None:
        super().__init__(pool_connections=4, pool_maxsize=pool_size, max_retries=0, pool_block=False)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Make the pool of connections."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
