"""Files in a folder of this machine: a share, or what the agency's own agent fetches."""

import errno
import os
import stat
from pathlib import Path

from connector.errors import ConfigError, TransientError
from connector_agency_api.files.place import MOST_BYTES, Denied, Entry


class FolderPlace:
    """See `connector_agency_api.files.place.Place`."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def check(self, folder: str) -> None:
        path = self._root / folder
        if not path.is_dir():
            raise ConfigError(f"there is no folder {path}.", key="folder", mend="Make it, or mount the share.")
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigError(
                f"the folder {path} cannot be read and written.", key="folder", mend="Give this user the right to."
            )

    def listed(self, folder: str) -> dict[str, Entry]:
        try:
            with os.scandir(self._root / folder) as entries:
                return {one.name: _entry(one.stat()) for one in entries if one.is_file(follow_symlinks=False)}
        except OSError as error:
            raise self._trouble(error) from error

    def look(self, path: str) -> Entry | None:
        try:
            return _entry((self._root / path).stat())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._trouble(error) from error

    def read(self, path: str) -> bytes:
        try:
            with (self._root / path).open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
        except FileNotFoundError as error:
            raise Denied("A file of the agency is gone.", detail=path) from error
        except OSError as error:
            raise self._trouble(error) from error
        if len(content) > MOST_BYTES:
            raise Denied(f"A file of the agency is larger than {MOST_BYTES} bytes.", detail=path)
        return content

    def write(self, path: str, content: bytes) -> None:
        try:
            with (self._root / path).open("wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            _share(self._root / path, 0o600, 0o060)
        except OSError as error:
            raise self._trouble(error) from error

    def move(self, source: str, target: str) -> None:
        old, new = self._root / source, self._root / target
        try:
            _rename_without_replacing(old, new)
            _keep(new.parent)
        except (FileExistsError, FileNotFoundError) as error:
            raise Denied("The folder does not let a file be renamed.", detail=f"{error.strerror}: {source}") from error
        except OSError as error:
            raise self._trouble(error) from error

    def make(self, folder: str) -> None:
        try:
            if not (self._root / folder).exists():
                (self._root / folder).mkdir()
                _share(self._root / folder, 0o700, 0o070)
        except OSError as error:
            raise self._trouble(error) from error

    def _trouble(self, error: OSError) -> ConfigError | TransientError:
        if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
            mend = "Make it, mount the share, or give this user the right to."
            return ConfigError(f"the folder {self._root} cannot be used: {error.strerror}.", key="folder", mend=mend)
        return TransientError("The folder cannot be used for now.", detail=str(error.strerror))


def _rename_without_replacing(old: Path, new: Path) -> None:
    """At once, in one step of the file system. A second name and then taking away the first would be two, and a crash
    between them leaves a file that was fetched already looking as if it had not been sent.
    """
    if new.exists():
        raise FileExistsError(errno.EEXIST, "there is such a file already", str(new))
    old.rename(new)


def _share(path: Path, ours: int, group: int) -> None:
    """The folder says whether its group may read: the connector itself makes files that nobody else reads."""
    if os.name == "posix":
        path.chmod(ours | (path.parent.stat().st_mode & group))


def _keep(folder: Path) -> None:
    """A rename is on disk when its folder is. Windows keeps it by itself, and opens no folder."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _entry(status: os.stat_result) -> Entry:
    return Entry(size=status.st_size if stat.S_ISREG(status.st_mode) else 0, changed_at=int(status.st_mtime))
