"""Checks of what a source writes: nothing, except where it announces it."""

from connector.model import Document
from connector.testing.builders import make_update
from connector.testing.run import READS, listed
from connector.testing.source.scenarios import SourceScenarios, items_of


class WritingChecks(SourceScenarios):
    """S10, S19 and S20."""

    def test_s10_a_pull_only_reads(self) -> None:
        """A ledger is somebody's bookkeeping. Only `report` may write."""
        with self.opened("pages") as run:
            list(run.plugin.pull(None))
            assert not run.writes, f"pull() must not write (allowed: {', '.join(sorted(READS))}): {listed(run.writes)}"

    def test_s19_a_report_leaves_one_note(self) -> None:
        """The bookkeeper wants one note a case that is up to date, not a new one each night."""
        self.skip_unless_announced("report")
        with self.opened("pages") as run:
            item = items_of(run.plugin.pull(None))[0]
            update = make_update(debtor_id=item.debtor_id, claims=(item.claim,))
            run.plugin.report(update, key="report-1")
            run.plugin.report(update, key="report-1")
            run.reopen()
            run.plugin.report(update.model_copy(update={"body": "Betaald.", "state": "closed"}), key="report-2")
            notes = self.notes(run)
        assert len(notes) == 1, f"three reports on one case left {len(notes)} notes, expected one that was changed"
        assert "Betaald." in notes[0], f"the note does not tell the last state: {notes[0]!r}"

    def test_s20_a_document_is_found_or_it_is_not(self) -> None:
        """An agency asks for the invoice. A claim without one is an answer, not an error."""
        self.skip_unless_announced("document")
        with self.opened("pages") as run:
            document = run.plugin.document(self.documented_claim)
            nothing = run.plugin.document("a-claim-that-does-not-exist")
        assert isinstance(document, Document), f"no document for the claim {self.documented_claim!r}"
        assert document.content, "the document is empty"
        assert nothing is None, "a document for a claim that is not there"
