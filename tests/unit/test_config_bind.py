"""Binding a connection and a ledger's table to a plugin's model."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, model_validator

from connector.api import PluginConfig, SecretRef
from connector.config import Connection, Link, MistakesError, bind
from connector.errors import ConfigError


class Journal(PluginConfig):
    code: str
    kind: Literal["sales", "bank"] = "sales"


class BooksConfig(PluginConfig):
    region: Literal["nl", "be"] = "nl"
    client_secret: SecretRef = Field(description="the app's secret")
    division: int = Field(ge=1, description="number of the administration")
    journals: tuple[Journal, ...] = ()
    main: Journal | None = None
    by_name: dict[str, Journal] = Field(default_factory=dict)
    amount: int | Journal = 0

    @model_validator(mode="after")
    def _never_thirteen(self) -> "BooksConfig":
        if self.division == 13:
            raise ValueError("division 13 brings bad luck.")
        return self


SECRET = {"env": "BOOKS_SECRET"}


def connection(**values: Any) -> Connection:
    return Connection(
        name="books", plugin="books", file=Path("books.toml"), shown="connections/books.toml", values=values
    )


def link(**overrides: Any) -> Link:
    return Link(connection="books", overrides=overrides, shown="ledgers/acme.toml", table="source")


def told(model: type[BaseModel], *args: Any) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        bind(model, *args)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_the_ledgers_table_stands_over_the_connection() -> None:
    config = bind(BooksConfig, connection(client_secret=SECRET, region="be", division=1), link(division=7))
    assert config == BooksConfig(client_secret=SecretRef(env="BOOKS_SECRET"), region="be", division=7)


def test_one_of_several_agencies_is_named_by_its_place_in_the_file() -> None:
    south = Link(connection="books", overrides={"division": 0}, shown="ledgers/acme.toml", table="sink", number=1)
    assert told(BooksConfig, connection(client_secret=SECRET), south)[0].startswith(
        "ledgers/acme.toml: sink[1].division: "
    )
    missing = south.model_copy(update={"overrides": {"division": 1}})
    assert told(BooksConfig, connection(), missing)[0].endswith(
        "It may also stand under [[sink]] of ledgers/acme.toml."
    )


def test_a_table_of_the_ledger_replaces_the_connections_table_whole() -> None:
    config = bind(BooksConfig, connection(client_secret=SECRET, division=1), link(client_secret={"file": "s.txt"}))
    assert config.client_secret == SecretRef(file="s.txt")


def test_a_connection_alone_can_be_bound() -> None:
    assert bind(BooksConfig, connection(client_secret=SECRET, division=5)).division == 5


def test_an_unknown_key_of_the_connection_names_its_file_and_the_nearest_key() -> None:
    (mistake,) = told(BooksConfig, connection(client_secret=SECRET, division=1, regio="nl"))
    assert mistake.startswith(
        'connections/books.toml: regio: this key is not known. Did you mean "region"? Known: amount, by_name, '
    )


def test_a_wrong_value_of_the_ledger_names_the_ledgers_file_and_table() -> None:
    assert told(BooksConfig, connection(client_secret=SECRET, division=1), link(division="x")) == [
        (
            "ledgers/acme.toml: source.division: this should be a valid integer, unable to parse string as an integer. "
            "Write a whole number, without quotes."
        )
    ]


def test_a_missing_key_may_stand_in_either_file() -> None:
    assert told(BooksConfig, connection(client_secret=SECRET), link()) == [
        (
            "connections/books.toml: division: this key is missing. Add division = … (number of the administration). "
            "It may also stand under [source] of ledgers/acme.toml."
        )
    ]


def test_a_secret_in_plain_text_names_the_key_and_hides_the_text() -> None:
    (mistake,) = told(BooksConfig, connection(client_secret="hunter2-hunter2", division=1))
    assert mistake.startswith("connections/books.toml: client_secret: a secret is never written")
    assert "hunter2" not in mistake


def test_a_secret_reference_with_two_places_is_told() -> None:
    (mistake,) = told(BooksConfig, connection(client_secret={"env": "A", "file": "b"}, division=1))
    assert mistake == "connections/books.toml: client_secret: give exactly one of env, file, credential, keyring."


def test_a_mistake_inside_a_list_of_tables_is_counted() -> None:
    values = {"client_secret": SECRET, "division": 1, "journals": [{"code": "70"}, {"code": "20", "knd": "bank"}]}
    assert told(BooksConfig, connection(**values)) == [
        'connections/books.toml: journals[1].knd: this key is not known. Did you mean "kind"? Known: code, kind.'
    ]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"main": {"code": "70", "kind": "x"}}, "main.kind"),
        ({"main": {}}, "main.code"),
        ({"by_name": {"a": {"cod": "1", "code": "2"}}}, "by_name.a.cod"),
        ({"journals": [{}]}, "journals[0].code"),
        ({"journals": "70"}, "journals"),
    ],
)
def test_nested_keys_are_named_as_they_stand_in_the_file(values: dict[str, Any], key: str) -> None:
    (mistake,) = told(BooksConfig, connection(client_secret=SECRET, division=1, **values))
    assert mistake.startswith(f"connections/books.toml: {key}: ")


def test_the_members_of_a_union_do_not_show_in_the_key() -> None:
    found = told(BooksConfig, connection(client_secret=SECRET, division=1, amount={"code": 5}))
    assert {mistake.split(": ")[1] for mistake in found} == {"amount", "amount.code"}


def test_a_rule_over_several_keys_names_the_file() -> None:
    expected = ["connections/books.toml: division 13 brings bad luck."]
    assert told(BooksConfig, connection(client_secret=SECRET, division=13), link()) == expected


def test_all_mistakes_come_in_one_config_error() -> None:
    with pytest.raises(ConfigError) as caught:
        bind(BooksConfig, connection(region="de"), link(division=0))
    lines = caught.value.message.splitlines()
    assert lines[0] == "3 mistakes in 2 files of the configuration:"
    assert {line.split(": ")[1] for line in lines[1:]} == {"region", "client_secret", "source.division"}
