"""What befell a debtor is kept, stops him, is put before a person, told to the agency, and ended without being lost."""

from datetime import date, timedelta
from typing import Any

import pytest
from desk import START, Desk, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import circumstances as flow
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.letters import present_account
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.model import Circumstance, RegisterFact
from connector.store import circumstances, journal, people
from connector.store.people import Task

ANNA = "anna"
TODAY = START.date()


def bankrupt(**changes: Any) -> Circumstance:
    values = {"kind": "insolvency", "regime": "bankruptcy", "country": "NL", "since": date(2026, 2, 20)}
    return Circumstance.model_validate(values | {"administrator": "mr. Bakker", "origin": ANNA} | changes)


def vulnerable(**changes: Any) -> Circumstance:
    values = {"kind": "vulnerable", "since": TODAY, "reason": "ill, told by her daughter", "origin": ANNA}
    return Circumstance.model_validate(values | changes)


DEAD = Circumstance(kind="deceased", regime="death", country="NL", since=TODAY, origin=ANNA)


@pytest.fixture
def acme(desk: Desk, ledger: Ledger) -> Ledger:
    """A business whose invoice of EUR 100 fell due on 31 January; it is 2 March."""
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    return ledger


def record(desk: Desk, ledger: Ledger, *facts: Circumstance) -> None:
    for fact in facts:
        flow.record(desk, ledger, "d1", fact, actor=ANNA)


def listed(desk: Desk, *, done: bool = False) -> list[Task]:
    with desk.store.read() as tx:
        return people.tasks(tx, "acme", done=done)


def trail(desk: Desk) -> list[tuple[str, Any]]:
    with desk.store.read() as tx:
        return [(action, detail) for _, _, action, detail in journal.audit_trail(tx, "acme", "d1")]


def test_what_is_recorded_is_read_again_as_it_was(desk: Desk, acme: Ledger) -> None:
    facts = (bankrupt(until=date(2026, 12, 31), reference="F.10/26/1"), DEAD, vulnerable())
    record(desk, acme, *facts)

    with desk.store.read() as tx:
        # Why she is vulnerable is kept apart.
        kept = (*facts[:2], vulnerable(reason=""))
        assert circumstances.circumstances(tx, "acme", ["d1", "d2"]) == {"d1": list(kept)}
        assert circumstances.circumstances(tx, "other", ["d1"]) == {}
    assert present_account(desk, acme, "d1").circumstances == kept


def test_the_same_recorded_again_is_replaced(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(), bankrupt(administrator="mr. Visser"), bankrupt(regime="wsnp"))

    assert present_account(desk, acme, "d1").circumstances == (
        bankrupt(administrator="mr. Visser"),
        bankrupt(regime="wsnp"),
    )


def test_an_insolvency_after_the_plan_leaves_the_debtor_out_with_the_article(desk: Desk, acme: Ledger) -> None:
    _, plan = make_plan(desk, acme)
    record(desk, acme, bankrupt())
    report = hand_over(desk, acme, plan.id)

    assert desk.agency.cases == {}
    assert "it would not be handed over now" in report.remarks[0].text
    assert "file the claim with the trustee (mr. Bakker) (arts. 26, 33, 128 Fw)" in report.remarks[0].text


def test_what_the_law_asks_is_put_on_the_list_once_and_taken_off_with_its_end(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(), bankrupt(regime="wsnp"), DEAD)
    insolvency, death = sorted(listed(desk), key=lambda one: one.kind, reverse=True)

    assert (insolvency.kind, insolvency.key, death.kind) == ("insolvency", "d1", "deceased")
    assert insolvency.subject.count("file the claim with") == 2
    assert insolvency.body["tasks"][1] == "file the claim with the administrator (mr. Bakker)"
    assert "write to the heirs or the executor" in death.subject
    assert flow.lift(desk, acme, "d1", "insolvency", on=None, actor=ANNA)[0] == 2
    assert [one.kind for one in listed(desk)] == ["deceased"]
    assert [one.outcome for one in listed(desk, done=True)] == [f"lifted by {ANNA}"]


def test_a_term_of_the_law_is_the_tasks_deadline(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(regime="collective settlement", country="BE"))
    assert [one.deadline for one in listed(desk)] == [date(2026, 3, 20)]


def test_what_does_not_stop_gives_nobody_anything_to_do(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(regime="moratorium 287b"), vulnerable())
    assert listed(desk) == []


def test_what_is_over_stays_on_record_and_stops_nothing(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(), DEAD, vulnerable())
    assert explain(desk, acme, "d1")[1].action == "none"
    for kind in ("insolvency", "deceased", "vulnerable"):
        assert flow.lift(desk, acme, "d1", kind, on=None, actor=ANNA)[0] == 1
        assert flow.lift(desk, acme, "d1", kind, on=None, actor=ANNA)[0] == 0

    present, decision = explain(desk, acme, "d1")
    assert [one.until for one in present.circumstances] == [TODAY - timedelta(days=1)] * 3
    assert decision.action == "escalate"


def test_an_end_to_come_leaves_it_in_force_and_on_the_list(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt())
    assert flow.lift(desk, acme, "d1", "insolvency", on=TODAY + timedelta(days=3), actor=ANNA)[0] == 1

    assert [one.kind for one in listed(desk)] == ["insolvency"]
    assert explain(desk, acme, "d1")[1].not_before == TODAY + timedelta(days=3)
    desk.later(days=3)
    assert explain(desk, acme, "d1")[1].action == "escalate"


def test_what_befell_a_debtor_who_owes_nothing_is_known_as_well(desk: Desk, acme: Ledger) -> None:
    flow.record(desk, acme, "d7", bankrupt(), actor=ANNA)
    present = present_account(desk, acme, "d7")
    assert (present.claims, present.circumstances) == ((), (bankrupt(),))


def test_the_audit_trail_tells_who_said_what_and_nothing_of_a_persons_life(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(reference="F.10/26/1"), vulnerable())
    flow.lift(desk, acme, "d1", "vulnerable", on=None, actor=ANNA)

    first, second, third = trail(desk)[-3:]
    assert first == (
        "debtor.insolvency", {"regime": "bankruptcy", "country": "NL", "since": "2026-02-20", "until": ""},
    )  # fmt: skip
    assert second == ("debtor.vulnerable", {"regime": "", "country": "", "since": str(TODAY), "until": ""})
    assert third == ("debtor.lifted", {"kind": "vulnerable", "on": str(TODAY)})
    assert not [one for one in trail(desk) if "daughter" in str(one) or "Bakker" in str(one)]


def test_a_regime_of_several_words_is_a_word_in_the_trail(desk: Desk, acme: Ledger) -> None:
    record(desk, acme, bankrupt(regime="suspension of payments"))
    assert trail(desk)[-1][1]["regime"] == "suspension_of_payments"


def test_an_agency_that_works_a_case_is_told_once_of_what_a_register_tells(desk: Desk, acme: Ledger) -> None:
    hand_over(desk, acme, make_plan(desk, acme)[1].id)
    told = [
        flow.record(desk, acme, "d1", fact, actor=ANNA)[1]
        for fact in (bankrupt(), bankrupt(administrator="mr. Visser"), DEAD, vulnerable())
    ]
    assert told == [1, 0, 1, 0]


def messages(desk: Desk, ledger: Ledger) -> list[str]:
    follow(desk, ledger)
    return [one.text for one in desk.agency.mutations if one.kind == "message"]


class TestWhatTheAgencyWasToldIsTakenBack:
    @pytest.fixture
    def gone(self, desk: Desk, acme: Ledger) -> Ledger:
        """The invoice is at the agency."""
        hand_over(desk, acme, make_plan(desk, acme)[1].id)
        return acme

    def test_when_it_is_lifted(self, desk: Desk, gone: Ledger) -> None:
        record(desk, gone, bankrupt(reference="F.10/26/1"), DEAD)
        assert len(messages(desk, gone)) == 2
        assert flow.lift(desk, gone, "d1", "insolvency", on=None, actor=ANNA) == (1, 1)
        assert flow.lift(desk, gone, "d1", "deceased", on=None, actor=ANNA) == (1, 1)
        assert messages(desk, gone)[2:] == [
            f"The debtor: bankruptcy since 2026-02-20, F.10/26/1 is over from {TODAY} on. It stops nothing any more.",
            f"The debtor is not known to be dead any more from {TODAY} on. Go on as if that had not been said.",
        ]
        assert flow.lift(desk, gone, "d1", "insolvency", on=None, actor=ANNA) == (0, 0)
        assert len(messages(desk, gone)) == 4

    def test_on_its_day_when_that_is_to_come(self, desk: Desk, gone: Ledger) -> None:
        record(desk, gone, bankrupt())
        on = TODAY + timedelta(days=3)
        assert flow.lift(desk, gone, "d1", "insolvency", on=on, actor=ANNA) == (1, 0)
        desk.later(days=2)
        assert len(messages(desk, gone)) == 1
        desk.later(days=1)
        assert messages(desk, gone)[1:] == [
            f"The debtor: bankruptcy since 2026-02-20 is over from {on} on. It stops nothing any more."
        ]
        assert len(messages(desk, gone)) == 2

    def test_not_when_its_end_was_put_off_meanwhile(self, desk: Desk, gone: Ledger) -> None:
        record(desk, gone, bankrupt())
        flow.lift(desk, gone, "d1", "insolvency", on=TODAY + timedelta(days=3), actor=ANNA)
        record(desk, gone, bankrupt(until=TODAY + timedelta(days=30)))
        desk.later(days=4)
        assert len(messages(desk, gone)) == 1

    def test_when_it_is_recorded_again_with_an_end_that_has_passed(self, desk: Desk, gone: Ledger) -> None:
        record(desk, gone, bankrupt())
        _, told = flow.record(desk, gone, "d1", bankrupt(until=TODAY - timedelta(days=2)), actor=ANNA)
        assert told == 1
        assert f"is over from {TODAY - timedelta(days=1)} on" in messages(desk, gone)[1]

    def test_and_nothing_where_nothing_was_told(self, desk: Desk, gone: Ledger) -> None:
        record(desk, gone, vulnerable(), bankrupt(regime="moratorium 287b"))
        assert flow.lift(desk, gone, "d1", "vulnerable", on=None, actor=ANNA) == (1, 0)
        assert flow.lift(desk, gone, "d1", "insolvency", on=None, actor=ANNA) == (1, 0)
        assert messages(desk, gone) == []


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (bankrupt(since=TODAY + timedelta(days=1)), "after today"),
        (bankrupt(until=date(2026, 2, 19)), "lies before its first"),
    ],
)
def test_days_that_cannot_be_are_refused_and_nothing_is_kept(
    desk: Desk, acme: Ledger, fact: Circumstance, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        record(desk, acme, fact)
    assert present_account(desk, acme, "d1").circumstances == ()
    assert listed(desk) == []


@pytest.mark.parametrize(
    ("regime", "country", "said"),
    [
        ("bankruptcy", "", "--country"),
        ("bankruptcy", "DE", "--country"),
        ("wsnp", "BE", '"collective settlement"'),
        ("death", "NL", "incasso debtor deceased"),
    ],
)
def test_a_regime_that_is_none_is_refused_with_those_that_are(regime: str, country: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        flow.check_regime(regime, country)


def test_the_law_is_that_of_the_debtors_address_unless_it_is_named(desk: Desk, acme: Ledger) -> None:
    assert flow.law_of(desk, acme, "d1") == "NL"
    assert flow.law_of(desk, acme, "d1", "be") == "BE"
    assert flow.law_of(desk, acme, "nobody") == ""


def test_look_ups_are_kept_all_or_none_and_the_same_day_again_replaces(desk: Desk, acme: Ledger) -> None:
    def looked(day: date, *, found: bool, register: str = "cir") -> RegisterFact:
        return RegisterFact.model_validate(
            {"register_name": register, "looked_up": day, "found": found, "origin": ANNA}
        )

    yesterday = TODAY - timedelta(days=1)
    first = {"d1": [looked(yesterday, found=True), looked(yesterday, found=False, register="wsnp")]}
    assert flow.record_lookups(desk, acme, first, actor=ANNA) == 2
    flow.record_lookups(desk, acme, {"d1": [looked(yesterday, found=False)]}, actor=ANNA)
    late = {"d1": [looked(TODAY, found=False), looked(TODAY + timedelta(days=1), found=False)]}
    with pytest.raises(ConfigError, match="after today"):
        flow.record_lookups(desk, acme, late, actor=ANNA)

    assert present_account(desk, acme, "d1").lookups == (
        looked(yesterday, found=False),
        looked(yesterday, found=False, register="wsnp"),
    )
    assert trail(desk)[-1] == ("debtor.register", {"register": "cir", "looked_up": str(yesterday), "found": False})
