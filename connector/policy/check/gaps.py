"""What somebody should have got, or been told, and did not."""

from collections.abc import Iterable, Iterator

from connector.policy.check.debtors import kind_name
from connector.policy.check.finding import Finding, Places
from connector.policy.check.runs import Run, Runs, Taken
from connector.policy.policy import Policy


def gaps(runs: Runs, places: Places) -> Iterator[Finding]:
    """Hand-overs without a letter, after one alone, a day after it, or without the law; debtors left lying."""
    for index, step in enumerate(runs.policy.steps):
        if step.action == "escalate":
            yield from _letters(runs, index, places)
        yield from _rushed(runs, index, places)
    yield from _left_lying(runs, places)
    yield from _without_law(runs.policy, places)


def _without_law(policy: Policy, places: Places) -> Iterator[Finding]:
    """A hand-over that nobody asks the law about."""
    if policy.gates.lawful.before == "never" and any(step.action == "escalate" for step in policy.steps):
        said = (
            "nothing stands between this policy and an unlawful hand-over: letters, default, limitation, registration"
        )
        mend = 'Write before = "escalate"; for debtors of other countries, elsewhere = "allowed".'
        yield places.finding("warning", "gap", ("gates", "lawful", "before"), said, mend)


def _letters(runs: Runs, index: int, places: Places) -> Iterator[Finding]:
    step = runs.policy.steps[index]
    mend = 'Put a step with action = "remind" or "notice" above it, and name it under needs.'
    path = ("step", index, "action")
    ordinary, late = ([one for one in some if _ends_with(one, step.name)] for some in (runs.ordinary, runs.late))
    bare = next((one for one in ordinary if not one.letters), None)
    found_late = next((one for one in late if not one.letters), None)
    single = next((one for one in ordinary if len(one.taken) == 2 and one.letters), None)
    if bare:
        said = f"{kind_name(bare.trial.kind)} is handed over without any letter before"
        yield places.finding("warning", "gap", path, said, mend)
    elif found_late:
        said = f"{found_late.trial.name} is handed over at once, without any letter before"
        mend = f"Name the letters under needs{_such_as(runs.policy, index)}."
        yield places.finding("warning", "gap", path, said, mend)
    elif single:
        said = f'nothing comes between the first letter, "{single.letters[0].step}", and the hand-over'
        yield places.finding("warning", "gap", path, said, 'Add a step with action = "notice" between them.')


def _such_as(policy: Policy, index: int) -> str:
    names = ", ".join(f'"{one.name}"' for one in policy.steps[:index] if one.action in ("remind", "notice"))
    return f" = [{names}]"


def _ends_with(one: Run, step: str) -> bool:
    return one.handed_over is not None and one.handed_over.step == step


def _rushed(runs: Runs, index: int, places: Places) -> Iterator[Finding]:
    """A step on the day after a letter: only the rule of one step a day keeps them apart."""
    name = runs.policy.steps[index].name
    for some, who in ((runs.ordinary, "a debtor"), (runs.late, "")):
        found = next(_hard_on(some, name), None)
        if found is None:
            continue
        one, letter = found
        said = f'{who or one.trial.name} gets this step one day after "{letter.step}": no waiting time is set'
        mend = f'Write after = {{ step = "{letter.step}", days = 14 }}.'
        yield places.finding("warning", "gap", ("step", index, "after"), said, mend)
        return


def _hard_on(some: Iterable[Run], name: str) -> Iterator[tuple[Run, Taken]]:
    for one in some:
        for before, then in zip(one.taken, one.taken[1:], strict=False):
            if then.step == name and then.day == before.day + 1 and before.action in ("remind", "notice"):
                yield one, before


def _left_lying(runs: Runs, places: Places) -> Iterator[Finding]:
    """Kinds that end without a hand-over and without a call: the decision says why, and nobody is asked to look."""
    if not any(one.handed_over for one in runs.ordinary):
        last = len(runs.policy.steps) - 1
        if runs.policy.steps[last].action != "call":
            said = "this is the last step, and nothing is handed over: nobody is told of who does not pay after it"
            mend = 'Add a step with action = "escalate", or "call" so that a person looks.'
            yield places.finding("warning", "gap", ("step", last, "action"), said, mend)
        return
    lying = [one for one in runs.by_kind.values() if _lies(one)]
    for taken in dict.fromkeys(one.taken for one in lying):
        kinds = [kind_name(one.trial.kind) for one in lying if one.taken == taken]
        get = "get" if len(kinds) > 1 else "gets"
        got = f'{get} "{taken[-1].step}" on day {taken[-1].day} and nothing after it' if taken else f"{get} no step"
        said = f"{' and '.join(kinds)} {got}, and nobody is told"
        mend = 'Allow the kind, or put a step with action = "call" before the hand-over, so that a person looks.'
        yield places.finding("warning", "gap", ("gates", "debtor_kind", "allowed"), said, mend)


def _lies(one: Run) -> bool:
    told = one.last.action == "undecided" or bool(one.taken and one.taken[-1].action == "call")
    return not one.handed_over and not told
