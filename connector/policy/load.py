"""Reading a policy file. Every mistake is told with file, line, key and the mend; nothing is guessed."""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connector.api import ConditionType
from connector.config.files import read_table, shown
from connector.config.mistakes import Mistake, MistakesError, explain
from connector.policy.foreign import bind
from connector.policy.places import line_of
from connector.policy.policy import Policy

_KEY_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def load_policy(
    path: Path, *, home: Path | None = None, conditions: Mapping[str, ConditionType] | None = None
) -> Policy:
    """The policy in the TOML file `path`; its version is the declared one, a plus and 12 digits of its content.

    The content is what the file means, defaults included: a comment changes nothing, a changed default does.
    `home` shortens the path in messages. `conditions` are those that plugins offer, by name; left out, a policy that
    uses one stays undecided before the steps that ask for it. Raises MistakesError (a ConfigError) holding every
    mistake found.
    """
    mistakes: list[Mistake] = []
    root = home or path.parent
    data = read_table(path, root, mistakes)
    if data is None:
        raise MistakesError(mistakes)
    policy = _validate(data, path, shown(path, root))
    if conditions is not None:
        policy, wrong = bind(policy, conditions, data, shown(path, root))
        if wrong:
            text = path.read_text(encoding="utf-8-sig")
            raise MistakesError([_placed(mistake, data, text) for mistake in wrong])
    return policy.model_copy(update={"version": f"{policy.version}+{_content(policy)}"})


def _validate(data: dict[str, Any], path: Path, file: str) -> Policy:
    currency = data.get("currency")
    named = currency if isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency) else "EUR"
    try:
        # The file says [[step]], one table a step; the record says steps.
        return Policy.model_validate(data, context={"currency": named}, by_alias=True, by_name=False)
    except ValidationError as error:
        found = _told(error, data, file)
    text = path.read_text(encoding="utf-8-sig")
    raise MistakesError([_placed(mistake, data, text) for mistake in found])


def _told(error: ValidationError, data: dict[str, Any], file: str) -> list[Mistake]:
    first = error.errors(include_url=False)[0]
    if first["type"] != "ladder":
        return explain(error, Policy, data, file)
    return [Mistake(file, _dotted(path), why, mend) for path, why, mend in first["ctx"]["wrong"]]


def _placed(mistake: Mistake, data: dict[str, Any], text: str) -> Mistake:
    """The mistake with its line, and the key in the file's own words."""
    parts = [name or int(place) for name, place in _KEY_PART.findall(mistake.key)]
    line = line_of(text, parts)
    key = f"line {line}, {_said(parts, data)}" if line else _said(parts, data)
    return Mistake(mistake.file, key, mistake.what, mistake.mend)


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _said(parts: Sequence[str | int], data: Any) -> str:
    """`segment 1 (trade).step 2 (notice).days_overdue`: a person counts from one, and knows a table by its name."""
    said: list[str] = []
    for part in parts:
        inside = part in data if isinstance(data, dict) else isinstance(data, list)
        data = data[part] if inside else None
        if isinstance(part, str):
            said.append(part)
        elif isinstance(data, dict):
            name = data.get("name", data.get("to"))
            said[-1] += f" {part + 1}" + (f" ({name})" if isinstance(name, str) else "")
        else:
            said[-1] += f"[{part}]"
    return ".".join(said)


def _content(policy: Policy) -> str:
    meaning = policy.model_dump(mode="json", exclude={"version"})
    # Which gates a segment or a route replaces cannot be told from their values.
    over = [sorted(gates.model_fields_set) for gates in policy.gates_of_some()]
    return sha256(json.dumps([meaning, over], sort_keys=True).encode()).hexdigest()[:12]
