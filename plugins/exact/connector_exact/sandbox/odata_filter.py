"""The `$filter` language of the imitated service: text -> tree (reference 2.4).

Comparisons of a field (or trim of a field) with a literal, `substringof`, `startswith`, `endswith` with or
without `eq true`, `and`, `or`, parentheses. No field-to-field comparison. Errors are 400s.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector_exact.sandbox.refusal import bad_request

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<guid>guid\s?'(?P<guid_text>[^']*)')
    | (?P<datetime>datetime\s?'(?P<datetime_text>[^']*)')
    | (?P<string>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?P<suffix>[LlMmDdFf]?)(?![\w-]))
    | (?P<word>[A-Za-z_][\w/]*)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?P<time>T\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?")
_COMPARISONS = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_TEXT_TESTS = frozenset({"substringof", "startswith", "endswith"})
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a filter. `kind` is guid, datetime, string, number, boolean or null."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Compare:
    """`field op literal`; `trimmed` when the field stands in trim()."""

    field: str
    op: str
    literal: Literal
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class TextTest:
    """`substringof('text', field)` and its relatives; `wanted` is the truth asked for."""

    test: str
    field: str
    text: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of the parts."""

    parts: tuple["Node", ...]


Node = Compare | TextTest | Both | Either


def parse_filter(text: str, *, date_only: bool = True) -> Node:
    """The tree of a filter. `date_only` takes datetime'2017-05-31'. Raises Refusal (400) for anything else."""
    parser = _Parser(_tokens(text), date_only=date_only)
    node = parser.either()
    parser.end()
    return node


def fields_of(node: Node) -> Iterator[str]:
    """Every field a filter names."""
    if isinstance(node, Both | Either):
        for part in node.parts:
            yield from fields_of(part)
    else:
        yield node.field


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise bad_request(f"Syntax error at position {at} in the filter expression")
        kind = str(found.lastgroup)
        if found["guid"] is not None:
            kind, value = "guid", found["guid_text"]
        elif found["datetime"] is not None:
            kind, value = "datetime", found["datetime_text"]
        elif found["number"] is not None:
            kind, value = "number", found["number"].rstrip("LlMmDdFf")
        else:
            kind = next(name for name in ("string", "word", "mark") if found[name] is not None)
            value = found[kind]
        tokens.append(_Token(kind, value))
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens; `or` binds weakest."""

    def __init__(self, tokens: list[_Token], *, date_only: bool) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._date_only = date_only

    def either(self) -> Node:
        parts = [self._both()]
        while self._word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._single()]
        while self._word("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self) -> Node:
        token = self._next()
        if token == _Token("mark", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise bad_request("The filter expression is nested too deeply")
            node = self.either()
            self._mark(")")
            self._depth -= 1
            return node
        if token.kind != "word":
            raise bad_request("A comparison starts with a property")
        if token.text in _TEXT_TESTS:
            return self._text_test(token.text)
        if token.text == "trim":
            self._mark("(")
            name = self._field()
            self._mark(")")
            return self._comparison(name, trimmed=True)
        return self._comparison(token.text, trimmed=False)

    def _comparison(self, name: str, *, trimmed: bool) -> Node:
        if "/" in name:
            raise bad_request("Filtering on a navigation property is not supported")
        op = self._next().text
        if op not in _COMPARISONS:
            raise bad_request(f"'{op}' is not an operator")
        return Compare(field=name, op=op, literal=self._literal(), trimmed=trimmed)

    def _text_test(self, test: str) -> Node:
        self._mark("(")
        if test == "substringof":
            text = self._string()
            self._mark(",")
            name = self._field()
        else:
            name = self._field()
            self._mark(",")
            text = self._string()
        self._mark(")")
        wanted = True
        if self._word("eq"):
            wanted = self._literal().value is True
        return TextTest(test=test, field=name, text=text, wanted=wanted)

    def _field(self) -> str:
        token = self._next()
        if token.kind != "word":
            raise bad_request("A property is expected")
        if token.text == "trim":
            self._mark("(")
            token = self._next()
            self._mark(")")
        return token.text

    def _string(self) -> str:
        token = self._next()
        if token.kind != "string":
            raise bad_request("A text in quotes is expected")
        return token.text[1:-1].replace("''", "'")

    def _literal(self) -> Literal:
        token = self._next()
        match token.kind:
            case "guid":
                return Literal("guid", _guid(token.text))
            case "datetime":
                return Literal("datetime", _datetime(token.text, date_only=self._date_only))
            case "string":
                return Literal("string", token.text[1:-1].replace("''", "'"))
            case "number":
                return Literal("number", float(token.text) if "." in token.text else int(token.text))
            case "word" if token.text in ("true", "false"):
                return Literal("boolean", token.text == "true")
            case "word" if token.text == "null":
                return Literal("null", None)
        raise bad_request("Comparing two properties is not supported")

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise bad_request("The filter expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == _Token("word", text):
            self._at += 1
            return True
        return False

    def _mark(self, text: str) -> None:
        if self._next() != _Token("mark", text):
            raise bad_request(f"'{text}' is expected in the filter expression")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise bad_request(f"'{self._tokens[self._at].text}' is not expected in the filter expression")


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text.strip()):
        raise bad_request(f"Unrecognized 'Edm.Guid' literal 'guid'{text}''")
    return text.strip().lower()


def _datetime(text: str, *, date_only: bool) -> datetime:
    found = _DATE.fullmatch(text)
    if not found or (not found["time"] and not date_only):
        raise bad_request(f"Unrecognized 'Edm.DateTime' literal 'datetime'{text}''")
    try:
        return datetime.fromisoformat(text.rstrip("Z"))
    except ValueError:
        raise bad_request(f"Unrecognized 'Edm.DateTime' literal 'datetime'{text}''") from None
