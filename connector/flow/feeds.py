"""An agency's feed: one place in it for all the ledgers that share the agency, and one reader at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from connector.flow.workspace import Workspace

# Seconds to wait for another ledger that reads the same agency's feed.
_FEED_WAIT = 30.0


def feed_scope(connection: str) -> str:
    """The name under which the place in an agency's feed is kept."""
    return f"changes:{connection}"


@contextmanager
def feed_alone(workspace: Workspace, connection: str) -> Iterator[None]:
    """Read an agency's feed with nobody else in it. Raises BusyError when another ledger reads it for long."""
    with workspace.store.lock(f"feed:{connection}", timeout=_FEED_WAIT):
        yield
