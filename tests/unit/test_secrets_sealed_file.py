"""Encrypted files: what was changed, cut, swapped or is of another key opens with none."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import ConfigError
from connector.secrets import KeyRing, generate_key
from connector.secrets.sealed_file import is_sealed, open_file, seal_file

RING = KeyRing([generate_key()])


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.secrets.sealed_file._PIECE", 10)


def sealed(folder: Path, content: bytes, *, name: str = "a") -> Path:
    plain, target = folder / f"{name}.plain", folder / f"{name}.sealed"
    plain.write_bytes(content)
    seal_file(RING, plain, target)
    return target


def opened(file: Path, ring: KeyRing = RING) -> bytes:
    target = file.with_suffix(".opened")
    open_file(ring, file, target)
    return target.read_bytes()


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 20, 95])
def test_what_is_sealed_opens_again(tmp_path: Path, length: int) -> None:
    content = bytes(range(256))[:length]
    file = sealed(tmp_path, content)
    assert is_sealed(file)
    assert opened(file) == content
    assert not is_sealed(tmp_path / "a.plain")


def test_a_large_file_is_more_than_one_piece(tmp_path: Path) -> None:
    content = b"Jan de Vries " * 200_000
    file = sealed(tmp_path, content)
    assert len(file.read_bytes().splitlines()) == 2 + 3
    assert b"Vries" not in file.read_bytes()
    assert opened(file) == content


def test_an_older_key_still_opens_and_another_does_not(tmp_path: Path) -> None:
    old, new = generate_key(), generate_key()
    plain, file = tmp_path / "plain", tmp_path / "a.sealed"
    plain.write_bytes(b"x")
    seal_file(KeyRing([old]), plain, file)
    assert opened(file, KeyRing([new, old])) == b"x"
    with pytest.raises(ConfigError, match=r"a\.sealed: no key opens it"):
        opened(file, KeyRing([new]))


@pytest.mark.usefixtures("small_pieces")
class TestDamage:
    CONTENT = bytes(range(35))

    def refuses(self, file: Path, lines: list[bytes]) -> None:
        file.write_bytes(b"".join(lines))
        with pytest.raises(ConfigError, match="damaged or not whole"):
            opened(file)

    @pytest.mark.parametrize("lost", [2, 3, 4, 5])
    def test_a_piece_is_lost(self, tmp_path: Path, lost: int) -> None:
        file = sealed(tmp_path, self.CONTENT)
        lines = file.read_bytes().splitlines(keepends=True)
        self.refuses(file, lines[:lost] + lines[lost + 1 :])

    def test_everything_after_a_place_is_lost(self, tmp_path: Path) -> None:
        file = sealed(tmp_path, self.CONTENT)
        lines = file.read_bytes().splitlines(keepends=True)
        for left in range(1, len(lines)):
            self.refuses(file, lines[:left])

    def test_pieces_are_swapped_or_come_from_another_file(self, tmp_path: Path) -> None:
        file, other = sealed(tmp_path, self.CONTENT), sealed(tmp_path, self.CONTENT, name="b")
        lines, foreign = (one.read_bytes().splitlines(keepends=True) for one in (file, other))
        self.refuses(file, [*lines[:2], lines[3], lines[2], *lines[4:]])
        self.refuses(file, [*lines[:2], foreign[2], *lines[3:]])

    def test_something_follows(self, tmp_path: Path) -> None:
        file = sealed(tmp_path, self.CONTENT)
        lines = file.read_bytes().splitlines(keepends=True)
        self.refuses(file, [*lines, lines[-1]])


@settings(max_examples=50)
@given(st.data())
def test_any_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = sealed(tmp_path_factory.mktemp("sealed"), b"Jan de Vries")
    whole = bytearray(file.read_bytes())
    place = data.draw(st.integers(22, len(whole) - 2))
    whole[place] ^= data.draw(st.integers(1, 127))
    file.write_bytes(whole)
    with pytest.raises(ConfigError):
        opened(file)
