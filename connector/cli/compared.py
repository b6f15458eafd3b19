"""Both sides of a claim as a person reads them: amounts, and in words where one side does not know it."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from connector.cli.output import money
from connector.runtime.words import plural

if TYPE_CHECKING:
    from connector.flow.compare import Comparison

_NOTHING = "-"


def sides(one: "Comparison") -> list[str]:
    """In the ledger, not yet booked, at the agency, difference."""
    here = [money(one.in_ledger, one.currency), money(one.unbooked, one.currency)]
    if one.standing == "unknown_here":
        here = ["not handed over", _NOTHING]
    there = "not known there" if one.at_agency is None else money(one.at_agency, one.currency)
    return [*here, there, _NOTHING if one.difference is None else money(one.difference, one.currency)]


def summary(found: "Sequence[Comparison]") -> str:
    """How many were compared, how many differ, and how many of these one side does not know."""
    differ = [one for one in found if not one.agrees]
    strangers = Counter(one.standing for one in differ)
    parts = [f"{plural(len(found), 'claim')} compared, {len(differ)} differ"]
    if strangers["unknown_there"]:
        parts.append(f"{strangers['unknown_there']} the agency does not know")
    if strangers["unknown_here"]:
        parts.append(f"{strangers['unknown_here']} only the agency has")
    return ", ".join(parts) + "."
