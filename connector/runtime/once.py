"""Every ledger once, without a service: the engine in this process, in this thread, and no clock."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from connector.config import Ledger
from connector.flow.runs import Progress
from connector.flow.workspace import Workspace
from connector.runtime.engine import Run
from connector.runtime.engine.inline import Inline
from connector.runtime.visit import Turn, visit
from connector.runtime.work import VISIT


def visit_once(
    workspace: Workspace, ledgers: Sequence[Ledger], watching: Callable[[], AbstractContextManager[Progress]]
) -> tuple[list[Turn], list[Exception]]:
    """Visit each ledger in turn, `watching` around each; returns what was done, and why ledgers could not be visited.

    A ledger that somebody else works on, or whose visit crashes, keeps the others from nothing.
    """
    engine, turns, failed = Inline(), list[Turn](), list[Exception]()

    def handle(run: Run) -> None:
        if workspace.stop.is_set():
            return
        try:
            with watching() as progress:
                turns.extend(visit(workspace, workspace.ledger(run.key), progress=progress))
        except Exception as error:
            failed.append(error)

    for ledger in ledgers:
        engine.submit(VISIT, ledger.name, "once")
    engine.work_off({VISIT: handle})
    return turns, failed
