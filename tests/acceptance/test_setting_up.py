"""From an empty folder to a connection that answers: init, connect, doctor, sandbox, plugins, keys, db."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from acceptance.installation import START, Ended, Installation, StandIn, stand_in


def log_in(home: Installation, *options: str) -> Ended:
    """`incasso connect`, with a person who opens the page that is printed and consents."""
    with home.start("connect", "books", "--no-browser", "--timeout", "30", *options) as process:
        assert process.stdout is not None
        address = next(line.strip() for line in process.stdout if line.startswith("http"))
        requests.get(address, timeout=30)
        out, err = process.communicate(timeout=30)
        return Ended(process.returncode, out, err)


def findings(home: Installation) -> dict[str, dict[str, str]]:
    return {one["subject"]: one for one in home.run("doctor", "--json").json["findings"]}


def test_a_person_logs_in_and_the_doctor_is_content(plain: Installation) -> None:
    done = log_in(plain)
    assert done.code == 0, done.err
    assert "Logged in at" in done.out
    found = findings(plain)
    assert found["source books of acme"]["verdict"] == "ok"
    assert found["clock"]["verdict"] == "warn"
    assert "TEST clock" in found["clock"]["said"]
    # Other tests move the clock, also past the days on which a table of the law ends.
    left = {name: one["verdict"] for name, one in found.items() if name != "clock" and not name.startswith("law")}
    assert set(left.values()) == {"ok"}


def test_an_answer_that_was_pasted_logs_in_as_well(plain: Installation) -> None:
    with plain.start("connect", "books", "--no-browser", "--paste") as process:
        assert process.stdout is not None
        address = next(line.strip() for line in process.stdout if line.startswith("http"))
        answer = requests.get(address, allow_redirects=False, timeout=30)
        out, err = process.communicate(answer.headers["location"] + "\n", timeout=30)
    assert process.returncode == 0, err
    assert "Logged in at" in out


def test_a_log_in_nobody_finishes_asks_to_be_started_again(plain: Installation) -> None:
    ended = plain.run("connect", "books", "--no-browser", "--timeout", "1")
    assert ended.code == 3
    assert "no answer came within 1 seconds" in ended.err


def test_the_doctor_measures_the_clock_of_every_connection(whole: Installation) -> None:
    found = findings(whole)
    clocks = {name: one["verdict"] for name, one in found.items() if name.startswith("clock of")}
    assert clocks == {"clock of books": "ok", "clock of agency": "ok"}


def test_a_connection_without_log_in_says_so(whole: Installation) -> None:
    ended = whole.run("connect", "agency", "--no-browser")
    assert ended.code == 2
    assert "nobody logs in at agency" in ended.err


def test_when_the_consent_has_ended_everything_says_to_log_in_again(plain: Installation) -> None:
    plain.run("pull")
    plain.exact.order("consents/end", {"user": "anna"})
    plain.pass_days(1)
    refused = plain.run("pull")
    assert refused.code == 3
    assert "Traceback" not in refused.err
    books = plain.run("status", "--json").json["connections"][0]
    assert (books["state"], books["mend"]) == ("login", "Run: incasso connect books")
    assert findings(plain)["source books of acme"]["verdict"] == "fail"
    assert log_in(plain).code == 0
    assert plain.run("pull").code == 0


@pytest.mark.parametrize(
    ("file", "text", "subject", "said"),
    [
        ("ledgers/acme.toml", "title = 1", "configuration", "ledgers/acme.toml"),
        ("incasso.toml", '[secrets]\nkeys = [{ file = "keys/none.key" }]', "keys", "file:keys/none.key"),
        ("connections/books.toml", 'plugin = "exakt"', "source books of acme", "there is no source 'exakt'"),
        ("connections/books.toml", 'plugin = "exact"\nclient_idd = "x"', "source books of acme", "client_idd"),
    ],
)
def test_the_doctor_names_what_is_wrong_and_the_mend(
    plain: Installation, file: str, text: str, subject: str, said: str
) -> None:
    plain.write(file, text)
    ended = plain.run("doctor", "--json")
    assert ended.code == 2
    found = [one for one in ended.json["findings"] if one["verdict"] == "fail"]
    assert any(one["subject"] == subject and said in one["said"] for one in found), found


def test_the_doctor_measures_a_clock_that_is_off(plain: Installation, tmp_path: Path) -> None:
    """A server whose clock is not ours, over real HTTP."""
    theirs = tmp_path / "theirs.txt"
    plain.exact.clock.write_text(START.isoformat(), encoding="utf-8")
    theirs.write_text(START.isoformat(), encoding="utf-8")

    def found(seconds: int) -> tuple[str, str]:
        theirs.write_text((START + timedelta(seconds=seconds)).isoformat(), encoding="utf-8")
        told = findings(plain)
        ours = told["clock of books"]
        assert ("time synchronisation" in ours["mend"]) == (ours["verdict"] == "warn")
        return told["source books of acme"]["verdict"], f"{ours['verdict']}: {ours['said']}"

    with stand_in("exact", theirs, {"divisions": f"{plain.division}:NL"}) as other:
        plain.amend("connections/books.toml", lambda text: text.replace(plain.exact.url, other.url))
        log_in(plain)
        host = other.url.removeprefix("http://")
        assert found(0) == ("ok", f"ok: this machine and {host} agree within 1 second")
        assert found(90) == ("ok", f"warn: this machine is about 90 seconds behind {host}")
        assert found(-90) == ("ok", f"warn: this machine is about 90 seconds ahead of {host}")
        # The plugin itself refuses to call then; what was heard is told all the same.
        assert found(3600) == ("fail", f"warn: this machine is about 3,600 seconds behind {host}")
        plain.amend("incasso.toml", lambda text: text.replace("[clock]", "[clock]\ntolerance_seconds = 120"))
        assert found(90) == ("ok", f"ok: this machine and {host} agree within 91 seconds")


def test_the_doctor_sees_rights_that_are_too_wide(plain: Installation) -> None:
    (plain.home / "data" / "incasso.sqlite3").chmod(0o644)
    (plain.home / "ledgers" / "acme.toml").chmod(0o666)
    found = [one for one in plain.run("doctor", "--json").json["findings"] if one["subject"] == "rights"]
    assert {one["verdict"] for one in found} == {"warn", "fail"}
    assert any("chmod o-w" in one["mend"] for one in found)
    assert any("chmod 600" in one["mend"] for one in found)


def test_an_old_database_is_refused_until_it_is_brought_up(plain: Installation) -> None:
    (plain.home / "data" / "incasso.sqlite3").unlink()
    refused = plain.run("status")
    assert refused.code == 2
    assert "incasso db upgrade" in refused.err
    assert plain.run("db", "check").code == 2
    assert plain.run("db", "upgrade").code == 0
    assert plain.run("db", "check").code == 0
    assert stat.S_IMODE((plain.home / "data" / "incasso.sqlite3").stat().st_mode) == 0o600
    assert plain.run("status").code == 0


def test_plugins_and_sandboxes_are_listed_without_an_installation(tmp_path: Path, exact: StandIn) -> None:
    nowhere = Installation(tmp_path, exact, 1)
    offered = {one["name"]: one for one in nowhere.run("plugins", "--json").json}
    assert offered["exact"]["state"] == offered["agency_api"]["state"] == "loaded"
    assert offered["exact"]["sources"] == ["exact"]
    assert {one["name"] for one in nowhere.run("sandbox", "--json").json} >= {"exact", "agency"}
    unknown = nowhere.run("sandbox", "nothing")
    assert unknown.code == 2
    assert "there is no sandbox 'nothing'" in unknown.err


def test_a_sandbox_takes_settings_and_refuses_those_it_does_not_know(tmp_path: Path, exact: StandIn) -> None:
    with stand_in("exact", exact.clock, {"divisions": "4711:NL"}) as running:
        assert running.order("4711/balances") is not None
    refused = Installation(tmp_path, exact, 1).run_process("sandbox", "exact", "--set", "nonsense=1")
    assert refused.code == 2
    assert "nonsense" in refused.err


def test_a_plugin_that_is_switched_off_is_shown_as_such(plain: Installation) -> None:
    plain.amend("incasso.toml", lambda text: text + '\n[plugins]\ndisabled = ["agency_api"]\n')
    states = {one["name"]: one["state"] for one in plain.run("plugins", "--json").json}
    assert states == {"agency_api": "disabled", "exact": "loaded"}
