"""Hand-overs before the law's day, the law of a ledger's country, and the policies that are shipped."""

import re
from datetime import date
from pathlib import Path

import pytest
from check_trial import BE, CALENDARS, KINDS, NL, found, told
from policy_builders import POLICIES

from connector.config import load, write_home
from connector.law.law import Law
from connector.law.settings import LawSettings
from connector.law.table import CoverageError
from connector.policy.check import Audience, Calendars, Country, check_policies, check_policy

SINCE = CALENDARS.since
STARTER = Path(__file__).parents[3] / "connector" / "config" / "starter" / "policies"
PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "check-a-policy.md").read_text(encoding="utf-8")


def test_a_dutch_consumer_who_goes_before_the_fourteen_days_are_over(tmp_path: Path) -> None:
    (one,) = found(tmp_path, ('"notice", days = 22', '"notice", days = 21'))
    assert told([one]) == [
        (
            "error",
            "unlawful",
            25,
            "step 3 (escalate).after",
            (
                'a consumer who is 52 days late when he is first seen is handed over 21 days after "notice", the '
                "fourteen-day letter; the law lets it go 17 to 22 days after it was posted, by the calendar "
                "(22 when it is posted on 2038-04-07)"
            ),
        )
    ]
    assert one.mend == 'Write after = { step = "notice", days = 22 }.'
    assert one.article.startswith("art. 6:96 lid 6 BW; HR 25 November 2016")


def test_a_belgian_consumer_has_his_days_from_the_first_reminder(tmp_path: Path) -> None:
    shorter = (
        ("days_overdue = 30", "days_overdue = 20"),
        ('"remind", days = 14', '"remind", days = 6'),
        ("days_overdue = 52", "days_overdue = 34"),
        ('"notice", days = 22', '"notice", days = 14'),
    )
    (one,) = found(tmp_path, *shorter, audience=BE)
    assert (one.severity, one.kind, one.line, one.article) == (
        "error", "unlawful", 25, "art. XIX.2 Code of Economic Law",
    )  # fmt: skip
    assert 'is handed over 20 days after "remind", the first reminder; the law lets it go 17 to 21 days' in one.said
    assert one.mend == 'Let at least 21 days lie between "remind" and this step.'
    assert (
        found(tmp_path, *shorter, ("days_overdue = 34", "days_overdue = 35"), ("days = 6", "days = 7"), audience=BE)
        == []
    )


def test_a_consumer_who_is_handed_over_without_a_letter(tmp_path: Path) -> None:
    change = ('needs = ["remind", "notice"]\nafter = { step = "notice", days = 22 }', "")
    one = next(one for one in found(tmp_path, change) if one.kind == "unlawful")
    assert (one.severity, one.line, one.key) == ("error", 21, "step 3 (escalate).action")
    assert one.said == (
        "a consumer who is 52 days late when he is first seen is handed over without a letter; the law asks for a "
        "fourteen-day letter, and lets it go 17 to 22 days after it was posted, by the calendar"
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("sole_trader", "A sole trader may have bought for private use, and is then a consumer"),
        ("unknown", "A debtor of unknown kind may be a consumer"),
    ],
)
def test_who_may_be_a_consumer_is_a_warning(tmp_path: Path, kind: str, said: str) -> None:
    allowed = (KINDS, f'allowed = ["business", "public_body", "{kind}"]')
    one = next(o for o in found(tmp_path, allowed, ('"notice", days = 22', '"notice", days = 14')) if o.article)
    assert (one.severity, one.kind) == ("warning", "unlawful")
    assert one.said.endswith(said)
    assert one.mend == 'Write after = { step = "notice", days = 22 }. Or take the kind out of allowed.'


def test_in_a_ledger_of_businesses_only_nobody_is_of_unknown_kind(tmp_path: Path) -> None:
    changes = (
        (KINDS, 'allowed = ["business", "public_body", "unknown"]'),
        ('"notice", days = 22', '"notice", days = 14'),
    )
    assert any(one.kind == "unlawful" for one in found(tmp_path, *changes, audience=NL))
    assert not any(one.kind == "unlawful" for one in found(tmp_path, *changes, audience=Audience("NL", "business")))


def test_a_business_may_go_at_any_time(tmp_path: Path) -> None:
    allowed = (KINDS, 'allowed = ["business", "public_body"]')
    findings = found(tmp_path, allowed, ('"notice", days = 22', '"notice", days = 2'))
    assert {one.kind for one in findings} == {"gap"}


SHIPPED = sorted({*POLICIES.glob("*.toml"), *STARTER.glob("*.toml")})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
@pytest.mark.parametrize("country", ["NL", "BE"])
def test_what_is_shipped_holds_no_error(path: Path, country: Country) -> None:
    checked = check_policy(path, [Audience(country)], CALENDARS, home=path.parent)
    if path.stem.startswith(("nl-", "be-")):
        if path.stem.startswith(country.lower()):
            assert checked.findings == ()
    else:
        assert checked.errors == ()


def test_the_law_is_that_of_the_ledgers_that_use_a_policy() -> None:
    settings = load(POLICIES.parent, {})
    checked = {one.policy: one.countries for one in check_policies(settings, SINCE)}
    assert checked["standard"] == ("NL",)
    assert checked["nl-consumer"] == ()
    path = settings.policies["be-consumer"]
    (one,) = check_policies(settings, SINCE, paths=[path], country="NL")
    assert (one.countries, [finding.kind for finding in one.errors]) == (("NL",), ["unlawful"])


def test_a_policy_is_that_of_its_ledger_by_whatever_path_it_is_named(tmp_path: Path) -> None:
    home = write_home(tmp_path / "home")[0].parent
    kept = tmp_path / "kept.toml"
    (home / "policies" / "standard.toml").rename(kept)
    (home / "policies" / "standard.toml").symlink_to(kept)
    (one,) = check_policies(load(home, {}), SINCE, paths=[kept])
    assert one.countries == ("NL",)


@pytest.mark.parametrize(("country", "least", "most"), [("NL", 17, 22), ("BE", 17, 21)])
def test_the_days_that_the_pages_and_the_comments_name_are_those_of_the_law(
    country: Country, least: int, most: int
) -> None:
    waiting = CALENDARS.of(country)
    assert (waiting.least, waiting.most) == (least, most)
    texts = [PAGE, (STARTER / f"{country.lower()}-consumer.toml").read_text(encoding="utf-8")]
    assert all(f"{least} to {most} days" in text for text in texts)


def test_a_reading_of_saturday_shortens_the_belgian_days() -> None:
    law = Law(settings=LawSettings(be_saturday="working"))
    assert Calendars(law, SINCE).of("BE").most < CALENDARS.of("BE").most


def test_years_that_no_table_covers_are_refused() -> None:
    with pytest.raises(CoverageError, match=r"be\.first_reminder_days"):
        _ = Calendars(Law(), date(2020, 1, 1)).of("BE").most


def test_the_page_tells_the_days_of_the_ready_made_policies() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]*\d+[^|]*) \|", PAGE, re.MULTILINE)
    told = {name: [int(number) for number in re.findall(r"\d+", days)] for name, days in rows}
    paths = {path.stem: path for path in STARTER.glob("*.toml")}
    assert told.keys() == paths.keys()
    for name, days in told.items():
        course = check_policy(paths[name], [], CALENDARS, home=STARTER).courses[0]
        assert [one.day for one in course.steps] == days
