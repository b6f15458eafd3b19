"""Conditions that come from plugins: tied to the policy that uses them, guarded, and asked like all others."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from connector.api import ConditionType
from connector.config.mistakes import Mistake, explain, suggest
from connector.model import Account, Because, ConditionAnswer
from connector.policy.conditions import Check
from connector.policy.policy import Ask, PluginCondition, Policy, Step
from connector.policy.records import because
from connector.policy.standing import Standing


def bind(
    policy: Policy, known: Mapping[str, ConditionType], data: Mapping[str, Any], file: str
) -> tuple[Policy, list[Mistake]]:
    """The policy with its conditions tied to the plugins that answer them, and what is wrong with their settings."""
    mistakes: list[Mistake] = []
    bound = []
    for place, one in enumerate(policy.conditions):
        kind = known.get(one.use)
        if kind is None:
            mend = suggest(one.use, known)
            mistakes.append(Mistake(file, f"condition[{place}].use", "no installed plugin offers this condition", mend))
            continue
        try:
            settings = kind.config.model_validate(one.settings)
        except ValidationError as error:
            found = explain(error, kind.config, data["condition"][place].get("settings", {}), file)
            mistakes += [replace(wrong, key=f"condition[{place}].settings.{wrong.key}") for wrong in found]
            continue
        bound.append(one.bound(kind.asked, _guarded(one.use, kind.open(settings))))
    return policy.model_copy(update={"conditions": tuple(bound)}), mistakes


def checks(step: Step, policy: Policy) -> Iterator[tuple[str, Check]]:
    """The checks of the plugins' conditions before a step, by name."""
    for one in asked_before(step, policy):
        yield f"plugin.{one.use}", _check(step, one)


def asked_before(step: Step, policy: Policy) -> list[PluginCondition]:
    """The plugins' conditions that are asked before a step."""
    return [one for one in policy.conditions if one.before == "every step" or step.action == "escalate"]


def _check(step: Step, condition: PluginCondition) -> Check:
    name, asked, ask = f"{step.name}.plugin.{condition.use}", condition.question, condition.ask

    def check(standing: Standing) -> Because:
        if ask is None:
            return because(name, asked, seen="its plugin is not loaded", origin="plugins", verdict="unknown")
        answer = ask(standing.account)
        return because(name, asked, seen=answer.seen, origin=answer.origin, verdict=answer.verdict)

    return check


def _guarded(name: str, ask: Ask) -> Ask:
    """A plugin that fails when asked knows nothing: the step is left to a person, and the other debtors go on."""

    def answer(account: Account) -> ConditionAnswer:
        try:
            given = ask(account)
        except (Exception, SystemExit) as error:
            return _broken(name, f"its plugin failed: {type(error).__name__}")
        if not isinstance(given, ConditionAnswer):
            return _broken(name, f"its plugin answered with a {type(given).__name__}")
        return given

    return answer


def _broken(name: str, why: str) -> ConditionAnswer:
    return ConditionAnswer(seen=why, origin=f"condition {name}", verdict="unknown")
