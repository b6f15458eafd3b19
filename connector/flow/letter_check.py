"""Whether a Dutch fourteen-day letter says what the law asks, from a file that tells what it says."""

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import Field, ValidationError

from connector.errors import ConfigError
from connector.law.answers import Undecided
from connector.law.debtor import debtor_of
from connector.law.law import Law
from connector.law.netherlands.collection_costs import CostClaim, collection_costs
from connector.law.netherlands.fourteen_day_letter import LetterSent, fourteen_days
from connector.law.netherlands.letter_text import LetterCheck, LetterText, check_text
from connector.law.table import DAY
from connector.model import Claim, DebtorKind, LetterFact, Verdict, minor_units
from connector.model.record import Record

_BY_POST = ("post", "registered")


class LetterSaid(Record):
    """What a fourteen-day letter says. Amounts are texts in euro, such as "121.00".

    - `wording`: the words that give the period, in Dutch; `printed_last_day`: a date printed as its end.
    - `amounts`, `accounts`: every total demanded, and every bank account named to pay to.
    - `costs`: the costs that follow when nothing is paid; left out: none are named.
    - `costs_on_interest`: whether the costs were also computed on interest.
    - `repairs_earlier`: whether it only lengthens the period of an earlier letter that was wrong.
    - `instalments`: whether the claims are instalments of one continuing contract.
    """

    wording: str
    amounts: tuple[str, ...] = Field(min_length=1)
    accounts: tuple[str, ...] = Field(min_length=1)
    costs: str | None = None
    costs_on_interest: Verdict = "unknown"
    printed_last_day: date | None = None
    repairs_earlier: Verdict = "no"
    instalments: Verdict = "unknown"


def check_letter(law: Law, kind: DebtorKind, fact: LetterFact, claims: Sequence[Claim], path: Path) -> LetterCheck:
    """What the law says of a letter about these claims, whose text the TOML file `path` tells (`LetterSaid`).

    The costs that are due are computed on what is open of the claims now. Raises ConfigError where the file cannot be
    read or says something else, or no claim has a due date, and CoverageError where the tables do not tell.
    """
    said = read_said(path)
    since = {one.claim: last + DAY for one in claims if (last := one.last_due_date or one.due_date)}
    if not since:
        raise ConfigError("no claim with a due date is overdue.", mend="Name the invoices of the letter with --claim.")
    owing = [
        CostClaim(principal_minor=one.open_minor, default_since=since[one.claim], instalment=said.instalments)
        for one in claims
        if one.claim in since
    ]
    costs = collection_costs(law, owing, debtor_of(kind), fact.sent_on)
    if isinstance(costs, Undecided):
        return LetterCheck(valid="unknown", open_points=(str(costs),))
    text = LetterText(
        wording=said.wording,
        default_since=max(since.values()),
        sent_on=fact.sent_on,
        amounts_minor=tuple(_minor(one, path, "amounts") for one in said.amounts),
        accounts=said.accounts,
        costs_named_minor=None if said.costs is None else _minor(said.costs, path, "costs"),
        costs_due_minor=costs.amount_minor,
        costs_on_interest=said.costs_on_interest,
        printed_last_day=said.printed_last_day,
        repairs_earlier=said.repairs_earlier,
    )
    sent = LetterSent(
        sent_on=fact.sent_on,
        channel="post" if fact.channel in _BY_POST else "email",
        received_on=fact.delivered_on,
        disputed="yes" if fact.disputed else "no",
    )
    period = fourteen_days(law, sent)
    return check_text(text, None if isinstance(period, Undecided) else period)


def read_said(path: Path) -> LetterSaid:
    """What the file tells. Raises ConfigError with the file, the key and the mend."""
    mend = "docs/law.md shows such a file."
    try:
        return LetterSaid.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError("the letter's text cannot be read", file=str(path), mend=mend, detail=str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(str(first["msg"]), file=str(path), key=key, mend=mend) from error


def _minor(text: str, path: Path, key: str) -> int:
    try:
        return minor_units(text, "EUR")
    except ValueError as error:
        raise ConfigError(str(error), file=str(path), key=key, mend='Write an amount such as "121.00".') from error
