"""Steps that no debtor ever gets, and what keeps them back."""

from collections.abc import Iterator

from connector.policy.check.debtors import ripe_after
from connector.policy.check.finding import Finding, Path, Places, Severity
from connector.policy.check.runs import Run, Runs, Taken, run
from connector.policy.policy import Gates, Policy, Step

AT_AGENCY = "claim.at_agency"


def unreachable(runs: Runs, places: Places) -> Iterator[Finding]:
    """An error for each step that no ordinary debtor gets; a warning where it is for those who cannot be handed over.

    Ordinary is who is seen from the first day on, of a kind that somebody stated, without credit and not blocked.
    """
    for index, step in enumerate(runs.policy.steps):
        if any(_gets(one, step) for one in runs.ordinary):
            continue
        getting = [one for one in (*runs.ordinary, *runs.late, *runs.odd) if one.find(step.name)]
        odd = min(getting, key=_is_unstated, default=None)
        said = (
            f'no ordinary debtor gets "{step.name}", only {odd.trial.name}'
            if odd
            else f'no debtor ever gets "{step.name}"'
        )
        first = _overtaken(runs, index)
        path, why, mend = first or _kept_back(runs, index)
        severity: Severity = (
            "warning" if odd and not first and next(iter(runs.by_kind.values())).handed_over else "error"
        )
        yield places.finding(severity, "unreachable", path, f"{said}: {why}", mend)


def _is_unstated(one: Run) -> bool:
    return one.trial.kind == "unknown"


def _gets(one: Run, step: Step) -> bool:
    return not _is_unstated(one) and one.find(step.name) is not None


def _until(policy: Policy, index: int) -> Policy:
    """The policy without the steps below one."""
    return policy.model_copy(update={"steps": policy.steps[: index + 1]})


def _overtaken(runs: Runs, index: int) -> tuple[Path, str, str] | None:
    """Where, why and the mend, if a harsher step comes before this one, or on the same day."""
    step, until = runs.policy.steps[index], _until(runs.policy, index)
    above = {one.name for one in runs.policy.steps[index + 1 :]}
    for whole in runs.ordinary:
        alone = run(whole.trial, until)
        mine = alone.find(step.name)
        # What lies above may also keep the step away without ever coming itself: then nothing overtakes it.
        first = next((one for one in whole.taken if one.step in above), None)
        if mine and first and _gets(alone, step):
            return _told(step, index, mine, first)
    return None


def _told(step: Step, index: int, mine: Taken, first: Taken) -> tuple[Path, str, str]:
    mend = f'Put "{step.name}" under needs of "{first.step}", or let "{first.step}" come later.'
    path: Path = (
        "step",
        index,
        "after" if step.after and mine.day > ripe_after(step) else "days_overdue",
    )
    if first.day == mine.day:
        return path, f'"{first.step}" is due on day {mine.day} as well, and the step that stands lower comes', mend
    return path, f'it could come on day {mine.day}, and "{first.step}" comes on day {first.day}', mend


def _kept_back(runs: Runs, index: int) -> tuple[Path, str, str]:
    """Where, why and the mend: the first condition that was not met when nothing came any more."""
    step = runs.policy.steps[index]
    ended = run(runs.ordinary[0].trial, _until(runs.policy, index))
    reasons = [one for one in ended.last.because if one.verdict != "yes"]
    of_step = [one for one in reasons if one.condition.startswith(f"{step.name}.")]
    reason = next((one for one in reasons if one.condition == AT_AGENCY), None) or (of_step or reasons)[0]
    why = f"{reason.asked} {reason.verdict.capitalize()}: {reason.seen.removeprefix('no: ')}"
    gone = ended.handed_over
    if gone and gone.step in (*step.needs, *([step.after.step] if step.after else [])):
        key = "needs" if gone.step in step.needs else "after"
        return ("step", index, key), why, f'Do not build on "{gone.step}": nothing comes after a hand-over.'
    code = reason.condition.removeprefix(f"{step.name}.")
    if code in Gates.model_fields:
        return ("gates", code), why, "Change the gate so that ordinary debtors pass."
    mend = "Put the step that hands over last." if gone else "Change the step so that it can be met."
    return ("step", index, code if code in Step.model_fields else "days_overdue"), why, mend
