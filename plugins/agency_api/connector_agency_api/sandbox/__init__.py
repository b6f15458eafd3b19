"""A stand-in agency: a real server that serves the open agency API and works files over test-clock time."""

from collections.abc import Mapping
from pathlib import Path


def serve(*, host: str, port: int, clock_file: Path | None, options: Mapping[str, str]) -> None:
    """Run the stand-in until it is stopped; see `connector.api.Sandbox`. Raises ConfigError for wrong settings."""
    from connector_agency_api.sandbox.server import run

    run(host=host, port=port, clock_file=clock_file, options=options)
