"""A plan decides on whom anything has changed, and takes over what is sure to come out the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from desk import TRADE, Desk, closed, invoice

from connector.config import Ledger
from connector.flow import actions, circumstances, plan, promises
from connector.flow.letters import record_letter
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.model import Address, Circumstance, ConditionAnswer, Decision, LetterFact, RegisterFact
from connector.policy import load_policy, moves
from connector.policy.policy import PluginCondition
from connector.store import debtors, journal, people, plans
from connector.store.plans import Plan, Planned
from connector.testing import make_debtor

LADDER = """
name = "plain"
version = "1"
currency = "EUR"

[[step]]
name = "remind"
action = "remind"
title = "Reminder"
days_overdue = 10

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 40
needs = ["remind"]
after = { step = "remind", days = 5 }
"""
ANNA = "anna"


@pytest.fixture(autouse=True)
def _ladder(desk: Desk) -> None:
    """A reminder after 10 days, the agency after 40; the invoices of the desk are 30 days late."""
    desk.settings.policies["plain"].write_text(LADDER, encoding="utf-8")


class Plans:
    """Makes plans, and tells on whom each decided anew."""

    def __init__(self, desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk, self.ledger = desk, ledger
        self.anew: set[str] = set()
        for name in ("decide", "decide_at_a_glance"):
            monkeypatch.setattr(plan, name, self._noting(getattr(plan, name)))

    def _noting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def noting(account: Any, *rest: Any) -> Any:
            found = real(account, *rest)
            if found:
                self.anew.add(account.debtor_id)
            return found

        return noting

    def make(self, *rows: Any) -> dict[str, Planned]:
        """The rows of a new plan, each held against what would be decided now."""
        if rows:
            self.desk.books.holds(*rows)
            pull(self.desk, self.ledger)
        self.anew.clear()
        self.made: Plan = make_plan(self.desk, self.ledger)[1]
        anew = set(self.anew)
        with self.desk.store.read() as tx:
            found = {one.decision.debtor_id: one for one in plans.decisions(tx, self.made.id)}
        for key in ("d1", "d2", "d3"):
            now = explain(self.desk, self.ledger, key)[1]
            if says_more(now):
                assert found[key].decision == now, key
            elif key in found:
                assert not says_more(found[key].decision)
        self.anew = anew
        return found


def says_more(one: Decision) -> bool:
    return moves(one) or one.action == "undecided" or bool(one.held_step)


@pytest.fixture
def made(desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Plans:
    return Plans(desk, ledger, monkeypatch)


def young(number: str, days: int, **changes: Any) -> Any:
    """An invoice that is so many days late on the desk's first day, 2 March 2026."""
    return invoice(number, **{"due_date": date(2026, 3, 2) - timedelta(days=days), **changes})


def test_where_nothing_has_changed_nobody_is_decided_anew(made: Plans) -> None:
    rows = [invoice("1"), young("2", 5, debtor_id="d2"), invoice("3", debtor_id="d3")]
    actions.hold_debtor(made.desk, made.ledger, "d3", reason="asked", until=None, actor=ANNA)
    first = made.make(*rows)
    assert made.anew == {"d1", "d2", "d3"}
    again = made.make()
    assert made.anew == set()
    assert {key: (one.change, one.change_why) for key, one in again.items()} == {
        "d1": ("unchanged", ""), "d3": ("held", ""),
    }  # fmt: skip
    assert {key: one.decision for key, one in again.items()} == {key: first[key].decision for key in again}
    assert made.made.counts == {"remind": 1, "unchanged": 1, "held": 1, "none": 2}
    assert made.make().keys() == again.keys()


def test_the_fingerprint_of_a_plan_is_that_of_its_facts_alone(made: Plans) -> None:
    made.make(invoice("1"), young("2", 5, debtor_id="d2"), invoice("3", debtor_id="d3"))
    facts = made.made.facts
    actions.confirm_kind(made.desk, made.ledger, "d2", "public_body", actor=ANNA)
    made.make()
    assert made.anew == {"d2"}
    assert made.made.facts != facts
    actions.confirm_kind(made.desk, made.ledger, "d2", "business", actor=ANNA)
    made.make()
    assert made.made.facts == facts


def write_step(desk: Desk, ledger: Ledger) -> None:
    with desk.store.write() as tx:
        people.record_step(tx, "acme", "d1", "call", taken_on=date(2026, 3, 1), channel="", origin=ANNA,
                           at=desk.clock.now())  # fmt: skip


def move_debtor(desk: Desk, ledger: Ledger) -> None:
    moved = make_debtor(id="d1", addresses=(Address(postcode="1000", country="BE"),))
    with desk.store.write() as tx:
        debtors.store_debtors(tx, "acme", [moved], desk.clock.now())


def bring(*rows: Any) -> Callable[[Desk, Ledger], None]:
    def act(desk: Desk, ledger: Ledger) -> None:
        desk.books.holds(*rows)
        pull(desk, ledger)

    return act


LETTER = LetterFact(kind="notice", channel="post", sent_on=date(2026, 3, 1))
LOOKED_UP = RegisterFact(register_name="cir", looked_up=date(2026, 3, 1), found=False)
CHANGES: dict[str, Callable[[Desk, Ledger], object]] = {
    "a payment in part": bring(invoice("1", 6_000), closed("1", 4_000)),
    "another invoice": bring(invoice("9")),
    "another text of an invoice": bring(invoice("1", description="paper")),
    "another day of an invoice": bring(invoice("1", invoice_date=date(2026, 1, 2))),
    "a direct debit": bring(invoice("1", state="in_collection")),
    "a hold": lambda desk, ledger: actions.hold_debtor(desk, ledger, "d1", reason="", until=None, actor=ANNA),
    "a hold on an invoice": lambda desk, ledger: actions.hold_debtor(
        desk, ledger, "d1", reason="", until=None, actor=ANNA, claims=["INV-1"]
    ),
    "a dispute": lambda desk, ledger: actions.open_dispute(desk, ledger, "d1", reason="", claim="", actor=ANNA),
    "a letter": lambda desk, ledger: record_letter(desk, ledger, "d1", LETTER, actor=ANNA),
    "a step": write_step,
    "the kind of the debtor": lambda desk, ledger: actions.confirm_kind(desk, ledger, "d1", "consumer", actor=ANNA),
    "the country of the debtor": move_debtor,
    "a promise": lambda desk, ledger: promises.record_promise(
        desk, ledger, "d1", amount="100", pay_by=date(2026, 3, 9), made_on=None, claims=(), reason="", actor=ANNA
    ),
    "a payment plan": lambda desk, ledger: promises.record_plan(
        desk, ledger, "d1", instalments=[(date(2026, 3, 9), "100")], agreed_on=None, claims=(), reason="", actor=ANNA
    ),
    "an insolvency": lambda desk, ledger: circumstances.record(
        desk, ledger, "d1", Circumstance(kind="deceased", regime="death", country="NL", since=date(2026, 3, 1)),
        actor=ANNA,
    ),
    "a look-up": lambda desk, ledger: circumstances.record_lookups(desk, ledger, {"d1": [LOOKED_UP]}, actor=ANNA),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_who_has_anything_changed_is_decided_anew_and_nobody_else(change: str, made: Plans) -> None:
    made.make(invoice("1"), invoice("2", debtor_id="d2"))
    CHANGES[change](made.desk, made.ledger)
    made.make()
    assert made.anew == {"d1"}


def other_law(made: Plans) -> None:
    made.ledger = made.ledger.model_copy(update={"law": TRADE.model_copy(update={"contractual": "unknown"})})


def other_policy(made: Plans) -> None:
    made.desk.settings.policies["plain"].write_text(LADDER.replace("= 40", "= 41"), encoding="utf-8")


def brake(made: Plans) -> None:
    with made.desk.store.write() as tx:
        state = journal.read_ledger_state(tx, "acme")
        journal.write_ledger_state(tx, "acme", replace(state, brake_reason="looks odd"))


@pytest.mark.parametrize("change", [other_law, other_policy, brake])
def test_what_holds_for_all_lets_everybody_be_decided_anew(change: Callable[[Plans], None], made: Plans) -> None:
    made.make(invoice("1"), young("2", 5, debtor_id="d2"))
    change(made)
    made.make()
    assert made.anew == {"d1", "d2"}


def test_another_release_decides_on_everybody_anew(made: Plans, monkeypatch: pytest.MonkeyPatch) -> None:
    made.make(invoice("1"), young("2", 5, debtor_id="d2"))
    monkeypatch.setattr(plan, "__version__", "0.0")
    made.make()
    assert made.anew == {"d1", "d2"}


def test_a_condition_of_a_plugin_is_asked_each_time(made: Plans, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may answer otherwise tomorrow, or in a minute."""
    rules = load_policy(made.desk.settings.policies["plain"])
    answer = ConditionAnswer(seen="fine", origin="x", verdict="yes")
    condition = PluginCondition(use="x", before="every step").bound("May it?", lambda _: answer)
    monkeypatch.setattr(Desk, "policy", lambda *_: rules.model_copy(update={"conditions": (condition,)}))
    assert made.make(invoice("1"))["d1"].change == "new"
    answer = ConditionAnswer(seen="not now", origin="x", verdict="no")
    assert made.make()["d1"].change == "held"


def test_a_step_that_was_withdrawn_and_comes_back_on_the_same_day_is_new(made: Plans) -> None:
    assert made.make(invoice("1"))["d1"].change == "new"
    assert made.make(invoice("1", open_minor=0, state="closed", closed_reason="paid"))["d1"].change == "withdrawn"
    assert made.make(invoice("1"))["d1"].change == "new"
    assert made.make()["d1"].change == "unchanged"


def test_on_another_day_who_rests_is_passed_over_and_who_moves_is_told_anew(made: Plans) -> None:
    made.make(invoice("1"), young("2", 5, debtor_id="d2"))
    made.desk.later(days=1)
    [only] = made.make().values()
    assert made.anew == {"d1"}
    assert only.decision.day == date(2026, 3, 3)
    made.desk.later(days=4)
    assert made.make()["d2"].change == "new"


def test_a_clock_that_was_set_back_decides_anew(made: Plans) -> None:
    made.make(invoice("1"))
    made.desk.later(days=-1)
    assert made.make()["d1"].decision.day == date(2026, 3, 1)


def test_day_by_day_each_plan_says_what_is_decided_on_that_day(made: Plans) -> None:
    """Two months of payments, holds and steps; every row is held against a decision made then."""
    dice = Random(4)
    made.make(*(young(f"{number}", number * 3 - 12, debtor_id=f"d{number % 3 + 1}") for number in range(9)))
    taken_over = 0
    for day in range(60):
        made.desk.later(days=1)
        key, number = f"d{dice.randint(1, 3)}", dice.randint(0, 8)
        rows: list[Any] = []
        match dice.randrange(6):
            case 0:
                actions.hold_debtor(made.desk, made.ledger, key, reason="", actor=ANNA,
                                    until=made.desk.clock.today() + timedelta(days=3))  # fmt: skip
            case 1:
                state = {"open_minor": 0, "state": "closed", "closed_reason": "paid"} if day % 2 else {}
                rows = [young(f"{number}", number * 3 - 12, debtor_id=f"d{number % 3 + 1}", **state)]
            case 2:
                actions.record_steps(made.desk, made.ledger, made.made.id, action="remind", channel="",
                                     taken_on=made.desk.clock.today(), actor=ANNA)  # fmt: skip
        found = made.make(*rows)
        taken_over += len(found.keys() - made.anew)
        made.make()
        taken_over += len(found)
    assert taken_over > 60
