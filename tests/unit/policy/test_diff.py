"""What a plan changes against the plan before it."""

import pytest
from policy_builders import STANDARD, debtor, dispute, invoice, policy, step, taken

from connector.model import Account, Decision
from connector.policy import Change, compare, compare_plans, decide


def decided(*claims: object, **changes: object) -> Decision:
    return decide(debtor(*claims, **changes), STANDARD)  # type: ignore[arg-type]


REMINDED = decided(invoice("A", late=20))
QUIET = decided(invoice("A", late=-20))
UNDECIDED = decided(invoice("A", late=None))


def change(before: Decision | None, now: Decision | None) -> Change:
    found = compare(before, now)
    assert found is not None
    return found


def test_a_step_that_was_not_there_before_is_new() -> None:
    assert change(None, REMINDED).kind == "new"
    assert change(QUIET, REMINDED).kind == "new"
    assert change(UNDECIDED, REMINDED).kind == "new"


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
            ("step remind -> notice",),
        ),
        (
            decided(invoice("A", late=20, euros="100.00")),
            ("amount EUR 121.00 -> EUR 100.00",),
        ),
        (
            decided(invoice("A", late=20), invoice("B", late=2), credit="121.00"),
            ("1 more: key-B",),
        ),
        (
            decided(invoice("B", late=20)),
            ("1 more: key-B", "1 fewer: key-A"),
        ),
        (
            decide(debtor(invoice("A", late=20)), policy(step("remind", 14))),
            ("policy standard -> test",),
        ),
    ],
)
def test_another_step_amount_claim_or_policy_is_a_change(now: Decision, why: tuple[str, ...]) -> None:
    assert (change(REMINDED, now).kind, change(REMINDED, now).why) == ("changed", why)


def test_who_gets_no_step_is_left_out_with_the_reasons() -> None:
    one = change(REMINDED, decided(invoice("A", late=20), disputes=(dispute("A"),)))
    assert one.kind == "left_out"
    assert one.why[0] == "Is A free of dispute? disputed since 2026-11-13: never delivered"


def test_who_is_undecided_is_left_out_with_what_is_missing() -> None:
    one = change(None, UNDECIDED)
    assert one.kind == "left_out"
    assert one.why[0] == "Is the due date of A known? the ledger gives none"


def test_who_has_nothing_open_any_more_is_gone() -> None:
    one = change(REMINDED, None)
    assert (one.kind, one.now, one.why) == ("gone", None, ("was remind; nothing is open any more",))


def test_nothing_is_told_of_who_had_no_step_and_has_no_account() -> None:
    assert compare(None, None) is None
    assert compare(QUIET, None) is None


def test_two_plans_are_compared_debtor_by_debtor() -> None:
    def plan(**debtors: Account) -> list[Decision]:
        return [decide(one.model_copy(update={"debtor_id": name}), STANDARD) for name, one in debtors.items()]

    late, early = debtor(invoice("A", late=20)), debtor(invoice("A", late=-20))
    previous = plan(stays=late, pays=late, leaves=late, quiet=early, closed=early)
    current = plan(quiet=early, stays=late, pays=early, comes=late)
    assert [(one.debtor_id, one.kind) for one in compare_plans(previous, current)] == [
        ("quiet", "left_out"),
        ("stays", "unchanged"),
        ("pays", "left_out"),
        ("comes", "new"),
        ("leaves", "gone"),
    ]
