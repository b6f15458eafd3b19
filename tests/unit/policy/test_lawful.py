"""The gate of the law: nothing goes without the evidence that the debtor's law asks for."""

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_builders import DAY, TRADE, days_ago, debtor, dispute, invoice, outcome, policy, step, taken, verdicts

from connector.law.answers import Undecided
from connector.law.belgium.first_reminder import first_reminder
from connector.law.law import Law
from connector.law.netherlands.fourteen_day_letter import LetterSent, fourteen_days
from connector.law.settings import LawSettings
from connector.model import Account, DebtorKind, LegalFacts, LetterChannel, LetterFact, LetterKind, Verdict
from connector.policy import decide, explain, missing, render

LAW = Law()
ANYBODY = policy(step("remind", 5), step("escalate", 14), debtor_kind={"before": "never"})
CONSUMERS = TRADE.model_copy(update={"in_business": "unknown", "principal_only": "yes"})
LATE = invoice("A", late=60)


def letter(kind: str = "fourteen_days", *, ago: int = 30, **changes: Any) -> LetterFact:
    """A letter by post that says all it must, sent so many days ago."""
    values = {"kind": kind, "channel": "post", "sent_on": days_ago(ago), "valid": "yes", "document": "archive 12"}
    return LetterFact.model_validate(values | {"origin": "anna"} | changes)


def consumer(*letters: LetterFact, country: str = "NL", **changes: Any) -> Account:
    """A consumer who was reminded, and is 60 days late."""
    values = {
        "debtor_kind": "consumer", "debtor_country": country, "letters": letters, "legal": CONSUMERS,
        "steps": (taken("remind", 40),),
    }  # fmt: skip
    return debtor(*changes.pop("claims", (LATE,)), **(values | changes))


def business(**changes: Any) -> Account:
    """A Dutch business that was reminded, and is 60 days late."""
    return debtor(LATE, **({"steps": (taken("remind", 40),)} | changes))


def costs_from(sent: LetterFact) -> date:
    found = fourteen_days(LAW, LetterSent(sent_on=sent.sent_on, received_on=sent.delivered_on))
    assert not isinstance(found, Undecided)
    return found.costs_from


DUTCH: dict[str, tuple[Account, str, str]] = {
    "without a letter": (consumer(), "none", "letter_sent"),
    "with a letter of before the default": (consumer(letter(ago=61)), "none", "letter_sent"),
    "with a letter about another invoice": (consumer(letter(claims=("key-B",))), "none", "letter_sent"),
    "with a wrong letter": (consumer(letter(valid="no")), "none", "letter_correct"),
    "with a letter of thirteen days": (consumer(letter(days=13)), "none", "letter_correct"),
    "with a letter nobody has read": (consumer(letter(valid="unknown")), "undecided before escalate", "letter_correct"),
    "whose days are not over": (consumer(letter(ago=10)), "none", "days_over"),
    "who denies that it came": (consumer(letter(disputed=True)), "undecided before escalate", "days_over"),
    "by e-mail without proof": (consumer(letter(channel="email")), "undecided before escalate", "days_over"),
    "by e-mail with proof": (consumer(letter(channel="email", delivered_on=days_ago(30))), "escalate A 121.00", ""),
    "with a letter whose days are over": (consumer(letter()), "escalate A 121.00", ""),
    "with a wrong and a right letter": (consumer(letter(), letter(ago=20, valid="no")), "escalate A 121.00", ""),
    "late for two years": (
        consumer(letter(), claims=(invoice("A", late=800),), steps=(taken("remind", 40),)), "none", "not_barred",
    ),
    "late for two years, no sale": (
        consumer(
            letter(), claims=(invoice("A", late=800),), legal=CONSUMERS.model_copy(update={"consumer_sale": "no"})
        ), "escalate A 121.00", "",
    ),
    "late for six years, demanded in time": (
        consumer(
            letter(), letter("interruption", ago=900), claims=(invoice("A", late=2200),),
            legal=CONSUMERS.model_copy(update={"consumer_sale": "no"}),
        ), "escalate A 121.00", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DUTCH)
def test_a_dutch_consumer(case: str) -> None:
    account, expected, point = DUTCH[case]
    decision = decide(account, ANYBODY)

    assert outcome(decision) == expected
    kept_back = [code for code, verdict in verdicts(decision).items() if verdict != "yes" and ".law." in code]
    assert kept_back == ([f"escalate.law.{point}"] if point else [])


@pytest.mark.parametrize(
    ("setting", "point"),
    [
        ("contractual", "contractual"),
        ("due_date_agreed", "in_default"),
        ("registers_read", "not_stopped"),
        ("receiver", "agency_registered"),
    ],
)
def test_what_the_ledger_does_not_say_goes_to_a_person_by_name(setting: str, point: str) -> None:
    decision = decide(business(legal=TRADE.model_copy(update={setting: "unknown"})), ANYBODY)

    assert outcome(decision) == "undecided before escalate"
    assert verdicts(decision)[f"escalate.law.{point}"] == "unknown"
    assert f"law.{setting} in ledgers/demo.toml" in missing(decision)


def test_the_first_lawful_day_is_told_and_is_the_first_on_which_it_goes() -> None:
    running = letter(ago=10)
    first = costs_from(running)

    assert decide(consumer(running), ANYBODY).not_before == first
    before, then = (decide(consumer(running, day=day), ANYBODY) for day in (first - timedelta(days=1), first))
    assert (before.action, then.action) == ("none", "escalate")


def test_without_a_letter_no_day_is_promised() -> None:
    assert decide(consumer(), ANYBODY).not_before is None


def test_the_first_lawful_day_counts_before_the_step_is_due_too() -> None:
    slow = policy(step("remind", 5), step("escalate", 65), debtor_kind={"before": "never"})
    late_letter, early_letter = letter(ago=1), letter(ago=40)

    assert decide(consumer(late_letter), slow).not_before == costs_from(late_letter) > days_ago(-5)
    assert decide(consumer(early_letter), slow).not_before == days_ago(-5)
    assert decide(consumer(), slow).not_before is None


def test_a_sole_trader_is_undecided_until_the_debt_is_one_of_the_business() -> None:
    trader = consumer(debtor_kind="sole_trader")
    decision = decide(trader, ANYBODY)

    assert outcome(decision) == "undecided before escalate"
    assert "law.in_business in ledgers/demo.toml" in missing(decision)
    assert outcome(decide(consumer(letter(), debtor_kind="sole_trader"), ANYBODY)) == "escalate A 121.00"
    assert outcome(decide(trader.model_copy(update={"legal": TRADE}), ANYBODY)) == "escalate A 121.00"
    private = CONSUMERS.model_copy(update={"in_business": "no"})
    assert outcome(decide(trader.model_copy(update={"legal": private}), ANYBODY)) == "none"


def test_a_stated_consumer_stays_one_whatever_the_ledger_says() -> None:
    assert outcome(decide(consumer(legal=TRADE), ANYBODY)) == "none"


def test_a_business_in_both_countries_needs_no_letter() -> None:
    for country in ("NL", "BE", "nl"):
        assert outcome(decide(business(debtor_country=country), ANYBODY)) == "escalate A 121.00"


def test_a_notice_of_default_stands_in_for_an_agreed_day() -> None:
    legal = TRADE.model_copy(update={"due_date_agreed": "no"})
    told = {days: decide(business(legal=legal, letters=(letter("notice", days=days),)), ANYBODY) for days in (7, 40)}

    assert [outcome(one) for one in told.values()] == ["escalate A 121.00", "none"]
    assert told[40].not_before is not None
    assert told[40].not_before > DAY
    by_mail = business(legal=legal, letters=(letter("notice", days=7, channel="email"),))
    assert outcome(decide(by_mail, ANYBODY)) == "undecided before escalate"


BELGIAN: dict[str, tuple[LetterFact | None, dict[str, str], str, str]] = {
    "without a reminder": (None, {}, "none", "reminder_sent"),
    "with a reminder of before the due date": (letter("first_reminder", ago=61), {}, "none", "reminder_sent"),
    "without proof of sending": (
        letter("first_reminder", document=""), {}, "undecided before escalate", "reminder_sent",
    ),
    "with an incomplete one": (letter("first_reminder", valid="no"), {}, "none", "reminder_complete"),
    "whose days are not over": (letter("first_reminder", ago=5), {}, "none", "days_over"),
    "with amounts nobody has looked at": (
        letter("first_reminder"), {"principal_only": "unknown"}, "undecided before escalate", "amounts",
    ),
    "with an agency that is not registered": (
        letter("first_reminder"), {"receiver": "not registered"}, "none", "agency_registered",
    ),
    "with a reminder whose days are over": (letter("first_reminder"), {}, "escalate A 121.00", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", BELGIAN)
def test_a_belgian_consumer(case: str) -> None:
    sent, changes, expected, point = BELGIAN[case]
    legal = CONSUMERS.model_copy(update=changes)
    decision = decide(consumer(*([sent] if sent else []), country="BE", legal=legal), ANYBODY)

    assert outcome(decision) == expected
    kept_back = [code for code, verdict in verdicts(decision).items() if verdict != "yes" and ".law." in code]
    assert kept_back == ([f"escalate.law.{point}"] if point else [])


def interrupted(**changes: Any) -> Account:
    """A Belgian consumer who has owed for 400 days: barred after a year, but for a letter of 300 days ago."""
    values = {"ago": 300, "channel": "registered", "delivered_on": days_ago(298)} | changes
    return consumer(
        letter("first_reminder"), letter("interruption", **values), country="BE", claims=(invoice("A", late=400),)
    )


def test_a_registered_letter_of_a_belgian_lawyer_counts_as_the_setting_says() -> None:
    for reading, wanted in (("counts", "yes"), ("does not count", "no"), (None, "unknown")):
        law = Law(settings=LawSettings.model_validate({"be_interruption_by_letter": reading}))
        decision = decide(interrupted(), ANYBODY, law)
        assert verdicts(decision)["escalate.law.not_barred"] == wanted
    assert "be_interruption_by_letter in [law] of incasso.toml" in missing(decision)
    (point,) = [one for one in decision.because if one.condition == "escalate.law.not_barred"]
    assert point.origin == "open items of ledger demo; letters"


@pytest.mark.parametrize(
    "changes", [{"channel": "post"}, {"delivered_on": None}, {"valid": "unknown"}, {"ago": 410, "delivered_on": None}]
)
def test_no_other_letter_interrupts_in_belgium(changes: dict[str, Any]) -> None:
    law = Law(settings=LawSettings(be_interruption_by_letter="counts"))
    assert verdicts(decide(interrupted(**changes), ANYBODY, law))["escalate.law.not_barred"] == "no"


def test_a_statement_is_told_with_its_file_key_day_and_person() -> None:
    legal = TRADE.model_copy(update={"stated_on": date(2026, 1, 5), "stated_by": "J. Smit"})
    told = {one.condition: one.origin for one in decide(business(legal=legal), ANYBODY).because}
    by_whom = "stated on 2026-01-05 by J. Smit"
    for point, key in (
        ("contractual", "contractual"),
        ("not_stopped", "registers_read"),
        ("agency_registered", "receiver"),
    ):
        assert told[f"escalate.law.{point}"] == f"ledgers/demo.toml, law.{key}, {by_whom}"
    assert told["escalate.law.in_default"] == (
        f"open items of ledger demo; ledgers/demo.toml, law.due_date_agreed, {by_whom}"
    )
    sale = CONSUMERS.model_copy(update={"consumer_sale": "no", "stated_by": "J. Smit"})
    told = {one.condition: one.origin for one in decide(consumer(letter(), legal=sale), ANYBODY).because}
    assert told["escalate.law.not_barred"].endswith("ledgers/demo.toml, law.consumer_sale, stated by J. Smit")


def test_the_readings_taken_are_asked() -> None:
    """Sent on a Wednesday: whether the Saturday counts moves the end by a day."""
    sent = letter("first_reminder", ago=0, sent_on=date(2026, 11, 4))
    ends = {
        word: first_reminder(Law(settings=LawSettings(be_saturday=word)), sent.sent_on, "post")
        for word in ("working", "not working")
    }
    early, late = (one.free_on for one in ends.values() if not isinstance(one, Undecided))
    assert early < late
    account = consumer(sent, country="BE", day=early)

    assert decide(account, ANYBODY, Law(settings=LawSettings(be_saturday="working"))).action == "escalate"
    assert decide(account, ANYBODY, Law(settings=LawSettings(be_saturday="not working"))).not_before == late
    assert decide(account, ANYBODY, LAW).action == "undecided"


@pytest.mark.parametrize("country", ["", "DE"])
def test_the_law_of_another_country_is_left_to_a_person(country: str) -> None:
    account = business(debtor_country=country)
    decision = decide(account, ANYBODY)

    assert outcome(decision) == "undecided before escalate"
    assert verdicts(decision)["escalate.law.country"] == "unknown"
    allowed = policy(*ANYBODY.steps, lawful={"elsewhere": "allowed"})
    assert decide(account, allowed).action == ("escalate" if country else "undecided")


def test_a_day_that_no_table_covers_is_undecided_with_what_the_table_says() -> None:
    old = consumer(letter("first_reminder", ago=1300), country="BE", claims=(invoice("A", late=1400),))
    decision = decide(old, ANYBODY)

    assert outcome(decision) == "undecided before escalate"
    assert "The table be." in missing(decision)
    assert "covers from" in missing(decision)


def test_claims_that_may_not_go_stay_at_home_and_the_others_go() -> None:
    fresh = invoice("B", late=20)
    decision = decide(consumer(letter(), claims=(LATE, fresh)), ANYBODY)

    assert outcome(decision) == "escalate A 121.00"
    (aside,) = (one for one in decision.because if one.condition == "claim.lawful")
    assert (aside.verdict, aside.asked) == ("no", "May B go to an agency by law?")
    assert "fourteen-day letter" in aside.seen
    alone = policy(step("remind", 5), step("escalate", 14, minimum=20_000), debtor_kind={"before": "never"})
    assert outcome(decide(consumer(letter(), claims=(LATE, fresh)), alone)) == "none", "A is not enough by itself"


def test_only_claims_of_which_it_is_not_known_make_it_undecided() -> None:
    unread = letter(claims=("key-B",), valid="unknown")
    decision = decide(consumer(unread, claims=(LATE, invoice("B", late=50))), ANYBODY)

    assert outcome(decision) == "undecided before escalate"
    assert decision.claims == ("key-B",)
    assert verdicts(decision)["claim.lawful"] == "no"


def test_a_lower_step_comes_while_the_law_keeps_the_hand_over_back() -> None:
    assert outcome(decide(consumer(steps=()), ANYBODY)) == "remind A 121.00"


def test_the_gate_can_be_switched_off_and_is_on_by_default() -> None:
    off = policy(*ANYBODY.steps, debtor_kind={"before": "never"}, lawful={"before": "never"})
    decision = decide(consumer(), off)

    assert decision.action == "escalate"
    assert not [one for one in decision.because if ".law." in one.condition]


def test_a_disputed_claim_does_not_reach_the_law() -> None:
    assert outcome(decide(consumer(letter(), disputes=(dispute("A"),)), ANYBODY)) == "none"


def test_the_explanation_names_article_fact_and_origin() -> None:
    page = "\n".join(render(explain(decide(consumer(letter(ago=10)), ANYBODY))))

    assert f'nothing is done: step "escalate" is held back, not before {costs_from(letter(ago=10))}' in page
    assert "no       Are the fourteen days over?" in page
    assert "art. 6:96 lid 6 BW" in page
    assert f"sent on {days_ago(10)} by post" in page
    assert "[anna]" in page
    assert "[ledgers/demo.toml, law.contractual]" in page


answers = st.sampled_from(get_args(Verdict))
days = st.integers(-5, 120).map(days_ago)
letters = st.lists(
    st.builds(
        LetterFact,
        kind=st.sampled_from(get_args(LetterKind)),
        channel=st.sampled_from(get_args(LetterChannel)),
        sent_on=days,
        delivered_on=st.none() | days,
        disputed=st.booleans(),
        days=st.none() | st.integers(10, 20),
        valid=st.sampled_from(["yes", "yes", "no", "unknown"]),
        document=st.sampled_from(["", "archive"]),
        claims=st.sampled_from([(), ("key-A",), ("key-B",)]),
    ),
    max_size=3,
).map(tuple)
legal_facts = st.just(CONSUMERS) | st.builds(
    LegalFacts, contractual=answers, due_date_agreed=answers, in_business=st.sampled_from(["no", "unknown"]),
    registers_read=answers, receiver=st.sampled_from(["registered", "exempt", "unknown"]),
)  # fmt: skip
lates = st.integers(1, 110)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["consumer", "sole_trader", "unknown"]), letters, legal_facts, st.tuples(lates, lates))
def test_who_may_be_a_dutch_consumer_never_goes_before_the_first_day_of_the_law(
    kind: DebtorKind, sent: tuple[LetterFact, ...], legal: LegalFacts, late: tuple[int, int]
) -> None:
    claims = (invoice("A", late=late[0]), invoice("B", late=late[1]))
    account = consumer(*sent, debtor_kind=kind, legal=legal, claims=claims)
    decision = decide(account, policy(step("escalate", 1), debtor_kind={"before": "never"}))

    for claim in claims:
        if decision.action == "escalate" and claim.claim in decision.claims:
            assert any(_earns(one, claim.claim, after=claim.due_date) for one in sent)
            assert {legal.contractual, legal.registers_read} == {"yes"}
    if decision.action == "none" and decision.not_before:
        eve = account.model_copy(update={"day": decision.not_before - timedelta(days=1)})
        assert decide(eve, policy(step("escalate", 1), debtor_kind={"before": "never"})).action != "escalate"


def _earns(one: LetterFact, claim: str, *, after: date | None) -> bool:
    """Whether this letter alone makes costs on the claim due by the day, as the law itself says."""
    assert after
    if one.kind != "fourteen_days" or one.valid != "yes" or (one.claims and claim not in one.claims):
        return False
    if one.sent_on <= after or (one.days or 14) < 14:
        return False
    sent = LetterSent(
        sent_on=one.sent_on,
        channel="post" if one.channel in ("post", "registered") else "email",
        received_on=one.delivered_on,
        disputed="yes" if one.disputed else "no",
    )
    period = fourteen_days(LAW, sent)
    return not isinstance(period, Undecided) and period.costs_from <= DAY
