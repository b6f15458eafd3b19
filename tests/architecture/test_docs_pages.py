"""The pages hold: links lead somewhere, commands exist, examples are accepted, the reference is what the code says."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, get_args

import pytest
import typer.main
from pydantic import BaseModel

import connector
from connector.api import SecretRef
from connector.cli.app import app
from connector.config.shapes import ConnectionFile, InstallationFile, LedgerFile
from connector.errors import ConnectorError
from connector.model import Activity, Closure, Handover, Phase
from connector.plugins import load
from connector.store.tables import metadata

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "plugins").glob("*/README.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^(```+)(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A page without its fenced code."""
    return _FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """The names under which code hosts link to headings."""
    headings = re.findall(r"^#+ (.+)$", prose(text), flags=re.MULTILINE)
    plain = (re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).replace("`", "") for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    text = read(name)
    for target in _LINK.findall(prose(text)):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), f"{name}: {target}"
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{name}: {target}"


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_repository_that_a_page_names_is_there(name: str) -> None:
    for path in re.findall(r"`((?:tests|connector|plugins|docs|config)/[\w./-]+)`", prose(read(name))):
        assert (ROOT / path).exists(), f"{name}: {path}"


def code_lines(text: str) -> Iterator[str]:
    """Everything a page shows as something to type: shell fences, indented lines, code in a sentence."""
    for _, language, body in _FENCE.findall(text):
        if language in ("sh", "bash", "console"):
            yield from body.splitlines()
    for line in prose(text).splitlines():
        if line.startswith("    "):
            yield line.strip()
        yield from re.findall(r"`([^`]+)`", line)


def commands_in(text: str) -> Iterator[list[str]]:
    for line in code_lines(text):
        if match := re.match(r"(?:\S*/)?incasso (.+?)(?: &| \|.*|\s+#.*)?$", line.strip()):
            yield match[1].replace("…", "").split()


def complaint(words: list[str]) -> str:
    """What is wrong with a command line, as far as names go; empty when nothing is."""
    command: Any = typer.main.get_command(app)
    known = options_of(command)
    words = words[2:] if words and words[0] == "--home" else words
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
        known |= options_of(command)
    if hasattr(command, "commands") and words and re.match(r"[a-z]", words[0]):
        return f"there is no command {words[0]}"
    unknown = [
        word.partition("=")[0] for word in words if word.startswith("--") and word.partition("=")[0] not in known
    ]
    return f"there is no option {unknown[0]}" if unknown else ""


def options_of(command: Any) -> set[str]:
    return {"--help"} | {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


@pytest.mark.parametrize("name", [name for name in NAMES if "incasso" in read(name)])
def test_every_command_on_a_page_exists(name: str) -> None:
    for words in commands_in(read(name)):
        assert not complaint(list(words)), f"{name}: incasso {' '.join(words)}: {complaint(list(words))}"


def test_a_command_that_does_not_exist_is_found() -> None:
    found = [complaint(words) for words in commands_in("Run `incasso fly`, then\n\n    incasso pull --fast\n")]
    assert found == ["there is no command fly", "there is no option --fast"]


def test_the_readme_and_the_guide_name_targets_that_make_has() -> None:
    targets = set(re.findall(r"^(\w+):", read("Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"^    make (\w+)", read("README.md") + read("CONTRIBUTING.md"), flags=re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docs/how-to/connect")])
def test_every_connection_on_a_page_is_accepted_by_its_plugin(name: str) -> None:
    models = plugin_models()
    tables = [tomllib.loads(body) for _, language, body in _FENCE.findall(read(name)) if language == "toml"]
    connections = [table for table in tables if "plugin" in table]
    assert connections
    for table in connections:
        models[table.pop("plugin")].model_validate(table)


def test_the_pages_made_from_the_code_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def keys_of(model: type[BaseModel]) -> Iterator[str]:
    """The keys of a model and of the tables inside it."""
    for name, field in model.model_fields.items():
        yield name
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel) and inner is not SecretRef:
                yield from keys_of(inner)


def plugin_models() -> dict[str, type[BaseModel]]:
    """The configuration models of the installed plugins, by the name in `plugin = "…"`."""
    plugins = load()
    sources = {name: kind.config for name, kind in plugins.sources.items()}
    return sources | {name: kind.config for name, kind in plugins.sinks.items()}


def config_models() -> list[type[BaseModel]]:
    return [InstallationFile, ConnectionFile, LedgerFile, *plugin_models().values()]


@pytest.mark.parametrize("model", config_models(), ids=lambda model: model.__name__)
def test_every_configuration_key_is_in_the_reference(model: type[BaseModel]) -> None:
    page = read("docs/reference/configuration.md")
    for key in keys_of(model):
        assert f"| `{key}` |" in page or re.search(rf"^### `\[(\w+\.)?{key}\]`$", page, flags=re.MULTILINE), key


def test_every_configuration_key_says_what_it_means() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", read("docs/reference/configuration.md"), flags=re.MULTILINE)
    assert not [key for key, meaning in rows if not meaning.strip()]


def test_every_error_is_in_the_reference() -> None:
    page = read("docs/reference/errors.md")
    for module in walk_packages(connector.__path__, "connector."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            import_module(module.name)
    for error in below(ConnectorError):
        if error.__module__.startswith("connector.") and not error.__module__.startswith("connector.testing"):
            assert f"`{error.__name__}`" in page, error.__name__


def below(error: type[ConnectorError]) -> Iterator[type[ConnectorError]]:
    for one in error.__subclasses__():
        yield one
        yield from below(one)


def test_every_table_and_column_is_in_the_reference() -> None:
    sections = dict(
        re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", read("docs/reference/store.md"), re.MULTILINE | re.DOTALL)
    )
    assert sections.keys() == metadata.tables.keys()
    for table in metadata.tables.values():
        listed = re.findall(r"^\| `(\w+)` \|", sections[table.name], flags=re.MULTILINE)
        assert listed == [column.name for column in table.columns], table.name


@pytest.mark.parametrize(
    "axis", [Handover, Phase, Activity, Closure], ids=["hand-over", "phase", "activity", "closure"]
)
def test_every_word_of_an_axis_is_in_the_glossary(axis: Any) -> None:
    page = read("docs/reference/glossary.md").replace("-", " ")
    for word in filter(None, get_args(axis)):
        assert word.replace("_", " ") in page, word
