"""`incasso keys`: making a key, and moving what lies encrypted under the newest."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.failures import ExitCode
from connector.cli.invocation import Invocation
from connector.cli.options import JsonOption
from connector.errors import ConfigError

if TYPE_CHECKING:
    from connector.flow.rotate import Rotation

_PLACES = {"token": "log-ins", "message": "messages", "document": "documents", "reason": "private reasons"}


def new_key(file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; must not exist.")]) -> None:
    """Make a key for the token store, in a file that nobody else can read."""
    from connector.cli.output import print_line

    write_key(file)
    print_line(f'Wrote {file}. Name it first in incasso.toml: [secrets] keys = [{{ file = "{file}" }}, …]')
    print_line("Keep a copy apart from the database: without it, tokens and unsent messages cannot be read.")


def write_key(file: Path) -> None:
    """Write a new key into `file`, readable by its owner only. Raises ConfigError rather than overwrite one."""
    from connector.secrets import generate_key

    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            "there is a file already, and a key is never overwritten.", file=str(file), mend="Choose another name."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"the key cannot be written ({error.strerror}).", file=str(file), mend="Choose another place."
        ) from error
    with os.fdopen(opened, "w", encoding="ascii") as target:
        target.write(generate_key() + "\n")


def rotate(context: typer.Context, json: JsonOption = False) -> None:
    """Encrypt every log-in, message and document anew, under the first key; says whether older keys may go.

    Name the new key first in [secrets] keys, leave the older ones behind it, and restart the service before. May be
    interrupted: what was done stays, and the next time goes on from there.
    """
    from connector.cli.output import show_json, showing_progress
    from connector.flow.rotate import rotate as act

    invocation: Invocation = context.obj
    with invocation.workspace() as workspace, showing_progress(quiet=json) as progress:
        done = act(workspace, actor=invocation.actor, progress=lambda kind, count: progress(_PLACES[kind], count))
    if json:
        show_json(done)
    else:
        _show_rotation(done)
    raise typer.Exit(ExitCode.DONE if done.old_keys_may_go else ExitCode.PERSON)


def _show_rotation(done: "Rotation") -> None:
    from connector.cli.output import print_line, show_table

    columns = ["what", "resealed", "under it before", "under an older key"]
    rows = [[_PLACES[one.kind], f"{one.resealed:,}", f"{one.before:,}", f"{one.left:,}"] for one in done.kinds]
    show_table(columns, rows, right=columns[1:], whole=["what"], title=f"Encrypted under key {done.key_id}")
    if not done.old_keys_may_go:
        print_line("Something was written under an older key meanwhile: by a service that has not read the new list of")
        print_line("keys. Restart it, then run this again.")
    elif done.older_keys:
        print_line("Nothing needs an older key: take all but the first out of [secrets] keys, and restart the service.")
        print_line("Put the older key away safely as long as there is a back-up from its time.")
    else:
        print_line("No older key is named in [secrets] keys.")
