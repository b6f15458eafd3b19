"""What keeps the ladders of a policy from being climbed: found when the policy is read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from connector.policy.policy import Gates, Policy, Segment, Step

Path = tuple[str | int, ...]
_MONTH = 30
_TIMINGS = ("days_overdue", "days_after_month_end", "days_before_due")
# The first words of reasons, which a step of the same name could be taken for.
_TAKEN = frozenset({"claim", "account"})


class Wrong(NamedTuple):
    """What keeps a ladder from being climbed: where in the file, why, and the mend."""

    path: Path
    why: str
    mend: str


def wrongs(policy: "Policy") -> Iterator[Wrong]:
    """Every mistake of a policy whose values are right one by one."""
    if not policy.steps and not policy.segments:
        yield Wrong(("step",), "there is no step", "Add a table [[step]].")
    yield from _ladder(policy.steps, ())
    yield from _gates(policy.gates, ())
    yield from _foreign([one.use for one in policy.conditions])
    for place, segment in enumerate(policy.segments):
        path: Path = ("segment", place)
        yield from _ladder(segment.steps, path)
        yield from _gates(segment.gates, path)
        yield from _segment(segment, path, [one.name for one in policy.segments[:place]])
        yield from _bounds((*path, "below_amount"), segment.from_amount, segment.below_amount)
    for place, route in enumerate(policy.routes):
        path = ("route", place)
        yield from _gates(route.gates, path)
        yield from _bounds((*path, "below_amount"), route.from_amount, route.below_amount)
        yield from _bounds((*path, "below_days"), route.from_days, route.below_days)


def _foreign(names: list[str]) -> Iterator[Wrong]:
    for place, name in enumerate(names):
        path: Path = ("condition", place, "use")
        if name in names[:place]:
            yield Wrong(path, f'"{name}" is asked twice', "Ask it once.")


def _segment(segment: "Segment", path: Path, earlier: list[str]) -> Iterator[Wrong]:
    if segment.name in earlier:
        yield Wrong((*path, "name"), f'two segments are named "{segment.name}"', "Give each its own name.")
    if segment.rest and segment.steps:
        mend = "Take rest away, or the steps."
        yield Wrong((*path, "rest"), "nothing is ever done with these debtors, and yet there are steps", mend)
    if not segment.rest and not segment.steps:
        mend = "Add a table [[segment.step]], or write rest = true if nothing is ever to be done with these debtors."
        yield Wrong(path, "this segment has no step", mend)


def _bounds(path: Path, least: int, below: int | None) -> Iterator[Wrong]:
    if below is not None and below <= least:
        yield Wrong(path, "nobody lies between these bounds", "Write more than the least, or leave one of the two out.")


def _gates(gates: "Gates", path: Path) -> Iterator[Wrong]:
    if not gates.debtor_kind.allowed:
        yield Wrong(
            (*path, "gates", "debtor_kind", "allowed"),
            "no debtor could ever pass: the list is empty",
            'Name the kinds, such as ["business"], or write before = "never".',
        )


def _ladder(steps: "tuple[Step, ...]", path: Path) -> Iterator[Wrong]:
    for index, step in enumerate(steps):
        here: Path = (*path, "step", index)
        yield from _name(step, here, steps[:index])
        yield from _timing(step, here)
        yield from _order(step, here, steps[:index])
        for place, name in enumerate(step.needs):
            first = step.needs.index(name) == place
            yield from _earlier(name, (*here, "needs"), steps, index, first=first)
        if step.after:
            yield from _earlier(step.after.step, (*here, "after"), steps, index)


def _name(step: "Step", here: Path, earlier: "tuple[Step, ...]") -> Iterator[Wrong]:
    if step.name in _TAKEN:
        yield Wrong((*here, "name"), f'"{step.name}" is taken by the reasons', "Choose another name.")
    if step.name in {other.name for other in earlier}:
        yield Wrong((*here, "name"), f'two steps are named "{step.name}"', "Give each its own name.")


def _timing(step: "Step", here: Path) -> Iterator[Wrong]:
    given = [name for name in _TIMINGS if getattr(step, name) is not None]
    if not given and step.after is None:
        mend = f"Write one of {', '.join(_TIMINGS)}, or after an earlier step."
        yield Wrong((*here, "days_overdue"), "nothing says when this step comes", mend)
    if len(given) > 1:
        why = f"{' and '.join(given)} both say when this step comes"
        yield Wrong((*here, given[1]), why, "Write one of them.")
    if not step.is_ahead:
        return
    if step.action not in ("remind", "call"):
        mend = 'Before the due date there is only action = "remind" or "call".'
        yield Wrong((*here, "action"), "nobody is late yet when this step comes", mend)
    if step.needs or step.after:
        mend = "Take needs and after away: such a step stands by itself."
        yield Wrong((*here, "days_before_due"), "a step before the due date builds on no other", mend)


def _order(step: "Step", here: Path, earlier: "tuple[Step, ...]") -> Iterator[Wrong]:
    if not earlier:
        return
    before = earlier[-1]
    both_by_month = step.days_after_month_end is not None and before.days_after_month_end is not None
    if _least(before, earlier[:-1]) + (0 if both_by_month else _spread(before)) > _least(step, earlier):
        key = next((name for name in _TIMINGS if getattr(step, name) is not None), "after")
        why = f'"{step.name}" {_when(step)} can come before "{before.name}" {_when(before)}, which stands above it'
        yield Wrong((*here, key), why, "Put the steps in the order in which they come.")


def _least(step: "Step", earlier: "tuple[Step, ...]") -> int:
    """The days past the due date before which it does not come, with the steps that it follows taken as they come."""
    if step.after is None or any(getattr(step, name) is not None for name in _TIMINGS):
        return step.least_days
    for index, one in enumerate(earlier):
        if one.name == step.after.step:
            return _least(one, earlier[:index]) + step.after.days
    return step.least_days


def _spread(step: "Step") -> int:
    """How many days later than that its age alone may let it come."""
    return _MONTH if step.days_after_month_end is not None else 0


def _when(step: "Step") -> str:
    if step.days_before_due is not None:
        return f"{step.days_before_due} days before the due date"
    if step.days_after_month_end is not None:
        return f"{step.days_after_month_end} days after the end of the month"
    if step.days_overdue is None and step.after is not None:
        return f'{step.after.days} days after "{step.after.step}"'
    return f"at {step.days_overdue} days"


def _earlier(name: str, path: Path, steps: "tuple[Step, ...]", index: int, *, first: bool = True) -> Iterator[Wrong]:
    names = [step.name for step in steps]
    if name not in names:
        above = ", ".join(names[:index]) or "none"
        yield Wrong(path, f'there is no step "{name}"', f"The steps above it are: {above}.")
    elif names.index(name) >= index:
        mend = "A step can only build on one that stands above it."
        yield Wrong(path, f'"{name}" does not come before "{names[index]}"', mend)
    elif steps[names.index(name)].is_ahead:
        mend = "What was sent before the due date was no demand: build on a step after it."
        yield Wrong(path, f'"{name}" comes before the due date', mend)
    elif not first:
        yield Wrong(path, f'"{name}" is named twice', "Name it once.")
