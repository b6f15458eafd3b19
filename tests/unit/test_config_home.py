"""The example installation: what `incasso init` writes, and what stands in config/example."""

import re
from pathlib import Path

import pytest

from connector.config import bind, load, write_home
from connector.errors import ConfigError
from connector.plugins import load as load_plugins
from connector.policy.load import load_policy

EXAMPLE = Path(__file__).parents[2] / "config" / "example"


@pytest.fixture(params=["written", "repository"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "repository":
        return EXAMPLE
    write_home(tmp_path / "new" / "home")
    return tmp_path / "new" / "home"


def test_the_example_is_sound_as_it_stands(home: Path) -> None:
    settings = load(home, {})
    ledger = settings.ledgers["example"]
    assert ledger.is_test, "nobody is handed over by an example"
    assert ledger.handover == "person"
    assert set(settings.connections) == {"exact-nl", "agency"}
    for name in settings.policies:
        assert load_policy(settings.policies[name]).name == name


def test_the_example_fits_the_plugins_it_names(home: Path) -> None:
    settings, plugins = load(home, {}), load_plugins()
    ledger = settings.ledgers["example"]
    source, sink = settings.connections["exact-nl"], settings.connections["agency"]
    assert bind(plugins.source(source.plugin).config, source, ledger.source).model_dump()["division"] == 1
    bound = bind(plugins.sink(sink.plugin).config, sink, ledger.sinks[0]).model_dump()
    assert bound["base_url"] == "https://agency.example"


def _switched_on(line: str) -> str:
    return re.sub(r"^# (?=[a-z_]+ = )", "", line)


def test_every_commented_setting_of_the_example_can_be_switched_on(tmp_path: Path) -> None:
    write_home(tmp_path)
    for name in ("incasso.toml", "ledgers/example.toml"):
        path = tmp_path / name
        lines = path.read_text(encoding="utf-8").splitlines()
        switched = [_switched_on(line) for line in lines]
        path.write_text("\n".join(switched), encoding="utf-8")
    settings = load(tmp_path, {})
    assert settings.plugins.disabled == ("name",)
    assert settings.ledgers["example"].every_minutes == 60


def test_the_example_in_the_repository_is_what_init_writes(tmp_path: Path) -> None:
    for path in write_home(tmp_path):
        if path.name != ".gitignore":
            name = path.relative_to(tmp_path)
            assert path.read_text(encoding="utf-8") == (EXAMPLE / name).read_text(encoding="utf-8"), name


def test_keys_and_data_stay_out_of_a_repository(tmp_path: Path) -> None:
    write_home(tmp_path)
    assert (tmp_path / ".gitignore").read_text().split() == ["/keys/", "/data/"]


@pytest.mark.parametrize("present", ["incasso.toml", "policies/standard.toml", ".gitignore"])
def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path, present: str) -> None:
    path = tmp_path / present
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(ConfigError, match="nothing is overwritten") as caught:
        write_home(tmp_path)
    assert caught.value.file == str(path)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
    assert path.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_home(tmp_path / "file" / "home")


def test_the_example_holds_no_secret(home: Path) -> None:
    for path in home.rglob("*.toml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#") and ("secret" in line or "key" in line) and "=" in line:
                assert "{ env = " in line or "{ file = " in line, f"{path.name}: {line}"
