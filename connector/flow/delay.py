"""What stops or shrinks a collection and does not get through is told to a person: it is never silently late."""

from datetime import timedelta

from connector.config import Ledger
from connector.flow.workspace import Workspace
from connector.store import figures, people

PAYMENT_DELAY = "payment_delay"
ALARM_AFTER = timedelta(minutes=15)


def watch(workspace: Workspace, ledger: Ledger) -> None:
    """Open the ledger's task when a payment or credit waits too long, in the outbox or before it; close it after.

    Called at the end of every follow, also of one that failed.
    """
    at = workspace.clock.now()
    with workspace.store.read() as tx:
        untold, waiting = figures.first_untold(tx, ledger.name), figures.first_waiting(tx, ledger.name)
        is_open = bool(people.open_keys(tx, ledger.name, PAYMENT_DELAY))
    late = [since for since in (untold, waiting) if since is not None and at - since > ALARM_AFTER]
    if bool(late) == is_open:
        return
    with workspace.store.write() as tx:
        if late:
            subject = (
                "What stops or shrinks a collection (a payment, a credit, a hold, a withdrawal) has not reached the "
                f"agency since {min(late):%Y-%m-%d %H:%M} UTC. Look at: incasso status"
            )
            people.open_task(tx, ledger.name, PAYMENT_DELAY, ledger.name, subject=subject, at=at)
        else:
            people.finish_task(tx, ledger.name, PAYMENT_DELAY, ledger.name, at=at, outcome="it arrived")
