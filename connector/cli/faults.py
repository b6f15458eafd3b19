"""`incasso faults`: the records of the source that could not be read."""

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption, LedgerArgument
from connector.cli.selection import pick_ledger


def faults(context: typer.Context, ledger: LedgerArgument = "", json: JsonOption = False) -> None:
    """List the records that are set aside: which one, which field, and why."""
    from connector.cli.output import print_line, show_json, show_table
    from connector.store import journal

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        owner = pick_ledger(workspace.settings, ledger)
        with workspace.store.read() as tx:
            found = journal.faults(tx, owner.name)
    if json:
        show_json(found)
    elif not found:
        print_line(f"No record of {owner.name} is set aside.")
    else:
        rows = [[one.entity, one.id, one.field, one.why] for one in found]
        show_table(["records", "record", "field", "why"], rows, whole=["record", "field"])
