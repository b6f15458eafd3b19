"""Secrets by reference, the key ring, and tokens at rest."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError
from sqlalchemy import select

from connector.api import SecretRef, Secrets
from connector.clock import SystemClock
from connector.errors import ConfigError, TransientError
from connector.log import Masker
from connector.secrets import (
    BoundSecrets,
    KeyRing,
    SecretReader,
    TokenRows,
    generate_key,
    open_key_ring,
    token_purpose,
)
from connector.store import Store
from connector.store.tables import token
from connector.store.vault import TokenRows as StoredTokens

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX file rights")


@pytest.fixture
def masker() -> Masker:
    return Masker()


@pytest.fixture
def reader(tmp_path: Path, masker: Masker) -> SecretReader:
    return SecretReader(tmp_path, {"APP_SECRET": " from-environment\n", "EMPTY": "  "}, masker)


def secret_file(folder: Path, content: bytes, *, mode: int = 0o600) -> Path:
    path = folder / "app.secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refused(reader: SecretReader, ref: SecretRef) -> str:
    with pytest.raises(ConfigError) as caught:
        reader.resolve(ref)
    assert str(ref) in caught.value.message
    assert caught.value.mend
    return caught.value.message


def test_a_secret_of_the_environment_is_read_and_hidden_from_then_on(reader: SecretReader, masker: Masker) -> None:
    assert reader.resolve(SecretRef(env="APP_SECRET")) == "from-environment"
    assert masker.mask("says from-environment") == "says ***"


def test_a_missing_or_empty_variable_is_named(reader: SecretReader) -> None:
    assert "Set NOT_SET in the environment" in refused(reader, SecretRef(env="NOT_SET"))
    assert "the variable is not set" in refused(reader, SecretRef(env="EMPTY"))


def test_a_secret_file_is_found_relative_to_home_or_by_its_full_path(reader: SecretReader, tmp_path: Path) -> None:
    path = secret_file(tmp_path, b"from-a-file\n")
    assert reader.resolve(SecretRef(file="app.secret")) == "from-a-file"
    assert reader.resolve(SecretRef(file=str(path))) == "from-a-file"


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "the file is empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70_000, "larger than 64 kB")],
)
def test_a_secret_file_that_holds_no_secret_is_told(
    reader: SecretReader, tmp_path: Path, content: bytes, told: str
) -> None:
    secret_file(tmp_path, content)
    assert told in refused(reader, SecretRef(file="app.secret"))


def test_a_missing_secret_file_and_a_folder_are_told(reader: SecretReader, tmp_path: Path) -> None:
    assert "no such file" in refused(reader, SecretRef(file="absent.secret"))
    (tmp_path / "folder").mkdir()
    assert "is a directory" in refused(reader, SecretRef(file="folder"))


@posix_only
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o602, 0o644])
def test_a_secret_file_others_may_read_or_change_is_refused_with_the_mend(
    reader: SecretReader, tmp_path: Path, mode: int
) -> None:
    path = secret_file(tmp_path, b"from-a-file", mode=mode)
    assert f"chmod 600 {path}" in refused(reader, SecretRef(file="app.secret"))
    path.chmod(0o600)
    assert reader.resolve(SecretRef(file="app.secret")) == "from-a-file"


@posix_only
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_may_be_readable_by_our_group_but_by_nobody_else(
    reader: SecretReader, tmp_path: Path
) -> None:
    path = secret_file(tmp_path, b"from-a-service-manager", mode=0o440)
    os.chown(path, 12345, os.getegid())
    assert reader.resolve(SecretRef(file="app.secret")) == "from-a-service-manager"
    path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IWGRP)
    refused(reader, SecretRef(file="app.secret"))


def test_a_credential_is_read_where_the_service_manager_put_it(tmp_path: Path, masker: Masker) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    secret_file(folder, b"from-the-manager\n", mode=0o400)
    reader = SecretReader(tmp_path, {"CREDENTIALS_DIRECTORY": str(folder)}, masker)
    assert reader.resolve(SecretRef(credential="app.secret")) == "from-the-manager"
    assert masker.mask("says from-the-manager") == "says ***"
    assert "LoadCredential=absent:" in refused(reader, SecretRef(credential="absent"))


@pytest.mark.parametrize("name", ["../app.secret", "/etc/passwd", "a/b", ".."])
def test_a_credential_is_a_name_and_leads_nowhere_else(tmp_path: Path, masker: Masker, name: str) -> None:
    secret_file(tmp_path, b"another")
    (tmp_path / "credentials").mkdir()
    reader = SecretReader(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}, masker)
    refused(reader, SecretRef(credential=name))


def test_a_credential_of_a_process_that_was_given_none_is_told(reader: SecretReader) -> None:
    assert "was given no credentials" in refused(reader, SecretRef(credential="main.key"))


class MemoryKeyring(KeyringBackend):
    """A keyring of this process alone."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if service == "broken":
            raise NoKeyringError("no backend")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def system_keyring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    ours = MemoryKeyring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_a_secret_of_the_keyring_is_read(reader: SecretReader, system_keyring: MemoryKeyring) -> None:
    system_keyring.set_password("incasso/nl", "exact", "from-the-keyring")
    assert reader.resolve(SecretRef(keyring="incasso/nl/exact")) == "from-the-keyring"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("incasso/absent", "keyring set incasso absent"),
        ("incasso", "does not name service and user"),
        ("/exact", "does not name service and user"),
        ("broken/exact", "the keyring does not answer"),
    ],
)
@pytest.mark.usefixtures("system_keyring")
def test_a_keyring_that_gives_no_secret_is_told(reader: SecretReader, name: str, told: str) -> None:
    assert told in refused(reader, SecretRef(keyring=name))


# The key ring.


def test_what_is_sealed_opens_again_and_does_not_show() -> None:
    ring = KeyRing([generate_key()])
    sealed = ring.seal(b"refresh-token", purpose="p")
    assert ring.open(sealed.blob, purpose="p") == b"refresh-token"
    assert b"refresh" not in sealed.blob
    assert sealed.key_id == ring.key_id


@given(value=st.binary(max_size=200), purpose=st.text(max_size=20))
def test_any_value_comes_back_for_its_purpose(value: bytes, purpose: str) -> None:
    ring = KeyRing([Fernet.generate_key().decode()])
    assert ring.open(ring.seal(value, purpose=purpose).blob, purpose=purpose) == value


def test_the_first_key_seals_and_all_keys_open() -> None:
    old, new = generate_key(), generate_key()
    sealed = KeyRing([old]).seal(b"token", purpose="p")
    both = KeyRing([new, old])
    assert both.open(sealed.blob, purpose="p") == b"token"
    assert both.key_id != sealed.key_id
    renewed = both.reseal(sealed.blob, purpose="p")
    assert KeyRing([new]).open(renewed.blob, purpose="p") == b"token"
    assert renewed.key_id == both.key_ids[0]


def test_a_lost_key_a_changed_row_and_a_row_moved_elsewhere_do_not_open() -> None:
    ring = KeyRing([generate_key()])
    blob = ring.seal(b"token", purpose="token:a:main").blob
    changed = blob[:-3] + b"AAA"
    for other_ring, other_blob, purpose in (
        (KeyRing([generate_key()]), blob, "token:a:main"),
        (ring, changed, "token:a:main"),
        (ring, blob, "token:b:main"),
        (ring, b"not sealed at all", "token:a:main"),
    ):
        with pytest.raises(ConfigError, match="log in again"):
            other_ring.open(other_blob, purpose=purpose)


def test_a_text_that_is_no_key_is_told_by_its_reference_and_never_shown(reader: SecretReader) -> None:
    with pytest.raises(ConfigError) as caught:
        open_key_ring([SecretRef(env="APP_SECRET")], reader)
    assert caught.value.key == "secrets.keys[0]"
    assert "env:APP_SECRET" in caught.value.message
    assert "from-environment" not in caught.value.message


def test_no_key_at_all_says_how_to_make_one(reader: SecretReader) -> None:
    with pytest.raises(ConfigError, match="incasso keys new"):
        open_key_ring([], reader)


def test_keys_are_read_from_their_references(tmp_path: Path) -> None:
    old, new = generate_key(), generate_key()
    secret_file(tmp_path, new.encode())
    reader = SecretReader(tmp_path, {"OLD_KEY": old}, Masker())
    ring = open_key_ring([SecretRef(file="app.secret"), SecretRef(env="OLD_KEY")], reader)
    assert ring.key_ids == KeyRing([new, old]).key_ids


# The secrets of one connection.


@pytest.fixture
def rows(store: Store) -> TokenRows:
    return StoredTokens(store, SystemClock())


def stored(store: Store) -> list[tuple[str, str, bytes, str]]:
    with store.read() as tx:
        query = select(token.c.connection, token.c.name, token.c.blob, token.c.key_id)
        return [tuple(row) for row in tx.execute(query)]


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing([generate_key()])


@pytest.fixture
def secrets(reader: SecretReader, ring: KeyRing, rows: TokenRows) -> BoundSecrets:
    return BoundSecrets("exact-nl", reader=reader, ring=ring, rows=rows)


def test_a_token_is_kept_encrypted_and_comes_back(secrets: BoundSecrets, ring: KeyRing, store: Store) -> None:
    contract: Secrets = secrets
    assert contract.load("main") is None
    contract.save("main", "first-refresh-token")
    contract.save("main", "refresh-token-0123456789")
    assert contract.load("main") == "refresh-token-0123456789"
    ((connection, name, blob, key_id),) = stored(store)
    assert (connection, name, key_id) == ("exact-nl", "main", ring.key_id)
    assert b"refresh-token" not in blob


def test_a_token_of_one_connection_does_not_open_for_another(
    secrets: BoundSecrets, reader: SecretReader, ring: KeyRing, rows: TokenRows, store: Store
) -> None:
    secrets.save("main", "refresh-token-0123456789")
    ((_, name, blob, key_id),) = stored(store)
    rows.save("other", name, blob, key_id)
    other = BoundSecrets("other", reader=reader, ring=ring, rows=rows)
    with pytest.raises(ConfigError, match=token_purpose("other", "main")):
        other.load("main")


def test_tokens_and_their_parts_are_hidden_when_saved_and_when_loaded(
    secrets: BoundSecrets, ring: KeyRing, rows: TokenRows, tmp_path: Path
) -> None:
    parts = {"access_token": "access-0123456789", "scopes": ["read"], "old": [{"token": "old-token-9876543210"}]}
    secrets.save("main", json.dumps(parts))
    fresh = Masker()
    loading = BoundSecrets("exact-nl", reader=SecretReader(tmp_path, {}, fresh), ring=ring, rows=rows)
    loading.load("main")
    for masker in (secrets._reader.masker, fresh):
        text = masker.mask("failed with access-0123456789, before old-token-9876543210, to read")
        assert text == "failed with ***, before ***, to read"


def test_a_secret_reference_is_resolved_through_the_connection(secrets: BoundSecrets) -> None:
    assert secrets.resolve(SecretRef(env="APP_SECRET")) == "from-environment"


def test_only_one_holds_the_lock_of_a_token(
    secrets: BoundSecrets, reader: SecretReader, ring: KeyRing, rows: TokenRows
) -> None:
    second = BoundSecrets("exact-nl", reader=reader, ring=ring, rows=rows)
    other = BoundSecrets("exact-be", reader=reader, ring=ring, rows=rows)
    held = secrets.lock("main"), other.lock("main", timeout=0.1), second.lock("side", timeout=0.1)
    with held[0], held[1], held[2], pytest.raises(TransientError), second.lock("main", timeout=0.1):
        pytest.fail("two hold the lock")
    with second.lock("main", timeout=0.1):
        pass
