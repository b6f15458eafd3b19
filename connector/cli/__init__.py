"""The command line: parse, call, print. Whatever is heavy is imported by the command that needs it, at its turn."""

import sys


def main() -> None:
    """The console script `incasso`."""
    from connector.cli.app import run

    sys.exit(run(sys.argv[1:]))
