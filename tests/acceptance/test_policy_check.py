"""`incasso policy check`, as a credit manager uses it: the table, the JSON, the exit code, the doctor and the log."""

from pathlib import Path

import pytest
from acceptance.installation import POLICIES, Installation, read_address

from connector.cli.app import run

EARLY = ('allowed = ["business", "sole_trader", "public_body"]', 'allowed = ["consumer", "business"]')
SAID = (
    'a consumer who is 45 days late when he is first seen is handed over 14 days after "notice", the fourteen-day '
    "letter; the law lets it go 17 to 22 days after it was posted, by the calendar (22 when it is posted on 2038-04-07)"
)


def words(text: str) -> str:
    """What a table says, without its lines and columns."""
    return " ".join(text.split())


@pytest.fixture
def unlawful(plain: Installation) -> Installation:
    """An installation whose policy hands consumers over two weeks after the notice."""
    plain.amend("policies/standard.toml", lambda text: text.replace(*EARLY))
    return plain


def test_the_policy_of_the_ledger_is_held_against_the_law_of_its_country(unlawful: Installation) -> None:
    ended = unlawful.run("policy", "check")
    assert ended.code == 2
    assert ended.err == ""
    lines = [words(line) for line in ended.out.splitlines() if line.strip()]
    assert lines[0] == "file and line setting what is wrong mend"
    assert lines[2].startswith("error policies/standard.toml:30 step 3 (escalate).after a consumer who is 45 days late")
    assert 'Write after = { step = "notice", days = 22 }.' in lines[2]
    assert "warning policies/standard.toml:45 gates.debtor_kind.allowed a sole trader and a public body get" in words(
        ended.out
    )
    assert lines[-4:] == [
        "standard, by the law of NL:",
        "business, consumer: remind on day 14, notice on day 30, escalate on day 45",
        "sole trader, public body, unknown: remind on day 14, notice on day 30",
        "1 policy checked: 1 error, 1 warning.",
    ]


def test_a_machine_reads_the_same_as_json(unlawful: Installation) -> None:
    ended = unlawful.run("policy", "check", "standard", "--json")
    assert (ended.code, ended.json["verdict"]) == (2, "fail")
    (policy,) = ended.json["policies"]
    assert (policy["policy"], policy["file"], policy["countries"]) == ("standard", "policies/standard.toml", ["NL"])
    assert policy["findings"][0] == {
        "severity": "error",
        "kind": "unlawful",
        "file": "policies/standard.toml",
        "line": 30,
        "key": "step 3 (escalate).after",
        "said": SAID,
        "mend": 'Write after = { step = "notice", days = 22 }.',
        "article": "art. 6:96 lid 6 BW; HR 25 November 2016, ECLI:NL:HR:2016:2704; art. 1 Algemene termijnenwet",
    }
    assert policy["courses"][0] == {
        "segment": "",
        "kinds": ["business", "consumer"],
        "steps": [{"step": "remind", "day": 14}, {"step": "notice", "day": 30}, {"step": "escalate", "day": 45}],
    }


def test_the_mend_that_is_told_mends_it(unlawful: Installation) -> None:
    (mend,) = [
        one["mend"]
        for one in unlawful.run("policy", "check", "--json").json["policies"][0]["findings"]
        if one["article"]
    ]
    line = mend.removeprefix("Write ").removesuffix(".")
    unlawful.amend("policies/standard.toml", lambda text: text.replace('after = { step = "notice", days = 14 }', line))
    ended = unlawful.run("policy", "check", "--json")
    assert ended.code == 0
    assert [one["severity"] for one in ended.json["policies"][0]["findings"]] == ["warning"]


def test_files_need_no_installation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(POLICIES / "be-consumer.toml")
    assert run(["--home", str(tmp_path), "policy", "check", path, "--country", "be"]) == 0
    assert capsys.readouterr().out.endswith("1 policy checked: 0 errors, 0 warnings.\n")
    assert run(["--home", str(tmp_path), "policy", "check", path, "--country", "NL"]) == 2
    assert "be-consumer.toml:33" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["standrad"], 'there is no policy "standrad". Known: standard. A file ends in .toml.'),
        (["--country", "DE"], "give NL or BE"),
    ],
)
def test_a_word_that_is_not_known_is_told(plain: Installation, arguments: list[str], told: str) -> None:
    ended = plain.run("policy", "check", *arguments)
    assert ended.code == 2
    assert told in ended.err


def test_a_policy_that_cannot_be_read_is_a_finding_beside_the_others(plain: Installation) -> None:
    plain.write("policies/broken.toml", 'name = "broken"\ncolour = "red"\n')
    ended = plain.run("policy", "check")
    assert ended.code == 2
    assert "policies/broken.toml:2" in ended.out
    assert "broken: cannot be read\n" in ended.out
    assert "standard, by the law of NL:\n" in ended.out


def test_a_policy_of_no_ledger_says_that_no_law_was_looked_at(plain: Installation) -> None:
    plain.write("policies/nl-consumer.toml", (POLICIES / "nl-consumer.toml").read_text(encoding="utf-8"))
    ended = plain.run("policy", "check", "nl-consumer")
    assert ended.code == 0
    assert "nl-consumer, by no law: no ledger of a known country uses it; try --country\n" in ended.out


def test_the_doctor_and_the_service_say_the_errors_of_policies_in_use(unlawful: Installation) -> None:
    unlawful.write("policies/unused.toml", "")
    doctor = unlawful.run("doctor", "--json")
    assert doctor.code == 2
    (wrong,) = [one for one in doctor.json["findings"] if one["verdict"] == "fail"]
    assert wrong["subject"] == "policy standard"
    assert wrong["said"].startswith(f"policies/standard.toml:30: {SAID} (art. 6:96 lid 6 BW")
    with unlawful.start("run") as service:
        read_address(service)
        service.terminate()
        log = service.communicate(timeout=60)[1]
    assert "a policy is wrong" in log
    assert "policies/standard.toml:30" in log
