"""Loading an installation: what its files become, and how mistakes are told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.api import SecretRef
from connector.config import MistakesError, find_home, load
from connector.errors import ConfigError

LEDGER = """
title = "Acme Netherlands"

[source]
connection = "books"
division = 123456

[sink]
connection = "agency"

[creditor]
name = "Acme B.V."
company_number = "12345678"
iban = "NL91ABNA0417164300"

[creditor.address]
lines = ["Dorpsstraat 1"]
postcode = "1234 AB"
city = "Utrecht"
country = "NL"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A home that is sound; the files given by name replace its own (None takes one away)."""

    def _write(files: dict[str, str | None] | None = None) -> Path:
        whole: dict[str, str | None] = {
            "incasso.toml": "",
            "connections/books.toml": 'plugin = "exact"\nclient_id = "abc"\n',
            "connections/agency.toml": 'plugin = "agency_api"\n',
            "ledgers/acme.toml": LEDGER,
            "policies/standard.toml": "",
            **(files or {}),
        }
        for name, text in whole.items():
            if text is not None:
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return tmp_path

    return _write


def mistakes_of(home: Path) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        load(home, {})
    return [str(mistake) for mistake in caught.value.mistakes]


def test_an_empty_main_file_gives_safe_defaults(write: Write) -> None:
    home = write()
    settings = load(home, {})
    assert settings.store_url == f"sqlite:///{home.as_posix()}/data/incasso.sqlite3"
    assert settings.test_clock is None
    assert settings.clock_tolerance == 60
    assert settings.keys == ()
    assert (settings.log.level, settings.log.format) == ("info", "console")
    assert (settings.daemon.host, settings.daemon.grace_seconds, settings.daemon.every_minutes) == ("127.0.0.1", 30, 15)
    assert settings.policies == {"standard": home / "policies" / "standard.toml"}


def test_every_setting_of_the_main_file_arrives(write: Write) -> None:
    home = write(
        {
            "incasso.toml": """
            [store]
            url = "postgresql://incasso@db.example/incasso"
            [secrets]
            keys = [{ file = "keys/new.key" }, { env = "OLD_KEY" }]
            [clock]
            test_file = "clock.txt"
            tolerance_seconds = 5
            [log]
            level = "debug"
            format = "json"
            [daemon]
            host = "0.0.0.0"
            port = 0
            grace_seconds = 5
            every_minutes = 60
            [plugins]
            disabled = ["venice"]
            prefer = { exact = "incasso-connector" }
            """
        }
    )
    settings = load(home, {})
    assert settings.store_url == "postgresql://incasso@db.example/incasso"
    assert settings.keys == (SecretRef(file="keys/new.key"), SecretRef(env="OLD_KEY"))
    assert settings.test_clock == home / "clock.txt"
    assert settings.clock_tolerance == 5
    assert (settings.log.level, settings.log.format) == ("debug", "json")
    assert (settings.daemon.host, settings.daemon.port, settings.daemon.grace_seconds) == ("0.0.0.0", 0, 5)
    assert settings.plugins.disabled == ("venice",)
    assert settings.plugins.prefer == {"exact": "incasso-connector"}
    assert settings.ledgers["acme"].every_minutes == 60


def test_a_ledger_names_its_connections_and_what_it_adds_to_them(write: Write) -> None:
    ledger = load(write(), {}).ledgers["acme"]
    assert (ledger.name, ledger.title, ledger.policy) == ("acme", "Acme Netherlands", "standard")
    assert ledger.source.connection == "books"
    assert ledger.source.overrides == {"division": 123456}
    assert [one.connection for one in ledger.sinks] == ["agency"]
    assert ledger.creditor.address.city == "Utrecht"
    assert (ledger.timezone, ledger.currency, ledger.handover) == ("Europe/Amsterdam", "EUR", "person")
    assert (ledger.every_minutes, ledger.documents, ledger.brake_percent, ledger.is_test) == (15, True, 20, False)


def test_a_connection_keeps_its_plugins_settings_unread(write: Write) -> None:
    connection = load(write(), {}).connections["books"]
    assert (connection.name, connection.plugin) == ("books", "exact")
    assert connection.values == {"client_id": "abc"}
    assert connection.shown == "connections/books.toml"


def test_a_ledger_may_have_its_own_pace_and_no_agency(write: Write) -> None:
    text = "every_minutes = 240\n" + LEDGER.replace('[sink]\nconnection = "agency"\n', "")
    ledger = load(write({"ledgers/acme.toml": text}), {}).ledgers["acme"]
    assert ledger.every_minutes == 240
    assert ledger.sinks == ()


def test_the_environment_overrides_store_and_test_clock(write: Write) -> None:
    home = write({"incasso.toml": '[store]\nurl = "sqlite:///other.sqlite3"\n'})
    environ = {"INCASSO_STORE_URL": "postgresql://u:p@db/x", "INCASSO_TEST_CLOCK": str(home / "now.txt")}
    settings = load(home, environ)
    assert settings.store_url == "postgresql://u:p@db/x"
    assert settings.test_clock == home / "now.txt"
    assert "u:p" not in repr(settings)


def test_an_absolute_sqlite_file_stays_where_it_is(write: Write, tmp_path: Path) -> None:
    elsewhere = (tmp_path / "elsewhere.sqlite3").as_posix()
    assert load(write({"incasso.toml": f'[store]\nurl = "sqlite:///{elsewhere}"'}), {}).store_url.endswith(elsewhere)


def test_home_is_the_option_then_the_environment_then_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home(tmp_path / "a", {"INCASSO_HOME": str(tmp_path / "b")}) == tmp_path / "a"
    assert find_home(None, {"INCASSO_HOME": str(tmp_path / "b")}) == tmp_path / "b"
    assert find_home(None, {}) == tmp_path


def test_a_folder_without_an_installation_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="incasso init") as caught:
        load(tmp_path, {})
    assert caught.value.file == str(tmp_path)


def test_an_unknown_key_gets_a_suggestion(write: Write) -> None:
    home = write({"incasso.toml": "[daemon]\ngrace_second = 5\n"})
    assert mistakes_of(home) == [
        (
            "incasso.toml: daemon.grace_second: this key is not known. "
            'Did you mean "grace_seconds"? Known: every_minutes, grace_seconds, host, port.'
        )
    ]


def test_a_missing_key_says_what_to_add(write: Write) -> None:
    home = write({"ledgers/acme.toml": LEDGER.replace('title = "Acme Netherlands"', "")})
    assert mistakes_of(home) == [
        "ledgers/acme.toml: title: this key is missing. Add title = … (the ledger's name for people)."
    ]


def test_a_missing_table_says_what_to_add(write: Write) -> None:
    home = write({"ledgers/acme.toml": LEDGER.partition("[creditor]")[0]})
    assert mistakes_of(home) == [
        (
            "ledgers/acme.toml: creditor: this key is missing. "
            "Add a table [creditor] (who is owed: name, company_number, iban and [creditor.address])."
        )
    ]


def test_a_key_missing_deep_down_is_named_in_full(write: Write) -> None:
    home = write({"ledgers/acme.toml": LEDGER.replace('iban = "NL91ABNA0417164300"', "")})
    assert mistakes_of(home) == ["ledgers/acme.toml: creditor.iban: this key is missing. Add iban = …."]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('handover = "me"', "handover: this value is not known. Use one of 'person' or 'automatic'."),
        ('documents = "perhaps"', "documents: this should be a valid boolean"),
        ("brake_percent = 0", "brake_percent: this should be greater than or equal to 1."),
        ('every_minutes = "often"', "Write a whole number, without quotes."),
        ("every_minutes = 1.5", "Write a whole number."),
        ("policy = 3", "Put the value between double quotes."),
        ('timezone = "Europe/Utrecht"', 'timezone: this is not an IANA time zone such as "Europe/Brussels".'),
        ('timezone = "../../etc"', 'timezone: this is not an IANA time zone such as "Europe/Brussels".'),
        ('currency = "euro"', "currency: String should match pattern"),
        ('name = "acme"', "name: this key is not known."),
        ('file = "x"', "file: this key is not known."),
    ],
)
def test_a_wrong_value_in_a_ledger_names_key_and_mend(write: Write, line: str, told: str) -> None:
    (mistake,) = mistakes_of(write({"ledgers/acme.toml": f"{line}\n{LEDGER}"}))
    assert mistake.startswith("ledgers/acme.toml: ")
    assert told in mistake


def test_automatic_handover_without_an_agency_is_a_mistake(write: Write) -> None:
    text = 'handover = "automatic"\n' + LEDGER.replace('[sink]\nconnection = "agency"\n', "")
    (mistake,) = mistakes_of(write({"ledgers/acme.toml": text}))
    assert mistake.startswith('ledgers/acme.toml: sink: handover = "automatic" needs a [sink] table')


def test_unknown_connections_and_policies_are_told_with_the_known_names(write: Write) -> None:
    text = 'policy = "standaard"\n' + LEDGER.replace('"books"', '"book"').replace('"agency"', '"bailiff"')
    assert mistakes_of(write({"ledgers/acme.toml": text})) == [
        (
            'ledgers/acme.toml: source.connection: there is no connection "book". '
            'Did you mean "books"? Known: agency, books.'
        ),
        'ledgers/acme.toml: sink.connection: there is no connection "bailiff". Known: agency, books.',
        'ledgers/acme.toml: policy: there is no policy "standaard". Did you mean "standard"? Known: standard.',
    ]


def test_a_policy_where_there_are_none_says_which_file_to_add(write: Write) -> None:
    (mistake,) = mistakes_of(write({"policies/standard.toml": None}))
    assert mistake == 'ledgers/acme.toml: policy: there is no policy "standard". Add policies/standard.toml.'


def test_a_broken_connection_is_not_called_unknown_as_well(write: Write) -> None:
    assert mistakes_of(write({"connections/books.toml": 'client_id = "abc"\n'})) == [
        (
            "connections/books.toml: plugin: this key is missing. Add plugin = … "
            "(the plugin's name, see `incasso plugins`)."
        )
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plugin = exact\n", "line 1, column 10: this is not TOML: invalid value. Put text between double quotes."),
        ('plugin = "exact\n', "line 1, column 16: this is not TOML: illegal character"),
        ('\nplugin = "a"\nplugin = "b"\n', "Give each key and each table once in a file."),
        ("plugin\n", "line 1, column 7: this is not TOML: expected '='"),
        ("[a\n", "line 1, column 3: this is not TOML: expected ']'"),
    ],
)
def test_wrong_toml_names_line_and_column(write: Write, text: str, told: str) -> None:
    (mistake,) = mistakes_of(write({"connections/books.toml": text}))
    assert mistake.startswith("connections/books.toml: line ")
    assert told in mistake


def test_a_file_that_is_not_utf_8_is_told(write: Write) -> None:
    home = write()
    (home / "connections" / "books.toml").write_bytes(b'plugin = "\xff"')
    assert mistakes_of(home) == ["connections/books.toml: the file is not UTF-8 text. Save it as UTF-8."]


def test_a_byte_order_mark_of_a_windows_editor_does_no_harm(write: Write) -> None:
    home = write()
    (home / "connections" / "books.toml").write_text('plugin = "exact"\n', encoding="utf-8-sig")
    assert load(home, {}).connections["books"].plugin == "exact"


def test_a_file_name_that_is_no_slug_gets_a_better_one(write: Write) -> None:
    assert mistakes_of(write({"connections/Exact NL.toml": 'plugin = "exact"'})) == [
        (
            "connections/Exact NL.toml: the file's name cannot be used. "
            "Rename it to exact-nl.toml: lower-case letters, digits, - and _, at most 63."
        )
    ]


def test_hidden_files_and_other_kinds_are_left_alone(write: Write) -> None:
    home = write({"connections/.swap.toml": "broken", "connections/books.toml.bak": "broken"})
    assert sorted(load(home, {}).connections) == ["agency", "books"]


def test_a_secret_in_plain_text_is_refused_and_never_shown(write: Write) -> None:
    (mistake,) = mistakes_of(write({"incasso.toml": '[secrets]\nkeys = ["hunter2-hunter2"]\n'}))
    assert mistake.startswith("incasso.toml: secrets.keys[0]: a secret is never written in a configuration file")
    assert "hunter2" not in mistake


@pytest.mark.parametrize("url", ["postgresql://me:hunter2@db/x", "postgresql://db/x?user=me&password=hunter2"])
def test_a_password_in_the_store_url_is_refused_and_never_shown(write: Write, url: str) -> None:
    (mistake,) = mistakes_of(write({"incasso.toml": f'[store]\nurl = "{url}"\n'}))
    assert mistake.startswith("incasso.toml: store.url: a password is never written in a configuration file")
    assert "hunter2" not in mistake


def test_all_mistakes_of_all_files_are_told_at_once(write: Write) -> None:
    home = write(
        {
            "incasso.toml": '[log]\nlevel = "loud"\n[demon]\n',
            "connections/books.toml": "plugin = exact",
            "ledgers/acme.toml": LEDGER.replace('title = "Acme Netherlands"', 'policy = "none"\ntitle = ""'),
        }
    )
    with pytest.raises(MistakesError) as caught:
        load(home, {})
    first, *lines = caught.value.message.splitlines()
    assert first == "4 mistakes in 3 files of the configuration:"
    assert [line.strip().partition(": ")[0] for line in lines] == [
        "incasso.toml",
        "incasso.toml",
        "connections/books.toml",
        "ledgers/acme.toml",
    ]
    assert caught.value.file == "incasso.toml"


def test_one_mistake_is_told_in_one_line_with_file_key_and_mend(write: Write) -> None:
    home = write({"incasso.toml": "[daemon]\nport = 70000\n"})
    with pytest.raises(ConfigError) as caught:
        load(home, {})
    assert (caught.value.file, caught.value.key) == ("incasso.toml", "daemon.port")
    assert "\n" not in caught.value.message
