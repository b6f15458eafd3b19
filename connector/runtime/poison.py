"""A verb that ends its process each time is left out for a while, so that its ledger and its neighbours live.

Source: reliability reference 1.6, rule 5: whoever kills its worker is begun again by the next one, and kills that too.
"""

from datetime import timedelta

from connector.config import Ledger
from connector.errors import TransientError
from connector.flow.workspace import Workspace
from connector.store import deaths

# A machine that loses its power now and then does not come near it.
IN_A_ROW = 5
LEFT_OUT = timedelta(hours=6)


def refuse(workspace: Workspace, ledger: Ledger, verb: str) -> None:
    """Raises TransientError while the verb is left out: after so many deaths in a row, for some hours each time.

    Only visits ask: a verb that somebody calls by its own command runs, and its good end counts.
    """
    with workspace.store.read() as tx:
        died_at = deaths.last_in_a_row(tx, ledger.name, verb, IN_A_ROW)
    if died_at is not None and workspace.clock.now() < died_at + LEFT_OUT:
        raise TransientError(
            f"{verb} ended its process {IN_A_ROW} times in a row and is left out until "
            f"{died_at + LEFT_OUT:%Y-%m-%d %H:%M} UTC: see the log, and the memory of the machine."
        )
