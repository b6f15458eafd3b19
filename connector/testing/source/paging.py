"""Checks of how a source goes through a ledger: page by page, resumable, with increments."""

import gc
import json
import tracemalloc
from collections import Counter

from connector.testing.source.scenarios import SourceScenarios, items_of, take

MOST_CURSOR_BYTES = 4096
MOST_GROWTH = 1.5
ALLOWANCE_BYTES = 256 * 1024
"""What the interpreter's own caches may add to the peak: below it a ratio says nothing."""


class PagingChecks(SourceScenarios):
    """S6 to S9, S15, S16 and S18."""

    def test_s6_pages_come_one_by_one(self) -> None:
        """The host stores a page before the next call, so that a break costs one page and memory stays flat."""
        with self.opened("pages") as run:
            seen, allowed = 0, self.opening_calls + self.calls_per_page
            for number, _ in enumerate(run.plugin.pull(None), start=1):
                made = len(run.calls) - seen
                assert made <= allowed, f"{made} calls were made before page {number} was handed over"
                seen, allowed = len(run.calls), self.calls_per_page
            assert len(run.calls) == seen, "calls were made after the last page was handed over"

    def test_s7_a_pull_resumes_after_any_page(self) -> None:
        """Runs are cut off: by a budget, a restart, a full disk. Nothing may be lost by that, nor counted twice."""
        with self.opened("pages") as run:
            whole = [sorted(item.id for item in page.items) for page in run.plugin.pull(None)]
        wanted = Counter(name for page in whole for name in page)
        for stop in range(1, len(whole)):
            with self.opened("pages") as run:
                before = take(run.plugin.pull(None), stop)
                run.reopen()
                after = list(run.plugin.pull(before[-1].cursor))
            assert not after[-1].snapshot, "a resumed pull is no snapshot: the host would take the first pages for gone"
            found = Counter(item.id for item in items_of([*before, *after]))
            assert found == wanted, (
                f"stopped after page {stop} and resumed: lost {sorted(wanted - found)}, "
                f"repeated {sorted(found - wanted)}"
            )

    def test_s8_an_unchanged_ledger_gives_nothing_new(self) -> None:
        """A pull every quarter of an hour is affordable only when an unchanged ledger costs nothing.

        A source without increments lists everything again and says so with `snapshot`; then nothing may differ.
        """
        with self.opened("pages") as run:
            pages = list(run.plugin.pull(None))
            run.prime("unchanged")
            again = list(run.plugin.pull(pages[-1].cursor))
        assert again, "no page came: the host cannot tell an unchanged ledger from a pull that never ran"
        if again[-1].snapshot:
            assert sorted(items_of(again), key=repr) == sorted(items_of(pages), key=repr), (
                "nothing happened, and yet the snapshot differs"
            )
        else:
            repeated = [item.id for item in items_of(again)]
            assert not repeated, f"nothing happened, and yet these came again: {repeated}"

    def test_s9_a_payment_is_noticed(self) -> None:
        """A debtor who has paid and is summoned all the same is the worst this product can do."""
        assert self.paid in self.expected, "`paid` must name the item that the scenario `changed` pays"
        with self.opened("pages") as run:
            cursor = list(run.plugin.pull(None))[-1].cursor
            run.prime("changed")
            pages = list(run.plugin.pull(cursor))
        rows = [item for item in items_of(pages) if item.id == self.paid]
        if rows:
            assert not rows[-1].open_minor, f"{self.paid} was paid, and comes with {rows[-1].open} open"
        else:
            gone = any(self.paid in page.gone for page in pages)
            absent = pages[-1].snapshot and pages[-1].complete
            assert gone or absent, f"{self.paid} was paid, and the pull does not tell: no item, not gone, no snapshot"

    def test_s15_the_cursor_can_be_kept(self) -> None:
        """The cursor lies in a database between runs: JSON text, under 4 kB."""
        with self.opened("pages") as run:
            cursors = [page.cursor for page in run.plugin.pull(None)]
        for cursor in cursors:
            size = len(cursor.encode())
            assert size < MOST_CURSOR_BYTES, f"a cursor of {size} bytes, less than {MOST_CURSOR_BYTES} is allowed"
            try:
                json.loads(cursor)
            except ValueError as error:
                raise AssertionError(f"the cursor {cursor!r} is not JSON") from error

    def test_s16_memory_stays_flat(self) -> None:
        """A ledger of ten years must fit as well as a young one: a page is forgotten once it is handed over."""
        self.skip_if_exempt("paging")
        self.skip_if_exempt("hundred_pages")
        self._peak("ten_pages")
        ten, hundred = self._peak("ten_pages"), self._peak("hundred_pages")
        most = MOST_GROWTH * ten + ALLOWANCE_BYTES
        assert hundred <= most, f"100 pages took {hundred} bytes at the peak, 10 pages {ten}: at most {most:.0f}"

    def test_s18_an_empty_ledger_is_an_answer(self) -> None:
        """Nothing open is news as well: one complete page, and no error."""
        with self.opened("empty") as run:
            pages = list(run.plugin.pull(None))
        assert pages, "no page came for an empty ledger"
        assert pages[-1].complete, "the pull of an empty ledger was not complete"
        assert not items_of(pages), "an empty ledger gave items"

    def _peak(self, scenario: str) -> int:
        """The peak of the memory taken by a whole pull, in bytes. What the kit itself keeps is let go of."""
        with self.opened(scenario) as run:
            gc.collect()
            tracemalloc.start()
            try:
                for _ in run.plugin.pull(None):
                    run.forget_calls()
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
