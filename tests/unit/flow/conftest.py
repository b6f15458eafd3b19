import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from desk import Desk, open_desk

from connector.config import Ledger
from connector.store import Store


@pytest.fixture
def opened(store: Store, tmp_path: Path) -> tuple[Desk, Ledger]:
    return open_desk(store, tmp_path)


@pytest.fixture
def desk(opened: tuple[Desk, Ledger]) -> Desk:
    return opened[0]


@pytest.fixture
def ledger(opened: tuple[Desk, Ledger]) -> Ledger:
    return opened[1]
