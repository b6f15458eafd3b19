"""Runs what the Dockerfile runs, in a folder instead of a container: for machines without a container engine.

python deploy/try_dockerfile.py [FOLDER]

Every RUN but those that make users runs with the paths of the image below FOLDER; then ENTRYPOINT with CMD on a new
installation, HEALTHCHECK beside it, and STOPSIGNAL. Exit code 0: all of it went well. Needs the network for the wheels.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
DOCKERFILE = REPOSITORY / "deploy" / "Dockerfile"
# They change the machine rather than the image's files: read, and told, not run here.
NOT_HERE = ("useradd ", "install --directory --owner=")
_PLACES = re.compile(r"(?<![\w.])/(?=(?:opt|src|data)(?:/|\b))")


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with its arguments, lines that go on joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Trial:
    """The image's files below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.here = root
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("INCASSO_")}

    def place(self, text: str) -> str:
        """`text` with the image's own folders below `root`."""
        return _PLACES.sub(f"{self.root}/", text)

    def build(self, steps: list[tuple[str, str]]) -> None:
        """Every instruction that leaves something in the image."""
        for word, rest in steps:
            if word == "WORKDIR":
                self.here = Path(self.place(rest))
                self.here.mkdir(parents=True, exist_ok=True)
            elif word == "COPY" and "--from=" not in rest:
                self.copy(shlex.split(rest))
            elif word == "ENV":
                self.environ |= self.variables(rest)
            elif word == "RUN":
                self.do(rest)

    def copy(self, words: list[str]) -> None:
        """Files of the repository, into the working folder."""
        *sources, target = words
        for source in sources:
            found = REPOSITORY / source
            if found.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(found, self.here / target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(found, self.here / target)

    def variables(self, text: str) -> dict[str, str]:
        """The pairs of an ENV."""
        pairs = dict(pair.split("=", 1) for pair in shlex.split(text))
        return {key: self.place(value).replace("$PATH", self.environ["PATH"]) for key, value in pairs.items()}

    def do(self, command: str) -> None:
        """A RUN, with the Python that runs this."""
        if command.startswith(NOT_HERE):
            say(f"not run here: {command}")
            return
        began = time.monotonic()
        written = self.place(command)
        if written.startswith("python "):
            written = f"{sys.executable} {written.removeprefix('python ')}"
        subprocess.run(written, shell=True, check=True, cwd=self.here, env=self.environ, stdout=subprocess.DEVNULL)
        say(f"{time.monotonic() - began:6.1f} s  {command}")

    def serve(self, steps: list[tuple[str, str]]) -> None:
        """The container's life: start, be asked for its health until it is well, and stop."""
        last = dict(steps)
        home = Path(self.environ["INCASSO_HOME"])
        home.mkdir(mode=0o700)
        entry = json.loads(last["ENTRYPOINT"])
        subprocess.run([*entry, "init"], check=True, env=self.environ, cwd="/", stdout=subprocess.DEVNULL)
        with subprocess.Popen([*entry, *json.loads(last["CMD"])], env=self.environ, cwd="/") as service:
            try:
                self.until_well(json.loads(last["HEALTHCHECK"].partition("CMD ")[2]))
                began = time.monotonic()
                service.send_signal(signal.Signals[last["STOPSIGNAL"]])
                code = service.wait(45)
            finally:
                if service.poll() is None:
                    service.kill()
        if code:
            raise SystemExit(f"it stopped with exit code {code}")
        say(f"{time.monotonic() - began:6.1f} s  {last['STOPSIGNAL']}, exit code 0")

    def until_well(self, command: list[str]) -> None:
        """HEALTHCHECK, as often as it takes to be well, a minute at most."""
        began = time.monotonic()
        while subprocess.run(command, env=self.environ, cwd="/", stdout=subprocess.DEVNULL).returncode:
            if time.monotonic() - began > 60:
                raise SystemExit("it does not become well")
            time.sleep(0.5)
        say(f"{time.monotonic() - began:6.1f} s  {shlex.join(command)}, exit code 0")


def main(arguments: list[str]) -> int:
    """Try it in the folder that is named, or in one that is thrown away. Returns the exit code."""
    steps = list(instructions(DOCKERFILE.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as thrown_away:
        trial = Trial(Path(arguments[0] if arguments else thrown_away).resolve())
        trial.build(steps)
        trial.serve(steps)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
