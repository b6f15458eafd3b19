"""A letter is kept as evidence, seen by the rules, checked against the law, and leaves an audit line."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from desk import START, Desk, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow import actions
from connector.flow.handover import hand_over
from connector.flow.letter_check import check_letter
from connector.flow.letters import claims_named, present_account, record_letter, record_letters
from connector.flow.plan import explain, make_plan
from connector.flow.pull import pull
from connector.law.netherlands.letter_text import LetterCheck
from connector.model import LetterFact
from connector.store import Tx, journal, letters

ANNA = "anna"
SENT = date(2026, 2, 3)
SAID = """
wording = "binnen veertien dagen vanaf de dag nadat deze brief bij u is bezorgd"
amounts = ["100.00"]
accounts = ["NL91ABNA0417164300"]
costs = "40.00"
costs_on_interest = "no"
instalments = "no"
"""


def letter(**changes: object) -> LetterFact:
    values = {"kind": "fourteen_days", "channel": "post", "sent_on": SENT, "valid": "yes", "origin": ANNA}
    return LetterFact.model_validate(values | changes)


@pytest.fixture
def private(desk: Desk, ledger: Ledger) -> Ledger:
    """A consumer whose invoice of EUR 100 fell due on 31 January; it is 2 March."""
    rules = desk.settings.policies["plain"]
    rules.write_text(rules.read_text() + '\n[gates.debtor_kind]\nbefore = "never"\n')
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    actions.confirm_kind(desk, ledger, "d1", "consumer", actor=ANNA)
    return ledger


def test_what_is_recorded_is_read_again_as_it_was(desk: Desk, private: Ledger) -> None:
    whole = letter(
        delivered_on=date(2026, 2, 5), disputed=True, days=14, document="archive 12", claims=("INV-1", "INV-2")
    )
    bare = LetterFact(kind="notice", channel="email", sent_on=date(2026, 1, 5))
    for fact in (whole, bare):
        record_letter(desk, private, "d1", fact, actor=ANNA)

    with desk.store.read() as tx:
        assert letters.letters(tx, "acme", ["d1", "d2"]) == {"d1": [bare, whole]}
        assert letters.letters(tx, "other", ["d1"]) == {}
    assert present_account(desk, private, "d1").letters == (bare, whole)


def test_the_same_letter_recorded_again_is_replaced(desk: Desk, private: Ledger) -> None:
    record_letter(desk, private, "d1", letter(), actor=ANNA)
    record_letter(desk, private, "d1", letter(valid="no"), actor=ANNA)

    assert present_account(desk, private, "d1").letters == (letter(valid="no"),)


def test_the_audit_trail_keeps_who_recorded_what_and_no_more(desk: Desk, private: Ledger) -> None:
    record_letter(desk, private, "d1", letter(document="brief aan J. de Boer.pdf"), actor=ANNA)

    with desk.store.read() as tx:
        (line,) = [one for one in journal.audit_trail(tx, "acme", "d1") if one[2] == "debtor.letter"]
    _, actor, _, detail = line
    assert actor == ANNA
    assert detail == {"kind": "fourteen_days", "sent_on": str(SENT), "channel": "post", "valid": "yes"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sent_on": START.date() + timedelta(days=1)}, "after today"),
        ({"delivered_on": SENT - timedelta(days=1)}, "lies before"),
        ({"delivered_on": START.date() + timedelta(days=1)}, "after today"),
    ],
)
def test_days_that_cannot_be_are_refused(desk: Desk, private: Ledger, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        record_letter(desk, private, "d1", letter(**changes), actor=ANNA)
    assert present_account(desk, private, "d1").letters == ()


def test_a_consumer_goes_with_the_letter_and_not_without(desk: Desk, private: Ledger) -> None:
    assert explain(desk, private, "d1")[1].action == "none"
    record_letter(desk, private, "d1", letter(), actor=ANNA)
    _, plan = make_plan(desk, private)

    assert explain(desk, private, "d1")[1].action == "escalate"
    hand_over(desk, private, plan.id)
    assert len(desk.agency.cases) == 1


def test_a_letter_that_turns_out_wrong_after_the_plan_leaves_the_debtor_out(desk: Desk, private: Ledger) -> None:
    record_letter(desk, private, "d1", letter(), actor=ANNA)
    _, plan = make_plan(desk, private)
    record_letter(desk, private, "d1", letter(valid="no"), actor=ANNA)

    report = hand_over(desk, private, plan.id)
    assert desk.agency.cases == {}
    assert "it would not be handed over now" in report.remarks[0].text
    assert "fourteen-day letter" in report.remarks[0].text


def test_other_statements_in_the_ledgers_file_after_the_plan_leave_the_debtor_out(desk: Desk, private: Ledger) -> None:
    record_letter(desk, private, "d1", letter(), actor=ANNA)
    _, plan = make_plan(desk, private)
    other = private.model_copy(update={"law": private.law.model_copy(update={"receiver": "exempt"})})

    assert "changed since" in hand_over(desk, other, plan.id).remarks[0].text


def test_other_readings_of_the_law_after_the_plan_leave_the_debtor_out(desk: Desk, private: Ledger) -> None:
    record_letter(desk, private, "d1", letter(), actor=ANNA)
    _, plan = make_plan(desk, private)
    chosen = desk.settings.law.model_copy(update={"nl_letter_by_email": "postal calendar"})
    other = replace(desk, settings=desk.settings.model_copy(update={"law": chosen}))

    told = hand_over(other, private, plan.id).remarks[0].text
    assert "changed since the plan was made: the law's tables or readings" in told
    assert desk.agency.cases == {}
    again = make_plan(other, private)[1]
    assert hand_over(other, private, again.id).counts["cases"] == 1


def test_invoices_are_named_by_number_or_key(desk: Desk, private: Ledger) -> None:
    present = present_account(desk, private, "d1")

    assert claims_named(present, ["1"]) == claims_named(present, ["INV-1"]) == present.claims
    assert claims_named(present, []) == ()
    with pytest.raises(ConfigError, match=r"no open invoice 7.*Open are: 1\."):
        claims_named(present, ["1", "7"])


def checked(desk: Desk, ledger: Ledger, folder: Path, text: str, **changes: object) -> LetterCheck:
    path = folder / "letter.toml"
    path.write_text(text, encoding="utf-8")
    present = present_account(desk, ledger, "d1")
    return check_letter(desk.law, present.debtor_kind, letter(**changes), present.claims, path)


@pytest.mark.parametrize(
    ("before", "after", "valid", "said"),
    [
        ("", "", "yes", ""),
        ('"40.00"', '"45.00"', "no", "above the scale"),
        ('costs = "40.00"', "", "no", "not named"),
        ("vanaf de dag nadat deze brief bij u is bezorgd", "na heden", "no", "starts too early"),
        ('["100.00"]', '["100.00", "110.00"]', "no", "more than one amount"),
        ('costs_on_interest = "no"', "", "unknown", "computed on interest is not known"),
        ('costs_on_interest = "no"', 'costs_on_interest = "no"\nprinted_last_day = 2026-02-10', "no", "2026-02-10"),
    ],
)
def test_the_text_of_a_letter_is_checked(
    desk: Desk, private: Ledger, tmp_path: Path, before: str, after: str, valid: str, said: str
) -> None:
    found = checked(desk, private, tmp_path, SAID.replace(before, after) if before else SAID)

    assert found.valid == valid
    assert said in " ".join((*found.defects, *found.open_points))


def test_a_letter_of_before_the_default_is_a_defect(desk: Desk, private: Ledger, tmp_path: Path) -> None:
    assert "before the default" in checked(desk, private, tmp_path, SAID, sent_on=date(2026, 1, 31)).defects[0]


def test_costs_that_nobody_can_tell_are_left_to_a_person(desk: Desk, private: Ledger, tmp_path: Path) -> None:
    desk.books.holds(invoice("1"), invoice("2"))
    pull(desk, private)
    found = checked(desk, private, tmp_path, SAID.replace('instalments = "no"', ""))

    assert found.valid == "unknown"
    assert "Art. 2a Besluit BIK" in found.open_points[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [("wording = ", "cannot be read"), ("", "wording"), (SAID + 'x = "1"', "x"), (SAID.replace("100.00", "a"), "a")],
)
def test_a_file_that_says_something_else_is_named(
    desk: Desk, private: Ledger, tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        checked(desk, private, tmp_path, text)
    assert raised.value.file.endswith("letter.toml")
    assert said in str(raised.value)
    assert raised.value.mend


def test_a_letter_about_nothing_that_is_due_cannot_be_checked(desk: Desk, private: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "letter.toml"
    path.write_text(SAID, encoding="utf-8")
    with pytest.raises(ConfigError, match="--claim"):
        check_letter(desk.law, "consumer", letter(), (), path)


class TestTheLettersOfAPlan:
    """Two consumers get notice by one post run; each letter is about the claims of his own decision."""

    NOTICE = """
name = "ladder"
version = "1"
currency = "EUR"

[[step]]
name = "notice"
action = "notice"
title = "Fourteen days"
days_overdue = 5

[[step]]
name = "escalate"
action = "escalate"
title = "To the agency"
days_overdue = 10
needs = ["notice"]

[gates.debtor_kind]
before = "never"
"""

    @pytest.fixture
    def plan(self, desk: Desk, ledger: Ledger) -> int:
        desk.settings.policies["plain"].write_text(self.NOTICE, encoding="utf-8")
        desk.books.holds(invoice("1"), invoice("2", debtor_id="d2"), invoice("3", debtor_id="d2"))
        pull(desk, ledger)
        for key in ("d1", "d2"):
            actions.confirm_kind(desk, ledger, key, "consumer", actor=ANNA)
        return make_plan(desk, ledger)[1].id

    def record(self, desk: Desk, ledger: Ledger, plan: int, **changes: object) -> tuple[int, int]:
        fact = letter(**({"sent_on": desk.clock.today(), "days": 15, "origin": ""} | changes))
        return record_letters(desk, ledger, plan, fact, action="notice", actor=ANNA)

    def test_every_debtor_of_the_step_has_his_letter_and_the_step_is_taken(
        self, desk: Desk, ledger: Ledger, plan: int
    ) -> None:
        assert self.record(desk, ledger, plan) == (2, 2)
        assert self.record(desk, ledger, plan) == (0, 2)

        for key, claims in (("d1", {"INV-1"}), ("d2", {"INV-2", "INV-3"})):
            present = present_account(desk, ledger, key)
            (sent,) = present.letters
            assert (sent.kind, sent.days, sent.valid, set(sent.claims)) == ("fourteen_days", 15, "yes", claims)
            assert sent.origin == f"plan {plan}, {ANNA}"
            assert [one.taken_on for one in present.steps] == [desk.clock.today()]
            with desk.store.read() as tx:
                assert "debtor.letter" in {action for _, _, action, _ in journal.audit_trail(tx, "acme", key)}
        desk.later(days=21)
        assert make_plan(desk, ledger)[0].counts["escalate"] == 2

    def test_a_letter_that_cannot_be_leaves_the_step_untaken(self, desk: Desk, ledger: Ledger, plan: int) -> None:
        with pytest.raises(ConfigError, match="after today"):
            self.record(desk, ledger, plan, sent_on=desk.clock.today() + timedelta(days=1))
        with pytest.raises(ConfigError, match="has no plan 77"):
            self.record(desk, ledger, 77)
        for key in ("d1", "d2"):
            present = present_account(desk, ledger, key)
            assert (present.steps, present.letters) == ((), ())

    def test_what_breaks_on_the_way_leaves_nothing(
        self, desk: Desk, ledger: Ledger, plan: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = letters.record

        def fails_at_the_second(tx: Tx, ledger: str, debtor_id: str, fact: LetterFact, *, at: datetime) -> None:
            if debtor_id == "d2":
                raise OSError("no room left")
            kept(tx, ledger, debtor_id, fact, at=at)

        monkeypatch.setattr(letters, "record", fails_at_the_second)
        with pytest.raises(OSError, match="no room left"):
            self.record(desk, ledger, plan)
        present = present_account(desk, ledger, "d1")
        assert (present.steps, present.letters) == ((), ())
