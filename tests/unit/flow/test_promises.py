"""Promises to pay and payment plans: recorded, seen by the rules, told to the agency, ended, and kept."""

from contextlib import suppress
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from desk import START, Desk, closed, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions, holds, promised, promises
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import explain, make_plan
from connector.flow.promises import Recorded
from connector.flow.pull import pull
from connector.flow.rest import PROMISED_TEXT
from connector.model import Hold, OpenItem
from connector.store import Store, cases, journal, people, schema
from connector.store import promises as stored
from connector.testing import make_item

ANNA = "anna"
TODAY = START.date()
SOON = TODAY + timedelta(days=5)


@pytest.fixture
def home(desk: Desk, ledger: Ledger) -> Ledger:
    """Invoices 1 and 2 of EUR 100 are overdue and at home."""
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, ledger)
    return ledger


@pytest.fixture
def gone(desk: Desk, home: Ledger) -> Ledger:
    """The same, at the agency."""
    hand_over(desk, home, make_plan(desk, home)[1].id)
    return home


def promise(desk: Desk, ledger: Ledger, **changes: Any) -> Recorded:
    values = {"amount": "100.00", "pay_by": SOON, "made_on": None, "claims": (), "reason": "", "actor": ANNA}
    return promises.record_promise(desk, ledger, "d1", **values | changes)


def agree(desk: Desk, ledger: Ledger, *instalments: tuple[date, str], **changes: Any) -> Recorded:
    values = {"agreed_on": None, "claims": (), "reason": "", "actor": ANNA}
    return promises.record_plan(desk, ledger, "d1", instalments=instalments, **values | changes)


def paid(desk: Desk, ledger: Ledger, *rows: Any) -> None:
    desk.books.holds(*rows)
    pull(desk, ledger)


def settled(number: str) -> OpenItem:
    return invoice(number, open_minor=0, state="closed", closed_reason="paid", settled_on=TODAY)


def told(desk: Desk, ledger: Ledger) -> list[str]:
    follow(desk, ledger)
    return [one.kind for one in desk.agency.mutations]


def action(desk: Desk, ledger: Ledger) -> str:
    return explain(desk, ledger, "d1")[1].action


class TestAtHome:
    def test_a_promise_keeps_what_was_open_and_is_read_again_as_it_was(self, desk: Desk, home: Ledger) -> None:
        done = promise(desk, home, claims=("1",), reason="by phone")
        assert (done.fact.claims, done.open_minor, done.told) == ({"INV-1": 10_000}, 10_000, 0)
        assert explain(desk, home, "d1")[0].promises == (done.fact,)
        with desk.store.read() as tx:
            assert stored.promises(tx, "other", ["d1"]) == stored.promises(tx, "acme", ["d2"]) == {}

    def test_a_plan_keeps_its_instalments(self, desk: Desk, home: Ledger) -> None:
        done = agree(desk, home, (SOON, "100.00"), (SOON + timedelta(days=30), "100.00"), reason="by letter")
        assert done.fact.claims == {"INV-1": 10_000, "INV-2": 10_000}
        assert explain(desk, home, "d1")[0].payment_plans == (done.fact,)

    def test_a_promise_stands_until_its_day_and_then_all_goes_on(self, desk: Desk, home: Ledger) -> None:
        promise(desk, home)
        assert explain(desk, home, "d1")[1].not_before == SOON + timedelta(days=3)
        desk.later(days=7)
        assert action(desk, home) == "none"
        desk.later(days=1)
        assert action(desk, home) == "escalate"

    def test_a_plan_made_before_the_hand_over_leaves_the_debtor_out(self, desk: Desk, home: Ledger) -> None:
        _, plan = make_plan(desk, home)
        agree(desk, home, (SOON, "100.00"), claims=("1",))
        report = hand_over(desk, home, plan.id)
        assert desk.agency.cases == {}
        assert "it would not be handed over now" in report.remarks[0].text
        assert "payment plan of 2026-03-02 runs" in report.remarks[0].text

    def test_a_plan_that_is_broken_resumes_by_itself_and_is_told(self, desk: Desk, home: Ledger) -> None:
        agree(desk, home, (SOON, "100.00"), (SOON + timedelta(days=30), "100.00"))
        desk.later(days=5 + 7 + 1)
        decision = explain(desk, home, "d1")[1]
        assert decision.action == "escalate"
        said = next(one.seen for one in decision.because if one.condition == "escalate.payment_plan")
        assert said == "payment plan of 2026-03-02 broken: EUR 100.00 of the instalment of 2026-03-07 is missing"
        paid(desk, home, settled("1"), invoice("2"))
        assert action(desk, home) == "none", "it was caught up with"

    def test_what_was_paid_between_the_promise_and_its_recording_counts(self, desk: Desk, home: Ledger) -> None:
        desk.later(days=2)
        paid(desk, home, invoice("1", 4_000, id="t-1"), closed("1", 6_000), settled("2"))
        desk.later(days=1)
        done = promise(desk, home, made_on=TODAY + timedelta(days=1))
        assert done.fact.claims == {"INV-1": 10_000, "INV-2": 10_000}
        assert promise(desk, home).fact.claims == {"INV-1": 4_000}

    def test_of_a_day_on_which_nothing_was_known_what_is_open_now_counts(self, desk: Desk, home: Ledger) -> None:
        done = promise(desk, home, made_on=TODAY - timedelta(days=1), claims=("1",))
        assert (done.fact.claims, done.open_minor) == ({"INV-1": 10_000}, 10_000)

    def test_where_nothing_was_promised_nothing_ends(self, desk: Desk, home: Ledger) -> None:
        assert promises.end_promises(desk, home, "d1", claims=(), actor=ANNA) == 0
        assert promises.end_plans(desk, home, "d1", claims=(), actor=ANNA) == 0

    def test_what_is_ended_is_kept_with_who_ended_it(self, desk: Desk, home: Ledger) -> None:
        promise(desk, home, claims=("1",))
        promise(desk, home, claims=("2",))
        agree(desk, home, (SOON, "100.00"), claims=("1",))
        assert promises.end_promises(desk, home, "d1", claims=("INV-2",), actor="bert") == 1
        assert promises.end_promises(desk, home, "d1", claims=(), actor="bert") == 1
        assert promises.end_promises(desk, home, "d1", claims=(), actor="bert") == 0
        assert promises.end_plans(desk, home, "d1", claims=("INV-2",), actor="bert") == 0
        assert promises.end_plans(desk, home, "d1", claims=(), actor="bert") == 1
        assert action(desk, home) == "escalate"
        present = explain(desk, home, "d1")[0]
        ended = [(one.ended_on, one.ended_by) for one in (*present.promises, *present.payment_plans)]
        assert ended == [(TODAY, "bert")] * 3

    def test_the_audit_trail_names_keys_and_amounts_and_no_words(self, desk: Desk, home: Ledger) -> None:
        promise(desk, home, reason="Mr Jansen called")
        agree(desk, home, (SOON, "50.00"), (SOON, "60.00"), reason="Mr Jansen wrote")
        promises.end_promises(desk, home, "d1", claims=(), actor=ANNA)
        promises.end_plans(desk, home, "d1", claims=(), actor=ANNA)
        with desk.store.read() as tx:
            lines = [(actor, what, detail) for _, actor, what, detail in journal.audit_trail(tx, "acme", "d1")]
        common = {"currency": "EUR", "lines": 2}
        assert lines == [
            (ANNA, "debtor.promise", common | {"made_on": str(TODAY), "pay_by": str(SOON), "amount_minor": 10_000}),
            (ANNA, "debtor.plan", common | {"agreed_on": str(TODAY), "count": 2, "amount_minor": 11_000}),
            (ANNA, "debtor.promise_ended", {"count": 1}),
            (ANNA, "debtor.plan_ended", {"count": 1}),
        ]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"made_on": TODAY + timedelta(days=1)}, "after today"),
            ({"pay_by": TODAY - timedelta(days=1)}, "before it was made"),
            ({"amount": "0.00"}, "not an amount"),
            ({"amount": "10.001"}, "more decimals"),
            ({"amount": "much"}, "not an amount"),
            ({"claims": ("7",)}, "no open invoice 7"),
        ],
    )
    def test_what_cannot_be_is_refused(self, desk: Desk, home: Ledger, changes: dict[str, object], said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            promise(desk, home, **changes)
        assert explain(desk, home, "d1")[0].promises == ()

    def test_a_plan_without_instalments_or_before_its_day_is_refused(self, desk: Desk, home: Ledger) -> None:
        for parts in ((), ((TODAY - timedelta(days=1), "10.00"),)):
            with pytest.raises(ConfigError, match="instalment"):
                agree(desk, home, *parts)

    def test_invoices_in_two_currencies_are_named_apart(self, desk: Desk, home: Ledger) -> None:
        paid(desk, home, invoice("3", currency="USD"))
        with pytest.raises(ConfigError, match="EUR and USD"):
            promise(desk, home)
        assert promise(desk, home, claims=("3",)).fact.currency == "USD"

    def test_who_owes_nothing_promises_nothing(self, desk: Desk, ledger: Ledger) -> None:
        paid(desk, ledger, make_item(id="x", debtor_id="d1", state="closed", open_minor=0))
        with pytest.raises(ConfigError, match="nothing of this debtor is open"):
            promise(desk, ledger)


class TestAtTheAgency:
    def test_the_agency_rests_for_a_promise_and_goes_on_after_it(self, desk: Desk, gone: Ledger) -> None:
        assert promise(desk, gone, claims=("1",)).told == 1
        assert told(desk, gone) == ["hold"]
        (asked,) = desk.agency.mutations
        assert isinstance(asked, Hold)
        assert (asked.reason, asked.until) == (PROMISED_TEXT, None)
        desk.later(days=7)
        assert told(desk, gone) == ["hold"]
        desk.later(days=1)
        assert told(desk, gone) == ["hold", "resume"]

    def test_it_rests_while_a_plan_is_kept(self, desk: Desk, gone: Ledger) -> None:
        agree(desk, gone, (SOON, "100.00"), (SOON + timedelta(days=30), "100.00"))
        desk.later(days=4)
        paid(desk, gone, settled("1"), invoice("2"))
        desk.later(days=30)
        assert told(desk, gone)[0] == "hold"
        assert "resume" not in told(desk, gone)
        desk.later(days=9)
        assert told(desk, gone)[-1] == "resume"

    def test_one_that_is_ended_wakes_it_and_a_persons_hold_does_not(self, desk: Desk, gone: Ledger) -> None:
        promise(desk, gone)
        promises.end_promises(desk, gone, "d1", claims=(), actor=ANNA)
        assert told(desk, gone) == ["hold", "resume"]
        actions.hold_debtor(desk, gone, "d1", reason="asked for time", until=None, actor=ANNA)
        promise(desk, gone)
        promises.end_promises(desk, gone, "d1", claims=(), actor=ANNA)
        assert told(desk, gone) == ["hold", "resume", "hold", "hold", "hold"]
        assert desk.agency.mutations[-1].reason == "asked for time"

    def test_a_policy_that_never_asks_for_promises_does_not_make_it_rest(self, desk: Desk, gone: Ledger) -> None:
        rules = desk.settings.policies["plain"]
        rules.write_text(rules.read_text() + '\n[gates.promise]\nbefore = "never"\n')
        assert promise(desk, gone).told == 0

    def test_a_policy_with_a_mistake_wakes_nobody(self, desk: Desk, gone: Ledger) -> None:
        promise(desk, gone)
        desk.settings.policies["plain"].write_text("oops")
        assert told(desk, gone) == ["hold"]


class TestOnlyWhatIsNotSettledIsLookedAt:
    @pytest.fixture
    def looked_at(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """The cases that were looked at, in their order."""
        seen: list[str] = []
        really = promised.resting_for

        def look(workspace: Any, tx: Any, ledger: Ledger, row: Any) -> Any:
            seen.append(row.debtor_id)
            return really(workspace, tx, ledger, row)

        monkeypatch.setattr(promised, "resting_for", look)
        return seen

    def look(self, desk: Desk, ledger: Ledger, looked_at: list[str]) -> int:
        looked_at.clear()
        with desk.store.read() as tx:
            promised.cases_to_look_at(desk, tx, ledger)
        return len(looked_at)

    def test_a_promise_is_looked_at_until_it_is_over_and_the_agency_knows(
        self, desk: Desk, gone: Ledger, looked_at: list[str]
    ) -> None:
        assert self.look(desk, gone, looked_at) == 0
        promise(desk, gone)
        assert self.look(desk, gone, looked_at) == 1
        desk.later(days=7)
        assert self.look(desk, gone, looked_at) == 1
        desk.later(days=1)
        assert self.look(desk, gone, looked_at) == 1, "the agency rests still"
        assert told(desk, gone) == ["hold", "resume"]
        assert self.look(desk, gone, looked_at) == 0

    def test_one_that_was_withdrawn_is_not(self, desk: Desk, gone: Ledger, looked_at: list[str]) -> None:
        promise(desk, gone)
        promises.end_promises(desk, gone, "d1", claims=(), actor=ANNA)
        assert self.look(desk, gone, looked_at) == 0

    def test_a_broken_plan_is_not_unless_credit_may_be_what_is_missing(
        self, desk: Desk, gone: Ledger, looked_at: list[str]
    ) -> None:
        agree(desk, gone, (SOON, "50.00"))
        desk.later(days=13)
        assert told(desk, gone) == ["hold", "resume"]
        assert self.look(desk, gone, looked_at) == 0
        paid(desk, gone, invoice("1"), invoice("2"), invoice("9", -5_000, original_minor=-5_000))
        assert self.look(desk, gone, looked_at) == 1
        with desk.store.read() as tx:
            [row] = promised.cases_to_look_at(desk, tx, gone)
        assert row.debtor_id == "d1"

    def test_who_is_at_no_agency_is_not(self, desk: Desk, home: Ledger, looked_at: list[str]) -> None:
        promise(desk, home)
        agree(desk, home, (SOON, "50.00"))
        assert self.look(desk, home, looked_at) == 0

    def test_the_longest_grace_of_any_group_counts(self, desk: Desk, gone: Ledger, looked_at: list[str]) -> None:
        rules = desk.settings.policies["plain"]
        step = '[[segment.step]]\nname = "escalate"\naction = "escalate"\ntitle = "A"\ndays_overdue = 10\n'
        rules.write_text(
            rules.read_text()
            + f'\n[[segment]]\nname = "firms"\nkinds = ["business"]\n{step}[segment.gates.promise]\ngrace_days = 20\n'
        )
        promise(desk, gone)
        desk.later(days=20)
        assert self.look(desk, gone, looked_at) == 1
        assert told(desk, gone) == ["hold"]

    @pytest.mark.parametrize("seed", range(4))
    def test_it_finds_what_looking_at_everybody_finds(self, desk: Desk, ledger: Ledger, seed: int) -> None:
        chance = Random(seed)
        names = [str(number) for number in range(8)]
        rows = {name: invoice(name, debtor_id=f"d{number // 2}") for number, name in enumerate(names)}
        paid(desk, ledger, *rows.values())
        hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
        told_of: set[str] = set()
        for _ in range(30):
            desk.later(days=1)
            debtor, name = f"d{chance.randrange(4)}", chance.choice(names)
            today = desk.clock.today(ledger.timezone)
            days = [today + timedelta(days=chance.randint(0, 9)) for _ in range(2)]
            common: dict[str, Any] = {"claims": (), "reason": "", "actor": ANNA}
            with suppress(ConfigError):
                match chance.randrange(6):
                    case 0:
                        part = {"amount": "60.00", "pay_by": days[0], "made_on": None}
                        promises.record_promise(desk, ledger, debtor, **part, **common)
                    case 1:
                        parts = [(day, "50.00") for day in sorted(days)]
                        promises.record_plan(desk, ledger, debtor, instalments=parts, agreed_on=None, **common)
                    case 2:
                        promises.end_plans(desk, ledger, debtor, claims=(), actor=ANNA)
                    case 3:
                        promises.end_promises(desk, ledger, debtor, claims=(), actor=ANNA)
                    case 4:
                        rows[name] = settled(name).model_copy(update={"debtor_id": rows[name].debtor_id})
                    case _:
                        rows[f"c{name}"] = invoice(f"c{name}", -4_000, debtor_id=debtor, original_minor=-4_000)
            paid(desk, ledger, *rows.values())
            with desk.store.read() as tx:
                everybody = [
                    one.case_ref
                    for one in cases.cases(tx, ledger="acme")
                    if stored.promises(tx, "acme", [one.debtor_id]) or stored.plans(tx, "acme", [one.debtor_id])
                    if any(line.live for line in cases.lines(tx, one.case_ref))
                    if one.credit_hold != bool(promised.resting_for(desk, tx, ledger, one))
                ]
                found = [one.case_ref for one in promised.cases_to_look_at(desk, tx, ledger)]
            assert sorted(found) == sorted(everybody)
            told_of.update(found)
            # As if the agency had heard otherwise: what should rest must be found by its promise alone.
            with desk.store.write() as tx:
                for one in cases.cases(tx, ledger="acme"):
                    cases.change_case(tx, one.case_ref, credit_hold=chance.random() < 0.3)
        assert len(told_of) > 1


class TestHolds:
    def test_a_claim_is_held_and_the_others_go(self, desk: Desk, home: Ledger) -> None:
        actions.hold_debtor(desk, home, "d1", reason="lost", until=None, actor=ANNA, claims=("INV-1",))
        assert explain(desk, home, "d1")[1].claims == ("INV-2",)
        assert actions.resume_debtor(desk, home, "d1", actor=ANNA, claims=("INV-2",)) == 0
        assert actions.resume_debtor(desk, home, "d1", actor=ANNA, claims=("INV-1",)) == 1
        assert explain(desk, home, "d1")[1].claims == ("INV-1", "INV-2")

    def test_an_agency_with_the_claim_rests_until_its_last_hold_ends(self, desk: Desk, gone: Ledger) -> None:
        held = {"reason": "lost", "until": None, "actor": ANNA}
        assert actions.hold_debtor(desk, gone, "d1", **held, claims=("INV-1", "INV-2")) == 1
        actions.resume_debtor(desk, gone, "d1", actor=ANNA, claims=("INV-1",))
        assert told(desk, gone) == ["hold", "hold"]
        actions.resume_debtor(desk, gone, "d1", actor=ANNA, claims=("INV-2",))
        assert told(desk, gone)[-1] == "resume"

    @pytest.mark.parametrize(
        ("since", "until", "said"), [(-9, None, "none"), (-9, -1, "escalate"), (2, None, "escalate"), (-9, 0, "none")]
    )
    def test_only_its_days_count(self, desk: Desk, home: Ledger, since: int, until: int | None, said: str) -> None:
        first = TODAY + timedelta(days=since)
        last = None if until is None else TODAY + timedelta(days=until)
        actions.hold_debtor(desk, home, "d1", reason="x", until=last, actor=ANNA, since=first)
        assert action(desk, home) == said

    def test_one_to_come_begins_on_its_day_at_the_agency_too(self, desk: Desk, gone: Ledger) -> None:
        actions.hold_debtor(desk, gone, "d1", reason="x", until=None, actor=ANNA, since=SOON)
        assert told(desk, gone) == []
        desk.later(days=5)
        assert told(desk, gone) == ["hold"]
        assert desk.agency.mutations[0].effective_date == SOON
        assert actions.hold_debtor(desk, gone, "d1", reason="x", until=TODAY - timedelta(1), since=date(2026, 1, 1),
                                   actor=ANNA) == 0  # fmt: skip

    def test_days_the_wrong_way_round_are_refused(self, desk: Desk, home: Ledger) -> None:
        with pytest.raises(ConfigError, match="before the first"):
            actions.hold_debtor(desk, home, "d1", reason="x", until=TODAY, actor=ANNA, since=SOON)

    def test_a_whole_ledger_is_held(self, desk: Desk, home: Ledger) -> None:
        holds.hold_ledger(desk, home, reason="migration", since=None, until=SOON, actor=ANNA)
        assert (action(desk, home), explain(desk, home, "d1")[1].not_before) == ("none", SOON + timedelta(days=1))
        assert holds.resume_ledger(desk, home, actor=ANNA) == 1
        assert holds.resume_ledger(desk, home, actor=ANNA) == 0
        assert action(desk, home) == "escalate"

    def test_a_veto_bars_the_hand_over_until_it_is_lifted(self, desk: Desk, home: Ledger) -> None:
        holds.veto(desk, home, "d1", reason="key account", until=None, actor="sales")
        decision = explain(desk, home, "d1")[1]
        assert decision.action == "none"
        assert "hand-over vetoed by sales since 2026-03-02: key account" in [one.seen for one in decision.because]
        assert actions.resume_debtor(desk, home, "d1", actor=ANNA) == 0, "a hold is something else"
        assert holds.lift_veto(desk, home, "d1", actor="sales") == 1
        assert holds.lift_veto(desk, home, "d1", actor="sales") == 0
        assert action(desk, home) == "escalate"
        with desk.store.read() as tx:
            trail = [(actor, what) for _, actor, what, _ in journal.audit_trail(tx, "acme", "d1")]
        assert trail == [("sales", "debtor.veto"), ("sales", "debtor.unveto")]

    def test_an_older_release_takes_a_veto_for_a_hold(self, desk: Desk, home: Ledger, store: Store) -> None:
        holds.veto(desk, home, "d1", reason="key account", until=None, actor="sales")
        schema.downgrade(store, "0009")
        schema.upgrade(store)
        with store.read() as tx:
            assert [(one.before, one.reason) for one in people.holds(tx, "acme")] == [("every step", "key account")]
