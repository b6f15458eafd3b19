"""Checks of what a source delivers: records, ids, amounts, signs, days."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from connector.model import OpenItem, Page
from connector.testing.source.scenarios import SourceScenarios, items_of

ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago")
"""The middle and both ends of the world: fourteen hours before UTC and eleven behind."""


class RecordChecks(SourceScenarios):
    """S0 to S5 and S14."""

    def test_s0_the_scenario_asks_enough(self) -> None:
        """A source tried on two round amounts has proved little: the data must hold what goes wrong in practice."""
        with self.opened("pages") as run:
            pages = list(run.plugin.pull(None))
        items = items_of(pages)
        texts = "".join([*(it.name for page in pages for it in page.debtors), *(item.description for item in items)])
        demands = {
            "paging": (len(pages) > 1, "at least two pages"),
            "credit_note": (any(item.kind == "credit_note" for item in items), "a credit note"),
            "part_payment": (any(_is_part_paid(item) for item in items), "an invoice that was paid in part"),
            "foreign_currency": (len({item.currency for item in items}) > 1, "an item in another currency"),
            "accents": (not texts.isascii(), "a debtor or a description with an accent"),
            "due_dates": (bool(self.due_dates), "an item whose due date stands in `due_dates`"),
        }
        lacking = [f"{what} ({name})" for name, (met, what) in demands.items() if not met and name not in self.exempt]
        assert not lacking, f"the scenario `pages` lacks: {', '.join(lacking)}. Add it, or exempt it with the reason."
        fragile = any(int(float(money.decimal) * 100) != money.minor for money in self.expected.values())
        assert fragile, "`expected` should hold an amount that floats get wrong, such as 0.29 or 1.15"

    def test_s1_records_are_valid(self) -> None:
        """The store and the rules trust the records: validation must not have been skipped on the way."""
        with self.opened("pages") as run:
            for page in run.plugin.pull(None):
                assert type(page) is Page, f"pull() gave a {type(page).__name__}, expected Page"
                for record in (*page.items, *page.debtors):
                    again = type(record).model_validate(record.model_dump(warnings="error"))
                    assert again == record, f"{record!r} is not a valid {type(record).__name__}"

    def test_s2_everything_arrives(self) -> None:
        """An item that never arrives is money that nobody collects; one too many is a claim that does not exist."""
        with self.opened("pages") as run:
            pages = list(run.plugin.pull(None))
        found, wanted = {item.id for item in items_of(pages)}, set(self.expected)
        assert found == wanted, f"missing: {sorted(wanted - found)}, not expected: {sorted(found - wanted)}"
        ends = [page.complete for page in pages]
        assert ends == [False] * (len(pages) - 1) + [True], f"`complete` must be set on the last page alone: {ends}"
        strangers = {it.debtor_id for it in items_of(pages)} - {it.id for page in pages for it in page.debtors}
        assert not strangers, f"items came for debtors that never came: {sorted(strangers)}"

    def test_s3_ids_are_stable(self) -> None:
        """The id is how the host knows an item again: a new id is a second claim for the same money."""
        with self.opened("pages") as run:
            first = Counter(item.id for item in items_of(run.plugin.pull(None)))
        with self.opened("pages") as run:
            second = Counter(item.id for item in items_of(run.plugin.pull(None)))
        twice = [name for name, count in first.items() if count > 1]
        assert not twice, f"ids that came more than once in one pull: {twice}"
        assert first == second, "the second pull of the same ledger gave other ids than the first"

    def test_s4_amounts_are_exact(self) -> None:
        """A cent too much is a wrong summons. Amounts are parsed from text, and keep their currency."""
        with self.opened("pages") as run:
            found = {item.id: item.open for item in items_of(run.plugin.pull(None))}
        wrong = [
            f"{key}: {found.get(key)}, expected {want}" for key, want in self.expected.items() if found.get(key) != want
        ]
        assert not wrong, "; ".join(wrong)

    def test_s5_signs_and_part_payments_are_right(self) -> None:
        """Positive: the debtor owes. A credit note with the wrong sign doubles the claim instead of lowering it."""
        with self.opened("pages") as run:
            items = items_of(run.plugin.pull(None))
        for item in items:
            assert item.amount_minor * item.open_minor >= 0, f"{item.id}: amount and open amount differ in sign"
            assert abs(item.open_minor) <= abs(item.amount_minor), f"{item.id}: more is open than was ever invoiced"
            assert item.state != "closed" or not item.open_minor, f"{item.id}: closed, and yet something is open"
            assert item.closed_reason != "paid" or item.settled_on, f"{item.id}: paid, but on which day?"
            assert not _has_wrong_sign(item), f"{item.id}: a {item.kind} of {item.amount_minor} has the wrong sign"

    def test_s14_days_stay_days(self) -> None:
        """A due date that shifts by a day with the server's time zone moves every deadline of the law."""
        self.skip_if_exempt("due_dates")
        for zone in ZONES:
            with _machine_in(zone), self.opened("pages") as run:
                found = {item.id: item.due_date for item in items_of(run.plugin.pull(None))}
            for key, day in self.due_dates.items():
                assert found.get(key) == day, f"{key} is due on {found.get(key)} on a machine in {zone}, expected {day}"


def _is_part_paid(item: OpenItem) -> bool:
    return item.kind == "invoice" and 0 < abs(item.open_minor) < abs(item.original_minor or item.amount_minor)


def _has_wrong_sign(item: OpenItem) -> bool:
    if item.reversal or item.kind not in ("invoice", "credit_note"):
        return False
    return item.amount_minor < 0 if item.kind == "invoice" else item.amount_minor > 0


@contextmanager
def _machine_in(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
