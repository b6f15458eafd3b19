"""Checks of what leaves the house: amounts, names, and nothing that was not declared."""

import json
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote_plus

from connector.errors import RejectedError
from connector.testing.builders import make_debtor
from connector.testing.context import Call
from connector.testing.sink.scenarios import KEY, SinkScenarios

ACCENTED_NAME = "Café-Brasserie Łukasz & Zoë’s Ĳsselstein V.O.F."
LONG_NAME = "Vereniging van Eigenaars van het Gebouw " + "Zuiderzeewerkenkwartier-" * 12
LEAST_TELLING = 5
"""Shorter texts, such as a country code, turn up by chance."""


class ContentChecks(SinkScenarios):
    """K4, K7 and K14."""

    def test_k4_the_amounts_sent_add_up(self) -> None:
        """A cent too much is a wrong summons, and the agency's sum is what the debtor reads."""
        case = self.case()
        with self.opened("normal") as run:
            run.plugin.submit(case, key=KEY)
            (there,) = self.at_agency(run)
        assert there.case_ref == case.case_ref, f"the agency knows the case as {there.case_ref!r}, not by our reference"
        assert there.open == case.open, f"the agency has {there.open}, the case is {case.open}"

    def test_k7_only_declared_fields_leave_the_house(self) -> None:
        """Personal data goes to an agency for a purpose; `capabilities().sends` is what the record of processing says.

        `sends` holds dotted paths of a case, such as "debtor.name" or "lines"; a path covers all beneath it.
        """
        case = self.case()
        with self.opened("normal") as run:
            run.plugin.submit(case, key=KEY)
            declared = run.plugin.capabilities().sends
            left = "\n".join(_readings(call) for call in run.calls)
        undeclared = sorted({path for path, text in _texts(case.model_dump(mode="json")) if text in left} - declared)
        undeclared = [path for path in undeclared if not any(path.startswith(f"{known}.") for known in declared)]
        assert not undeclared, f"left the house without being declared in `sends`: {', '.join(undeclared)}"

    def test_k14_names_survive_the_journey(self) -> None:
        """A letter to a mangled or clipped name does not count as served. What is too long is refused, not cut."""
        with self.opened("normal") as run:
            run.plugin.submit(self.case(debtor=make_debtor(name=ACCENTED_NAME)), key=KEY)
            (there,) = self.at_agency(run)
        assert there.debtor_name == ACCENTED_NAME, f"{ACCENTED_NAME!r} arrived as {there.debtor_name!r}"
        if "long_names" in self.exempt:
            return
        case = self.case(debtor=make_debtor(name=LONG_NAME))
        with self.opened("normal") as run:
            if run.plugin.preflight(case).blocking:
                return
            try:
                run.plugin.submit(case, key=KEY)
            except RejectedError:
                return
            (there,) = self.at_agency(run)
        assert there.debtor_name == LONG_NAME, f"a name of {len(LONG_NAME)} characters arrived as {there.debtor_name!r}"


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a case that could be recognised elsewhere, with its dotted path."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part, path)
    elif isinstance(value, str) and len(value) >= LEAST_TELLING:
        yield path, value


def _readings(call: Call) -> str:
    """What a call sent, as it stands and as JSON, XML and forms spell it."""
    address_and_headers, _, body = call.sent.rpartition("\n")
    try:
        body = json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        body = call.sent
    return "\n".join((address_and_headers, body, unescape(body), unquote_plus(call.sent)))
