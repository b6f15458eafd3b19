"""A whole hand-over by files: what a bookkeeper types, and a stand-in agency that fetches, works and answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.installation import SECRETS, Installation, StandIn, install
from databases import Databases

from connector_agency_api.sandbox.clerk import Clerk
from connector_agency_api.sandbox.filework import api_of
from plugins.agency_api.tests.sftp_server import PRIVATE_KEY, SftpStandIn, running_sftp

INVOICES = 25
FOLDER = """
plugin = "agency_files"
folder = "{root}"
quiet_seconds = 0
"""
SFTP = """
plugin = "agency_files"
folder = "."
host = "127.0.0.1"
port = {port}
user = "meelfabriek"
host_keys = ["{pin}"]
private_key = {{ env = "SFTP_KEY" }}
quiet_seconds = 0
"""


@pytest.fixture(params=["folder-sqlite", "sftp-postgresql"])
def way(request: pytest.FixtureRequest) -> str:
    """Two ways to the agency, two databases: neither knows of the other, so that two of the four will do."""
    return str(request.param)


@pytest.fixture
def server_url(request: pytest.FixtureRequest, way: str) -> str:
    if way.endswith("sqlite"):
        return ""
    databases: Databases = request.getfixturevalue("postgres")
    return databases.url()


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpStandIn]:
    with running_sftp(tmp_path / "exchange") as server:
        yield server


@pytest.fixture
def clerk(sftp: SftpStandIn, agency: StandIn) -> Clerk:
    """The agency's clerk, who works when the test says so."""
    return Clerk(sftp.root, api_of(agency.url, SECRETS["AGENCY_KEY"]))


@pytest.fixture
def whole(
    way: str,
    tmp_path: Path,
    exact: StandIn,
    agency: StandIn,
    division: int,
    server_url: str,
    sftp: SftpStandIn,
) -> Installation:
    made = install(tmp_path / "home", exact, division, agency=agency, store_url=server_url)
    folder, over_sftp = FOLDER.format(root=sftp.root), SFTP.format(port=sftp.port, pin=sftp.pin)
    made.write("connections/agency.toml", over_sftp if way.startswith("sftp") else folder)
    made.environ["SFTP_KEY"] = PRIVATE_KEY
    return made


def test_a_case_goes_out_as_a_file_and_is_followed_to_the_cent(
    whole: Installation, agency: StandIn, clerk: Clerk, sftp: SftpStandIn
) -> None:
    assert whole.run("doctor").code == 0, whole.run("doctor").out
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    case_ref = whole.hand_over()
    (waiting,) = (sftp.root / "to-agency").iterdir()
    assert waiting.name.startswith(f"{case_ref}_0001_case_")
    assert waiting.name in whole.run("case", "show", case_ref).out, (
        "until the receipt comes, the file is what to ask for"
    )

    assert clerk.round() == 1
    assert not list((sftp.root / "to-agency").iterdir())
    whole.pass_days(3)
    clerk.round()
    followed = whole.run("follow")
    assert followed.code == 0, followed.err
    assert "1 case accepted" in followed.out
    (there,) = agency.order("cases")["cases"]
    assert there["agency_ref"] in whole.run("case", "show", case_ref).out

    nothing = whole.run("compare")
    assert nothing.code == 2
    assert "gives no status files" in nothing.err
    clerk.tell_status()
    agreed = whole.run("compare")
    assert f"{INVOICES} claims compared, 0 differ." in agreed.out, agreed.err

    agency.order(f"cases/{case_ref}/act", {"act": "pay", "percent": 50})
    clerk.tell_status()
    assert whole.run("compare").code == 1, "the agency has money of which nothing was told yet"
    clerk.round()
    assert whole.run("follow").code == 0
    assert whole.run("compare").code == 0
    assert "agency: payment received" in whole.run("case", "show", case_ref).out


def test_a_payment_at_the_creditor_reaches_the_agency_once_though_the_line_breaks(
    whole: Installation, agency: StandIn, clerk: Clerk, sftp: SftpStandIn
) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    case_ref = whole.hand_over()
    clerk.round()
    whole.pass_days(3)
    clerk.round()
    whole.run("follow")
    whole.run("case", "message", case_ref, "They called us.")
    over_sftp = sftp.log_ins > 0
    if over_sftp:
        sftp.mishaps.append("cut_after_fetch")
        assert whole.run("follow").code == 75, "its outcome is not known"
        (fetched,) = (sftp.root / "archive").glob(f"{case_ref}_0002_message_*.json")
        fetched.rename(sftp.root / "to-agency" / fetched.name)
    else:
        assert whole.run("follow").code == 0
    clerk.round()
    whole.pass_days(1)
    assert whole.run("follow").code == 0
    states = {one["kind"]: one["state"] for one in whole.run("case", "show", case_ref, "--json").json["messages"]}
    assert states["case.message"] == "DELIVERED"
    (there,) = agency.order("cases")["cases"]
    assert [one["text"] for one in there["received"] if "text" in one] == ["They called us."]
    assert sum("_message_" in path.name for path in (sftp.root / "archive").iterdir()) == 1


def test_a_case_that_is_refused_comes_home_with_the_reasons(
    whole: Installation, agency: StandIn, clerk: Clerk, sftp: SftpStandIn
) -> None:
    whole.invoices(INVOICES)
    case_ref = whole.hand_over()
    (waiting,) = (sftp.root / "to-agency").iterdir()
    text = waiting.read_text(encoding="utf-8").replace('"country": "NL"', '"country": "FR"')
    waiting.write_text(text, encoding="utf-8")
    clerk.round()
    assert whole.run("follow").code == 0
    (task,) = whole.run("tasks", "--json").json
    assert "country" in task["subject"]
    assert "agency: rejected" in whole.run("case", "show", case_ref).out


def test_what_cannot_be_read_stands_in_the_list_of_tasks(
    whole: Installation, agency: StandIn, clerk: Clerk, sftp: SftpStandIn
) -> None:
    whole.invoices(INVOICES)
    agency.order("scenario", {"scenario": "accepts"})
    case_ref = whole.hand_over()
    clerk.round()
    line = f'{{"id": "e1", "case_ref": "{case_ref}", "occurred_at": "2026-04-20T09:00:00Z", "kind": "closed"}}\n'
    (sftp.root / "from-agency" / "events_x.jsonl").write_text(line, encoding="utf-8")
    assert whole.run("follow").code == 0
    (task,) = whole.run("tasks", "--json").json
    assert "events_x.jsonl, line 1: closed.closure" in task["subject"]
    assert (sftp.root / "from-agency" / "set-aside").exists()
