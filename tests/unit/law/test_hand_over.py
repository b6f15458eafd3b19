"""The earliest lawful day of a hand-over, and what is missing before it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.law.agency import costs_without_registration, dutch_registration
from connector.law.answers import Undecided
from connector.law.belgium import limitation as belgian_limitation
from connector.law.belgium.hand_over import BelgianFile, belgian_hand_over
from connector.law.debtor import debtor_of
from connector.law.hand_over import HandOver
from connector.law.insolvency import RegimeEffect, belgian_effect, dutch_effect
from connector.law.law import Law
from connector.law.limitation import Limitation
from connector.law.netherlands import limitation as dutch_limitation
from connector.law.netherlands.fourteen_day_letter import LetterSent
from connector.law.netherlands.hand_over import DutchFile, dutch_hand_over
from connector.law.settings import LawSettings

LAW = Law()
CONSUMER, BUSINESS, PUBLIC = debtor_of("consumer"), debtor_of("business"), debtor_of("public_body")
NEVER = Limitation(claim="contract", article="x", years=5, starts=date(2026, 10, 2), barred_from=date(2031, 10, 2))


def day(text: str) -> date:
    return date.fromisoformat(text)


def dutch(on: str, **changes: Any) -> HandOver:
    file = DutchFile(
        debtor=CONSUMER,
        default_since=date(2026, 10, 2),
        limitation=NEVER,
        contractual="yes",
        disputed="no",
        letter=LetterSent(sent_on=date(2026, 11, 3)),
        letter_valid="yes",
        receiver="registered",
        registers_read="yes",
    )
    return dutch_hand_over(LAW, file.model_copy(update=changes), day(on))


def belgian(on: str, **changes: Any) -> HandOver:
    file = BelgianFile(
        debtor=CONSUMER,
        late_since=date(2026, 3, 2),
        limitation=NEVER,
        disputed="no",
        reminder_sent_on=date(2026, 4, 2),
        reminder_channel="post",
        reminder_complete="yes",
        sending_proven="yes",
        amounts_lawful="yes",
        receiver="registered",
        registers_read="yes",
    )
    return belgian_hand_over(LAW, file.model_copy(update=changes), day(on))


def names(found: HandOver) -> list[str]:
    return [one.name for one in found.missing]


def test_a_dutch_consumer_goes_on_the_day_after_the_fourteen_days() -> None:
    before, then = dutch("2026-11-19"), dutch("2026-11-20")

    assert (before.verdict, names(before), str(before.earliest)) == ("no", ["days_over"], "2026-11-20")
    assert (then.verdict, names(then), then.earliest) == ("yes", [], day("2026-11-20"))


@pytest.mark.parametrize(
    ("changes", "verdict", "missing"),
    [
        ({"contractual": "unknown"}, "unknown", "contractual"),
        ({"disputed": "yes"}, "no", "undisputed"),
        ({"disputed": "unknown"}, "unknown", "undisputed"),
        ({"letter": None}, "no", "letter_sent"),
        ({"letter": LetterSent(sent_on=date(2026, 10, 1))}, "no", "letter_sent"),
        ({"letter_valid": "no"}, "no", "letter_correct"),
        ({"letter": LetterSent(sent_on=date(2026, 11, 3), disputed="yes")}, "unknown", "days_over"),
        ({"limitation": None}, "unknown", "not_barred"),
        ({"limitation": NEVER.model_copy(update={"barred_from": date(2026, 12, 1)})}, "no", "not_barred"),
        ({"registers_read": "unknown"}, "unknown", "not_stopped"),
        ({"receiver": "unknown"}, "unknown", "agency_registered"),
        ({"receiver": "not registered"}, "no", "agency_registered"),
    ],
)
def test_what_is_missing_is_named_with_its_mend(changes: dict[str, Any], verdict: str, missing: str) -> None:
    found = dutch("2026-12-01", **changes)

    assert (found.verdict, names(found)) == (verdict, [missing])
    assert found.missing[0].mend
    assert found.earliest is None


def test_a_default_that_is_not_proven_leaves_the_letter_unsure_too() -> None:
    found = dutch("2026-12-01", default_since=None)

    assert (found.verdict, names(found)) == ("unknown", ["in_default", "letter_sent"])


def test_a_dutch_business_needs_no_letter() -> None:
    found = dutch("2026-10-02", debtor=BUSINESS, letter=None)

    assert found.verdict == "yes"
    assert str(dutch("2026-10-01", debtor=BUSINESS, letter=None).earliest) == "2026-10-02"


def test_who_may_be_a_person_in_business_needs_a_registered_agency_since_april_2024() -> None:
    assert names(dutch("2026-12-01", debtor=BUSINESS, receiver="not registered")) == ["agency_registered"]
    assert dutch("2026-12-01", debtor=PUBLIC, receiver="not registered").verdict == "yes"
    assert dutch_registration(CONSUMER, "not registered", day("2024-03-31")).verdict == "yes"
    assert dutch_registration(CONSUMER, "not registered", day("2024-04-01")).verdict == "no"
    assert dutch_registration(CONSUMER, "exempt", day("2024-04-01")).verdict == "yes"


def test_an_insolvency_stops_the_file_and_names_the_task() -> None:
    bankrupt = dutch_effect(LAW, "bankruptcy", day("2026-11-02"))
    threatened = dutch_effect(LAW, "moratorium 287b", day("2026-11-02"))
    assert isinstance(bankrupt, RegimeEffect)
    assert isinstance(threatened, RegimeEffect)

    stopped = dutch("2026-12-01", regimes=(threatened, bankrupt))

    assert names(stopped) == ["not_stopped"]
    assert stopped.missing[0].mend == "file the claim with the trustee"
    assert stopped.missing[0].seen == "arts. 26, 33, 128 Fw"
    looked, unread = (dutch("2026-12-01", registers_read=answer).conditions for answer in ("yes", "no"))
    assert [(one.seen, one.mend) for one in (*looked, *unread) if one.name == "not_stopped"] == [
        ("none", ""),
        ("not looked up", "Look the debtor up in the registers."),
    ]
    assert dutch("2026-12-01", regimes=(threatened,)).verdict == "yes"


def test_a_belgian_saturday_is_undecided_only_between_the_readings() -> None:
    sure_not, unsure, sure = belgian("2026-04-20"), belgian("2026-04-21"), belgian("2026-04-22")

    assert [one.verdict for one in (sure_not, unsure, sure)] == ["no", "unknown", "yes"]
    assert str(sure_not.earliest) == str(unsure.earliest) == "2026-04-22"
    assert unsure.missing[0].seen == "from 2026-04-21 or 2026-04-22: the setting be_saturday decides"


def test_an_electronic_reminder_counts_from_the_next_day() -> None:
    found = belgian("2026-04-17", reminder_channel="electronic")

    assert found.verdict == "yes"
    assert str(belgian("2026-04-03", reminder_channel="electronic").earliest) == "2026-04-17"


@pytest.mark.parametrize(
    ("changes", "verdict", "missing"),
    [
        ({"reminder_sent_on": None}, "no", "reminder_sent"),
        ({"sending_proven": "unknown"}, "unknown", "reminder_sent"),
        ({"reminder_complete": "no"}, "no", "reminder_complete"),
        ({"amounts_lawful": "no"}, "no", "amounts"),
        ({"disputed": "yes"}, "no", "undisputed"),
        ({"receiver": "unknown"}, "unknown", "agency_registered"),
        ({"limitation": None}, "unknown", "not_barred"),
    ],
)
def test_what_a_belgian_file_misses(changes: dict[str, Any], verdict: str, missing: str) -> None:
    found = belgian("2026-06-01", **changes)

    assert (found.verdict, names(found)) == (verdict, [missing])
    assert found.earliest is None


def test_a_belgian_business_needs_no_reminder_and_no_registered_agency() -> None:
    found = belgian("2026-03-02", debtor=BUSINESS, reminder_sent_on=None, receiver="not registered")

    assert found.verdict == "yes"
    assert str(belgian("2026-03-01", debtor=BUSINESS, reminder_sent_on=None).earliest) == "2026-03-02"


def test_debt_mediation_stops_a_belgian_file() -> None:
    mediation = belgian_effect(LAW, "debt mediation", day("2026-05-01"))

    found = belgian("2026-06-01", regimes=(mediation,))

    assert names(found) == ["not_stopped"]
    assert found.missing[0].mend == ""


@given(st.dates(date(2026, 3, 1), date(2026, 12, 31)), st.integers(0, 60))
def test_once_only_time_was_missing_the_earliest_day_is_lawful_and_none_before_it(sent: date, more: int) -> None:
    on = sent + timedelta(days=more)
    for found in (
        dutch(str(on), letter=LetterSent(sent_on=sent), default_since=date(2026, 2, 1)),
        belgian(str(on), reminder_sent_on=sent, late_since=date(2026, 2, 1)),
    ):
        assert found.earliest is not None
        assert (found.verdict == "yes") == (found.earliest == on)
        assert found.earliest >= on


@given(st.dates(date(2026, 3, 1), date(2026, 12, 31)))
def test_to_know_less_of_the_debtor_never_lets_a_file_go_sooner(sent: date) -> None:
    same = {"letter": LetterSent(sent_on=sent), "default_since": date(2026, 2, 1)}

    unknown = dutch(str(sent), debtor=debtor_of("unknown"), **same)
    known = dutch(str(sent), debtor=BUSINESS, **same)

    assert unknown.earliest is not None
    assert known.earliest is not None
    assert unknown.earliest >= known.earliest


def test_limitation_goes_straight_into_a_file() -> None:
    dutch_term = dutch_limitation.earliest_limitation(LAW, CONSUMER, date(2026, 10, 1), consumer_sale="unknown")
    belgian_term = belgian_limitation.earliest_limitation(LAW, CONSUMER, date(2026, 3, 1), date(2025, 5, 1))

    assert dutch("2028-10-01", limitation=dutch_term).verdict == "yes"
    assert names(dutch("2028-10-02", limitation=dutch_term)) == ["not_barred"]
    assert names(belgian("2026-05-01", limitation=belgian_term)) == ["not_barred"]


@pytest.mark.parametrize("choice", ["costs stay", "costs lapse"])
def test_costs_without_registration_are_left_to_a_person_since_october_2026(choice: Any) -> None:
    since, before = day("2026-10-01"), day("2026-09-30")

    answer = costs_without_registration(LAW, "not registered", since)

    assert isinstance(answer, Undecided)
    assert answer.decided_by == "the setting nl_wki_article_18"
    assert costs_without_registration(LAW, "not registered", before) is True
    assert costs_without_registration(LAW, "exempt", since) is True
    chosen = Law(settings=LawSettings(nl_wki_article_18=choice))
    assert costs_without_registration(chosen, "unknown", since) is (choice == "costs stay")
