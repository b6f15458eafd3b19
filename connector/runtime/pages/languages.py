"""The texts of the pages in Dutch, French and English: gettext catalogues, read from their `.po` files."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency

from connector.model import exponent

Language = Literal["nl", "fr", "en"]
CATALOGUES = Path(__file__).parent
_LOCALES: dict[Language, str] = {"nl": "nl_NL", "fr": "fr_BE", "en": "en_GB"}


class Tongue(NamedTuple):
    """One language: its code, its texts, and how it writes days and amounts."""

    language: Language
    texts: NullTranslations

    def day(self, day: date | None) -> str:
        """`31 January 2026`; a dash for none."""
        return format_date(day, "d MMMM y", locale=_LOCALES[self.language]) if day else "-"

    def instant(self, at: datetime, timezone: str) -> str:
        """Day and time to the minute in a time zone, with its name."""
        local = at.astimezone(ZoneInfo(timezone))
        return f"{format_datetime(local, 'd MMMM y HH:mm', locale=_LOCALES[self.language])} ({timezone})"

    def money(self, minor: int, currency: str) -> str:
        """An amount as the language writes it, from minor units."""
        return format_currency(Decimal(minor).scaleb(-exponent(currency)), currency, locale=_LOCALES[self.language])


def choose(*stated: str) -> Language:
    """The first of the stated languages that there is a catalogue for, else English."""
    known: dict[str, Language] = {one: one for one in get_args(Language)}
    return next((known[one.lower()[:2]] for one in stated if one.lower()[:2] in known), "en")


@lru_cache
def tongue(language: Language) -> Tongue:
    """A language, read once. English is what the program is written in."""
    return Tongue(language, NullTranslations() if language == "en" else _read(CATALOGUES / f"{language}.po"))


def _read(path: Path) -> GNUTranslations:
    compiled = BytesIO()
    with path.open("rb") as text:
        write_mo(compiled, read_po(text))
    compiled.seek(0)
    return GNUTranslations(compiled)
