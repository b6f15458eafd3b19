"""The past of a ledger: every version of a row with its debtor, and what people said and when they said it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from connector.model import (
    Circumstance,
    DisputeFact,
    HoldFact,
    Instalment,
    LetterFact,
    PaymentPlanFact,
    PromiseFact,
    RegisterFact,
)
from connector.store import Store, cases, circumstances, debtors, item_changes, letters, past, people, promises
from connector.store.cases import CaseRow, LineRow
from connector.store.known import Recorded
from connector.testing import make_debtor, make_item

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def put(store: Store, at: datetime, **changes: Any) -> None:
    with store.write() as tx:
        item_changes.store_items(tx, "acme", item_changes.facts_of([make_item(**changes)]), at)


def read(store: Store, ledger: str = "acme") -> dict[str, list[past.ItemVersion]]:
    with store.read() as tx:
        return dict(past.versions(tx, ledger))


def test_every_version_comes_with_the_time_it_stood(store: Store) -> None:
    put(store, AT, id="a", debtor_id="d1", amount_minor=100)
    put(store, AT + DAY, id="a", debtor_id="d1", amount_minor=100, open_minor=40)
    put(store, AT + 2 * DAY, id="a", debtor_id="d1", amount_minor=100, open_minor=0, state="closed")
    found = sorted(read(store)["d1"], key=lambda one: one.since)
    assert [(one.since, one.until, one.open_minor) for one in found] == [
        (AT, AT + DAY, 100),
        (AT + DAY, AT + 2 * DAY, 40),
        (AT + 2 * DAY, None, 0),
    ]
    assert all(before.until == after.since for before, after in pairwise(found))


def test_a_row_that_was_moved_is_with_each_debtor_for_its_time(store: Store) -> None:
    put(store, AT, id="a", debtor_id="d1")
    put(store, AT + DAY, id="a", debtor_id="d2")
    found = read(store)
    assert [(one.since, one.until) for one in found["d1"]] == [(AT, AT + DAY)]
    assert [(one.since, one.until) for one in found["d2"]] == [(AT + DAY, None)]


def test_a_row_that_is_gone_says_so_from_then_on(store: Store) -> None:
    put(store, AT, id="a", debtor_id="d1")
    with store.write() as tx:
        item_changes.mark_gone(tx, "acme", ["a"], AT + DAY)
    assert sorted((one.since, one.gone) for one in read(store)["d1"]) == [(AT, False), (AT + DAY, True)]


def test_debtors_come_one_after_the_other_and_other_ledgers_not_at_all(store: Store) -> None:
    for number in range(300):
        put(store, AT, id=f"a{number}", debtor_id=f"d{number % 3}")
        if number % 2:
            put(store, AT + DAY, id=f"a{number}", debtor_id=f"d{number % 3}", description="changed")
    with store.write() as tx:
        item_changes.store_items(tx, "other", item_changes.facts_of([make_item(id="x", debtor_id="d0")]), AT)
    with store.read() as tx:
        sizes = [(debtor_id, len(rows)) for debtor_id, rows in past.versions(tx, "acme")]
    assert sizes == [("d0", 150), ("d1", 150), ("d2", 150)]


def test_from_when_a_ledger_is_known(store: Store) -> None:
    with store.read() as tx:
        assert past.known_from(tx, "acme") is None
        assert past.last_change(tx, "acme") is None
    put(store, AT, id="a", debtor_id="d1")
    put(store, AT + DAY, id="a", debtor_id="d1", description="changed")
    with store.read() as tx:
        assert past.known_from(tx, "acme") == AT
        assert past.last_change(tx, "acme") == AT + DAY


def test_what_people_said_comes_with_the_time_they_said_it(store: Store) -> None:
    hold = HoldFact(
        scope="debtor", key="d1", since=date(2026, 1, 1), until=date(2026, 2, 1), reason="sales", origin="a"
    )
    dispute = DisputeFact(claim="a", opened_on=date(2026, 1, 2), reason="broken", origin="mail")
    with store.write() as tx:
        people.add_hold(tx, "acme", hold, at=AT)
        people.open_dispute(tx, "acme", "d1", dispute, at=AT)
        people.record_step(
            tx, "acme", "d1", "remind", taken_on=date(2026, 1, 3), channel="post", origin="letter", at=AT + DAY
        )
        debtors.store_debtors(tx, "acme", [make_debtor(id="d1", kind="sole_trader")], AT)
        debtors.confirm_kind(tx, "acme", "d1", "business", origin="anna", at=AT + DAY)
    with store.read() as tx:
        assert past.recorded_holds(tx, "acme") == [Recorded(AT, hold)]
        assert past.recorded_disputes(tx, "acme", ["d1", "d2"]) == {"d1": [Recorded(AT, dispute)]}
        steps = past.recorded_steps(tx, "acme", ["d1"])["d1"]
        assert [(one.at, one.fact.step, one.fact.taken_on) for one in steps] == [  # type: ignore[union-attr]
            (AT + DAY, "remind", date(2026, 1, 3))
        ]
        assert past.confirmed_kinds(tx, "acme", ["d1", "d2"]) == {
            "d1": past.Confirmed(AT + DAY, "business", stated="sole_trader")
        }


def hand(store: Store, ref: str, at: datetime, *, handover: str, claim: str = "a") -> None:
    case = CaseRow(
        case_ref=ref, ledger="acme", connection="agency", debtor_id="d1", currency="EUR", plan_id=1,
        opened_at=at, handover=handover, handover_at=at,  # type: ignore[arg-type]
    )  # fmt: skip
    line = LineRow(
        case_ref=ref, line_id="1", ledger="acme", claim=claim, number="1", handed_minor=1, base_paid=0, base_other=0,
        live=False,
    )  # fmt: skip
    with store.write() as tx:
        cases.open_case(tx, case, [line])


def test_the_first_real_hand_over_of_a_claim_is_known_and_one_that_never_arrived_is_none(store: Store) -> None:
    hand(store, "C-1", AT, handover="rejected")
    hand(store, "C-2", AT + DAY, handover="accepted")
    hand(store, "C-3", AT + 2 * DAY, handover="accepted")
    hand(store, "C-4", AT, handover="queued", claim="b")
    with store.read() as tx:
        assert past.handed_over(tx, "acme", ["d1"]) == {"a": AT + DAY}
        assert past.handed_over(tx, "acme", ["d2"]) == {}


def test_what_was_changed_is_known_as_it_was(store: Store) -> None:
    day = AT.date()
    lifted = HoldFact(scope="debtor", key="d1", since=day, until=day + 30 * DAY)
    promised = PromiseFact(made_on=day, pay_by=day + 9 * DAY, amount_minor=100, currency="EUR")
    agreed = PaymentPlanFact(
        agreed_on=day, instalments=(Instalment(due_on=day + DAY, amount_minor=100),), currency="EUR"
    )
    disputed = DisputeFact(opened_on=day, reason="broken")
    insolvent = Circumstance(kind="insolvency", regime="bankruptcy", country="NL", since=day, reference="F.1")
    sent = LetterFact(kind="notice", channel="post", sent_on=day, claims=("a",))
    looked = RegisterFact(register_name="cir", looked_up=day, found=False)
    with store.write() as tx:
        people.add_hold(tx, "acme", lifted, at=AT)
        people.open_dispute(tx, "acme", "d1", disputed, at=AT)
        promises.add_promise(tx, "acme", "d1", promised, at=AT)
        promises.add_plan(tx, "acme", "d1", agreed, at=AT)
        circumstances.record(tx, "acme", "d1", insolvent, at=AT)
        letters.record(tx, "acme", "d1", sent, at=AT)
        circumstances.record_lookups(tx, "acme", {"d1": [looked]}, at=AT)
        debtors.confirm_kind(tx, "acme", "d1", "business", origin="anna", at=AT)
    later, on = AT + 5 * DAY, day + 5 * DAY
    with store.write() as tx:
        assert people.end_holds(tx, "acme", ["d1"], on=on, at=later) == [lifted]
        people.settle_dispute(tx, "acme", "d1", on=on, at=later)
        [number] = promises.promises(tx, "acme", ["d1"])["d1"]
        promises.end_promises(tx, [number], on=on, by="anna", at=later)
        [number] = promises.plans(tx, "acme", ["d1"])["d1"]
        promises.end_plans(tx, [number], on=on, by="anna", at=later)
        # Over since before it was known: dated back.
        assert circumstances.end(tx, "acme", "d1", "insolvency", on=day + 2 * DAY, at=later) == [insolvent]
        letters.record(tx, "acme", "d1", sent.model_copy(update={"delivered_on": on}), at=later)
        circumstances.record_lookups(tx, "acme", {"d1": [looked.model_copy(update={"found": True})]}, at=later)
        debtors.confirm_kind(tx, "acme", "d1", "consumer", origin="anna", at=later)
        debtors.confirm_kind(tx, "acme", "d1", "public_body", origin="anna", at=later + DAY)
    ended = {"ended_on": on, "ended_by": "anna"}
    with store.read() as tx:
        read: dict[str, Any] = {
            "disputes": (past.recorded_disputes, disputed, {"settled_on": on}),
            "promises": (past.recorded_promises, promised, ended),
            "plans": (past.recorded_plans, agreed, ended),
            "circumstances": (past.recorded_circumstances, insolvent, {"until": day + DAY}),
            "letters": (past.recorded_letters, sent, {"delivered_on": on}),
            "lookups": (past.recorded_lookups, looked, {"found": True}),
        }
        for name, (recorded, before, changed) in read.items():
            assert recorded(tx, "acme", ["d1", "d2"]) == {
                "d1": [Recorded(AT, before, later), Recorded(later, before.model_copy(update=changed))]
            }, name
        assert past.recorded_holds(tx, "acme") == [
            Recorded(AT, lifted, later),
            Recorded(later, lifted.model_copy(update={"until": on - DAY})),
        ]
        assert past.recorded_holds(tx, "other") == []
        kinds = past.confirmed_kinds(tx, "acme", ["d1"])["d1"]
        assert (kinds.at, kinds.kind, kinds.earlier) == (
            later + DAY, "public_body", ((AT, "business"), (later, "consumer")),
        )  # fmt: skip


def test_of_what_changed_twice_every_version_is_known_for_its_time(store: Store) -> None:
    fact = Circumstance(kind="vulnerable", since=AT.date())
    with store.write() as tx:
        circumstances.record(tx, "acme", "d1", fact, at=AT)
        circumstances.end(tx, "acme", "d1", "vulnerable", on=AT.date() + 9 * DAY, at=AT + DAY)
        circumstances.end(tx, "acme", "d1", "vulnerable", on=AT.date() + 4 * DAY, at=AT + 2 * DAY)
    with store.read() as tx:
        found = past.recorded_circumstances(tx, "acme", ["d1"])["d1"]
    assert [(one.at, one.until) for one in found] == [(AT, AT + DAY), (AT + DAY, AT + 2 * DAY), (AT + 2 * DAY, None)]
    assert [one.fact.until for one in found] == [None, AT.date() + 8 * DAY, AT.date() + 3 * DAY]  # type: ignore[union-attr]
