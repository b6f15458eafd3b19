import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))

from desk import open_desk
from serving import Served, serving

from connector.store import Store


@pytest.fixture
def served(store: Store, tmp_path: Path) -> Iterator[Served]:
    with serving(*open_desk(store, tmp_path)) as made:
        yield made
