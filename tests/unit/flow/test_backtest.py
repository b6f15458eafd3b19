"""Policies tried on what a ledger's pulls have left in the store, on both databases."""

from datetime import date, timedelta
from typing import Any

import pytest
from desk import START, Desk, closed, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions, backtest
from connector.flow.accounts import account
from connector.flow.backtest import BackTest, _days_in, _pasts, back_test
from connector.flow.pull import pull
from connector.insight.replay import Period, _Books
from connector.model import DisputeFact, HoldFact
from connector.policy import load_policy
from connector.store import item_changes, people, plans
from connector.testing import make_debtor

TODAY = START.date()


def policy(desk: Desk, name: str = "plain", **changes: str) -> Any:
    text = (desk.settings.home / "plain.toml").read_text(encoding="utf-8").replace('"plain"', f'"{name}"')
    for old, new in changes.items():
        text = text.replace(old, new)
    path = desk.settings.home / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


def live(desk: Desk, ledger: Ledger, *days: tuple[int, list[Any]]) -> None:
    """Pull what the books hold, each time so many days after the one before."""
    for wait, rows in days:
        desk.later(days=wait)
        desk.books.holds(*rows)
        pull(desk, ledger)


def files(found: BackTest, place: int = 0) -> list[tuple[date, str, int, str]]:
    return [
        (one.file.day, "+".join(claim.number for claim in one.file.claims), one.file.amount_minor, one.ending)
        for one in found.tried[place].outcomes
    ]


def test_the_past_is_replayed_as_it_was_stored(desk: Desk, ledger: Ledger) -> None:
    # Due on 31 January: ten days late since before the first pull; paid on the sixth day after it.
    live(desk, ledger, (0, [invoice("1"), invoice("2", due_date=date(2026, 3, 10))]))
    live(desk, ledger, (6, [closed("1", 10_000, on=TODAY + timedelta(days=6)).model_copy(update={"id": "t-1"})]))
    live(desk, ledger, (20, [invoice("3")]))
    actions.confirm_kind(desk, ledger, "d1", "business", actor="test")
    found = back_test(desk, ledger, {"plain": policy(desk)})
    assert (found.known.first, found.known.last) == (TODAY, TODAY + timedelta(days=26))
    assert found.period == Period(TODAY, TODAY + timedelta(days=26))
    assert files(found) == [
        (TODAY, "1", 10_000, "paid"),
        (date(2026, 3, 20), "2", 10_000, "open"),
        (TODAY + timedelta(days=26), "3", 10_000, "open"),
    ]
    assert found.tried[0].outcomes[0].paid_after == 6


def test_policies_stand_side_by_side(desk: Desk, ledger: Ledger) -> None:
    live(desk, ledger, (0, [invoice("1")]), (40, []))
    slow = policy(desk, "slow", **{"days_overdue = 10": "days_overdue = 50"})
    found = back_test(desk, ledger, {"plain": policy(desk), "slow": slow})
    assert [files(found, place)[0][0] for place in (0, 1)] == [TODAY, date(2026, 3, 22)]
    assert [one.figures.policy for one in found.tried] == ["plain", "slow"]


@pytest.mark.parametrize("rows_at_once", [1, 2000])
def test_what_the_replay_sees_today_is_what_a_plan_sees(
    desk: Desk, ledger: Ledger, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtest, "_ROWS_AT_ONCE", rows_at_once)
    split = [
        invoice("4", 4_000, state="in_collection"),
        invoice("4", 6_000, id="t-4-b", due_date=date(2026, 5, 1)),
    ]
    live(desk, ledger, (0, [invoice("1"), invoice("2"), invoice("5", due_date=None)]))
    live(desk, ledger, (5, [invoice("2", 7_000), closed("2", 3_000), *split]))
    live(desk, ledger, (5, [invoice("6", currency="USD"), invoice("7", -2_000, original_minor=-2_000)]))
    live(desk, ledger, (5, [invoice("8", debtor_id="d2"), invoice("1", debtor_id="d2")]))
    grouped = (make_debtor(id="d2", language="FR", customer_group="KEY"),)
    desk.books.holds(
        invoice("9", product_group="70"), invoice("8", debtor_id="d2", product_group="71"), debtors=grouped
    )
    pull(desk, ledger)
    with desk.store.write() as tx:
        today = desk.clock.today(ledger.timezone)
        item_changes.mark_gone(tx, "acme", ["t-5"], desk.clock.now())
        people.add_hold(tx, "acme", HoldFact(scope="claim", key="INV-2", since=today), at=desk.clock.now())
        people.open_dispute(tx, "acme", "d1", DisputeFact(opened_on=today), at=desk.clock.now())
    day = desk.clock.today(ledger.timezone)
    with desk.store.read() as tx:
        debtors = list(_pasts(tx, ledger, Period(day, day), _days_in(ledger.timezone)))
        assert [one.debtor_id for one in debtors] == ["d1", "d2"]
        assert [(one.language, one.postcode, one.group) for one in debtors] == [
            ("nl", "3511 AV", ""),
            ("fr", "3511 AV", "KEY"),
        ]
        for debtor in debtors:
            seen = account(tx, ledger, debtor.debtor_id, day)
            books = _Books(debtor)
            books.go_to(day)
            replayed = books.account(day, ())
            texts = {"description": "", "payment_reference": ""}
            expected = [one.model_copy(update=texts) for one in sorted(seen.claims, key=lambda one: one.claim)]
            assert sorted(replayed.claims, key=lambda one: one.claim) == expected
            assert replayed.model_copy(update={"claims": ()}) == seen.model_copy(update={"claims": ()})


def test_what_was_recorded_before_counts_and_later_steps_are_the_policys_own(desk: Desk, ledger: Ledger) -> None:
    live(desk, ledger, (0, [invoice("1")]), (10, []))
    with desk.store.write() as tx:
        for day in (0, 7):
            people.record_step(
                tx, "acme", "d1", "remind", taken_on=TODAY + timedelta(days=day), channel="post", origin="x",
                at=START + timedelta(days=day),
            )  # fmt: skip
    with desk.store.read() as tx:
        [debtor] = _pasts(tx, ledger, Period(TODAY + timedelta(days=3), TODAY), _days_in(ledger.timezone))
    assert [one.taken_on for one in debtor.steps] == [TODAY]


def test_a_confirmed_kind_counts_from_its_day(desk: Desk, ledger: Ledger) -> None:
    unknown = {"debtors": (make_debtor(id="d1", kind="unknown"),)}
    desk.books.holds(invoice("1"), **unknown)
    pull(desk, ledger)
    desk.later(days=4)
    actions.confirm_kind(desk, ledger, "d1", "business", actor="test")
    desk.later(days=1)
    desk.books.holds(invoice("9", due_date=date(2026, 12, 1)), **unknown)
    pull(desk, ledger)
    assert [one[:2] for one in files(back_test(desk, ledger, {"plain": policy(desk)}))] == [
        (TODAY + timedelta(days=4), "1")
    ]


def test_claims_in_other_currencies_are_counted_and_take_no_part(desk: Desk, ledger: Ledger) -> None:
    live(desk, ledger, (0, [invoice("1"), invoice("2", currency="USD")]))
    found = back_test(desk, ledger, {"plain": policy(desk)})
    assert found.others == {"USD": 1}
    assert [one[1] for one in files(found)] == ["1"]


def test_days_of_which_nothing_is_known_are_refused(desk: Desk, ledger: Ledger) -> None:
    rules = {"plain": policy(desk)}
    with pytest.raises(ConfigError, match=r"acme has no history: nothing was pulled yet\. First: incasso pull"):
        back_test(desk, ledger, rules)
    live(desk, ledger, (0, [invoice("1")]), (9, []))
    with pytest.raises(
        ConfigError, match=r"is known from 2026-03-02 on, .* 2026-03-01\. Begin later: --from 2026-03-02"
    ):
        back_test(desk, ledger, rules, first=date(2026, 3, 1))
    with pytest.raises(ConfigError, match=r"is known up to 2026-03-11, .* 2026-03-12\. End earlier"):
        back_test(desk, ledger, rules, last=date(2026, 3, 12))
    with pytest.raises(ConfigError, match="ends on 2026-03-04, before it begins on 2026-03-05"):
        back_test(desk, ledger, rules, first=date(2026, 3, 5), last=date(2026, 3, 4))


def test_policies_in_two_currencies_do_not_stand_side_by_side(desk: Desk, ledger: Ledger) -> None:
    dollars = policy(desk, "dollars", EUR="USD")
    with pytest.raises(ConfigError, match="plain is in EUR and dollars is in USD"):
        back_test(desk, ledger, {"plain": policy(desk), "dollars": dollars})


def test_nothing_is_written(desk: Desk, ledger: Ledger) -> None:
    live(desk, ledger, (0, [invoice("1")]), (9, []))
    back_test(desk, ledger, {"plain": policy(desk)})
    with desk.store.read() as tx:
        assert plans.last_plan(tx, "acme") is None
