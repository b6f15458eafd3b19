"""A new key, as an operator brings it in: the log-in, the messages and the documents go on under it."""

import pytest
from acceptance.installation import Installation
from databases import Databases

OLD = '{ file = "keys/main.key" }'
NEW = '{ file = "keys/new.key" }'


@pytest.fixture(params=["sqlite", "postgresql"])
def server_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    databases: Databases = request.getfixturevalue("postgres")
    return databases.url()


def name_keys(home: Installation, before: str, after: str) -> None:
    home.amend("incasso.toml", lambda text: text.replace(f"keys = [{before}]", f"keys = [{after}]"))


def test_a_new_key_is_brought_in_and_the_old_one_goes(whole: Installation) -> None:
    whole.invoices(25)
    whole.hand_over()
    assert "No older key is named" in whole.run("keys", "rotate").out
    assert whole.run("keys", "new", str(whole.home / "keys" / "new.key")).code == 0

    name_keys(whole, OLD, NEW)
    refused = whole.run("keys", "rotate")
    assert refused.code == 2
    assert "incasso.toml" in refused.err
    assert "open with no key" in refused.err

    name_keys(whole, NEW, f"{NEW}, {OLD}")
    done = whole.run("keys", "rotate", "--json")
    assert done.code == 0, done.err
    assert done.json["old_keys_may_go"] is True
    counts = {one["kind"]: one["resealed"] for one in done.json["kinds"]}
    assert counts["token"] >= 1
    assert counts["message"] >= 1
    assert "Nothing needs an older key" in whole.run("keys", "rotate").out

    name_keys(whole, f"{NEW}, {OLD}", NEW)
    (whole.home / "keys" / "main.key").unlink()
    whole.pass_days(1)
    for command in ("pull", "follow"):
        ended = whole.run(command)
        assert ended.code == 0, ended.err


def test_the_command_line_tells_what_a_running_service_still_writes(plain: Installation) -> None:
    """A service that was started before the new key was named keeps writing under the key it knows."""
    assert plain.run("keys", "new", str(plain.home / "keys" / "new.key")).code == 0
    with plain.opened() as (service, _):
        token = service.context("books").secrets.load("tokens")
        assert token is not None
        name_keys(plain, OLD, f"{NEW}, {OLD}")
        assert plain.run("keys", "rotate").code == 0
        service.context("books").secrets.save("tokens", token)
    again = plain.run("keys", "rotate", "--json").json
    assert {one["kind"]: one["resealed"] for one in again["kinds"]}["token"] == 1
