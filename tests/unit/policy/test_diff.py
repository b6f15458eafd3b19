"""What a plan changes against the plan before it."""

from datetime import timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from policy_builders import DAY, STANDARD, debtor, dispute, hold, invoice, policy, step, taken
from test_decide_properties import any_accounts, due_on, mixed_accounts, policies

from connector.model import Account, Circumstance, Decision
from connector.policy import Change, Policy, compare, decide, held_by
from connector.policy.diff import kind_again, said
from connector.policy.seen import lowered, see_account


def decided(*claims: object, **changes: object) -> Decision:
    return decide(debtor(*claims, **changes), STANDARD)  # type: ignore[arg-type]


REMINDED = decided(invoice("A", late=20))
QUIET = decided(invoice("A", late=-20))
UNDECIDED = decided(invoice("A", late=None))
HELD = decided(invoice("A", late=20), holds=(hold(),))
SHORT = (
    "A paid in part, EUR 121.00 -> EUR 0.01, Is at least EUR 0.01 open after credit? "
    "EUR 0.01 in 1 claim less EUR 1.00 credit = EUR -0.99"
)
BOTH = (taken("remind", 36), taken("notice", 20))


def change(before: Decision | None, now: Decision, **facts: object) -> Change:
    return compare(before, now, **facts)  # type: ignore[arg-type]


def test_a_step_that_was_not_there_before_is_new() -> None:
    assert change(None, REMINDED).kind == "new"
    assert change(QUIET, REMINDED).kind == "new"
    assert change(UNDECIDED, REMINDED).kind == "new"


def test_a_new_step_says_what_stood_in_its_way_before() -> None:
    assert change(QUIET, REMINDED).why == ()
    assert change(UNDECIDED, REMINDED).why[0] == "undecided -> remind"
    assert change(HELD, REMINDED).why == ("remind held -> remind",)


def test_the_same_step_on_the_same_facts_is_unchanged() -> None:
    one = change(REMINDED, decided(invoice("A", late=20)))
    assert (one.kind, one.why, one.moved) == ("unchanged", (), False)


def test_the_same_step_on_other_facts_is_unchanged_and_says_that_they_moved() -> None:
    one = change(REMINDED, decided(invoice("A", late=21)))
    assert (one.kind, one.moved) == ("unchanged", True)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (
            decided(invoice("A", late=40), steps=(taken("remind", 14),)),
            ("remind -> notice",),
        ),
        (
            decided(invoice("A", late=20, euros="100.00")),
            ("EUR 121.00 -> EUR 100.00: A paid in part, EUR 121.00 -> EUR 100.00",),
        ),
        (
            decided(invoice("A", late=20), credit="21.00"),
            ("EUR 121.00 -> EUR 100.00",),
        ),
        (
            decided(invoice("A", late=20), invoice("B", late=2), credit="121.00"),
            ("B came in, EUR 121.00",),
        ),
        (
            decided(invoice("B", late=20)),
            ("A paid, B came in, EUR 121.00",),
        ),
        (
            decide(debtor(invoice("A", late=20)), policy(step("remind", 14))),
            ("policy standard -> test",),
        ),
    ],
)
def test_another_step_amount_claim_or_policy_is_a_change(now: Decision, why: tuple[str, ...]) -> None:
    one = change(REMINDED, now, settled={"key-A": "paid"})
    assert (one.kind, one.why) == ("changed", why)


def test_amounts_that_only_move_between_claims_are_a_change() -> None:
    before = decided(invoice("A", late=20, euros="50.00"), invoice("B", late=20, euros="60.00"))
    now = decided(invoice("A", late=20, euros="60.00"), invoice("B", late=20, euros="50.00"))
    assert (change(before, now).kind, before.amount_minor) == ("changed", now.amount_minor)


def test_a_claim_that_falls_due_is_asked_from_then_on() -> None:
    before = decided(invoice("A", late=20), invoice("B", late=-1))
    now = decided(invoice("A", late=22), invoice("B", late=1))
    assert change(before, now).why == ("EUR 121.00 -> EUR 242.00: B is asked now",)


def test_of_many_claims_three_are_named() -> None:
    before = decided(*(invoice(str(number), late=20) for number in range(6)))
    now = decided(invoice("0", late=20))
    (why,) = change(before, now, settled={f"key-{number}": "paid" for number in range(6)}).why
    assert why == "EUR 726.00 -> EUR 121.00: 1 paid, 2 paid, 3 paid, 2 more"


def test_a_decision_of_an_older_release_kept_no_claims() -> None:
    before = REMINDED.model_copy(update={"seen": ()})
    assert change(before, REMINDED).kind == "unchanged"
    assert change(before, decided(invoice("B", late=20))).why == ("other claims",)


class TestHeld:
    """No step comes, and without a gate one would."""

    @pytest.mark.parametrize(
        ("now", "step", "reason"),
        [
            (HELD, "remind", "Is there no hold on the debtor? debtor on hold since 2026-11-17"),
            (
                decided(invoice("A", late=20), disputes=(dispute("A"),)),
                "remind",
                "Is A free of dispute? disputed since 2026-11-13: never delivered",
            ),
            (
                decided(invoice("A", late=50), steps=BOTH, debtor_kind="consumer"),
                "escalate",
                "Is the debtor one of: business, sole trader, public body? consumer",
            ),
            (
                decided(invoice("A", late=50), steps=BOTH, debtor_blocked=True),
                "escalate",
                "Is the debtor not blocked in the ledger? blocked",
            ),
            (
                decided(invoice("A", late=50), invoice("B", late=20), steps=BOTH, credit="1.00"),
                "escalate",
                "Is there no open credit? EUR 1.00 not yet matched to an invoice",
            ),
        ],
    )
    def test_the_step_and_the_gate_are_named(self, now: Decision, step: str, reason: str) -> None:
        one = change(None, now)
        assert (one.kind, now.action, now.held_step) == ("held", "none", step)
        assert held_by(now)[0] == reason
        assert one.why == (f"nothing -> {step} held",)

    def test_a_gate_of_another_step_is_not_named(self) -> None:
        now = decided(
            invoice("A", late=50), steps=(taken("remind", 36),), debtor_kind="consumer", disputes=(dispute(),)
        )
        assert now.held_step == "notice"
        assert held_by(now) == ("Is there no dispute about everything? disputed since 2026-11-13: never delivered",)

    def test_what_it_would_ask_is_told(self) -> None:
        assert decided(invoice("A", late=20), invoice("B", late=3), disputes=(dispute(),)).held_minor == 24_200

    def test_the_law_holds(self) -> None:
        now = decide(
            debtor(invoice("A", late=50), debtor_kind="consumer"),
            policy(step("escalate", 30), debtor_kind={"before": "never"}),
        )
        assert (now.held_step, change(None, now).kind) == ("escalate", "held")
        assert "fourteen" in held_by(now)[0].casefold() or "letter" in held_by(now)[0]

    def test_what_befell_the_debtor_is_named_before_other_gates(self) -> None:
        dead = Circumstance(kind="deceased", since=DAY, country="NL", origin="anna")
        account = debtor(
            invoice("A", late=50), debtor_kind="consumer", circumstances=(dead,),
            steps=(taken("remind", 36), taken("notice", 20)),
        )  # fmt: skip
        assert held_by(decide(account, STANDARD))[0].startswith("Is the debtor not known to be dead?")

    @pytest.mark.parametrize(
        "now",
        [
            decided(invoice("A", late=5), holds=(hold(),)),
            decided(invoice("A", late=-5), disputes=(dispute(),)),
            decided(invoice("A", late=20, euros="0.00"), holds=(hold(),)),
            decided(invoice("A", late=20), steps=(taken("remind", 3),), holds=(hold(),)),
            decided(invoice("A", late=20, case_ref="acme-1"), holds=(hold(),)),
            decided(holds=(hold(),)),
        ],
    )
    def test_what_the_calendar_the_order_or_the_amount_stops_too_is_not_held(self, now: Decision) -> None:
        assert (now.action, now.held_step, change(QUIET, now).kind) == ("none", "", "none")

    def test_what_stays_held_has_nothing_to_tell(self) -> None:
        assert change(HELD, HELD).why == ()
        dearer = decided(invoice("A", late=20), invoice("B", late=20), holds=(hold(),))
        assert change(HELD, dearer).why == ("EUR 121.00 -> EUR 242.00: B came in, EUR 121.00",)

    def test_a_step_that_is_stopped_says_which(self) -> None:
        assert change(REMINDED, HELD).why == ("remind -> remind held",)


def test_who_is_undecided_says_so() -> None:
    one = change(None, UNDECIDED)
    assert (one.kind, one.why) == ("undecided", ("nothing -> undecided",))
    assert change(UNDECIDED, UNDECIDED).why == ()


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (debtor(), "A paid, nothing is open"),
        (debtor(invoice("B", late=-20)), "A paid, no: 1 open, the first falls due on 2026-12-12"),
        (
            debtor(invoice("A", late=20, euros="0.01"), credit="1.00"),
            SHORT,
        ),
    ],
)
def test_a_step_that_does_not_come_any_more_is_withdrawn_with_the_reason(now: Account, why: str) -> None:
    claims = see_account(now)
    settled = dict.fromkeys(lowered(REMINDED, claims), "paid")
    one = change(REMINDED, decide(now, STANDARD), claims=claims, settled=settled)
    assert (one.kind, one.why) == ("withdrawn", (f"remind -> nothing: {why}".replace("no: ", ""),))


def test_a_step_that_was_taken_is_not_withdrawn() -> None:
    now = decided(invoice("A", late=20), steps=(taken("remind", 0),))
    assert (change(REMINDED, now, done=True).kind, change(REMINDED, now, done=True).why) == ("none", ())


def test_nothing_is_told_of_who_had_no_step_and_has_none() -> None:
    assert (change(None, QUIET).kind, change(None, QUIET).why) == ("none", ())
    assert (change(QUIET, QUIET).kind, change(QUIET, QUIET).why) == ("none", ())


@given(any_accounts | mixed_accounts, any_accounts | mixed_accounts, policies, st.booleans())
def test_where_the_same_is_said_nothing_differs(one: Account, other: Account, rules: Policy, done: bool) -> None:
    """As `compare` has it, with reasons, days and facts that may all be others."""
    for before, account in ((one, due_on(one, one.day + timedelta(days=1))), (one, other), (other, one), (one, one)):
        old, now = decide(before, rules), decide(account, rules)
        if said(old) == said(now):
            event(f"says the same: {now.action}")
            found = compare(old, now, claims=now.seen or see_account(account), settled={"a": "paid"}, done=done)
            assert (found.kind, found.why, found.moved) == (kind_again(now), (), old.facts != now.facts)
