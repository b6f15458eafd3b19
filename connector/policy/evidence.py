"""One claim before the law of its debtor's country: which file it makes, and what the law says of that.

Pure. What the law asks and answers is in `connector.law`; here facts of an account become its input, and its answer
reasons that say from where a fact came and which setting or command would supply a missing one.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from connector.law.answers import Answer
from connector.law.belgium import limitation as belgian_limitation
from connector.law.belgium.first_reminder import Channel
from connector.law.belgium.hand_over import BelgianFile, belgian_hand_over
from connector.law.debtor import Debtor, debtor_of
from connector.law.hand_over import Condition, HandOver
from connector.law.law import Law
from connector.law.limitation import Interruption, Limitation
from connector.law.netherlands import limitation as dutch_limitation
from connector.law.netherlands.fourteen_day_letter import LetterSent, deemed_delivery
from connector.law.netherlands.hand_over import DutchFile, dutch_hand_over
from connector.law.table import DAY, CoverageError
from connector.model import Account, Claim, DebtorKind, LegalFacts, LetterFact, Verdict
from connector.policy.registers import LookedUp, looked_up, registers_for

# Terms of the law are added to a day, and dates end at 9999.
_LAST_YEAR = 9900
_KNOWN_DEBTS = ("sole_trader", "unknown")
_BY_POST = ("post", "registered")
_LETTERS = {"NL": "fourteen_days", "BE": "first_reminder"}
_LEAST_DAYS = {"NL": "nl.fourteen_days", "BE": "be.first_reminder_days"}
_BELGIAN_CHANNELS: dict[str, Channel] = {
    "post": "post", "registered": "post", "email": "electronic", "portal": "electronic", "other": "unknown",
}  # fmt: skip
_RANK: dict[Verdict, int] = {"yes": 0, "unknown": 1, "no": 2}

# Conditions that rest on a setting of the ledger: which one.
_SETTINGS = {
    "contractual": "contractual",
    "agency_registered": "receiver",
    "amounts": "principal_only",
}
STATEMENTS = {**_SETTINGS, "not_stopped": "registers_read", "in_default": "due_date_agreed"}
"""By the name of a point of the law: the key of `[law]` of a ledger that would answer it."""
_OF_THE_LETTER = frozenset({"letter_sent", "letter_correct", "days_over", "reminder_sent", "reminder_complete"})
_COMMAND = "incasso debtor letter"


class Point(NamedTuple):
    """One condition of the law: the answer, and where what was seen came from."""

    name: str
    asked: str
    seen: str
    origin: str
    verdict: Verdict


class LawAnswer(NamedTuple):
    """What the law says of one claim on one day.

    `earliest`: the first day, this one or later, on which it may go by waiting alone; None: waiting is not enough.
    """

    verdict: Verdict
    earliest: date | None
    points: tuple[Point, ...]


class _File(NamedTuple):
    """What is known of one claim: `due` and `last_due` are first and last day to pay, `letters` are about it.

    `looked_up`: what look-ups in registers say of the debtor. An insolvency that was recorded is not asked about here:
    it stops every step before the law is asked (`connector.policy.stopped`).
    """

    ledger: str
    legal: LegalFacts
    country: str
    kind: DebtorKind
    due: date
    last_due: date
    invoiced: date
    disputed: bool
    letters: tuple[LetterFact, ...]
    day: date
    looked_up: LookedUp | None = None


def ask_the_law(law: Law, account: Account, claim: Claim, *, elsewhere: bool, register_days: int = 30) -> LawAnswer:
    """Whether the law of the debtor's country lets a claim go to an agency on the account's day.

    The claim has a due date. `elsewhere`: a debtor of whose country the law is not known here may go. `register_days`:
    how many days a look-up in a register counts. Raises nothing: where a table does not cover a day, the answer is
    unknown with what the table says.
    """
    country = account.debtor_country.upper()
    if country not in _LETTERS:
        return _elsewhere(country, account.day, allowed=elsewhere)
    assert claim.due_date is not None
    letters = account.letters and tuple(
        one for one in account.letters if one.sent_on <= account.day and (not one.claims or claim.claim in one.claims)
    )
    disputed = bool(account.disputes) and any(
        one.claim in ("", claim.claim) and (one.settled_on is None or one.settled_on > account.day)
        for one in account.disputes
    )
    due = claim.due_date
    file = _File(
        account.ledger, account.legal, country, account.debtor_kind, due, max(due, claim.last_due_date or due),
        min(due, claim.invoice_date or due), disputed, letters, account.day,
    )  # fmt: skip
    if account.lookups:
        wanted = registers_for(country, _debtor(file))
        file = file._replace(looked_up=looked_up(account, wanted, most_days=register_days))
    return _answer(law, file)


@lru_cache(maxsize=8192)
def _answer(law: Law, file: _File) -> LawAnswer:
    if max(file.day, file.last_due).year > _LAST_YEAR:
        return _unknown("covered", "Do the tables of the law tell?", f"not for {max(file.day, file.last_due)}")
    try:
        return _by_kind(law, file)
    except CoverageError as error:
        return _unknown("covered", "Do the tables of the law tell?", f"{error.message} {error.mend}".strip())


def _by_kind(law: Law, file: _File) -> LawAnswer:
    """Where nobody has said whether the debt is one of a business, both readings must let it go."""
    protective = _debtor(file)
    found = _best(law, file, protective)
    if file.kind not in _KNOWN_DEBTS or file.legal.in_business != "unknown" or found.verdict == "yes":
        return found
    business = _best(law, file, protective.model_copy(update={"in_business": "yes"}))
    if business.verdict == "no":
        return found
    mend = f"Say it with incasso debtor kind, or law.in_business in {_file_name(file)}."
    asked = "Was the debt made in the debtor's business? A consumer is protected by the points below."
    open_point = Point("in_business", asked, f"unknown. {mend}", _statement(file, "in_business"), "unknown")
    points = (one._replace(verdict="unknown") if one.verdict == "no" else one for one in found.points)
    return LawAnswer("unknown", found.earliest, (open_point, *points))


def _debtor(file: _File) -> Debtor:
    debtor = debtor_of(file.kind)
    if file.kind in _KNOWN_DEBTS and file.legal.in_business != "unknown":
        return debtor.model_copy(update={"in_business": file.legal.in_business})
    return debtor


def _best(law: Law, file: _File, debtor: Debtor) -> LawAnswer:
    """The answer on the letter that serves best; without a letter, on none."""
    kind = _LETTERS[file.country]
    # A Dutch letter of before the default is told as such by the law; in Belgium it is no first reminder.
    after = date.min if file.country == "NL" else file.last_due
    fitting = [one for one in reversed(file.letters) if one.kind == kind and one.sent_on > after]
    letters: Sequence[LetterFact | None] = fitting or [None]
    found = [_with_letter(law, file, debtor, letter) for letter in letters]
    return min(found, key=lambda one: (_RANK[one.verdict], one.earliest is None, one.earliest or date.max))


def _with_letter(law: Law, file: _File, debtor: Debtor, letter: LetterFact | None) -> LawAnswer:
    make: Callable[[Law, _File, Debtor, LetterFact | None], HandOver] = _dutch if file.country == "NL" else _belgian
    told = make(law, file, debtor, letter)
    return LawAnswer(told.verdict, told.earliest, tuple(_point(file, letter, one) for one in told.conditions))


def _dutch(law: Law, file: _File, debtor: Debtor, letter: LetterFact | None) -> HandOver:
    legal = file.legal
    sent = letter and LetterSent(
        sent_on=letter.sent_on,
        channel="post" if letter.channel in _BY_POST else "email",
        received_on=letter.delivered_on,
        disputed="yes" if letter.disputed else "no",
    )
    barred = dutch_limitation.earliest_limitation(
        law, debtor, file.due, _interruptions(law, file.letters), consumer_sale=legal.consumer_sale
    )
    known = DutchFile(
        debtor=debtor,
        default_since=_default_since(law, file),
        limitation=barred if isinstance(barred, Limitation) else None,
        contractual=legal.contractual,
        disputed="yes" if file.disputed else "no",
        letter=sent,
        letter_valid=_says_enough(law, file, letter),
        receiver=legal.receiver,
        registers_read=_registers_read(file),
    )
    return dutch_hand_over(law, known, file.day)


def _belgian(law: Law, file: _File, debtor: Debtor, letter: LetterFact | None) -> HandOver:
    legal = file.legal
    barred = belgian_limitation.earliest_limitation(
        law, debtor, file.due, file.invoiced, _registered_letters(file.letters)
    )
    known = BelgianFile(
        debtor=debtor,
        late_since=file.last_due + DAY,
        limitation=barred if isinstance(barred, Limitation) else None,
        disputed="yes" if file.disputed else "no",
        reminder_sent_on=letter.sent_on if letter else None,
        reminder_channel=_BELGIAN_CHANNELS[letter.channel] if letter else "unknown",
        reminder_complete=_says_enough(law, file, letter),
        sending_proven="yes" if letter and letter.document else "unknown",
        amounts_lawful=legal.principal_only,
        receiver=legal.receiver,
        registers_read=_registers_read(file),
    )
    return belgian_hand_over(law, known, file.day)


def _says_enough(law: Law, file: _File, letter: LetterFact | None) -> Answer:
    """What was said of the letter; no where it gives fewer days than the law."""
    if letter is None:
        return "unknown"
    least = law.tables.count(_LEAST_DAYS[file.country]).at(letter.sent_on).value
    return "no" if letter.days is not None and letter.days < least else letter.valid


def _registers_read(file: _File) -> Answer:
    """What look-ups of this debtor say; where they say nothing, what is stated of all debtors of the ledger."""
    said = file.looked_up and file.looked_up.answer
    return said or file.legal.registers_read


def _default_since(law: Law, file: _File) -> date | None:
    """The day after an agreed last day (art. 6:83 BW), else after the days of a notice of default (art. 6:82 BW)."""
    if file.legal.due_date_agreed == "yes":
        return file.last_due + DAY
    ends = [
        arrived + timedelta(days=one.days) + DAY
        for one in file.letters
        if one.kind == "notice" and one.valid == "yes" and one.days and one.sent_on > file.last_due
        if (arrived := _arrived(law, one))
    ]
    return min(ends, default=None)


def _interruptions(law: Law, letters: tuple[LetterFact, ...]) -> list[Interruption]:
    """Written demands that reserve the right to performance (art. 3:317 BW), from the day they arrived."""
    arrived = [_arrived(law, one) for one in letters if one.kind == "interruption" and one.valid == "yes"]
    return [Interruption(kind="written demand", on=day) for day in arrived if day]


def _registered_letters(letters: tuple[LetterFact, ...]) -> list[Interruption]:
    """Registered letters of a lawyer or bailiff that arrived (art. 2244 §2 old Civil Code), from their sending.

    No other letter interrupts in Belgium. The day of sending gives the earlier end of the new term.
    """
    return [
        Interruption(kind="registered letter of a lawyer or bailiff", on=one.sent_on)
        for one in letters
        if one.kind == "interruption" and one.valid == "yes" and one.channel == "registered" and one.delivered_on
    ]


def _arrived(law: Law, letter: LetterFact) -> date | None:
    """The proven day, else the day on which an undisputed letter by post counts as delivered; None: not proven."""
    if letter.delivered_on or letter.disputed or letter.channel not in _BY_POST:
        return letter.delivered_on
    return deemed_delivery(law, letter.sent_on)


def _point(file: _File, letter: LetterFact | None, one: Condition) -> Point:
    seen, origin, mend = one.seen, f"open items of ledger {file.ledger}", one.mend
    if one.name in _OF_THE_LETTER:
        kind = _LETTERS[file.country]
        mend = f"{mend} Then record it: {_COMMAND} --kind {kind}." if mend else ""
        seen = f"sent on {letter.sent_on} by {letter.channel}, {seen}" if letter else "none is recorded"
        origin = (letter and letter.origin) or "letters"
    elif one.name == "not_stopped":
        seen, origin, mend = _stopping(file, one)
    elif one.name == "undisputed":
        origin = "disputes"
    elif one.name in _SETTINGS:
        setting = _SETTINGS[one.name]
        origin = _statement(file, setting)
        if one.verdict == "unknown":
            mend = f"{mend} Then set law.{setting} in {_file_name(file)}."
    elif one.name == "in_default" and one.verdict == "unknown":
        mend = f"{mend} Or set law.due_date_agreed in {_file_name(file)}, where the due date was agreed."
    elif one.name == "in_default" and file.legal.due_date_agreed == "yes":
        origin = f"{origin}; {_statement(file, 'due_date_agreed')}"
    elif one.name == "not_barred":
        origin, mend = _limitation(file, one, origin)
    told = f"{seen}. {mend}" if mend and one.verdict != "yes" else seen
    return Point(one.name, one.asked, f"{told} ({one.article})", origin, one.verdict)


def _file_name(file: _File) -> str:
    return f"ledgers/{file.ledger}.toml"


def _statement(file: _File, key: str) -> str:
    """Where something is stated of all debtors of a ledger: file and key, and the day and the person where told."""
    legal = file.legal
    when = f" on {legal.stated_on}" if legal.stated_on else ""
    who = f" by {legal.stated_by}" if legal.stated_by else ""
    return f"{_file_name(file)}, law.{key}" + (f", stated{when}{who}" if when or who else "")


def _limitation(file: _File, one: Condition, origin: str) -> tuple[str, str]:
    """Where the facts behind a limitation came from, and the mend."""
    if any(letter.kind == "interruption" for letter in file.letters):
        origin = f"{origin}; letters"
    if file.country == "NL" and file.legal.consumer_sale != "unknown" and _debtor(file).consumer:
        origin = f"{origin}; {_statement(file, 'consumer_sale')}"
    undecided = file.country == "BE" and one.verdict == "unknown"
    return origin, f"{one.mend} Or set be_interruption_by_letter in [law] of incasso.toml." if undecided else one.mend


def _stopping(file: _File, one: Condition) -> tuple[str, str, str]:
    """What was seen of insolvencies, where that came from, and the mend."""
    looked = file.looked_up
    if looked and looked.answer:
        return looked.seen, looked.origin, looked.mend
    seen = looked.seen if looked and one.verdict == "unknown" else one.seen
    mend = f"Then record it: incasso debtor register. Or set law.registers_read in {_file_name(file)}."
    return seen, _statement(file, "registers_read"), f"{one.mend} {mend}"


def _elsewhere(country: str, day: date, *, allowed: bool) -> LawAnswer:
    asked = "Is the law of the debtor's country known?"
    if not country:
        return _unknown("country", asked, "the source gives no country")
    seen = f"the law of {country} is not in the tables"
    if allowed:
        point = Point("country", asked, f"{seen}; the policy lets it go", "debtor record", "yes")
        return LawAnswer("yes", day, (point,))
    return _unknown("country", asked, f"{seen}. A person decides, or elsewhere in [gates.lawful] of the policy.")


def _unknown(name: str, asked: str, seen: str) -> LawAnswer:
    origin = "debtor record" if name == "country" else "the tables of the law"
    return LawAnswer("unknown", None, (Point(name, asked, seen, origin, "unknown"),))
