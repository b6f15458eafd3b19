"""Fixtures for the host's tests. Every test that takes `store` or `store_url` runs on both databases."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from databases import Databases, fresh_sqlite, postgres_server, upgraded

from connector.store import Store, open_store


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    with postgres_server() as url:
        yield Databases(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.sqlite3"
    store = upgraded(f"sqlite:///{path}")
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        databases: Databases = request.getfixturevalue("postgres")
        return databases.url()
    return fresh_sqlite(tmp_path / "store", request.getfixturevalue("sqlite_template"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    yield opened
    opened.close()
