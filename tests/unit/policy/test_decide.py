"""What the rule layer decides, as tables a bookkeeper can read: the account, and what comes of it."""

from datetime import date
from typing import Any

import pytest
from policy_builders import (
    DAY,
    FAST,
    STANDARD,
    days_ago,
    debtor,
    dispute,
    hold,
    invoice,
    outcome,
    policy,
    step,
    taken,
    verdicts,
)

from connector.law.law import Law
from connector.law.settings import LawSettings
from connector.model import Account, Decision
from connector.policy import decide

BOTH = (taken("remind", 36), taken("notice", 20))

# The example policy "standard": remind at 14 days, notice at 30, hand over at 45, two weeks after each step.
STANDARD_CASES: dict[str, tuple[Account, str]] = {
    "nothing is open": (debtor(), "none"),
    "nothing is overdue": (debtor(invoice("A", late=-3)), "none"),
    "due today is not overdue": (debtor(invoice("A", late=0)), "none"),
    "said to be overdue, but due today": (debtor(invoice("A", late=0, overdue_minor=12100)), "none"),
    "said to be overdue for more than is open": (
        debtor(invoice("A", late=14, overdue_minor=99999)),
        "remind A 121.00",
    ),
    "13 days late": (debtor(invoice("A", late=13)), "none"),
    "14 days late": (debtor(invoice("A", late=14)), "remind A 121.00"),
    "what is not due stays at home": (debtor(invoice("A", late=14), invoice("B", late=-4)), "remind A 121.00"),
    "everything overdue comes along": (debtor(invoice("A", late=14), invoice("B", late=1)), "remind A+B 242.00"),
    "90 days late without a reminder": (debtor(invoice("A", late=90)), "remind A 121.00"),
    "reminded yesterday": (debtor(invoice("A", late=90), steps=(taken("remind", 1),)), "none"),
    "reminded 14 days ago": (debtor(invoice("A", late=90), steps=(taken("remind", 14),)), "notice A 121.00"),
    "reminded, but 29 days late": (debtor(invoice("A", late=29), steps=(taken("remind", 15),)), "none"),
    "both letters sent": (debtor(invoice("A", late=50), steps=BOTH), "escalate A 121.00"),
    "both letters sent, 44 days late": (
        debtor(invoice("A", late=44), steps=(taken("remind", 30), taken("notice", 14))),
        "none",
    ),
    "a notice alone does not replace the reminder": (
        debtor(invoice("A", late=50), steps=(taken("notice", 20),)),
        "remind A 121.00",
    ),
    "a reminder of before the due date was about other invoices": (
        debtor(invoice("A", late=20), steps=(taken("remind", 21),)),
        "remind A 121.00",
    ),
    "a reminder dated tomorrow is not taken yet": (
        debtor(invoice("A", late=20), steps=(taken("remind", -1),)),
        "remind A 121.00",
    ),
    "the agency has it already": (debtor(invoice("A", late=50, case_ref="C-1"), steps=BOTH), "none"),
    "the agency has one of two": (
        debtor(invoice("A", late=50, case_ref="C-1"), invoice("B", late=50), steps=BOTH),
        "escalate B 121.00",
    ),
    "a direct debit is on its way": (
        debtor(invoice("A", late=50, open_minor=0, overdue_minor=0, in_collection_minor=12100), steps=BOTH),
        "none",
    ),
    "one disputed of two": (
        debtor(invoice("A", late=50), invoice("B", late=48), steps=BOTH, disputes=(dispute("B"),)),
        "escalate A 121.00",
    ),
    "everything disputed": (debtor(invoice("A", late=50), steps=BOTH, disputes=(dispute(),)), "none"),
    "dispute settled today": (
        debtor(invoice("A", late=50), steps=BOTH, disputes=(dispute(settled=0),)),
        "escalate A 121.00",
    ),
    "dispute settled yesterday": (
        debtor(invoice("A", late=50), steps=BOTH, disputes=(dispute(settled=1),)),
        "escalate A 121.00",
    ),
    "dispute to be settled tomorrow": (
        debtor(invoice("A", late=50), steps=BOTH, disputes=(dispute("A", settled=-1),)),
        "none",
    ),
    "debtor on hold": (debtor(invoice("A", late=50), steps=BOTH, holds=(hold(),)), "none"),
    "ledger on hold": (debtor(invoice("A", late=50), steps=BOTH, holds=(hold("ledger", key="demo"),)), "none"),
    "hold until today": (debtor(invoice("A", late=50), steps=BOTH, holds=(hold(until=0),)), "none"),
    "hold until yesterday": (debtor(invoice("A", late=50), steps=BOTH, holds=(hold(until=-1),)), "escalate A 121.00"),
    "hold from tomorrow": (debtor(invoice("A", late=50), steps=BOTH, holds=(hold(since=-1),)), "escalate A 121.00"),
    "one on hold of two": (
        debtor(invoice("A", late=50), invoice("B", late=48), steps=BOTH, holds=(hold("claim", key="key-A"),)),
        "escalate B 121.00",
    ),
    "blocked debtor gets letters": (debtor(invoice("A", late=20), debtor_blocked=True), "remind A 121.00"),
    "blocked debtor is not handed over": (debtor(invoice("A", late=50), steps=BOTH, debtor_blocked=True), "none"),
    "consumer is not handed over": (debtor(invoice("A", late=50), steps=BOTH, debtor_kind="consumer"), "none"),
    "nobody knows what the debtor is": (
        debtor(invoice("A", late=50), steps=BOTH, debtor_kind="unknown"),
        "undecided before escalate",
    ),
    "a letter needs no kind": (debtor(invoice("A", late=20), debtor_kind="unknown"), "remind A 121.00"),
    "a credit note is subtracted": (debtor(invoice("A", late=20), credit="21.00"), "remind A 100.00"),
    "credit for all of it": (debtor(invoice("A", late=20), credit="121.00"), "none"),
    "overpaid invoice is credit": (
        debtor(invoice("A", late=20), invoice("B", late=60, open_minor=-2100)),
        "remind A 100.00",
    ),
    "unmatched credit stops a hand-over": (debtor(invoice("A", late=50), steps=BOTH, credit="1.00"), "none"),
    "a claim overpaid in dollars stops a hand-over": (
        debtor(invoice("A", late=50), invoice("B", late=50, currency="USD", open_minor=-1), steps=BOTH),
        "none",
    ),
    "negative credit adds nothing": (debtor(invoice("A", late=20), credit_minor={"EUR": -500}), "remind A 121.00"),
    "unmatched credit in dollars stops a hand-over": (
        debtor(invoice("A", late=50), steps=BOTH, credit_minor={"USD": 1}),
        "none",
    ),
    "below the agency's minimum": (debtor(invoice("A", late=50, euros="24.99"), steps=BOTH), "none"),
    "at the agency's minimum": (debtor(invoice("A", late=50, euros="25.00"), steps=BOTH), "escalate A 25.00"),
    "no due date": (debtor(invoice("A", late=None)), "undecided before remind"),
    "one of two has no due date": (debtor(invoice("A", late=None), invoice("B", late=15)), "remind B 121.00"),
    "one without due date, one not yet late enough": (
        debtor(invoice("A", late=None), invoice("B", late=3)),
        "undecided before remind",
    ),
    "in dollars": (debtor(invoice("A", late=50, currency="USD"), steps=BOTH), "undecided before remind"),
    "in dollars, 14 days late": (debtor(invoice("A", late=14, currency="USD")), "undecided before remind"),
    "in dollars, 13 days late": (debtor(invoice("A", late=13, currency="USD")), "none"),
    "in dollars and not yet due": (debtor(invoice("A", late=-5, currency="USD")), "none"),
    "being changed at the source": (debtor(invoice("A", late=50, whole=False)), "undecided before remind"),
    "disputed and without due date: the dispute is certain": (
        debtor(invoice("A", late=None), disputes=(dispute("A"),)),
        "none",
    ),
    "on hold and without due date: the hold is certain": (debtor(invoice("A", late=None), holds=(hold(),)), "none"),
    "source not calibrated": (debtor(invoice("A", late=50), steps=BOTH, calibrated=False), "undecided before escalate"),
    "source not calibrated, nothing overdue": (debtor(invoice("A", late=-5), calibrated=False), "none"),
    "one instalment overdue of three": (
        debtor(invoice("A", late=15, euros="300.00", overdue_minor=10_000)),
        "remind A 100.00",
    ),
}


@pytest.mark.parametrize("case", STANDARD_CASES)
def test_standard_policy(case: str) -> None:
    account, expected = STANDARD_CASES[case]
    assert outcome(decide(account, STANDARD)) == expected


# The example policy "b2b-fast": hand over at 30 days, at least EUR 50.00 after credit, no letters needed.
FAST_CASES: dict[str, tuple[Account, str]] = {
    "a term to come": (debtor(invoice("A", late=40, euros="300.00", overdue_minor=10_000)), "none"),
    "a term to come, and another invoice": (
        debtor(invoice("A", late=40, euros="300.00", overdue_minor=10_000), invoice("B", late=35)),
        "escalate B 121.00",
    ),
    "a term to come, and another invoice that is not old enough": (
        debtor(invoice("A", late=40, euros="300.00", overdue_minor=10_000), invoice("B", late=29)),
        "none",
    ),
    "29 days late": (debtor(invoice("A", late=29)), "none"),
    "30 days late": (debtor(invoice("A", late=30)), "escalate A 121.00"),
    "too little": (debtor(invoice("A", late=30, euros="49.99")), "none"),
    "enough together": (
        debtor(invoice("A", late=30, euros="25.00"), invoice("B", late=2, euros="25.00")),
        "escalate A+B 50.00",
    ),
    "too little after credit": (debtor(invoice("A", late=30), credit="71.01"), "none"),
    "enough after credit": (debtor(invoice("A", late=30), credit="71.00"), "escalate A 50.00"),
    "credit in dollars cannot be subtracted": (
        debtor(invoice("A", late=30), credit_minor={"USD": 100}),
        "undecided before escalate",
    ),
    "kind not stated": (debtor(invoice("A", late=30), debtor_kind="unknown"), "escalate A 121.00"),
    "consumer": (debtor(invoice("A", late=30), debtor_kind="consumer"), "none"),
    "too little, unless the claim being changed counts": (
        debtor(invoice("A", late=30, euros="10.00"), invoice("B", late=30, euros="45.00", whole=False)),
        "undecided before escalate",
    ),
    "too little, even if the claim being changed counts": (
        debtor(invoice("A", late=30, euros="10.00"), invoice("B", late=30, euros="30.00", whole=False)),
        "none",
    ),
    "too little in euros, and dollars of unknown worth": (
        debtor(invoice("A", late=30, euros="10.00"), invoice("B", late=2, currency="USD", euros="1.00")),
        "undecided before escalate",
    ),
}


@pytest.mark.parametrize("case", FAST_CASES)
def test_fast_policy(case: str) -> None:
    account, expected = FAST_CASES[case]
    assert outcome(decide(account, FAST)) == expected


OPEN_LADDER = policy(step("remind", 14), step("notice", 30), step("escalate", 45))
TWO = (invoice("A", late=50), invoice("B", late=-2))


def test_without_needs_the_highest_step_reached_comes_at_once() -> None:
    assert outcome(decide(debtor(invoice("A", late=90)), OPEN_LADDER)) == "escalate A 121.00"


def test_a_step_that_is_barred_gives_way_to_the_one_below_it() -> None:
    assert outcome(decide(debtor(invoice("A", late=90), debtor_kind="consumer"), OPEN_LADDER)) == "notice A 121.00"


def test_an_undecided_step_gives_way_to_the_one_below_it() -> None:
    assert outcome(decide(debtor(invoice("A", late=90), debtor_kind="unknown"), OPEN_LADDER)) == "notice A 121.00"


def test_nobody_climbs_down() -> None:
    account = debtor(invoice("A", late=40), steps=(taken("notice", 5),))
    assert outcome(decide(account, OPEN_LADDER)) == "none"


def test_a_ladder_that_is_climbed_says_so() -> None:
    decision = decide(debtor(invoice("A", late=90), steps=(taken("escalate", 5),)), OPEN_LADDER)
    assert outcome(decision) == "none"
    assert [reason.seen for reason in decision.because] == [f"taken on {days_ago(5)}"]


def test_a_ladder_that_is_climbed_says_so_also_beside_a_claim_that_is_unclear() -> None:
    account = debtor(invoice("A", late=90), invoice("B", late=None), steps=(taken("escalate", 5),))
    decision = decide(account, OPEN_LADDER)
    assert outcome(decision) == "none"
    assert verdicts(decision) == {"claim.due_date": "unknown", "escalate.not_taken": "no"}


def test_a_step_unknown_to_the_policy_counts_for_nothing() -> None:
    account = debtor(invoice("A", late=20), steps=(taken("phone-call", 2),))
    assert outcome(decide(account, OPEN_LADDER)) == "remind A 121.00"


def test_the_latest_of_several_counts_for_the_age_of_a_step() -> None:
    account = debtor(invoice("A", late=90), steps=(taken("remind", 40), taken("remind", 3)))
    decision = decide(account, STANDARD)
    assert outcome(decision) == "none"
    assert verdicts(decision)["notice.after"] == "no"
    assert decision.not_before == days_ago(3 - 14)


def test_undecided_names_the_highest_step_that_it_could_be() -> None:
    assert outcome(decide(debtor(invoice("A", late=None)), OPEN_LADDER)) == "undecided before escalate"


def test_an_undecided_step_never_shows_a_negative_amount() -> None:
    assert decide(debtor(invoice("A", late=None), credit="50.00"), STANDARD).amount_minor == 0


def test_what_stands_below_the_step_that_comes_is_not_told() -> None:
    rules = policy(step("remind", 14, minimum=99_999), step("escalate", 45))
    decision = decide(debtor(invoice("A", late=90)), rules)
    assert {name.partition(".")[0] for name in verdicts(decision)} == {"escalate"}


def test_a_step_already_taken_asks_for_nothing_below_it() -> None:
    rules = policy(step("remind", 14), step("notice", 30, needs=["remind"]), step("escalate", 45, needs=["notice"]))
    assert outcome(decide(debtor(invoice("A", late=40), steps=(taken("notice", 5),)), rules)) == "none"
    assert outcome(decide(debtor(invoice("A", late=45), steps=(taken("notice", 5),)), rules)) == "escalate A 121.00"


def test_what_a_needed_step_needs_comes_first() -> None:
    rules = policy(
        step("remind", 14), step("call", 20, needs=["remind"]), step("notice", 30), step("escalate", 45, needs=["call"])
    )
    assert outcome(decide(debtor(invoice("A", late=40), steps=(taken("notice", 5),)), rules)) == "remind A 121.00"


def test_what_is_not_due_brings_no_step_about_on_its_own() -> None:
    rules = policy(step("remind", 0, claims="all open"))
    account = debtor(invoice("A", late=9), invoice("B", late=-9), disputes=(dispute("A"),))
    assert outcome(decide(account, rules)) == "none"
    assert outcome(decide(debtor(invoice("A", late=1)), rules)) == "remind A 121.00"


def test_all_open_claims_come_along_where_the_step_says_so() -> None:
    rules = policy(step("remind", 14, claims="all open"))
    assert outcome(decide(debtor(*TWO), rules)) == "remind A+B 242.00"


# Gates other than the defaults: the gate, the account, what comes of it.
GATE_CASES: dict[str, tuple[dict[str, Any], Account, str]] = {
    "one dispute stops the debtor": (
        {"disputed": {"stops": "debtor"}},
        debtor(invoice("A", late=50), invoice("B", late=50), disputes=(dispute("B"),)),
        "none",
    ),
    "one hold stops the debtor": (
        {"on_hold": {"stops": "debtor"}},
        debtor(invoice("A", late=50), invoice("B", late=50), holds=(hold("claim", key="key-B"),)),
        "none",
    ),
    "one direct debit stops the debtor": (
        {"direct_debit": {"stops": "debtor"}},
        debtor(invoice("A", late=50), invoice("B", late=50, in_collection_minor=5)),
        "none",
    ),
    "a direct debit leaves the others": (
        {},
        debtor(invoice("A", late=50), invoice("B", late=50, in_collection_minor=5)),
        "escalate A 121.00",
    ),
    "one claim in change makes the debtor undecided": (
        {"whole": {"stops": "debtor"}},
        debtor(invoice("A", late=50), invoice("B", late=50, whole=False)),
        "undecided before escalate",
    ),
    "a claim in change taken as it is": (
        {"whole": {"stops": "nothing"}},
        debtor(invoice("A", late=50, whole=False)),
        "escalate A 121.00",
    ),
    "blocked debtors get no letter either": (
        {"blocked": {"before": "every step"}},
        debtor(invoice("A", late=20), debtor_blocked=True),
        "none",
    ),
    "blocked debtors are handed over": (
        {"blocked": {"before": "never"}},
        debtor(invoice("A", late=50), debtor_blocked=True),
        "escalate A 121.00",
    ),
    "letters to businesses only": (
        {"debtor_kind": {"before": "every step", "allowed": ["business"]}},
        debtor(invoice("A", late=20), debtor_kind="unknown"),
        "undecided before remind",
    ),
    "any kind": (
        {"debtor_kind": {"before": "never"}, "lawful": {"before": "never"}},
        debtor(invoice("A", late=50), debtor_kind="consumer"),
        "escalate A 121.00",
    ),
    "credit stops letters too": (
        {"credit": {"before": "every step"}},
        debtor(invoice("A", late=20), credit="1.00"),
        "none",
    ),
    "letters while the source is not calibrated": (
        {"calibrated": {"before": "escalate"}},
        debtor(invoice("A", late=50), calibrated=False),
        "notice A 121.00",
    ),
}


@pytest.mark.parametrize("case", GATE_CASES)
def test_gates(case: str) -> None:
    gates, account, expected = GATE_CASES[case]
    rules = policy(step("remind", 14), step("notice", 30), step("escalate", 45), **gates)
    assert outcome(decide(account, rules)) == expected


def test_the_reasons_of_a_hand_over_are_complete() -> None:
    decision = decide(debtor(invoice("A", late=50), steps=BOTH), STANDARD)
    assert verdicts(decision) == {
        f"escalate.{condition}": "yes"
        for condition in (
            "days_overdue", "not_taken", "needs", "after", "amount", "agency_minimum",
            "disputed", "on_hold", "promise", "payment_plan", "veto", "calibrated", "blocked", "debtor_kind", "credit",
            "law.contractual", "law.undisputed", "law.in_default", "law.not_barred", "law.not_stopped",
            "law.agency_registered",
        )
    }  # fmt: skip
    assert reason(decision, "escalate.days_overdue") == "50 days: A fell due on 2026-10-03 [open items of ledger demo]"
    assert (
        reason(decision, "escalate.needs")
        == "remind on 2026-10-17, notice on 2026-11-02 [letter notice, letter remind]"
    )
    assert reason(decision, "escalate.after") == "20 days ago, on 2026-11-02 [letter notice]"


def test_a_claim_left_out_is_written_down_with_its_reason_and_origin() -> None:
    decision = decide(debtor(invoice("A", late=20), invoice("B", late=20), disputes=(dispute("B"),)), STANDARD)
    assert outcome(decision) == "remind A 121.00"
    assert verdicts(decision)["claim.disputed"] == "no"
    assert reason(decision, "claim.disputed") == "disputed since 2026-11-13: never delivered [mail of the debtor]"


def test_of_two_holds_on_a_claim_the_longer_one_is_told() -> None:
    holds = (hold("claim", key="key-A", until=3), hold("claim", key="key-A"), hold("claim", key="key-A", until=9))
    decision = decide(debtor(invoice("A", late=20), holds=holds), STANDARD)
    assert reason(decision, "claim.on_hold") == "on hold since 2026-11-17 [anna]"
    assert decision.not_before is None


def test_a_hold_names_itself_in_the_reasons() -> None:
    decision = decide(debtor(invoice("A", late=20), holds=(hold(until=8, why="settlement talks"),)), STANDARD)
    assert verdicts(decision)["remind.on_hold"] == "no"
    assert (
        reason(decision, "remind.on_hold")
        == "debtor on hold since 2026-11-17 until 2026-11-30: settlement talks [anna]"
    )


def test_the_step_that_did_not_come_says_what_kept_it_back() -> None:
    decision = decide(debtor(invoice("A", late=90), debtor_kind="consumer", credit="1.00"), OPEN_LADDER)
    kept_back = {name: verdict for name, verdict in verdicts(decision).items() if name.startswith("escalate.")}
    assert kept_back == {"escalate.debtor_kind": "no", "escalate.credit": "no"}


def test_a_reminder_that_no_longer_counts_is_explained() -> None:
    decision = decide(debtor(invoice("A", late=20), steps=(taken("remind", 21),)), STANDARD)
    assert "which does not count: the oldest claim fell due on 2026-11-02" in reason(decision, "remind.not_taken")


def test_a_decision_names_its_rules_and_its_facts() -> None:
    decision = decide(debtor(invoice("A", late=20)), STANDARD)
    assert (decision.policy, decision.policy_version) == ("standard", STANDARD.version)
    assert (decision.ledger, decision.debtor_id, decision.day, decision.currency) == ("demo", "d1", DAY, "EUR")
    assert len(decision.facts) == 16
    assert decision.law == Law().version
    other = Law(settings=LawSettings(be_saturday="working"))
    assert decide(debtor(invoice("A", late=20)), STANDARD, other).law == other.version != Law().version


def test_an_account_at_the_end_of_the_calendar_is_decided() -> None:
    account = debtor(invoice("A", late=None, due_date=date.max), day=date.max, steps=(taken("remind", 0),))
    assert decide(account, STANDARD).not_before is None


def reason(decision: Decision, condition: str) -> str:
    """What a condition saw, and where it came from."""
    (found,) = (one for one in decision.because if one.condition == condition)
    return f"{found.seen} [{found.origin}]"
