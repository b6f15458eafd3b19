"""A decision that another plan takes over: known by what it was made of, told as before, kept once."""

from datetime import UTC, date, datetime

import pytest

from connector.model import Because, Decision
from connector.store import Store, Tx, plans, schema
from connector.store.decided import Made, newest, remember, take_over

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
DAY = AT.date()
NEXT = date(2026, 3, 3)


def decision(debtor_id: str, **changes: object) -> Decision:
    reason = Because(condition="remind.days_overdue", asked="Old?", seen="30 days", origin="items", verdict="yes")
    values = {
        "ledger": "acme", "debtor_id": debtor_id, "day": DAY, "action": "remind", "step": "remind", "policy": "plain",
        "policy_version": "1", "facts": "f", "because": (reason,), "claims": ("A",), "amount_minor": 12_100,
    }  # fmt: skip
    return Decision.model_validate({**values, **changes})


ROWS = {
    "d1": (decision("d1"), "new"),
    "d2": (decision("d2", action="undecided", step=""), "undecided"),
    "d3": (decision("d3", action="none", step="", held_step="remind", held_minor=500), "held"),
}


def start(tx: Tx) -> int:
    return plans.start_plan(tx, "acme", day=DAY, policy="plain", policy_version="1", at=AT)


@pytest.fixture
def three(store: Store) -> tuple[int, int, int]:
    """A plan, and two more that take it over."""
    with store.write() as tx:
        first = start(tx)
        plans.add_decisions(tx, first, [(one, change, "because") for one, change in ROWS.values()])
        made = [Made(key, first, f"read {key}", f"said {key}", NEXT) for key in ROWS]
        remember(tx, "acme", rules="r", day=DAY, made=made)
        plans.settle_decision(tx, first, "d1", outcome="handed_over", why="w", case_ref="C-1")
        second = start(tx)
        take_over(tx, "acme", second, first, list(ROWS))
        third = start(tx)
        take_over(tx, "acme", third, second, ["d1"])
    return first, second, third


def test_it_is_told_as_before_and_as_unchanged(store: Store, three: tuple[int, int, int]) -> None:
    first, second, third = three
    with store.read() as tx:
        rows = list(plans.decisions(tx, second))
        assert [one.decision for one in rows] == [one for one, _ in ROWS.values()]
        told = [(one.plan_id, one.change, one.change_why, one.outcome, one.outcome_why, one.case_ref) for one in rows]
        assert told == [(second, change, "", "", "", "") for change in ("unchanged", "undecided", "held")]
        assert plans.next_decisions(tx, third, after="", most=5)[0].decision == ROWS["d1"][0]
        found = plans.decision_as_of(tx, third, "acme", "d1")
        assert found
        assert (found[0].id, found[1].decision) == (third, ROWS["d1"][0])
        assert [one.outcome for one in plans.decisions(tx, first)] == ["handed_over", "", ""]
        assert [(one.change, one.count) for one in plans.totals(tx, second)] == [
            ("unchanged", 1), ("undecided", 1), ("held", 1),
        ]  # fmt: skip
        assert plans.standing(tx, second) == {"d1", "d2", "d3"}


def test_to_compare_by_it_comes_without_its_reasons(store: Store, three: tuple[int, int, int]) -> None:
    with store.read() as tx:
        found = plans.latest_decisions(tx, "acme", ["d1", "d3", "d9"])
    assert {key: one.plan_id for key, one in found.items()} == {"d1": three[2], "d3": three[1]}
    assert found["d1"].decision.model_dump() == ROWS["d1"][0].model_copy(update={"because": ()}).model_dump()


def test_its_body_is_kept_once(store: Store, three: tuple[int, int, int]) -> None:
    query = "SELECT plan_id, length(body) > 0, same_as FROM decision WHERE debtor_id = 'd1' ORDER BY plan_id"
    first, second, third = three
    with store.read() as tx:
        rows = [tuple(row) for row in tx.exec_driver_sql(query)]
    assert rows == [(first, True, None), (second, False, first), (third, False, first)]
    schema.downgrade(store, "0013")
    with store.read() as tx:
        bodies = {row.body for row in tx.exec_driver_sql("SELECT body FROM decision WHERE debtor_id = 'd1'")}
    assert bodies == {ROWS["d1"][0].model_dump_json()}, "an older release knows no other place"
    schema.upgrade(store)
    with store.read() as tx:
        assert [one.decision for one in plans.decisions(tx, second)] == [one for one, _ in ROWS.values()]
        assert newest(tx, "acme", ["d1"]) == {}


def test_it_holds_for_what_it_was_made_of_and_for_its_days(store: Store, three: tuple[int, int, int]) -> None:
    with store.read() as tx:
        found = newest(tx, "acme", [*ROWS, "d9"])
        assert newest(tx, "other", [*ROWS]) == {}
    assert {key: (one.plan_id, one.action, one.change, one.facts, one.says_more) for key, one in found.items()} == {
        "d1": (three[2], "remind", "unchanged", "f", True),
        "d2": (three[1], "undecided", "undecided", "f", True),
        "d3": (three[1], "none", "held", "f", True),
    }
    one = found["d1"]
    assert one.said == "said d1"
    assert one.holds_for("read d1", "r", DAY)
    assert not one.holds_for("read d2", "r", DAY)
    assert not one.holds_for("read d1", "s", DAY)
    assert not one.holds_for("read d1", "r", NEXT)
    assert not one.holds_for("read d1", "r", date(2026, 3, 1))
