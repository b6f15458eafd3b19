"""The published document: valid OpenAPI 3.1, complete, its examples true, its two spellings the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
import yaml
from schemathesis.specs.openapi.definitions import OPENAPI_31

from connector.model import DocumentKind, Product
from connector.model.case import Activity, Closure, Phase
from connector_agency_api.sandbox.dictionaries import dictionaries
from connector_agency_api.sandbox.options import AgencyOptions

_FOLDER = Path(__file__).parents[1] / "connector_agency_api"
DOCUMENT = yaml.safe_load((_FOLDER / "openapi.yaml").read_text(encoding="utf-8"))
OPERATIONS = {operation["operationId"]: operation for path in DOCUMENT["paths"].values() for operation in path.values()}


def test_it_is_valid_openapi_3_1() -> None:
    jsonschema_rs.validator_for(OPENAPI_31).validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


def test_the_json_is_the_same_document() -> None:
    """After a change of openapi.yaml: `python plugins/agency_api/tests/write_openapi_json.py`."""
    assert json.loads((_FOLDER / "openapi.json").read_text(encoding="utf-8")) == DOCUMENT


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_valid_and_its_examples_fit(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
    for example in schema.get("examples", ()):
        _fit({"$ref": f"#/components/schemas/{name}"}, example)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_example_of_a_request_fits_its_schema(operation: dict[str, Any]) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        assert media["examples"], "a request without an example"
        for example in media["examples"].values():
            _fit(media["schema"], _resolved(example)["value"])


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_tells_its_refusals(operation: dict[str, Any]) -> None:
    answers = set(operation["responses"])
    assert {"401", "429", "503"} <= answers
    assert operation["summary"]
    if "requestBody" in operation:
        assert {"400", "413", "415"} <= answers
    if _has_key(operation):
        assert "409" in answers
        made = operation["responses"]["201"]
        assert "Idempotency-Replayed" in made["headers"]


def test_every_write_of_a_case_carries_a_key() -> None:
    keyed = {name for name, operation in OPERATIONS.items() if _has_key(operation)}
    assert keyed == {"submitCase", "mutateCase", "addDocument", "sendMessage", "answerRequest"}


def test_every_reference_leads_somewhere_and_every_schema_is_used() -> None:
    found = set(_references(DOCUMENT))
    for reference in found:
        assert _resolved({"$ref": reference})
    used = {reference.removeprefix("#/components/schemas/") for reference in found}
    assert set(DOCUMENT["components"]["schemas"]) <= used


def test_what_is_sent_is_closed_and_what_is_answered_is_open() -> None:
    sent = set(_sent_schemas())
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if schema.get("type") == "object" and "properties" in schema:
            assert (schema.get("additionalProperties") is False) == (name in sent), name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Phase", Phase),
        ("Activity", Activity),
        ("Closure", Closure),
        ("Product", Product),
        ("DocumentKind", DocumentKind),
    ],
)
def test_the_words_are_those_of_the_model(name: str, words: Any) -> None:
    assert DOCUMENT["components"]["schemas"][name]["enum"] == list(get_args(words))


def test_the_dictionaries_hold_every_code_of_the_document() -> None:
    lists = dictionaries(AgencyOptions.parse({}))
    codes = {name: {entry["code"] for entry in entries} for name, entries in lists.items() if name != "limits"}
    schemas = DOCUMENT["components"]["schemas"]
    assert codes["products"] == set(schemas["Product"]["enum"])
    assert codes["closures"] == set(schemas["Closure"]["enum"]) - {""}
    assert codes["document_kinds"] == set(schemas["DocumentKind"]["enum"])
    assert codes["mutations"] == set(schemas["Mutation"]["discriminator"]["mapping"])
    assert codes["events"] == set(schemas["OtherEvent"]["properties"]["kind"]["not"]["enum"])


def _fit(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.validator_for(whole, validate_formats=True).validate(value)


def _resolved(node: dict[str, Any]) -> Any:
    if "$ref" not in node:
        return node
    found: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        yield from (found for name, held in node.items() if name != "mapping" for found in _references(held))
    elif isinstance(node, list):
        yield from (found for held in node for found in _references(held))


def _sent_schemas() -> Iterator[str]:
    waiting = [operation.get("requestBody", {}) for operation in OPERATIONS.values()]
    seen: set[str] = set()
    while waiting:
        for reference in _references(waiting.pop()):
            if reference not in seen and "/schemas/" in reference:
                seen.add(reference)
                waiting.append(_resolved({"$ref": reference}))
                yield reference.rsplit("/", 1)[1]
    # Money is closed as well: it is nobody's to extend.
    yield "Money"


def _has_key(operation: dict[str, Any]) -> bool:
    return {"$ref": "#/components/parameters/IdempotencyKey"} in operation.get("parameters", ())
