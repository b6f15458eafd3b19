"""How the plugin presents itself: hooks, settings, light import, README."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import connector_exact
from connector.api import Login, SecretRef, Source
from connector.testing import make_context
from connector_exact.config import HOSTS, ExactConfig

README = Path(connector_exact.__file__).parents[1] / "README.md"
SETTINGS: dict[str, Any] = {"client_id": "app", "client_secret": {"env": "EXACT_SECRET"}}


def test_one_source_and_one_sandbox_are_registered() -> None:
    (source,) = connector_exact.register_sources()
    assert (source.name, source.config) == ("exact", ExactConfig)
    assert source.provides == {"report", "document", "snapshot", "login"}
    assert [sandbox.name for sandbox in connector_exact.register_sandboxes()] == ["exact"]


def test_what_is_registered_opens() -> None:
    (source,) = connector_exact.register_sources()
    config = ExactConfig.model_validate(SETTINGS)
    opened = source.open(config, make_context())
    assert isinstance(opened, Source)
    assert source.login is not None
    login: Login = source.login(config, make_context())
    assert login.authorize_url("http://127.0.0.1:1/x").startswith("https://start.exactonline.nl/api/oauth2/auth?")


def test_importing_the_plugin_loads_no_http_library_and_no_server() -> None:
    code = "import sys, json, connector_exact; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert not {"requests", "starlette", "uvicorn", "connector_exact.source", "connector_exact.sandbox"} & set(loaded)


@pytest.mark.parametrize(("region", "host"), HOSTS.items())
def test_each_region_has_its_own_site(region: str, host: str) -> None:
    assert ExactConfig.model_validate(SETTINGS | {"region": region}).base == f"https://{host}"


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in ExactConfig.model_fields.items() if not field.description] == []


def test_the_secret_is_a_reference_and_shows_nowhere() -> None:
    config = ExactConfig.model_validate(SETTINGS)
    assert config.client_secret == SecretRef(env="EXACT_SECRET")
    with pytest.raises(ValidationError, match="never written in a configuration file"):
        ExactConfig.model_validate(SETTINGS | {"client_secret": "plain"})


@pytest.mark.parametrize(
    "base_url",
    ["http://start.exactonline.nl", "ftp://127.0.0.1", "start.exactonline.nl", "https://", "http://10.0.0.1"],
)
def test_tokens_only_travel_encrypted_or_within_this_machine(base_url: str) -> None:
    with pytest.raises(ValidationError, match="give an https address, or http on this machine"):
        ExactConfig.model_validate(SETTINGS | {"base_url": base_url})


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8080", "http://localhost:1/", "https://proxy.example/"])
def test_another_address_may_be_given(base_url: str) -> None:
    assert ExactConfig.model_validate(SETTINGS | {"base_url": base_url}).base == base_url.rstrip("/")


@pytest.mark.parametrize(
    "wrong",
    [
        {"divison": 1},
        {"region": "lu"},
        {"division": 0},
        {"errors_per_hour": 10},
        {"asleep_days": 61},
        {"calibration_percent": 50},
        {"sign": "guess"},
        {"keep_per_minute": 60},
        {"keep_for_writing": 5000},
        {"client_id": ""},
    ],
)
def test_a_wrong_or_unknown_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExactConfig.model_validate(SETTINGS | wrong)


def test_settings_cannot_be_changed_afterwards() -> None:
    config = ExactConfig.model_validate(SETTINGS)
    with pytest.raises(ValidationError, match="frozen"):
        config.region = "be"


def test_the_examples_in_the_readme_load() -> None:
    blocks = README.read_text(encoding="utf-8").split("```toml\n")[1:]
    connection, ledger = (tomllib.loads(block.split("```")[0]) for block in blocks)
    assert connection.pop("plugin") == "exact"
    source = ledger["source"]
    assert source.pop("connection") == "exact-nl"
    merged = ExactConfig.model_validate(connection | source)
    assert (merged.division, merged.region) == (123456, "nl")


def test_every_setting_that_the_readme_names_exists() -> None:
    import re

    named = set(re.findall(r"`([a-z]+_[a-z_]+)(?: = [^`]*)?`", README.read_text(encoding="utf-8")))
    assert named - set(ExactConfig.model_fields) == set()
    assert {"sign", "snapshot_days", "paid_evidence"} <= set(ExactConfig.model_fields)
