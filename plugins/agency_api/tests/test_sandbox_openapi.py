"""The stand-in against its own document: schemathesis looks for answers and refusals that do not fit."""

import os
import subprocess
import sys
from pathlib import Path

from .sandbox_server import API_KEY, running_sandbox

_CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, minimum_minor="0", countries="") as server:
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(_CONFIG), "run",
            f"{server.url}/openapi.json", "--url", server.url,
            "--header", f"Authorization: Bearer {API_KEY}",
        ]  # fmt: skip
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": ""}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=240, cwd=tmp_path, env=environment, check=False
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
