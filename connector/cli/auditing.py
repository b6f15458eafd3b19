"""`incasso audit …`: is the audit trail whole, and a signed proof of where it ends."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.runtime.audit import Comparison
    from connector.store.chain_check import Chain

NO_LEDGER = "(no ledger)"


def verify(
    context: typer.Context,
    ledger: Annotated[str | None, typer.Option("--ledger", metavar="NAME", help="Only the chain of this one.")] = None,
    head: Annotated[
        Path | None,
        typer.Option(
            "--head", metavar="FILE", help="Also: does the trail still hold this head, which was signed here?"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Walk the audit trail and name the first row of each chain that is not as it was written."""
    from connector.cli.output import show_json, showing_progress
    from connector.runtime.audit import compare, read_head
    from connector.store.chain_check import names, walk

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        if ledger is not None:
            workspace.ledger(ledger)
        statement = read_head(head, workspace.keys) if head else None
        with workspace.store.read() as tx:
            wanted = [name for name in names(tx) if ledger in (None, name)]
        with showing_progress(quiet=json) as progress:
            chains = [walk(workspace.store, one, lambda count: progress("rows", count)) for one in wanted]
        compared = compare(workspace.store, statement, ledger=ledger) if statement else []
    whole = not any(one.broken for one in chains) and all(one.verdict == "contained" for one in compared)
    if json:
        show_json({"whole": whole, "chains": [_facts(one) for one in chains], "heads": compared})
    else:
        _show(chains, compared, whole=whole)
    raise typer.Exit(ExitCode.DONE if whole else ExitCode.PERSON)


def _facts(one: "Chain") -> dict[str, object]:
    broken = one.broken and {"number": one.broken.number, "wrong": one.broken.wrong, "said": one.broken.said}
    return {"ledger": one.ledger, "rows": one.rows, "head": one.head.hash.hex(), "broken": broken}


def _show(chains: "Sequence[Chain]", compared: "Sequence[Comparison]", *, whole: bool) -> None:
    from connector.cli.output import print_line

    for chain in chains:
        name = chain.ledger or NO_LEDGER
        if chain.broken is None:
            print_line(f"{name}: {chain.rows:,} rows, whole, head {chain.head.hash.hex()[:16]}")
        else:
            print_line(f"{name}: row {chain.broken.number} was {chain.broken.wrong}: {chain.broken.said}")
    for one in compared:
        print_line(f"{one.ledger or NO_LEDGER}: {one.said}")
    if not chains and not compared:
        print_line("The audit trail is empty.")
    elif not whole:
        print_line("Somebody changed the database outside of this program, or an older one was put back.")


def head(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there, for its owner; else print it.")
    ] = None,
) -> None:
    """Export where the audit trail ends, signed: keep it outside, and the trail cannot be rewritten unseen."""
    from connector.cli.output import print_line, show_json
    from connector.runtime.audit import export
    from connector.store.whole_file import written_whole

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        signed = export(workspace.store, workspace.keys, at=workspace.clock.now())
    if out is None:
        show_json(signed)
        return
    with written_whole(out) as file:
        file.write_text(signed.model_dump_json(indent=2) + "\n", encoding="utf-8")
    print_line(f"Wrote {out}. Check with: incasso audit verify --head {out}")
    print_line(f"For whoever checks from outside: the public key is {signed.public_key}")
