"""The story: what happens on which day, and to whom it is said."""

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any, Literal

from pydantic import Field

from connector.model import DebtorKind
from connector.model.record import Record


class Order(Record):
    """One order to a stand-in's control surface."""

    path: str
    body: dict[str, Any]


class Act(Record):
    """Something that happens on a day, at a stand-in or at the credit controller's desk.

    `keep`: the name under which the entry that the order returns is known to later orders.
    """

    on: date
    say: str
    server: str = ""
    path: str = ""
    body: dict[str, Any] = Field(default_factory=dict)
    each: tuple[Order, ...] = ()
    keep: str = ""
    controller: Literal["", "dispute", "kinds", "answer"] = ""
    debtor: str = ""
    text: str = ""
    kinds: dict[DebtorKind, tuple[str, ...]] = Field(default_factory=dict)
    answers: dict[str, str] = Field(default_factory=dict)

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders of this act."""
        return self.each or ((Order(path=self.path, body=self.body),) if self.path else ())


class Story(Record):
    """The whole demonstration. `servers`: the stand-ins with their options."""

    begin: date
    end: date
    every_days: int
    booking_days: int
    servers: dict[str, dict[str, str]]
    act: tuple[Act, ...]


def read_story() -> Story:
    """The story that comes with the program."""
    text = (files("connector.cli.demo") / "story.toml").read_text(encoding="utf-8")
    return Story.model_validate(tomllib.loads(text))
