"""The pytest plugin that comes with the connector. Imports nothing heavy: every project with us installed loads it."""

import pytest

pytest.register_assert_rewrite("connector.testing.source", "connector.testing.sink", "connector.testing.installed")
