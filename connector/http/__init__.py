"""The HTTP session handed to plugins, the count of its calls, and the time that servers told."""

from connector.http.calls import CallCount, Calls
from connector.http.offsets import Offset, Offsets
from connector.http.session import Session

__all__ = ["CallCount", "Calls", "Offset", "Offsets", "Session"]
