"""One agency of a ledger, or several: what its file may say of each, and every mistake in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.config import Ledger, MistakesError, load
from connector.flow.agencies import missing

Write = Callable[..., Path]

LEDGER = """
title = "Acme"
product = "amicable_legal"
{more}
[source]
connection = "books"
{sinks}
[creditor]
name = "Acme B.V."
company_number = "68750110"
iban = "NL91ABNA0417164300"
agency_client_number = "CL-1"
[creditor.address]
lines = ["Damrak 1"]
postcode = "1012 LG"
city = "Amsterdam"
country = "NL"
[law]
contractual = "yes"
receiver = "registered"
"""
TWO = """
[[sink]]
connection = "north"
[[sink]]
connection = "south"
per_minute = 5
agency.product = "ios"
agency.client_number = "Z-9"
agency.receiver = "exempt"
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(sinks: str, more: str = "") -> Path:
        for name, text in {
            "incasso.toml": "",
            "connections/books.toml": 'plugin = "exact"',
            "connections/north.toml": 'plugin = "agency_api"',
            "connections/south.toml": 'plugin = "agency_api"',
            "policies/standard.toml": "",
            "ledgers/acme.toml": LEDGER.format(sinks=sinks, more=more),
        }.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return _write


def ledger_of(home: Path) -> Ledger:
    return load(home, {}).ledgers["acme"]


def mistakes_of(home: Path) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        load(home, {})
    return [str(one) for one in caught.value.mistakes]


def facts(ledger: Ledger, connection: str) -> tuple[Any, ...]:
    link = ledger.sink_at(connection)
    assert link is not None
    number = ledger.creditor_at(link).agency_client_number
    return ledger.product_at(link), number, ledger.legal_at(link).receiver


def test_several_agencies_stand_in_the_order_of_the_file_and_the_first_is_meant_without_a_name(write: Write) -> None:
    ledger = ledger_of(write(TWO))
    assert [one.connection for one in ledger.sinks] == ["north", "south"]
    assert ledger.sink_at("") == ledger.sink_at("north") == ledger.sinks[0]
    assert ledger.sink_at("south") == ledger.sinks[1]
    assert ledger.sink_at("west") is None


def test_what_an_agency_does_not_say_the_ledger_says(write: Write) -> None:
    ledger = ledger_of(write(TWO))
    assert facts(ledger, "north") == ("amicable_legal", "CL-1", "registered")
    assert facts(ledger, "south") == ("ios", "Z-9", "exempt")
    assert ledger.legal_at(ledger.sinks[1]).contractual == "yes"
    assert ledger.legal_at(None) == ledger.law


def test_what_holds_at_an_agency_is_not_for_its_plugin_and_the_rest_is(write: Write) -> None:
    assert ledger_of(write(TWO)).sinks[1].overrides == {"per_minute": 5}


def test_one_table_is_one_agency(write: Write) -> None:
    ledger = ledger_of(write('[sink]\nconnection = "south"\n[sink.agency]\nreceiver = "exempt"\n'))
    assert facts(ledger, "") == ("amicable_legal", "CL-1", "exempt")
    assert (ledger.sinks[0].key, ledger.sinks[0].heading) == ("sink", "[sink]")


def test_no_table_is_no_agency(write: Write) -> None:
    ledger = ledger_of(write(""))
    assert (ledger.sinks, ledger.sink_at("")) == ((), None)


@pytest.mark.parametrize(
    ("sinks", "told"),
    [
        (
            '[[sink]]\nconnection = "north"\n[[sink]]\nconnection = "north"\n',
            (
                'ledgers/acme.toml: sink[1].connection: the connection "north" is named already, in sink[0]. '
                "Name each agency once."
            ),
        ),
        (
            '[[sink]]\nconnection = "north"\n[[sink]]\nconnection = "soth"\n',
            (
                'ledgers/acme.toml: sink[1].connection: there is no connection "soth". '
                'Did you mean "south"? Known: books, north, south.'
            ),
        ),
        (
            '[sink]\nconnection = "soth"\n',
            (
                'ledgers/acme.toml: sink.connection: there is no connection "soth". '
                'Did you mean "south"? Known: books, north, south.'
            ),
        ),
        (
            '[[sink]]\nconnection = "north"\n[[sink]]\nper_minute = 5\n',
            (
                "ledgers/acme.toml: sink[1].connection: this key is missing. "
                "Add connection = … (the name of a file in connections/)."
            ),
        ),
        (
            "[sink]\nper_minute = 5\n",
            (
                "ledgers/acme.toml: sink.connection: this key is missing. "
                "Add connection = … (the name of a file in connections/)."
            ),
        ),
        (
            '[[sink]]\nconnection = "north"\nagency.receivr = "exempt"\n',
            (
                "ledgers/acme.toml: sink[0].agency.receivr: this key is not known. "
                'Did you mean "receiver"? Known: client_number, product, receiver.'
            ),
        ),
        (
            '[sink]\nconnection = "north"\nagency.product = "all"\n',
            (
                "ledgers/acme.toml: sink.agency.product: this value is not known. "
                "Use one of 'amicable', 'amicable_legal', 'ios' or 'monitoring'."
            ),
        ),
    ],
)
def test_a_mistake_is_told_by_file_table_key_and_mend(write: Write, sinks: str, told: str) -> None:
    assert mistakes_of(write(sinks)) == [told]


def test_a_name_in_place_of_the_table_is_told(write: Write) -> None:
    assert mistakes_of(write("", more='sink = "north"')) == [
        (
            "ledgers/acme.toml: sink: this should be a valid dictionary or instance of SinkTable. "
            "Make it a table of its own: [sink]."
        ),
    ]


def test_automatic_hand_over_needs_an_agency(write: Write) -> None:
    (told,) = mistakes_of(write("", more='handover = "automatic"'))
    assert "ledgers/acme.toml: sink: handover" in told
    assert ledger_of(write(TWO, more='handover = "automatic"')).handover == "automatic"


def test_the_ledger_file_of_the_guide_is_one(write: Write) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "several-agencies.md"
    text = guide.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]
    home = write("")
    (home / "ledgers" / "acme.toml").write_text(text, encoding="utf-8")
    for name in ("exact-nl", "agency", "bailiff"):
        (home / "connections" / f"{name}.toml").write_text('plugin = "agency_api"', encoding="utf-8")
    ledger = ledger_of(home)
    assert facts(ledger, "agency") == ("amicable", "CL-4711", "registered")
    assert facts(ledger, "bailiff") == ("amicable_legal", "GD-88", "exempt")
    assert missing(ledger, "bailiff").message in guide.read_text(encoding="utf-8")
