"""Mistakes in configuration files: collected, so that a person mends them in one go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connector.errors import ConfigError

_MENDS = {
    "bool_parsing": "Write true or false, without quotes.",
    "bool_type": "Write true or false, without quotes.",
    "date_from_datetime_parsing": "Write a date such as 2026-01-31, without quotes.",
    "decimal_parsing": 'Write an amount between quotes, such as "12.50".',
    "int_from_float": "Write a whole number.",
    "int_parsing": "Write a whole number, without quotes.",
    "int_type": "Write a whole number, without quotes.",
    "string_type": "Put the value between double quotes.",
    "tuple_type": "Put the values between square brackets.",
    "dict_type": "Make it a table of its own: [{key}].",
    "model_type": "Make it a table of its own: [{key}].",
}


@dataclass(frozen=True)
class Mistake:
    """One mistake: the file (relative to home where it lies there), the dotted key, what is wrong, the mend."""

    file: str
    key: str
    what: str
    mend: str

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.key) if part)
        return f"{where}: {self.what}. {self.mend}".strip()


class MistakesError(ConfigError):
    """All mistakes of all files. The first line sums up, then one line a mistake; `mistakes` holds them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        first = mistakes[0]
        if len(mistakes) == 1:
            super().__init__(f"{first.what}.", file=first.file, key=first.key, mend=first.mend)
        else:
            files = len({mistake.file for mistake in mistakes})
            summary = f"{len(mistakes)} mistakes in {files} {'files' if files > 1 else 'file'} of the configuration:"
            super().__init__("\n".join([summary, *(f"  {mistake}" for mistake in mistakes)]))
            self.file, self.key, self.mend = first.file, first.key, first.mend
        self.mistakes = tuple(mistakes)


def suggest(word: str, known: Iterable[str]) -> str:
    """A mend for a name that is not known: the nearest known one, and all of them."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    return f"{hint}Known: {', '.join(names)}." if names else "There are none yet."


def explain(error: ValidationError, model: type[BaseModel], data: Mapping[str, Any], file: str) -> list[Mistake]:
    """Every error of a pydantic validation of `data` by `model` as a mistake in `file`. Never shows a value."""
    found = [_explain_one(one, model, data, file) for one in error.errors(include_url=False, include_input=False)]
    return list(dict.fromkeys(found))


def _explain_one(error: ErrorDetails, model: type[BaseModel], data: Mapping[str, Any], file: str) -> Mistake:
    name = str(error["loc"][-1]) if error["loc"] else ""
    parent = _model_at(model, error["loc"][:-1])
    key = _dotted(error["loc"], data, own=parent is not None and name in _keys(parent))
    if error["type"] == "extra_forbidden":
        known = _keys(parent) if parent else ()
        return Mistake(file, key, "this key is not known", suggest(name, known))
    if error["type"] == "missing":
        return Mistake(file, key, "this key is missing", _ask_for(name, parent))
    if error["type"] == "literal_error":
        return Mistake(file, key, "this value is not known", f"Use one of {error['ctx']['expected']}.")
    if error["type"] == "value_error":
        return Mistake(file, key, str(error["ctx"]["error"]).rstrip("."), "")
    mend = _MENDS.get(error["type"], "").format(key=key)
    return Mistake(file, key, error["msg"].replace("Input should be", "this should be").rstrip("."), mend)


def _dotted(loc: Sequence[int | str], data: Any, *, own: bool) -> str:
    """The key as it stands in the file. pydantic's names for the members of a union do not occur there.

    `own`: the last part is a key of the model, and is named although the file does not hold it.
    """
    key = ""
    for index, part in enumerate(loc):
        present = _holds(data, part)
        if not present and not (own and index == len(loc) - 1):
            continue
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
        data = data[part] if present else None
    return key


def _holds(data: Any, part: int | str) -> bool:
    if isinstance(part, int):
        return isinstance(data, list | tuple) and part < len(data)
    return isinstance(data, Mapping) and part in data


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _ask_for(name: str, parent: type[BaseModel] | None) -> str:
    field = parent.model_fields.get(name) if parent else None
    about = f" ({field.description.rstrip('.')})" if field and field.description else ""
    if field and _models_of(field.annotation):
        return f"Add a table [{name}]{about}."
    return f"Add {name} = …{about}."


def _model_at(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel] | None:
    """The model that validates the table at `loc`, as far as the annotations tell."""
    here: list[type[BaseModel]] = [model]
    for part in loc:
        named = [one for one in here if one.__name__ == part]
        fields = [
            field for one in here for name, field in one.model_fields.items() if part in (name, field.alias) and part
        ]
        here = [inner for field in fields for inner in _models_of(field.annotation)] if fields else named or here
    return here[0] if here else None


def _models_of(annotation: Any) -> list[type[BaseModel]]:
    """The models in an annotation: itself, members of a union, items of a tuple, values of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, tuple, list, dict):
        return [model for inner in get_args(annotation) for model in _models_of(inner)]
    return []
