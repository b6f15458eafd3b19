"""Writes openapi.json after a change of openapi.yaml: the host reads no YAML at run time."""

import json
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "connector_agency_api"


def write() -> None:
    """Spell the document as JSON."""
    document = yaml.safe_load((FOLDER / "openapi.yaml").read_text(encoding="utf-8"))
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (FOLDER / "openapi.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
