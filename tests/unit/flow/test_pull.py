"""Pull: each page whole or not at all, goes on where it stopped, and never takes absence for payment."""

from collections.abc import Iterator
from datetime import date

import pytest
from desk import Desk, closed, invoice

from connector.config import Ledger
from connector.errors import PluginError, TransientError
from connector.flow.accounts import account
from connector.flow.actions import release
from connector.flow.follow import follow
from connector.flow.handover import hand_over
from connector.flow.plan import make_plan
from connector.flow.pull import pull
from connector.flow.runs import StoppedError
from connector.model import Money, Page, RecordFault
from connector.store import claim_rows, item_changes, items, journal, people
from connector.testing import make_debtor

DAY = date(2026, 3, 2)


def page(*rows: object, **changes: object) -> Page:
    return Page(**{"items": rows, "cursor": "{}", **changes})


def open_count(desk: Desk) -> int:
    with desk.store.read() as tx:
        return items.count_open(tx, "acme")


def cursor(desk: Desk) -> journal.Cursor | None:
    with desk.store.read() as tx:
        return journal.read_cursor(tx, "pull:acme")


def brake(desk: Desk) -> str:
    with desk.store.read() as tx:
        return journal.read_ledger_state(tx, "acme").brake_reason


def many(count: int) -> list[object]:
    return [invoice(str(number), 10_000) for number in range(count)]


def test_each_page_keeps_its_cursor(desk: Desk, ledger: Ledger) -> None:
    desk.books.pages = [page(invoice("1"), cursor="1"), page(invoice("2"), cursor="2", complete=True)]
    report = pull(desk, ledger)
    assert (report.outcome, report.counts["pages"], report.counts["items new"]) == ("ok", 2, 2)
    kept = cursor(desk)
    assert kept is not None
    assert (kept.value, kept.completed_at) == ("2", desk.clock.now())


def test_a_pull_that_breaks_keeps_what_it_had(desk: Desk, ledger: Ledger) -> None:
    def breaking(_cursor: str | None) -> Iterator[Page]:
        yield page(invoice("1"), cursor="1")
        raise TransientError("the connection broke")

    desk.books.pull = breaking
    with pytest.raises(TransientError):
        pull(desk, ledger)
    kept = cursor(desk)
    assert kept is not None
    assert (kept.value, kept.completed_at) == ("1", None)
    assert open_count(desk) == 1
    with desk.store.read() as tx:
        (run,) = journal.last_runs(tx, "acme")
        state = journal.connection_states(tx)["books"]
    assert (run.outcome, run.message) == ("TransientError", "the connection broke")
    assert state[:2] == ("trouble", "the connection broke")


def test_two_pages_stand_or_fall_together_with_the_cursor_of_the_second(
    desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.books.pages = [
        page(invoice("1"), cursor="1"),
        page(invoice("2"), cursor="2"),
        page(invoice("3"), cursor="3"),
        page(invoice("4"), cursor="4", complete=True),
    ]
    real, stored = item_changes.store_items, []

    def failing(*args: object) -> item_changes.Changes:
        stored.append(args)
        if len(stored) == 4:
            raise RuntimeError("the disk is full")
        return real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(item_changes, "store_items", failing)
    with pytest.raises(RuntimeError):
        pull(desk, ledger)
    kept = cursor(desk)
    assert kept is not None
    assert (kept.value, open_count(desk)) == ("2", 2)


def test_a_change_within_two_pages_of_one_commit_stands_in_the_history(desk: Desk, ledger: Ledger) -> None:
    desk.books.pages = [page(invoice("1", 10_000)), page(invoice("1", 4_000), complete=True)]
    report = pull(desk, ledger)
    assert (report.counts["items new"], report.counts["items changed"]) == (1, 1)
    row = invoice("1", 10_000)
    with desk.store.read() as tx:
        versions = items.history(tx, "acme", row.debtor_id, row.claim)
    assert [version[3] for version in versions] == [10_000, 4_000]


def test_a_page_that_cannot_be_stored_leaves_nothing(
    desk: Desk, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("disk full")

    desk.books.pages = [page(invoice("1"), complete=True)]
    monkeypatch.setattr(journal, "write_cursor", refuse)
    with pytest.raises(OSError, match="disk full"):
        pull(desk, ledger)
    assert open_count(desk) == 0
    assert cursor(desk) is None


def test_a_pull_without_a_last_page_is_the_plugins_fault(desk: Desk, ledger: Ledger) -> None:
    desk.books.pages = [page(invoice("1"))]
    with pytest.raises(PluginError, match="without a last page"):
        pull(desk, ledger)


def test_a_stop_ends_between_two_pages(desk: Desk, ledger: Ledger) -> None:
    desk.books.pages = [page(invoice("1"), cursor="1"), page(invoice("2"), cursor="2", complete=True)]
    desk.stop.set()
    with pytest.raises(StoppedError):
        pull(desk, ledger)
    desk.stop.clear()
    pull(desk, ledger)
    assert open_count(desk) == 2


def test_a_malformed_record_is_set_aside_while_its_page_goes_on(desk: Desk, ledger: Ledger) -> None:
    fault = RecordFault(id="t-9", field="DueDate", why="is not a date", entity="payment terms")
    desk.books.holds(invoice("1"), faults=(fault,))
    report = pull(desk, ledger)
    assert report.counts["records set aside"] == 1
    assert open_count(desk) == 1
    with desk.store.read() as tx:
        assert journal.faults(tx, "acme") == [fault]
    desk.books.holds(invoice("9"))
    pull(desk, ledger)
    with desk.store.read() as tx:
        assert journal.faults(tx, "acme") == [], "a record that was read well after all stays on the list"


def test_an_item_missing_from_a_snapshot_is_perhaps_paid_and_not_escalated(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    desk.books.holds(*many(29), snapshot=True)
    report = pull(desk, ledger)
    assert report.counts["items missing"] == 1
    assert open_count(desk) == 29
    with desk.store.read() as tx:
        gone = claim_rows.claims_named(tx, "acme", "d1", ["INV-29"], DAY)
    assert not gone["INV-29"].whole


def test_an_incremental_pull_says_nothing_about_what_it_does_not_list(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    desk.books.holds(invoice("1"))
    pull(desk, ledger)
    assert open_count(desk) == 30


def test_a_row_that_a_fresh_start_no_longer_shows_is_gone(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    first, second = many(29)[:15], many(29)[15:]
    desk.books.pages = [page(*first, full_resync=True), page(*second, complete=True)]
    report = pull(desk, ledger)
    assert report.counts["items missing"] == 1
    assert open_count(desk) == 29


def test_a_fresh_start_may_take_several_pulls(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    desk.books.pages = [page(*many(20), full_resync=True)]
    desk.stop.set()
    with pytest.raises(StoppedError):
        pull(desk, ledger)
    assert open_count(desk) == 30
    desk.stop.clear()
    desk.books.pages = [page(*many(29)[20:], complete=True)]
    assert pull(desk, ledger).counts["items missing"] == 1


def test_a_fresh_start_that_shows_too_little_sets_the_brake(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    desk.books.pages = [page(*many(5), full_resync=True, complete=True)]
    pull(desk, ledger)
    assert open_count(desk) == 30
    assert "25 of 30" in brake(desk)


def test_a_pull_from_the_beginning_forgets_the_cursor_and_misses_what_is_not_shown(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    asked: list[str | None] = []
    whole = iter([page(*many(20), cursor="again 1"), page(*many(29)[20:], cursor="again 2", complete=True)])

    def showing(cursor: str | None) -> Iterator[Page]:
        asked.append(cursor)
        yield from whole

    desk.books.pull = showing
    assert pull(desk, ledger, from_beginning=True).counts["items missing"] == 1
    assert open_count(desk) == 29
    whole = iter([page(cursor="again 3", complete=True)])
    pull(desk, ledger)
    assert asked == [None, "again 2"]
    assert open_count(desk) == 29


def test_a_record_that_could_not_be_read_is_not_missing(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    fault = RecordFault(id="t-29", field="DueDate", why="is not a date", entity="open terms")
    desk.books.holds(*many(29), faults=(fault,), snapshot=True)
    assert pull(desk, ledger).counts["items missing"] == 0
    assert open_count(desk) == 30


def test_a_truncated_feed_never_looks_like_everyone_has_paid(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    desk.books.holds(*many(5), snapshot=True)
    pull(desk, ledger)
    assert open_count(desk) == 30, "nothing is marked before a person has looked"
    assert "25 of 30" in brake(desk)
    with desk.store.read() as tx:
        (task,) = people.tasks(tx, "acme")
    assert "incasso release acme" in task.subject


def test_a_brake_keeps_everything_at_home_until_a_person_releases_it(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(*many(30))
    pull(desk, ledger)
    hand_over(desk, ledger, make_plan(desk, ledger)[1].id)
    assert len(desk.agency.cases) == 1
    shut = [closed(str(n), 10_000) for n in range(25)]
    gone = tuple(f"t-{n}" for n in range(25))
    desk.books.holds(*shut, gone=gone)
    pull(desk, ledger)
    follow(desk, ledger)
    assert desk.agency.mutations == [], "concluded from a mass disappearance"
    desk.books.holds(invoice("99", debtor_id="d2"))
    pull(desk, ledger)
    assert make_plan(desk, ledger)[0].counts["escalate"] == 0
    assert "closed in one pull" in release(desk, ledger, actor="anna")
    follow(desk, ledger)
    assert len(desk.agency.mutations) == 25
    with desk.store.read() as tx:
        assert people.tasks(tx, "acme") == []
        actions = [action for _, _, action, _ in journal.audit_trail(tx, "acme", "acme")]
    assert actions == ["brake.set", "brake.released"]


def test_an_uncalibrated_ledger_escalates_nothing(desk: Desk, ledger: Ledger) -> None:
    desk.books.holds(invoice("1"), calibrated=False)
    pull(desk, ledger)
    report, _ = make_plan(desk, ledger)
    assert (report.counts["escalate"], report.counts["undecided"]) == (0, 1)
    desk.books.holds(calibrated=True)
    pull(desk, ledger)
    assert make_plan(desk, ledger)[0].counts["escalate"] == 1


def test_the_sources_control_total_is_kept(desk: Desk, ledger: Ledger) -> None:
    total = Money(minor=10_000, currency="EUR")
    desk.books.holds(invoice("1"), control_total=total)
    pull(desk, ledger)
    with desk.store.read() as tx:
        state = journal.read_ledger_state(tx, "acme")
    assert (state.control, state.control_at) == (total, desk.clock.now())


def test_credit_of_a_debtor_is_netted_in_the_account(desk: Desk, ledger: Ledger) -> None:
    credit = invoice("5", -2_500, kind="credit_note", original_minor=-2_500)
    desk.books.holds(invoice("1"), credit)
    pull(desk, ledger)
    with desk.store.read() as tx:
        found = account(tx, ledger, "d1", DAY)
    assert [claim.claim for claim in found.claims] == ["INV-1"]
    assert found.credit_minor == {"EUR": 2_500}


def test_a_ledger_may_say_what_all_its_debtors_are(desk: Desk, ledger: Ledger) -> None:
    desk.books.pages = [page(invoice("1"), debtors=(make_debtor(id="d1", kind="unknown"),), complete=True)]
    pull(desk, ledger)
    known = ledger.model_copy(update={"debtors_are": "business"})
    with desk.store.read() as tx:
        assert account(tx, ledger, "d1", DAY).debtor_kind == "unknown"
        assert account(tx, known, "d1", DAY).debtor_kind == "business"
