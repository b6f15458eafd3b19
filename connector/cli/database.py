"""`incasso db …`: the schema, back-ups, and putting one back."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption

if TYPE_CHECKING:
    from datetime import datetime

    from connector.config import Settings
    from connector.secrets import KeyRing
    from connector.store import Store

FOLDER = "backups"


def upgrade(context: typer.Context) -> None:
    """Bring the database to the schema of this release, after a back-up; creates it when there is none."""
    from connector.cli.output import print_line
    from connector.store import schema

    invocation: Invocation = context.obj
    before, kept = bring_up(invocation.settings())
    if kept:
        print_line(f"Backed up to {kept}.")
    print_line(f"The database was at schema {before or 'none'} and is now at {schema.HEAD}.")


def bring_up(settings: "Settings") -> tuple[str | None, Path | None]:
    """Bring the database up; returns the revision it was at, and where an SQLite database was backed up before."""
    from connector.clock import open_clock
    from connector.store import backups, open_store, schema

    store, clock = open_store(settings.store_url), open_clock(settings.test_clock)
    kept = None
    try:
        before = schema.current(store)
        if store.dialect == "sqlite" and before not in (None, schema.HEAD) and schema.is_known(before):
            keys = _keys(settings)
            name = f"before-{schema.HEAD}-{backups.default_name(store, clock.now(), sealed=keys is not None)}"
            kept = backups.back_up(store, settings.home / FOLDER / name, now=clock.now, keys=keys).file
        schema.upgrade(store)
        _seal(store, settings, at=clock.now())
    finally:
        store.close()
    return before, kept


def check(context: typer.Context) -> None:
    """Tell whether the database has the schema of this release."""
    from connector.cli.output import print_line
    from connector.store import open_store, schema

    invocation: Invocation = context.obj
    store = open_store(invocation.settings().store_url)
    try:
        schema.check(store)
    finally:
        store.close()
    print_line(f"The database is at schema {schema.HEAD}, as this release needs.")


def backup(
    context: typer.Context,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Where to; left out: a file with the instant, in backups/."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Restore it into a throw-away place: schema, rows, audit trail.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Leave it readable without the keys: names and addresses are in it.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=1, help="Then delete all but the newest N in backups/.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Back the database up while the service goes on; the file is encrypted, and for its owner only."""
    from connector.cli.output import print_line, show_json, showing_progress
    from connector.runtime.words import plural
    from connector.store import backups

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace:
        store, clock = workspace.store, workspace.clock
        keys, folder = None if plain else workspace.keys, workspace.settings.home / FOLDER
        file = to or folder / backups.default_name(store, clock.now(), sealed=not plain)
        made = backups.back_up(store, file, now=clock.now, keys=keys)
        tried = None
        if verify:
            with showing_progress(quiet=json) as progress:
                tried = backups.try_out(store, made, lambda count: progress("rows of the audit trail", count), keys)
        pruned = backups.prune(folder, keep) if keep and folder.is_dir() else []
    if json:
        told = {"file": str(made.file), "at": made.at, "bytes": made.size, "rows": made.rows, "verified": tried}
        show_json({**told, "encrypted": not plain, "deleted": [str(one) for one in pruned]})
        return
    print_line(f"Wrote {made.file}: {sum(made.rows.values()):,} rows, {made.size:,} bytes.")
    if tried:
        print_line(
            f"Restored it and looked: schema {tried.revision}, {tried.rows:,} rows, "
            f"{tried.audited:,} of them in the audit trail, which is whole."
        )
    if pruned:
        print_line(f"Deleted {plural(len(pruned), 'older back-up')}.")
    if plain:
        print_line("Names and addresses can be read in it. Keep it apart from the keys.")
    else:
        print_line("Keep it apart from the keys, and keep the keys: without them nobody can read it.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `incasso db backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Also when the database is not empty.")] = False,
    json: JsonOption = False,
) -> None:
    """Put a back-up in the place of the database, in quarantine; stop the service before."""
    from connector.cli.output import instant, print_line, show_json
    from connector.clock import open_clock
    from connector.store import backups, open_store

    invocation: Invocation = context.obj
    settings = invocation.settings()
    store = open_store(settings.store_url)
    try:
        at = open_clock(settings.test_clock).now()
        keys = _keys(settings)
        done = backups.restore(store, file, replace=replace, at=at, actor=invocation.actor, keys=keys)
    finally:
        store.close()
    restored = open_store(settings.store_url)
    try:
        _seal(restored, settings, at=at)
    finally:
        restored.close()
    if json:
        show_json(done)
        return
    since = f"as it was on {instant(done.backup_at)}" if done.backup_at else "of an age that it does not tell"
    print_line(f"The database is {since}.")
    if done.kept:
        print_line(f"What was there before lies in {done.kept}.")
    print_line(
        "It is in quarantine: what left after the back-up is found out at the agency before anything leaves again."
    )
    print_line("Now: incasso doctor, then start the service; it gets out by itself. See: incasso quarantine show")


def _seal(store: "Store", settings: "Settings", *, at: "datetime") -> None:
    """What an older release kept in plain text, and this one encrypts, needs the keys: a migration has none."""
    from connector.flow.reasons import seal_plain

    seal_plain(store, lambda: _keys(settings), at=at)


def _keys(settings: "Settings") -> "KeyRing | None":
    """The key ring; None where no key is configured. The database itself may not be there."""
    from connector.secrets import SecretReader, open_key_ring

    if not settings.keys:
        return None
    return open_key_ring(settings.keys, SecretReader(settings.home, os.environ))
