"""Reading a policy file. Every mistake is told with file, line, key and the mend; nothing is guessed."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connector.config.files import read_table, shown
from connector.config.mistakes import Mistake, MistakesError, explain
from connector.policy.places import line_of
from connector.policy.policy import Policy

_KEY_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def load_policy(path: Path, *, home: Path | None = None) -> Policy:
    """The policy in the TOML file `path`; its version is the declared one, a plus and 12 digits of its content.

    The content is what the file means, defaults included: a comment changes nothing, a changed default does.
    `home` shortens the path in messages. Raises MistakesError (a ConfigError) holding every mistake found.
    """
    mistakes: list[Mistake] = []
    root = home or path.parent
    data = read_table(path, root, mistakes)
    if data is None:
        raise MistakesError(mistakes)
    policy = _validate(data, path, shown(path, root))
    return policy.model_copy(update={"version": f"{policy.version}+{_content(policy)}"})


def _validate(data: dict[str, Any], path: Path, file: str) -> Policy:
    # The file says [[step]], one table a step; the record says steps.
    known = {("steps" if key == "step" else "step" if key == "steps" else key): value for key, value in data.items()}
    currency = data.get("currency")
    named = currency if isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency) else "EUR"
    try:
        return Policy.model_validate(known, context={"currency": named})
    except ValidationError as error:
        found = _told(error, known, file)
    text = path.read_text(encoding="utf-8-sig")
    raise MistakesError([_placed(mistake, data, text) for mistake in found])


def _told(error: ValidationError, data: dict[str, Any], file: str) -> list[Mistake]:
    first = error.errors(include_url=False)[0]
    if first["type"] != "ladder":
        told = explain(error, Policy, data, file)
        return [replace(one, mend=re.sub(r"\bsteps\b", "step", one.mend)) for one in told]
    return [Mistake(file, _dotted(path), why, mend) for path, why, mend in first["ctx"]["wrong"]]


def _placed(mistake: Mistake, data: dict[str, Any], text: str) -> Mistake:
    """The mistake with its line, and the key in the file's own words."""
    parts = [name or int(place) for name, place in _KEY_PART.findall(mistake.key)]
    swap = {"steps": "step", "step": "steps"}
    if parts and parts[0] in swap:
        parts[0] = swap[str(parts[0])]
    line = line_of(text, parts)
    key = f"line {line}, {_said(parts, data)}" if line else _said(parts, data)
    return Mistake(mistake.file, key, mistake.what, mistake.mend)


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _said(parts: list[str | int], data: dict[str, Any]) -> str:
    """`step 2 (notice).days_overdue`: a person counts from one, and knows the step by its name."""
    if len(parts) < 2 or parts[0] != "step" or not isinstance(parts[1], int):
        return _dotted(tuple(parts))
    table = data["step"][parts[1]]
    name = table.get("name") if isinstance(table, dict) else None
    title = f"step {parts[1] + 1}" + (f" ({name})" if isinstance(name, str) else "")
    return title + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts[2:])


def _content(policy: Policy) -> str:
    meaning = policy.model_dump(mode="json", exclude={"version"})
    return sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()[:12]
