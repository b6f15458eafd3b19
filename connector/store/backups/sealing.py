"""Back-ups under the key ring: what leaves the machine can be read by nobody who has not got the keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import ConfigError
from connector.secrets import KeyRing
from connector.secrets.sealed_file import is_sealed, open_file
from connector.store.whole_file import file_beside


@contextmanager
def opened(file: Path, keys: KeyRing | None, *, room: Path) -> Iterator[Path]:
    """The plain back-up in `file`: itself, or for this block a copy in the folder `room` that only its owner reads.

    Raises ConfigError when it is encrypted and no key opens it.
    """
    if not is_sealed(file):
        yield file
        return
    if keys is None:
        raise ConfigError("it is encrypted, and no key is configured.", file=str(file), mend="Name it: [secrets] keys.")
    with file_beside(room / file.name) as plain:
        open_file(keys, file, plain)
        yield plain
