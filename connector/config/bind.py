"""A connection's settings, validated by the model of its plugin."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from connector.config.mistakes import Mistake, MistakesError, explain
from connector.config.settings import Connection, Link

T = TypeVar("T", bound=BaseModel)


def bind(model: type[T], connection: Connection, link: Link | None = None) -> T:
    """The plugin's configuration: the connection's file, with the ledger's `[source]` or `[sink]` over it.

    A key of the ledger replaces the connection's whole value under that key, tables too.

    Raises MistakesError (a ConfigError) with every mistake: it names the ledger's file and table for a value that
    stands there, the connection's file for all others.
    """
    overrides = link.overrides if link else {}
    values = {**connection.values, **overrides}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = explain(error, model, values, connection.shown)
    raise MistakesError([_place(mistake, link, values) for mistake in found])


def _place(mistake: Mistake, link: Link | None, values: dict[str, object]) -> Mistake:
    root = mistake.key.partition(".")[0].partition("[")[0]
    if link is None:
        return mistake
    if root in link.overrides:
        return Mistake(link.shown, f"{link.key}.{mistake.key}", mistake.what, mistake.mend)
    if root and root not in values:
        mend = f"{mistake.mend} It may also stand under {link.heading} of {link.shown}."
        return Mistake(mistake.file, mistake.key, mistake.what, mend.strip())
    return mistake
