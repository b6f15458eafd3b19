"""A source whose import costs everybody: wrong on purpose."""

from dataclasses import replace

import requests
from right_source import RIGHT_SOURCE, RightConfig

USER_AGENT = f"heavy/{requests.__version__}"


class HeavyConfig(RightConfig):
    """As the right one, in a module that imports requests."""


HEAVY_SOURCE = replace(RIGHT_SOURCE, config=HeavyConfig)
