"""What the author of a sink gives to the conformance checks."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from connector.api import Sink, SinkType
from connector.model import Case, Event, EventPage, Money, Mutation, MutationKind
from connector.model.record import Record
from connector.testing.builders import make_case, make_mutation
from connector.testing.conformance import Conformance
from connector.testing.context import RecordedContext
from connector.testing.run import Run

SCENARIOS = frozenset({
    "normal", "unauthorised", "limited", "flaky", "lost_answer", "refused", "events", "duplicate_event",
    "remittances",
})  # fmt: skip
DEMANDS = frozenset({"installed", "readme", "unknown_status", "long_names"})
KEY = "conformance-key-1"


class AgencyCase(Record):
    """A case as the agency has it, seen from its own side and not through the plugin.

    `open` is the sum that it will collect as principal; `debtor_name` the name it will write letters to.
    """

    reference: str
    case_ref: str
    debtor_name: str
    open: Money


class SinkScenarios(Conformance[Sink]):
    """The author gives `sink_type`, `config`, `upstream`, `at_agency` and what is expected.

    Scenarios for `upstream(mock, scenario)`; the agency starts without cases in each:

    - `normal`: every submit, look-up, mutation and document is taken.
    - `unauthorised`: the credentials are refused, every time.
    - `limited`: as `normal`, but the first call is answered with 429 and the time to wait.
    - `flaky`: as `normal`, but the first call is answered with 503, and nothing was processed.
    - `lost_answer`: the first submit is processed, and its answer lost (`requests.ReadTimeout`); then as `normal`.
    - `refused`: the agency refuses the case, with its reasons.
    - `events`: a feed of the events in `expected_events`, on two pages or more.
    - `duplicate_event`: the same feed, with one event told twice.
    - `remittances`: one pay-out or more.
    """

    sink_type: ClassVar[SinkType]
    expected_events: ClassVar[Sequence[str]] = ()
    """The kinds of the events in the scenario `events`, with an "unmapped" one for a status nobody knows."""

    ordinary = "normal"
    exemptable = SCENARIOS | DEMANDS

    @property
    def offer(self) -> SinkType:
        return self.sink_type

    def open(self, config: BaseModel, context: RecordedContext) -> Sink:
        return self.sink_type.open(config, context)

    def at_agency(self, run: Run[Sink]) -> Sequence[AgencyCase]:
        """The cases that the agency has now: from the stand-in server, or from what `run.mock.calls` received."""
        raise NotImplementedError(f"{type(self).__name__} must define at_agency(): which cases does the agency have?")

    def case(self, **changes: Any) -> Case:
        """The case that is handed over. Replace it when the agency asks for something special."""
        return make_case(**changes)

    def mutation(self, kind: MutationKind, case: Case) -> Mutation:
        """A mutation on `case`, which has been submitted. Replace it where it must refer to something there."""
        return make_mutation(kind, case=case)

    def webhook(self, run: Run[Sink]) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of a call as the agency would sign it now. Define it when webhooks are announced."""
        raise NotImplementedError(f"{type(self).__name__} announces webhooks: define webhook() to sign one")

    def exercise(self, run: Run[Sink]) -> Sequence[object]:
        case = self.case()
        receipt = run.plugin.submit(case, key=KEY)
        given: list[object] = [receipt, run.plugin.capabilities(), run.plugin.preflight(case)]
        if "events" not in self.exempt:
            run.prime("events")
            given += run.plugin.changes(None)
        return given


def events_of(pages: Sequence[EventPage]) -> list[Event]:
    """The events of all pages, in the order in which they came."""
    return [event for page in pages for event in page.events]
