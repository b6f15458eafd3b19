"""`incasso demo`: a ledger lives through some months of test-clock time, in about half a minute."""

from pathlib import Path
from typing import Annotated

import typer

from connector.errors import ConfigError

_OURS = "clock.txt"


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where the demonstration's installation is put.")
    ] = Path(".demo"),
    store: Annotated[
        str, typer.Option("--store", metavar="URL", help="An empty database to play on; left out: a file in FOLDER.")
    ] = "",
) -> None:
    """Show it all on two stand-ins: pull, plan, hand over, follow, report back, and both sides agree to the cent."""
    import shutil

    from connector.cli.demo.play import play
    from connector.cli.demo.stage import check_store
    from connector.cli.demo.story import read_story
    from connector.log import configure

    configure("error")
    home = folder.absolute()
    if store:
        check_store(store)
    if home.exists():
        if any(home.iterdir()) and not (home / _OURS).is_file():
            raise ConfigError(f"{folder} holds something else.", mend="Name another folder: incasso demo FOLDER.")
        shutil.rmtree(home)
    if not play(read_story(), home, store=store):
        raise typer.Exit(1)
