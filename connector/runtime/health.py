"""Whether this process can do its work now: asked by whoever runs it, every few seconds."""

from connector.errors import ConnectorError
from connector.flow.workspace import Workspace
from connector.store import health, schema


def problems(workspace: Workspace) -> list[str]:
    """What keeps the service from working, in short sentences; empty when it is ready. Calls nobody outside."""
    found = []
    try:
        health.reach(workspace.store)
        schema.check(workspace.store)
    except ConnectorError as error:
        found.append(error.message)
    try:
        workspace.keys.seal(b"", purpose="health")
    except ConnectorError as error:
        found.append(error.message)
    return found
