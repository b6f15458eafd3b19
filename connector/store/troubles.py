"""What the database's own errors mean for whoever asked it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from connector.errors import TransientError


class StoreError(TransientError):
    """The database does not do it now: nothing was written in this transaction.

    It says nothing about what a transaction was to note. A call that was made before it may have been carried out.
    """


# Words of SQLite and of drivers, codes of PostgreSQL (by their first characters), and what to tell.
_TROUBLES = (
    (("disk is full", "no space left"), ("53100",), "the disk of the database is full: make room."),
    (("readonly database",), ("25006",), "the database may not be written: look at its rights."),
    (("database is locked",), ("55P03", "57014"), "another program holds the database for too long."),
    (("disk i/o error", "unable to open database"), ("58030",), "the disk of the database does not do what it should."),
    (
        ("server closed the connection", "connection is closed", "connection is lost", "the connection is bad"),
        ("57P", "08"),
        "the connection to the database was lost.",
    ),
)


@contextmanager
def named() -> Iterator[None]:
    """Raises StoreError for what the database cannot do now; what is wrong with a statement stays as it is."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _meaning(error) or error from error
    except Exception as error:
        # Rows that go through the driver itself bring its own errors.
        if type(error).__module__.partition(".")[0] != "psycopg":
            raise
        raise _meaning(error) or error from error


def _meaning(error: Exception) -> StoreError | None:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text, code = str(cause).lower(), getattr(cause, "sqlstate", None) or ""
    for words, codes, told in _TROUBLES:
        if any(word in text for word in words) or (code and code.startswith(codes)):
            return StoreError(told, detail=type(cause).__name__)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return StoreError("the connection to the database was lost.", detail=type(cause).__name__)
    return None
