"""The checks that need no scenario, as functions: they run in the kit's classes and on installed plugins."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from connector.api import API_VERSION, ConditionType, SecretRef, SinkType, SourceType
from connector.plugins import PluginReport, Plugins, load

Checked = SourceType | SinkType | ConditionType

MOST_CPU_MS = 300
HEAVY = ("requests", "sqlalchemy", "starlette", "uvicorn", "zeep")
UNKNOWN_KEY = "a_key_that_no_plugin_knows"

_SECRET_NAME = re.compile(r"(secret|password|passphrase|api_?key|token)$")
_TOML_BLOCK = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PROBE = """
import importlib, json, sys, time
import connector.api, connector.errors, connector.hookspecs, connector.model

before = set(sys.modules)
called = []
sys.addaudithook(lambda event, args: event in ("socket.connect", "socket.getaddrinfo") and called.append(event))
start = time.process_time()
importlib.import_module(sys.argv[1])
print(json.dumps({
    "cpu_ms": round((time.process_time() - start) * 1000),
    "modules": sorted(set(sys.modules) - before),
    "network": called,
}))
"""


def check_import(module: str) -> None:
    """`module` imports in under 300 ms of CPU beyond the connector's own, without heavy libraries or network."""
    measured = [_import_in_new_process(module)]
    while measured[-1]["cpu_ms"] >= MOST_CPU_MS and len(measured) < 3:
        measured.append(_import_in_new_process(module))
    heavy = [name for name in HEAVY if name in measured[0]["modules"]]
    assert not heavy, f"importing {module} imports {', '.join(heavy)}: import it inside the function that needs it"
    assert not measured[0]["network"], f"importing {module} opens a network connection: do that in check() or pull()"
    cpu_ms = min(run["cpu_ms"] for run in measured)
    assert cpu_ms < MOST_CPU_MS, f"importing {module} takes {cpu_ms} ms of CPU, at most {MOST_CPU_MS}"


def check_identity(offer: Checked) -> None:
    """The name is a slug, belongs to an installed and loaded plugin, and the api_version is the host's."""
    assert re.fullmatch(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*", offer.name), f"{offer.name!r} is not a slug, such as exact"
    assert offer.title.strip(), f"{offer.name} has no title for people"
    assert offer.api_version == API_VERSION, f"api_version {offer.api_version} is not the host's {API_VERSION}"
    plugins = installed()
    names = _offered(offer, plugins)
    others = "; ".join(f"{it.title} is {it.state}: {it.reason}" for it in plugins.report() if it.state != "loaded")
    assert offer.name in names, (
        f"no installed plugin offers {offer.name!r}: is the entry point there, and the package installed again since? "
        f"{others}"
    )
    owner = owner_of(offer, plugins)
    alone = len(owner.sources + owner.sinks + owner.conditions) == 1
    assert not alone or owner.name == offer.name, (
        f"the plugin's entry point is called {owner.name!r}, what it registers {offer.name!r}: use one name"
    )


def check_config_model(model: type[BaseModel], sample: Mapping[str, Any] | None = None) -> None:
    """`model` is frozen, refuses unknown keys, describes each field, and holds secrets as references.

    With `sample`, a working configuration, the refusal is tried out.
    """
    assert model.model_config.get("frozen"), f"{model.__name__} can be changed after it was read: derive PluginConfig"
    assert model.model_config.get("extra") == "forbid", (
        f"{model.__name__} lets a mistyped key pass: derive PluginConfig"
    )
    bare = [name for name, field in model.model_fields.items() if not (field.description or "").strip()]
    assert not bare, f"{model.__name__} does not say what these are for: {', '.join(bare)} (Field(description=...))"
    plain = [
        name
        for name, field in model.model_fields.items()
        if _SECRET_NAME.search(name) and SecretRef.__name__ not in str(field.annotation)
    ]
    assert not plain, f"{model.__name__} takes secrets as text: {', '.join(plain)}; make them SecretRef"
    if sample is not None:
        model.model_validate(sample)
        refused = _refused_keys(model, {**sample, UNKNOWN_KEY: 1})
        assert UNKNOWN_KEY in refused, f"{model.__name__} accepts the unknown key {UNKNOWN_KEY!r}"


def check_readme(offer: Checked, readme: Path | None) -> None:
    """The README holds at least one example configuration of this plugin, and each of them loads."""
    path = readme or _find_readme(offer)
    assert path and path.is_file(), f"{offer.name} has no README.md beside its package (or set `readme`)"
    blocks = [tomllib.loads(block) for block in _TOML_BLOCK.findall(path.read_text(encoding="utf-8"))]
    if isinstance(offer, ConditionType):
        found = [one for block in blocks for one in block.get("condition", ()) if one.get("use") == offer.name]
        examples, line = [one.get("settings", {}) for one in found], f'[[condition]] with `use = "{offer.name}"`'
    else:
        found = [block for block in blocks if block.get("plugin") == offer.name]
        examples, line = [_without_plugin(block) for block in found], f'`plugin = "{offer.name}"`'
    assert examples, f"{path.name} has no ```toml example with {line}"
    for settings in examples:
        refused = _refused_keys(offer.config, settings)
        assert not refused, f"an example in {path.name} does not load, wrong or missing: {', '.join(refused)}"


def import_name(offer: Checked) -> str:
    """The package that the host imports to get at `offer`."""
    return offer.config.__module__.partition(".")[0]


@cache
def installed() -> Plugins:
    """The plugins installed here, loaded once for all checks of a run."""
    return load()


def owner_of(offer: Checked, plugins: Plugins) -> PluginReport:
    """The report of the plugin that registered `offer`."""
    return next(it for it in plugins.report() if offer.name in _named(offer, it))


def _offered(offer: Checked, plugins: Plugins) -> Mapping[str, object]:
    if isinstance(offer, SourceType):
        return plugins.sources
    return plugins.sinks if isinstance(offer, SinkType) else plugins.conditions


def _named(offer: Checked, report: PluginReport) -> tuple[str, ...]:
    if isinstance(offer, SourceType):
        return report.sources
    return report.sinks if isinstance(offer, SinkType) else report.conditions


def _import_in_new_process(module: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, module],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{module} cannot be imported in a new process:\n{done.stderr}"
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _refused_keys(model: type[BaseModel], settings: Mapping[str, Any]) -> list[str]:
    try:
        model.model_validate(settings)
    except ValidationError as error:
        return sorted(".".join(map(str, fault["loc"])) or fault["msg"] for fault in error.errors())
    return []


def _without_plugin(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key != "plugin"}


def _find_readme(offer: Checked) -> Path | None:
    file = getattr(sys.modules[offer.config.__module__], "__file__", None)
    folders = list(Path(file).parents)[:2] if file else []
    return next((folder / "README.md" for folder in folders if (folder / "README.md").is_file()), None)
