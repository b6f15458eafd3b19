"""The conformance checks of a condition: derive `ConditionConformance` in a test module."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from connector.api import ConditionType
from connector.model import Account, ConditionAnswer
from connector.testing import plugin_checks
from connector.testing.accounts import accounts, later

COUNT = 300
# Near days one by one, and then far apart: what waits for years is looked at as well.
WAITS = (*range(1, 40), *range(45, 420, 15), 800, 2_000)

# What was called in each block that allows no calls, while it lasts.
_listening: list[list[str]] = []


class ConditionConformance:
    """P1 to P4 of every plugin, and C1 to C4. A condition stands between a debtor and a hand-over."""

    condition_type: ClassVar[ConditionType]
    """What is checked."""

    settings: ClassVar[Mapping[str, Any]] = {}
    """Working settings, as the policy's `settings` would give them."""

    accounts: ClassVar[Sequence[Account]] = ()
    """Accounts of your own that matter to the condition, asked besides those of the kit."""

    readme: ClassVar[Path | None] = None
    """Where the README is, when it is neither beside the module nor one folder up."""

    def open(self) -> Callable[[Account], ConditionAnswer]:
        """The condition, opened as the host does."""
        kind = self.condition_type
        return kind.open(kind.config.model_validate(dict(self.settings)))

    def asked(self) -> Iterator[Account]:
        """Every account that is asked about."""
        yield from self.accounts
        yield from accounts(COUNT)

    def test_p1_importing_it_costs_little(self) -> None:
        """Every command of the host pays for importing every plugin: no heavy library, no network, under 300 ms."""
        plugin_checks.check_import(plugin_checks.import_name(self.condition_type))

    def test_p2_it_is_installed_under_its_own_name(self) -> None:
        """A policy names the condition: the name must be a slug, and lead to this plugin and no other."""
        plugin_checks.check_identity(self.condition_type)
        assert self.condition_type.asked.strip().endswith("?"), "`asked` is shown to people: write a question"

    def test_p3_its_settings_catch_mistakes(self) -> None:
        """A mistyped key that passes silently is found months later."""
        plugin_checks.check_config_model(self.condition_type.config, self.settings)

    def test_p4_the_example_in_its_readme_loads(self) -> None:
        """The example is what people copy."""
        plugin_checks.check_readme(self.condition_type, self.readme)

    def test_c1_every_account_gets_an_answer(self) -> None:
        """A debtor without an answer is left to a person; an error leaves all of them."""
        ask = self.open()
        for account in self.asked():
            try:
                answer = ask(account)
            except (Exception, SystemExit) as error:
                raise AssertionError(f"{type(error).__name__} ({error}) for {account!r}") from error
            assert type(answer) is ConditionAnswer, f"a {type(answer).__name__} for {account!r}"
            again = ConditionAnswer.model_validate(answer.model_dump())
            assert again == answer, f"the answer is not a valid ConditionAnswer: {answer!r}"

    def test_c2_the_account_alone_decides(self) -> None:
        """What was shown is what happens: the answer must be the same when the plan is carried out."""
        every = list(self.asked())
        before = [account.model_dump() for account in every]
        with _no_calls():
            ask = self.open()
            first = [ask(account) for account in every]
            other = self.open()
            turned = [other(account) for account in reversed(every)][::-1]
            again = [ask(account) for account in every]
        for account, *answers in zip(every, first, turned, again, strict=True):
            assert answers[0] == answers[1] == answers[2], f"different answers, {answers}, for {account!r}"
        assert [account.model_dump() for account in every] == before, "the condition changes the account"

    def test_c3_waiting_never_takes_a_yes_back(self) -> None:
        """Days alone bring a debtor further, never back: else whether he goes hangs on the day of the week."""
        ask = self.open()
        for account in self.asked():
            met = ask(account).verdict == "yes"
            for days in WAITS:
                verdict = ask(later(account, days)).verdict
                assert not met or verdict == "yes", f"yes, and {verdict} {days} days later, for {account!r}"
                met = met or verdict == "yes"

    def test_c4_the_earliest_day_is_not_too_late(self) -> None:
        """Nobody looks at a debtor before the day that was told: what comes earlier comes too late."""
        ask = self.open()
        for account in self.asked():
            answer = ask(account)
            if answer.verdict == "yes":
                assert answer.earliest is None, f"a yes needs no earliest day: {answer!r}"
                continue
            assert answer.earliest is None or answer.earliest > account.day, f"{answer.earliest} is over: {account!r}"
            for days in WAITS:
                then = later(account, days)
                if ask(then).verdict == "yes":
                    told = answer.earliest
                    assert told is not None, f"no earliest day was told, and it is a yes {days} days later: {account!r}"
                    assert told <= then.day, f"{told} was told, and it is a yes on {then.day} already: {account!r}"
                    break


@contextmanager
def _no_calls() -> Iterator[None]:
    """Fails when anything inside opens a connection or a file, looks up a name or starts a process."""
    _listen()
    called: list[str] = []
    _listening.append(called)
    try:
        yield
    finally:
        _listening.pop()
    assert not called, f"the condition calls out ({', '.join(sorted(set(called)))}): the account alone decides"


@cache
def _listen() -> None:
    """Once a process: what listens to it can never be taken off again."""
    sys.addaudithook(_note)


def _note(event: str, _: object) -> None:
    if _listening and event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "open"):
        _listening[-1].append(event)
