"""Places at which a test may end the process: around every commit and every call over the wire.

Nothing happens at them in production: one look at a variable that is None. A place is named after its boundary, the
function that commits or calls, and the verb it does so for:
`after commit quota.StoredBudget._ask for flow.delivery._send`.
"""

import sys
from collections.abc import Callable
from types import FrameType

# What a boundary is made of is not what it is named after.
_INSIDE = ("connector.failpoints", "connector.store.engine", "connector.http.", "contextlib")
_armed: Callable[[str], None] | None = None


def arm(act: Callable[[str], None] | None) -> None:
    """Call `act` with the name of every place that is passed from here on; None: nothing any more. For tests."""
    global _armed  # noqa: PLW0603 - the one switch
    _armed = act


def failpoint(boundary: str) -> None:
    """A place: "before commit", "after commit", "before wire" or "after wire"."""
    if _armed is not None:
        _armed(f"{boundary} {_place(sys._getframe(1))}")


def _place(frame: FrameType | None) -> str:
    near = verb = ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("connector") and not module.startswith(_INSIDE):
            name = f"{module.removeprefix('connector.')}.{frame.f_code.co_qualname}"
            near = near or name
            if module.startswith("connector.flow."):
                verb = name
                break
        frame = frame.f_back
    return near if verb in ("", near) else f"{near} for {verb}"
