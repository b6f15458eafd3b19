"""Makes `past_builders` and the builders of the rule layer importable by the tests beside it."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "policy")]
