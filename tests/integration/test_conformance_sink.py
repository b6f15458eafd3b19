"""The conformance kit tried on a sink that keeps to every rule, and on sinks that break one each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar, get_args

import fake_agency
import pytest
import wrong_sinks as wrong
from responses import RequestsMock
from right_sink import RIGHT_SINK, RightSink
from verdicts import checks_of, failed_checks, installed_here

from connector.api import Sink
from connector.model import Money, MutationKind
from connector.testing import AgencyCase, Run, SinkConformance, make_case, make_mutation, plugin_checks
from connector.testing.sink.aftercare import KINDS


@pytest.fixture(autouse=True, scope="module")
def _right_sink_is_installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with installed_here(tmp_path_factory.mktemp("site"), "right-sink", {"right_sink": "right_sink"}):
        yield


@pytest.fixture(autouse=True, scope="module")
def _each_module_is_imported_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin_checks, "check_import", cache(plugin_checks.check_import))
        yield


class AgencyChecks(SinkConformance):
    """The author's side for the right sink, and for every wrong one."""

    sink_type = RIGHT_SINK
    config: ClassVar[Mapping[str, Any]] = {"api_key": {"env": "AGENCY_KEY"}}
    expected_events = ("accepted", "unmapped", "payment_received")

    def upstream(self, mock: RequestsMock, scenario: str) -> None:
        self.agency = fake_agency.FakeAgency(scenario)
        self.agency.register(mock)

    def at_agency(self, run: Run[Sink]) -> Sequence[AgencyCase]:
        return [
            AgencyCase(
                reference=case["reference"],
                case_ref=case["case_ref"],
                debtor_name=case["debtor"],
                open=Money(minor=sum(Money.of(line["open"], "EUR").minor for line in case["lines"]), currency="EUR"),
            )
            for case in self.agency.cases.values()
        ]

    def webhook(self, run: Run[Sink]) -> tuple[Mapping[str, str], bytes]:
        body = b'{"id": "e9", "case_ref": "c", "status": "odd", "at": "2026-03-01T08:00:00+00:00", "facts": {}}'
        now = run.context.clock.now().isoformat()
        signer = RightSink(run.config, run.context)  # type: ignore[arg-type]
        return {"X-Time": now, "X-Signature": signer.signature(now, body)}, body


class TestRightSink(AgencyChecks):
    """Passes every check, as an author sees it."""


WRONG_SINKS: list[tuple[str, type[RightSink]]] = [
    ("p5_no_secret", wrong.TellsItsKeyInErrors),
    ("p6_check_tells", wrong.TriesRefusedCredentialsAgain),
    ("k1_a_submit", wrong.SaysDoneTooEarly),
    ("k2_the_same_key", wrong.HidesReplays),
    ("k3_a_lost_answer", wrong.CallsALostAnswerAFailure),
    ("k3_a_lost_answer", wrong.ForgetsTheKeyOfALostAnswer),
    ("k4_the_amounts", wrong.UsesFloats),
    ("k5_a_refusal", wrong.KeepsTheReasons),
    ("k6_a_limit", wrong.CallsBeforeTheReset),
    ("k6_a_broken", wrong.TakesABrokenAnswerForARefusal),
    ("k7_only_declared", wrong.SendsMoreThanItSays),
    ("k8_statuses", wrong.GuessesStatuses),
    ("k8_statuses", wrong.HidesTheAgencysWord),
    ("k9_changes", wrong.SkipsAnEventOnResuming),
    ("k10_an_event", wrong.NumbersEventsAnew),
    ("k11_an_event", wrong.UsesItsOwnClock),
    ("k11_an_event", wrong.DropsTheTimeZone),
    ("k12_announced", wrong.SendsMutationsAnew),
    ("k12_other", wrong.PretendsToHaveTold),
    ("k12_documents", wrong.AttachesTwice),
    ("k13_an_unknown", wrong.FindsWhatWasNeverSent),
    ("k14_names", wrong.WritesPlainLetters),
    ("k14_names", wrong.CutsLongNames),
    ("k15_a_webhook", wrong.BelievesOldWebhooks),
    ("k15_a_webhook", wrong.BelievesUnsignedWebhooks),
    ("k16_a_snapshot", wrong.ShowsAnyCase),
    ("k17_a_preflight", wrong.CreatesWhileAsking),
    ("k18_a_pay_out", wrong.ForgetsTheCosts),
    ("k18_a_pay_out", wrong.PaysOutFromTheBeginning),
    ("k19_the_price", wrong.GivesBackWhileAsking),
]


@pytest.mark.parametrize(("check", "sink"), WRONG_SINKS, ids=lambda it: getattr(it, "__name__", it))
def test_a_wrong_sink_fails_exactly_the_check_for_its_mistake(check: str, sink: type[RightSink]) -> None:
    class Kit(AgencyChecks):
        sink_type = replace(RIGHT_SINK, open=sink)

    failures = failed_checks(Kit)

    assert [name for name in failures if name.startswith(check)], f"passed {check}; failed: {failures}"
    assert len(failures) == 1, failures


def test_every_sink_check_has_a_wrong_plugin() -> None:
    tried = {check for check, _ in WRONG_SINKS}

    untried = [
        check
        for check in checks_of(AgencyChecks)
        if check.startswith("k") and not any(check.startswith(prefix) for prefix in tried)
    ]

    assert untried == []


def test_every_check_says_why_it_matters() -> None:
    silent = [check for check in checks_of(AgencyChecks) if not getattr(AgencyChecks, f"test_{check}").__doc__]

    assert silent == []


def test_every_kind_of_mutation_is_tried_and_can_be_built() -> None:
    assert set(KINDS) == set(get_args(MutationKind))
    assert [make_mutation(kind).kind for kind in KINDS] == list(KINDS)


def test_a_mutation_is_about_the_case_it_was_built_for() -> None:
    case = make_case(case_ref="IC-7")

    mutation = make_mutation("direct_payment", case=case)

    assert mutation.case_ref == "IC-7"
    assert mutation.lines[0].line_id == case.lines[0].line_id  # type: ignore[union-attr]
