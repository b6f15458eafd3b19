"""The HTTP session handed to plugins, and the count of its calls."""

from connector.http.calls import CallCount, Calls
from connector.http.session import Session

__all__ = ["CallCount", "Calls", "Session"]
