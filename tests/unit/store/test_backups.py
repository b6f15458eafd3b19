"""Back-ups are whole while others write, are tried by restoring, and put the store that they replace in quarantine."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from connector.errors import ConfigError, ConnectorError, TransientError
from connector.secrets import KeyRing, generate_key
from connector.store import Store, backups, chain, journal, open_store, quarantine, schema
from connector.store.chain_check import walk
from connector.store.tables import audit, cursor

BACKED_UP = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
RESTORED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# Two rows in one transaction: a back-up that holds one of them is torn.
WRITER = """
import sys
from datetime import datetime, UTC
from connector.store import journal, open_store
store = open_store(sys.argv[1])
turn = 0
while True:
    turn += 1
    with store.write() as tx:
        journal.note(tx, "case.opened", f"C-{turn}", at=datetime.now(UTC), ledger="acme")
        journal.write_cursor(tx, "pull:acme", str(turn), at=datetime.now(UTC), complete=False)
    print(turn, flush=True)
"""


def fill(store: Store, count: int, *, first: int = 1) -> None:
    for number in range(first, first + count):
        with store.write() as tx:
            journal.note(tx, "case.opened", f"C-{number}", at=BACKED_UP, ledger="acme", plan=number)


def subjects(store: Store) -> list[str]:
    with store.read() as tx:
        return [row.subject for row in tx.execute(select(audit.c.subject).order_by(audit.c.id))]


def back_up(store: Store, file: Path) -> backups.Backup:
    return backups.back_up(store, file, now=lambda: BACKED_UP)


def restore(store: Store, file: Path, *, replace: bool = True) -> backups.Restored:
    return backups.restore(store, file, replace=replace, at=RESTORED, actor="jan")


def try_out(store: Store, made: backups.Backup) -> backups.Trial:
    return backups.try_out(store, made, lambda _count: None)


def test_a_back_up_is_for_its_owner_and_leaves_nothing_beside(store: Store, tmp_path: Path) -> None:
    fill(store, 3)
    made = back_up(store, tmp_path / "kept" / "one.backup")
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert os.listdir(made.file.parent) == ["one.backup"]
    assert (made.rows["audit"], made.rows["backup"], made.size) == (3, 1, made.file.stat().st_size)
    with store.read() as tx:
        assert backups.last_backup(tx) == BACKED_UP
    with pytest.raises(ConfigError, match="never overwritten"):
        back_up(store, made.file)


def test_a_back_up_that_fails_leaves_no_file_and_is_not_remembered(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ConfigError, match="cannot be written"):
        back_up(store, tmp_path / "file" / "one")
    with store.read() as tx:
        assert backups.last_backup(tx) is None
        assert journal.read_cursor(tx, "x") is None


def test_a_back_up_made_while_another_process_writes_is_whole(store: Store, store_url: str, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, store_url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            for _ in range(20):
                writer.stdout.readline()
            made = [backups.back_up(store, tmp_path / f"{n}.backup", now=lambda: datetime.now(UTC)) for n in range(3)]
            before = int(writer.stdout.readline())
            while int(writer.stdout.readline()) < before + 20:
                pass
        finally:
            writer.kill()
    lengths = []
    for one in made:
        trial = try_out(store, one)
        lengths.append(trial.audited)
        assert one.rows["audit"] == trial.audited
    assert 20 <= lengths[0] <= lengths[1] <= lengths[2]
    restore(store, made[1].file)
    opened = open_store(store_url)
    with opened.read() as tx:
        turn = int(tx.scalar(select(cursor.c.value)) or 0)
        ends = {one.ledger: one.number for one in chain.heads(tx)}
    assert ends == {"acme": turn, "": 1}
    assert turn == lengths[1]
    opened.close()


def test_a_restored_store_is_what_it_was_and_in_quarantine(store: Store, store_url: str, tmp_path: Path) -> None:
    fill(store, 3)
    made = back_up(store, tmp_path / "one.backup")
    fill(store, 2, first=4)
    done = restore(store, made.file)
    assert (done.backup_at, done.revision) == (BACKED_UP, schema.HEAD)
    opened = open_store(store_url)
    schema.check(opened)
    assert subjects(opened) == ["C-1", "C-2", "C-3", "store"]
    with opened.read() as tx:
        assert quarantine.read(tx) == quarantine.Quarantine(at=RESTORED, backup_at=BACKED_UP)
        assert backups.last_backup(tx) is None
    fill(opened, 1, first=9)
    assert walk(opened, "acme", lambda _count: None).broken is None
    with opened.write() as tx:
        assert quarantine.end(tx)
        assert not quarantine.end(tx)
        assert quarantine.read(tx) is None
    opened.close()
    if done.kept:
        old = open_store(f"sqlite:///{done.kept}")
        assert subjects(old) == [f"C-{n}" for n in range(1, 6)]
        old.close()
    assert (done.kept is None) == (store.dialect == "postgresql")


def test_a_quarantine_is_replaced_by_that_of_a_newer_restore(store: Store) -> None:
    for day in (1, 2):
        with store.write() as tx:
            quarantine.begin(tx, at=RESTORED + timedelta(days=day), backup_at=None)
    with store.read() as tx:
        assert quarantine.read(tx) == quarantine.Quarantine(at=RESTORED + timedelta(days=2), backup_at=None)


def test_a_store_that_holds_something_is_replaced_only_when_that_is_said(store: Store, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "one.backup")
    fill(store, 1)
    with pytest.raises(ConfigError, match="--replace"):
        restore(store, made.file, replace=False)
    assert subjects(store) == ["C-1"]


def test_an_empty_store_needs_no_permission(store: Store, store_url: str, tmp_path: Path) -> None:
    fill(store, 2)
    made = back_up(store, tmp_path / "one.backup")
    schema.downgrade(store, "base")
    schema.upgrade(store)
    assert restore(store, made.file, replace=False).kept is None
    opened = open_store(store_url)
    assert subjects(opened) == ["C-1", "C-2", "store"]
    opened.close()


def test_a_store_in_use_by_another_process_is_left_alone(store: Store, store_url: str, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "one.backup")
    with subprocess.Popen([sys.executable, "-c", WRITER, store_url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            with pytest.raises(TransientError, match="stop"):
                restore(store, made.file)
            last = int(writer.stdout.readline())
            while int(writer.stdout.readline()) < last + 5:
                pass
        finally:
            writer.kill()
    opened = open_store(store_url)
    schema.check(opened)
    with opened.read() as tx:
        assert quarantine.read(tx) is None
    assert walk(opened, "acme", lambda _count: None).broken is None
    opened.close()


def spoil_middle(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("spoil", [cut, lambda file: file.write_bytes(b"no database"), lambda file: file.unlink()])
def test_a_file_that_is_no_back_up_changes_nothing(
    store: Store, store_url: str, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    fill(store, 400)
    made = back_up(store, tmp_path / "one.backup")
    spoil(made.file)
    with pytest.raises(ConfigError):
        restore(store, made.file)
    opened = open_store(store_url)
    assert len(subjects(opened)) == 400
    opened.close()


def test_a_trial_finds_a_spoiled_back_up(store: Store, tmp_path: Path) -> None:
    fill(store, 400)
    made = back_up(store, tmp_path / "one.backup")
    spoil_middle(made.file)
    with pytest.raises(ConnectorError):
        try_out(store, made)


def test_a_trial_finds_rows_that_are_not_there_and_a_trail_that_breaks(store: Store, tmp_path: Path) -> None:
    fill(store, 3)
    made = back_up(store, tmp_path / "one.backup")
    lied = backups.Backup(made.file, made.at, made.size, {**made.rows, "audit": 4})
    with pytest.raises(ConfigError, match="table audit has 3 rows, the store had 4"):
        try_out(store, lied)
    with store.write() as tx:
        if store.dialect == "sqlite":
            tx.exec_driver_sql("DROP TRIGGER audit_refuses_update")
        else:
            tx.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        tx.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE number = 2")
    broken = back_up(store, tmp_path / "two.backup")
    with pytest.raises(ConfigError, match="audit trail of acme breaks at row 2"):
        try_out(store, broken)


def test_the_trial_is_thrown_away(store: Store, tmp_path: Path) -> None:
    made = back_up(store, tmp_path / "kept" / "one.backup")
    trial = try_out(store, made)
    assert (trial.revision, trial.rows) == (schema.HEAD, sum(made.rows.values()))
    assert os.listdir(made.file.parent) == ["one.backup"]
    if store.dialect == "postgresql":
        with store.read() as tx:
            assert not tx.exec_driver_sql("SELECT 1 FROM pg_database WHERE datname LIKE 'incasso_trial%%'").first()


def test_a_back_up_of_an_older_release_is_brought_up_and_of_a_newer_one_refused(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    fill(store, 2)
    schema.downgrade(store, "0001")
    old = back_up(store, tmp_path / "old.backup")
    schema.upgrade(store)
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    new = back_up(store, tmp_path / "new.backup")
    with store.write() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.HEAD}'")
    with pytest.raises(ConfigError, match="newer release"):
        restore(store, new.file)
    done = restore(store, old.file)
    assert (done.revision, done.backup_at) == ("0001", None)
    opened = open_store(store_url)
    schema.check(opened)
    with opened.read() as tx:
        assert quarantine.read(tx) == quarantine.Quarantine(at=RESTORED, backup_at=None)
    assert walk(opened, "acme", lambda _count: None).rows == 2
    opened.close()


def test_a_restore_that_was_not_finished_is_refused_by_every_program(store: Store) -> None:
    with store.write() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.RESTORING}' || version_num")
    for act in (schema.check, schema.upgrade):
        with pytest.raises(ConfigError, match="incasso db restore"):
            act(store)


def test_a_restore_that_was_cut_is_done_again(store: Store, store_url: str, tmp_path: Path) -> None:
    fill(store, 2)
    made = back_up(store, tmp_path / "one.backup")
    with store.write() as tx:
        tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema.RESTORING}' || version_num")
    restore(store, made.file)
    opened = open_store(store_url)
    schema.check(opened)
    assert subjects(opened) == ["C-1", "C-2", "store"]
    opened.close()


def test_without_the_tools_the_mend_is_said(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if store.dialect == "sqlite":
        assert back_up(store, tmp_path / "one.backup").file.exists()
        return
    with pytest.raises(ConfigError, match="postgresql-client"):
        back_up(store, tmp_path / "one.backup")
    assert not list(tmp_path.iterdir())
    with store.read() as tx:
        assert backups.last_backup(tx) is None


def test_the_password_is_in_no_argument(store_url: str) -> None:
    from connector.store.backups import postgres

    if not store_url.startswith("postgresql"):
        return
    url = make_url(store_url).set(password="geheim").render_as_string(hide_password=False)
    opened = open_store(url)
    assert "geheim" not in postgres._address(opened)
    assert postgres._environ(opened)["PGPASSWORD"] == "geheim"
    opened.close()


def test_a_sqlite_back_up_is_one_file_that_any_sqlite_opens(store: Store, tmp_path: Path) -> None:
    if store.dialect == "sqlite":
        fill(store, 3)
        made = back_up(store, tmp_path / "one.sqlite3")
        with sqlite3.connect(made.file) as database:
            assert database.execute("SELECT count(*) FROM audit").fetchone() == (3,)
            assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


class TestUnderKeys:
    """What leaves the machine is read by nobody without the keys."""

    @pytest.fixture
    def keys(self) -> KeyRing:
        return KeyRing([generate_key()])

    def test_it_is_tried_and_put_back_with_them(self, store: Store, tmp_path: Path, keys: KeyRing) -> None:
        fill(store, 3)
        file = tmp_path / "kept" / "one.sealed"
        made = backups.back_up(store, file, now=lambda: BACKED_UP, keys=keys)
        assert b"case.opened" not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert backups.try_out(store, made, lambda _count: None, keys).audited == 3
        fill(store, 2, first=4)
        done = backups.restore(store, file, replace=True, at=RESTORED, actor="jan", keys=keys)
        assert done.backup_at == BACKED_UP
        again = open_store(store.engine.url.render_as_string(hide_password=False))
        assert [one for one in subjects(again) if one.startswith("C-")] == ["C-1", "C-2", "C-3"]
        again.close()
        assert [one.name for one in file.parent.iterdir()] == ["one.sealed"]

    def test_it_is_refused_without_them_and_changes_nothing(self, store: Store, tmp_path: Path, keys: KeyRing) -> None:
        fill(store, 3)
        file = tmp_path / "kept" / "one.sealed"
        backups.back_up(store, file, now=lambda: BACKED_UP, keys=keys)
        fill(store, 1, first=4)
        for ring, said in ((None, "no key is configured"), (KeyRing([generate_key()]), "no key opens it")):
            with pytest.raises(ConfigError, match=said):
                backups.restore(store, file, replace=True, at=RESTORED, actor="jan", keys=ring)
        assert subjects(store) == ["C-1", "C-2", "C-3", "C-4"]
        assert [one.name for one in file.parent.iterdir()] == ["one.sealed"]


def test_only_the_oldest_of_our_own_are_deleted(tmp_path: Path) -> None:
    ours = [f"incasso-2026030{day}T010000Z.{end}" for day, end in enumerate(("dump", "sqlite3", "sqlite3.sealed"), 1)]
    others = ["before-0007-incasso-20260101T010000Z.sqlite3", "incasso-20250101T010000Z.dump.part", "mine.sqlite3"]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    (tmp_path / "incasso-20250101T010000Z.dump").mkdir()
    assert [one.name for one in backups.prune(tmp_path, 2)] == ours[:1]
    assert backups.prune(tmp_path, 2) == []
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {*ours[1:], *others, "incasso-20250101T010000Z.dump"}
