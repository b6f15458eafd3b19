"""Writing a new home directory, for `incasso init`."""

from importlib.resources import files
from pathlib import Path

from connector.errors import ConfigError

_FILES = (
    "incasso.toml",
    "connections/exact-nl.toml",
    "connections/agency.toml",
    "ledgers/example.toml",
    "policies/standard.toml",
    "policies/nl-business.toml",
    "policies/nl-consumer.toml",
    "policies/be-business.toml",
    "policies/be-consumer.toml",
)
# What must never get into a repository of configuration files.
_IGNORED = "/keys/\n/data/\n"


def write_home(home: Path) -> tuple[Path, ...]:
    """Write a commented example installation into `home`; returns the files written.

    Its key file is not made here: `incasso.toml` names keys/main.key. Raises ConfigError, before anything is
    written, when one of the files is there already.
    """
    starter = files("connector.config") / "starter"
    texts = {home / name: starter.joinpath(name).read_text(encoding="utf-8") for name in _FILES}
    texts[home / ".gitignore"] = _IGNORED
    present = next((path for path in texts if path.exists()), None)
    if present is not None:
        raise ConfigError(
            "there is a file already, and nothing is overwritten.", file=str(present), mend="Choose another folder."
        )
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as opened:
                opened.write(text)
    except OSError as error:
        raise ConfigError(
            f"the installation cannot be written ({error.strerror}).", file=str(home), mend="Choose another folder."
        ) from error
    return tuple(texts)
