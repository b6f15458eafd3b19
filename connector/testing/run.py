"""One plugin against an upstream that was put into a scenario, with every call it made."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel

from connector.api import Sink, Source
from connector.testing.context import Call, RecordedContext

if TYPE_CHECKING:
    from responses import RequestsMock

Opened = TypeVar("Opened", bound=Source | Sink)

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Run(Generic[Opened]):
    """One plugin against its primed upstream. `plugin` is opened anew by every `prime`, as every run of the host does.

    State, tokens and clock go on from one to the next, as they do in the host.
    """

    plugin: Opened
    config: BaseModel

    def __init__(
        self,
        mock: "RequestsMock",
        context: RecordedContext,
        *,
        prepare: Callable[["RequestsMock", str], BaseModel],
        open: Callable[[BaseModel, RecordedContext], Opened],  # noqa: A002 - the contract's own word
        is_login: Callable[[Call], bool],
    ) -> None:
        self.mock = mock
        self.context = context
        self._prepare = prepare
        self._open = open
        self._is_login = is_login

    def prime(self, scenario: str) -> None:
        """Put the upstream into `scenario` and open the plugin anew."""
        self.mock.reset()
        self.mock.add_passthru("http://127.0.0.1")
        self.config = self._prepare(self.mock, scenario)
        self.reopen()

    def reopen(self) -> None:
        """Open the plugin anew against the same upstream: a new process of the host."""
        self.plugin = self._open(self.config, self.context)

    @property
    def calls(self) -> list[Call]:
        """The calls of the plugin so far, without log-ins."""
        return [call for call in self.context.http.calls if not self._is_login(call)]

    @property
    def logins(self) -> list[Call]:
        """The calls that fetched or refreshed a token."""
        return [call for call in self.context.http.calls if self._is_login(call)]

    @property
    def writes(self) -> list[Call]:
        """The calls that were meant to change something."""
        return [call for call in self.calls if call.method not in READS]

    def forget_calls(self) -> None:
        """Let go of every call, so that measuring memory measures the plugin."""
        self.context.http.calls.clear()
        self.context.log.entries.clear()
        self.mock.calls.reset()
        for answer in self.mock.registered():
            answer.calls.reset()

    def assert_limit_obeyed(self) -> None:
        """One call was refused, the budget was told, and nobody called before the reset."""
        refused = self.statuses(429)
        assert len(refused) == 1, f"{len(refused)} calls were answered with 429, expected one: {listed(refused)}"
        budgets = self.context.budgets.values()
        told = [until for budget in budgets for until in budget.refusals]
        assert told, "the 429 was not told to the budget, with budget.refused(until)"
        taken = sum(budget.taken for budget in budgets)
        assert taken >= len(self.calls), f"{len(self.calls)} calls were made, {taken} announced with budget.take()"
        resumption = max([*told, *_retry_after(refused[0])])
        early = [call for call in self.calls[self.calls.index(refused[0]) + 1 :] if call.at < resumption]
        assert not early, f"called before {resumption.isoformat()}: {listed(early)}"

    def statuses(self, *wanted: int) -> list[Call]:
        """The calls that were answered with one of `wanted`."""
        return [call for call in self.calls if call.status in wanted]


def listed(calls: Sequence[Call]) -> str:
    """Calls as an assertion message shows them."""
    return ", ".join(f"{call.method} {call.url} -> {call.status}" for call in calls)


def _retry_after(call: Call) -> list[datetime]:
    """When the answer allowed the next call, if it said so in seconds."""
    return [call.at + timedelta(seconds=int(call.retry_after))] if call.retry_after.isdigit() else []
