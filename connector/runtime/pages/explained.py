"""One decision as a page that a debtor's lawyer could read: what was decided, on which claims, and why.

The frame is in the language of the reader. What each condition asked and saw is what was kept with the decision, in
English, and marked as such.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from connector.model import Because, ClaimSeen, Decision
from connector.runtime.pages.languages import Language, Tongue, tongue

_STYLE = "explained.css"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Dossier:
    """What a page says.

    - `claims`: those that were open; None where the decision did not keep them.
    - `made_at`: when the decision was made; `plan`: in which stored plan, 0 for one made just now.
    - `law_version`: of the tables that were asked; empty where that was not kept.
    """

    creditor: str
    company_number: str
    debtor: str
    debtor_code: str
    decision: Decision
    claims: Sequence[ClaimSeen] | None
    made_at: datetime
    timezone: str
    plan: int = 0
    law_version: str = ""


class Chapter(NamedTuple):
    """The reasons about one subject: `step` or `law` of a step, the claims that take no part, or the account."""

    subject: str
    step: str
    reasons: tuple[Because, ...]


def draw_page(dossier: Dossier, language: Language) -> str:
    """The page as one HTML text: nothing is fetched, nothing is run."""
    words = tongue(language)
    room = Environment(
        loader=PackageLoader("connector.runtime.pages", "."),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    room.install_gettext_translations(words.texts, newstyle=True)  # type: ignore[attr-defined]
    room.filters["unbroken"] = _unbroken
    style, *_ = room.loader.get_source(room, _STYLE) if room.loader else ("",)
    return room.get_template("explained.html").render(
        one=dossier,
        decision=dossier.decision,
        chapters=list(chapters_of(dossier.decision)),
        asked_minor=sum(one.asked_minor for one in dossier.claims or ()),
        words=words,
        headline=headline(dossier.decision, words),
        # Our own file, written in as it is: its hash alone is allowed to style the page.
        style=Markup(style),  # noqa: S704
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
    )


def chapters_of(decision: Decision) -> list[Chapter]:
    """The reasons by subject, in the order in which they were given; those of the law by themselves."""
    return [Chapter(*subject, tuple(reasons)) for subject, reasons in groupby(decision.because, key=_subject)]


def headline(decision: Decision, words: Tongue) -> str:
    """The decision in one sentence."""
    _ = words.texts.gettext
    amount = words.money(decision.amount_minor or decision.held_minor, decision.currency)
    if decision.action == "undecided":
        return _("Nothing is decided: a fact is missing for the step “%(step)s”.") % {"step": decision.step}
    if decision.held_step:
        return _("Nothing is done: the step “%(step)s”, for %(amount)s, is held back.") % {
            "step": decision.held_step,
            "amount": amount,
        }
    if decision.action == "none":
        if decision.not_before:
            return _("Nothing is done, not before %(day)s.") % {"day": words.day(decision.not_before)}
        return _("Nothing is done.")
    sentences = {
        "remind": _("A reminder is sent, for %(amount)s."),
        "notice": _("A formal notice is sent, for %(amount)s."),
        "call": _("The debtor is called, about %(amount)s."),
        "escalate": _("The file goes to the collection agency, for %(amount)s."),
    }
    return sentences[decision.action] % {"amount": amount}


def _unbroken(text: str) -> Markup:
    """A text whose days are not broken over two lines."""
    parts = (
        Markup('<span class="day">{}</span>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(_DAY.split(text))
    )
    return Markup().join(parts)


def _subject(reason: Because) -> tuple[str, str]:
    about, _, code = reason.condition.partition(".")
    if about in ("account", "claim"):
        return about, ""
    return ("law" if code.startswith("law.") else "step"), about
