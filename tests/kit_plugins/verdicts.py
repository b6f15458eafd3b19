"""Runs the checks of a conformance class one by one and tells which of them fail."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pytest

from connector.testing import plugin_checks


def checks_of(kit: type[Any]) -> list[str]:
    """The names of all checks, without `test_`, in order."""
    return sorted(name.removeprefix("test_") for name in dir(kit) if name.startswith("test_"))


def failed_checks(kit: type[Any]) -> dict[str, str]:
    """The checks that fail, with what they say. Skipped ones do not fail."""
    failures = {}
    for check in checks_of(kit):
        try:
            getattr(kit(), f"test_{check}")()
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception) as error:
            failures[check] = str(error)
    return failures


@contextmanager
def installed_here(folder: Path, distribution: str, plugins: Mapping[str, str], version: str = "1.0") -> Iterator[None]:
    """As if `distribution` had been installed, offering `plugins`: entry-point name to module."""
    install(folder, distribution, plugins, version)
    sys.path.insert(0, str(folder))
    invalidate_caches()
    plugin_checks.installed.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        invalidate_caches()
        plugin_checks.installed.cache_clear()


def install(
    folder: Path,
    distribution: str,
    plugins: Mapping[str, str],
    version: str = "1.0",
    *,
    group: str = "connector.plugins",
) -> None:
    """Write the metadata of an installed distribution into `folder`."""
    metadata = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    metadata.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    lines = [f"{name} = {module}" for name, module in plugins.items()]
    metadata.joinpath("entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
