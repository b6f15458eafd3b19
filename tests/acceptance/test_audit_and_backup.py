"""The audit trail as a proof, and a database that is backed up and put back, on the command line."""

import json
import stat
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from acceptance.installation import Installation, read_address
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connector.cli.keys import write_key
from connector.store import Tx, journal, quarantine, schema

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def fill(home: Installation, count: int, *, ledger: str = "acme") -> None:
    with home.store() as store:
        for number in range(count):
            with store.write() as tx:
                journal.note(tx, "case.opened", f"C-{number}", at=AT, ledger=ledger, plan=number)


def tamper(home: Installation, statement: str) -> None:
    with home.store() as store, store.write() as tx:
        for event in ("update", "delete", "insert"):
            tx.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_refuses_{event}")
        tx.exec_driver_sql(statement)


def now(home: Installation) -> datetime:
    """The instant in which the installation lives; other tests have moved the clock."""
    return datetime.fromisoformat(home.exact.clock.read_text(encoding="utf-8").strip())


def standing(home: Installation, act: Callable[[Tx], object]) -> object:
    with home.store() as store, store.write() as tx:
        return act(tx)


def test_a_whole_trail_is_told_and_a_broken_one_names_its_first_wrong_row(plain: Installation) -> None:
    assert "The audit trail is empty." in plain.run("audit", "verify").out
    fill(plain, 3)
    fill(plain, 2, ledger="")
    whole = plain.run("audit", "verify")
    assert whole.code == 0
    assert "acme: 3 rows, whole" in whole.out
    assert "(no ledger): 2 rows, whole" in whole.out
    tamper(plain, "UPDATE audit SET subject = 'C-9' WHERE ledger = 'acme' AND number = 2")
    broken = plain.run("audit", "verify")
    assert broken.code == 1
    assert "acme: row 2 was changed" in broken.out
    told = plain.run("audit", "verify", "--ledger", "acme", "--json")
    assert told.code == 1
    (chain,) = told.json["chains"]
    assert (told.json["whole"], chain["rows"], chain["broken"]["number"], chain["broken"]["wrong"]) == (
        False, 1, 2, "changed",
    )  # fmt: skip
    assert plain.run("audit", "verify", "--ledger", "nobody").code == 2


def test_a_whole_hand_over_leaves_no_person_in_the_trail(whole: Installation) -> None:
    whole.invoices(20)
    case = whole.hand_over()
    whole.run("follow")
    whole.run("debtor", "hold", "10", "--reason", "Mrs Jansen is ill")
    whole.run("debtor", "dispute", "10", "--reason", "Mrs Jansen never got it")
    whole.run("case", "message", case, "please call Mrs Jansen on 0612345678")
    whole.run("case", "withdraw", case, "--reason", "Mrs Jansen died", "--yes")
    whole.run("follow")
    with whole.store() as store, store.read() as tx:
        rows = [str(tuple(row)) for row in tx.exec_driver_sql("SELECT action, subject, detail FROM audit")]
    assert any("case.open.delivered" in row for row in rows)
    assert {"debtor.hold", "debtor.dispute", "case.message", "case.withdraw"} <= {row.split("'")[1] for row in rows}
    for said in ("Jansen", "Korst", "Bakkerij", "Oudegracht", "Meelfabriek", "NL91ABNA", "korst.example", "0612345678"):
        assert not [row for row in rows if said in row], said
    assert whole.run("audit", "verify").code == 0


def test_an_outsider_checks_the_signature_with_the_public_key_alone(plain: Installation, tmp_path: Path) -> None:
    fill(plain, 3)
    done = plain.run("audit", "head", "--out", str(tmp_path / "head.json"))
    assert done.code == 0, done.err
    assert stat.S_IMODE((tmp_path / "head.json").stat().st_mode) == 0o600
    file = json.loads((tmp_path / "head.json").read_text())
    assert file["public_key"] in done.out
    Ed25519PublicKey.from_public_bytes(b64decode(file["public_key"])).verify(
        b64decode(file["signature"]), file["statement"].encode()
    )
    (head,) = json.loads(file["statement"])["heads"]
    assert (head["ledger"], head["number"]) == ("acme", 3)
    assert plain.run("audit", "head").json["public_key"] == file["public_key"]


def test_a_trail_is_held_against_a_head(plain: Installation, tmp_path: Path) -> None:
    fill(plain, 3)
    head = tmp_path / "head.json"
    plain.run("audit", "head", "--out", str(head))
    plain.run("db", "backup", "--to", str(tmp_path / "three"))
    fill(plain, 2)
    assert plain.run("audit", "verify", "--head", str(head)).code == 0
    five = tmp_path / "five.json"
    plain.run("audit", "head", "--out", str(five))
    assert plain.run("db", "restore", str(tmp_path / "three"), "--replace").code == 0
    older = plain.run("audit", "verify", "--head", str(five))
    assert older.code == 1
    assert (
        f"acme: older than the head of {now(plain):%Y-%m-%d %H:%M} UTC: it ends at row 3, the head was row 5"
        in older.out
    )
    assert plain.run("audit", "verify", "--head", str(head)).code == 0
    # Another history, each hash as it should be: only the head tells.
    tamper(plain, "DELETE FROM audit")
    tamper(plain, "DELETE FROM audit_head")
    fill(plain, 6)
    assert plain.run("audit", "verify").code == 0
    rewritten = plain.run("audit", "verify", "--head", str(five))
    assert rewritten.code == 1
    assert f"acme: rewritten since the head of {now(plain):%Y-%m-%d %H:%M} UTC: row 5 is another one" in rewritten.out


def move_the_head(file: Path) -> None:
    file.write_text(file.read_text().replace('\\"number\\":3', '\\"number\\":2'))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (move_the_head, "signature does not fit"),
        (lambda file: file.write_text("{}"), "no signed head"),
        (lambda file: file.unlink(), "cannot be read"),
    ],
)
def test_a_head_that_nobody_here_signed_is_refused(
    plain: Installation, tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    fill(plain, 3)
    head = tmp_path / "head.json"
    plain.run("audit", "head", "--out", str(head))
    spoil(head)
    refused = plain.run("audit", "verify", "--head", str(head))
    assert refused.code == 2
    assert said in refused.err


def test_a_head_outlives_a_new_key_as_long_as_the_old_one_stands_behind_it(plain: Installation, tmp_path: Path) -> None:
    fill(plain, 3)
    head = tmp_path / "head.json"
    plain.run("audit", "head", "--out", str(head))
    write_key(plain.home / "keys" / "new.key")
    old, new = '{ file = "keys/main.key" }', '{ file = "keys/new.key" }'
    plain.amend("incasso.toml", lambda text: text.replace(old, f"{new}, {old}"))
    assert plain.run("audit", "verify", "--head", str(head)).code == 0
    plain.amend("incasso.toml", lambda text: text.replace(f"{new}, {old}", new))
    refused = plain.run("audit", "verify", "--head", str(head))
    assert refused.code == 2
    assert "not in the key ring" in refused.err


def test_a_back_up_is_made_tried_and_put_back_and_the_quarantine_is_shown(plain: Installation) -> None:
    fill(plain, 3)
    made = plain.run("db", "backup", "--verify", "--json")
    assert made.code == 0, made.err
    assert made.json["verified"]["audited"] == 3
    file = made.json["file"]
    assert Path(file).parent == plain.home / "backups"
    assert (made.json["encrypted"], file.endswith(".sqlite3.sealed"), b"case.opened" in Path(file).read_bytes()) == (
        True, True, False,
    )  # fmt: skip
    fill(plain, 1)
    refused = plain.run("db", "restore", file)
    assert refused.code == 2
    assert "--replace" in refused.err
    put_back = plain.run("db", "restore", file, "--replace")
    assert put_back.code == 0, put_back.err
    assert f"as it was on {now(plain):%Y-%m-%d %H:%M} UTC" in put_back.out
    assert "quarantine" in put_back.out
    backup_at = plain.run("status", "--json").json["quarantine"]["backup_at"]
    assert datetime.fromisoformat(backup_at) == now(plain)
    assert "Quarantine: the store was restored" in plain.run("status").out
    findings = {one["subject"]: one for one in plain.run("doctor", "--json").json["findings"]}
    assert findings["quarantine"]["verdict"] == "warn"
    assert standing(plain, quarantine.end)
    assert plain.run("status", "--json").json["quarantine"] is None


def test_old_back_ups_go_when_asked_and_one_can_be_made_readable(plain: Installation) -> None:
    fill(plain, 3)
    for days in (1, 1, 1):
        plain.pass_days(days)
        assert plain.run("db", "backup").code == 0
    plain.pass_days(1)
    done = plain.run("db", "backup", "--plain", "--keep", "2")
    assert "Deleted 2 older back-ups." in done.out
    assert "Names and addresses can be read in it." in done.out
    sealed, readable = sorted((plain.home / "backups").iterdir())
    assert (sealed.suffix, readable.suffix) == (".sealed", ".sqlite3")
    assert b"case.opened" in readable.read_bytes()
    assert plain.run("db", "restore", str(readable), "--replace").code == 0
    assert plain.run("db", "backup", "--keep", "0").code == 2


def test_the_doctor_tells_when_the_last_back_up_is_old(plain: Installation) -> None:
    plain.run("db", "backup")
    plain.pass_days(1)
    assert "back-up" not in {
        one["subject"] for one in plain.run("doctor", "--json").json["findings"] if one["verdict"] != "ok"
    }
    plain.pass_days(3)
    found = {one["subject"]: one for one in plain.run("doctor", "--json").json["findings"]}
    assert found["back-up"]["verdict"] == "warn"


def test_an_older_database_is_backed_up_before_it_is_brought_up(plain: Installation) -> None:
    with plain.store() as store:
        schema.downgrade(store, "0001")
    assert plain.run("status").code == 2
    done = plain.run("db", "upgrade")
    assert done.code == 0, done.err
    (kept,) = (plain.home / "backups").iterdir()
    assert f"Backed up to {kept}" in done.out
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert plain.run("db", "restore", str(kept), "--replace").code == 0
    assert plain.run("db", "check").code == 0


def test_a_newer_database_is_not_brought_up(plain: Installation) -> None:
    tamper(plain, "UPDATE alembic_version SET version_num = '9999'")
    for command in (("db", "upgrade"), ("run", "--once"), ("run",)):
        refused = plain.run(*command)
        assert refused.code == 2
        assert "newer release" in refused.err


def test_nothing_is_put_back_while_the_service_runs(plain: Installation) -> None:
    file = plain.run("db", "backup", "--json").json["file"]
    with plain.start("run") as daemon:
        read_address(daemon)
        refused = plain.run_process("db", "restore", file, "--replace")
        daemon.terminate()
        daemon.communicate(timeout=60)
    assert refused.code == 75
    assert "stop the service" in refused.err
    assert plain.run("db", "restore", file, "--replace").code == 0
