"""Checks of what comes back: events, their order, their identity, webhooks, pay-outs."""

from collections import Counter
from datetime import timedelta
from itertools import islice

import pytest

from connector.api import Sink
from connector.errors import RejectedError
from connector.model import Event
from connector.testing.run import Run
from connector.testing.sink.scenarios import SinkScenarios, events_of


class FeedChecks(SinkScenarios):
    """K8 to K11, K15 and K18."""

    def test_k8_statuses_become_our_words(self) -> None:
        """An unknown status is shown to a person. Guessing it closed a case that was running."""
        with self.opened("events") as run:
            events = _all_events(run)
        assert "unknown_status" in self.exempt or "unmapped" in self.expected_events, (
            "`expected_events` should hold an unmapped one: let the feed tell a status that nobody knows"
        )
        for event in events:
            assert type(event).model_validate(event.model_dump()) == event, f"{event!r} is not valid"
            assert event.kind != "unmapped" or event.raw, "an unmapped event does not carry the agency's own word"
        found, wanted = Counter(str(event.kind) for event in events), Counter(self.expected_events)
        assert found == wanted, f"too few: {dict(wanted - found)}, too many: {dict(found - wanted)}"

    def test_k9_changes_resume_after_any_page(self) -> None:
        """An event that is lost between two pages is a payment nobody books. Repeats are allowed."""
        with self.opened("events") as run:
            pages = list(run.plugin.changes(None))
        wanted = Counter(map(_content, events_of(pages)))
        for stop in range(1, len(pages)):
            with self.opened("events") as run:
                before = list(islice(run.plugin.changes(None), stop))
                run.reopen()
                found = Counter(map(_content, events_of([*before, *run.plugin.changes(before[-1].cursor)])))
            lost = wanted - found
            assert not lost, f"stopped after page {stop} and resumed, these were lost: {sorted(lost)}"

    def test_k10_an_event_keeps_its_id(self) -> None:
        """The host tells a repeat by the id. A payment with a new id each time is booked each time."""
        with self.opened("events") as run:
            wanted = Counter(event.id for event in _all_events(run))
        shared = [name for name, count in wanted.items() if count > 1]
        assert not shared, f"different events share an id: {shared}"
        with self.opened("duplicate_event") as run:
            found = {event.id for event in _all_events(run)}
        assert found == set(wanted), (
            f"with one event told twice, ids appeared: {sorted(found - set(wanted))}, "
            f"and disappeared: {sorted(set(wanted) - found)}"
        )

    def test_k11_an_event_keeps_its_time(self) -> None:
        """Events come late and out of order; only the agency's own time puts them in order, in UTC."""
        with self.opened("events") as run:
            first = _all_events(run)
        naive = [event.id for event in first if event.occurred_at.utcoffset() != timedelta(0)]
        assert not naive, f"these events are not in UTC: {naive}"
        with self.opened("events") as run:
            run.context.clock.advance(hours=1)
            second = _all_events(run)
        moved = Counter(event.occurred_at for event in first) - Counter(event.occurred_at for event in second)
        assert not moved, "read an hour later, the events happened at another time: is it the reader's clock?"

    def test_k15_a_webhook_is_believed_only_when_signed(self) -> None:
        """The address is open to the world: anybody could tell us that a debt was paid."""
        with self.opened("normal") as run:
            if not run.plugin.capabilities().webhooks:
                pytest.skip("not announced: this agency sends no webhooks")
            headers, body = self.webhook(run)
            assert run.plugin.verify_webhook(headers, body), "a rightly signed call gave no event"
            with pytest.raises(RejectedError):
                run.plugin.verify_webhook(headers, body + b" ")
            with pytest.raises(RejectedError):
                run.plugin.verify_webhook({}, body)
            run.context.clock.advance(days=2)
            with pytest.raises(RejectedError):
                run.plugin.verify_webhook(headers, body)

    def test_k18_a_pay_out_adds_up(self) -> None:
        """Gross minus costs and VAT is what stands on the bank statement; else the bookkeeper cannot match it."""
        with self.opened("remittances") as run:
            paid = list(run.plugin.remittances(None))
            later = list(run.plugin.remittances(max(it.paid_on for it in paid) + timedelta(days=1))) if paid else []
        assert paid, "the scenario `remittances` gave none"
        for it in paid:
            net = it.gross - it.costs - it.vat
            assert net == it.net, f"{it.remittance_id}: {it.gross} - {it.costs} - {it.vat} is {net}, not {it.net}"
            parts = sum(item.gross.minor for item in it.items)
            assert parts == it.gross.minor, f"{it.remittance_id}: its items add up to {parts}, not {it.gross.minor}"
        assert not later, "`since` was not obeyed: pay-outs of earlier days came"


def _all_events(run: Run[Sink]) -> list[Event]:
    return events_of(list(run.plugin.changes(None)))


def _content(event: Event) -> str:
    """An event without its id, for comparing what it tells."""
    return repr(sorted(event.model_dump(mode="json", exclude={"id"}).items(), key=str))
