"""The earliest lawful day on which a Dutch file goes to an agency or bailiff."""

from collections.abc import Iterator
from datetime import date

from connector.law.agency import Registration, dutch_registration
from connector.law.answers import Answer, Undecided
from connector.law.debtor import Debtor
from connector.law.hand_over import Condition, HandOver, fact, from_day, not_barred, not_stopped, opposite
from connector.law.insolvency import RegimeEffect
from connector.law.law import Law
from connector.law.limitation import Limitation
from connector.law.netherlands.fourteen_day_letter import ARTICLE as LETTER
from connector.law.netherlands.fourteen_day_letter import LetterSent, fourteen_days
from connector.model.record import Record

DEFAULT = "arts. 6:81-6:83, 6:96 lid 6 BW"


class DutchFile(Record):
    """What is known of a file.

    - `default_since`: first day of default: the day after an agreed last day, or the end of a notice; None: not proven.
    - `limitation`: what `limitation` says; None: undecided.
    - `contractual`, `disputed`: whether the claim comes from a contract, and whether the debtor disputes it.
    - `letter`, `letter_valid`: the fourteen-day letter as it was sent, and what `check_text` says of it.
    - `receiver`: whether the agency is registered.
    - `regimes`, `registers_read`: insolvency and debt arrangements found, and whether somebody looked.
    """

    debtor: Debtor
    default_since: date | None
    limitation: Limitation | None
    contractual: Answer = "unknown"
    disputed: Answer = "unknown"
    letter: LetterSent | None = None
    letter_valid: Answer = "unknown"
    receiver: Registration = "unknown"
    regimes: tuple[RegimeEffect, ...] = ()
    registers_read: Answer = "unknown"


def dutch_hand_over(law: Law, file: DutchFile, day: date) -> HandOver:
    """Whether a Dutch file may go on `day`, and the first day on which waiting alone makes it so.

    Everybody: a contractual, undisputed, enforceable claim in default, no regime that stops it, and a receiver who may
    collect from a natural person (Wki). Who may be a consumer: also a fourteen-day letter, sent after default, correct,
    whose days are over (art. 6:96 lid 6 BW). Raises CoverageError where the tables do not tell.
    """
    conditions = [
        fact(
            "contractual",
            "Does the claim come from a contract?",
            file.contractual,
            "art. 1 Besluit BIK",
            "Ask a lawyer.",
        ),
        fact(
            "undisputed",
            "Is the claim undisputed?",
            opposite(file.disputed),
            "art. 111 Rv",
            "Settle the dispute first.",
        ),
        _in_default(file, day),
        not_barred(day, file.limitation.barred_from if file.limitation else None, "arts. 3:307-3:319, 7:28 BW"),
        *(_letter(law, file, day) if file.debtor.consumer else ()),
        not_stopped(file.regimes, file.registers_read),
        dutch_registration(file.debtor, file.receiver, day),
    ]
    return HandOver(day=day, conditions=tuple(conditions))


def _in_default(file: DutchFile, day: date) -> Condition:
    asked = "Is the debtor in default?"
    if file.default_since is None:
        return fact("in_default", asked, "unknown", DEFAULT, "Send a written notice with a reasonable term.")
    return from_day("in_default", asked, day, file.default_since, DEFAULT)


def _letter(law: Law, file: DutchFile, day: date) -> Iterator[Condition]:
    new = "Send a new, correct fourteen-day letter."
    asked = "Was a fourteen-day letter sent after default?"
    if file.letter is None:
        yield fact("letter_sent", asked, "no", LETTER, new)
        return
    after_default: Answer = "unknown"
    if file.default_since is not None:
        after_default = "yes" if file.letter.sent_on >= file.default_since else "no"
    yield fact("letter_sent", asked, after_default, LETTER, new)
    yield fact("letter_correct", "Does the letter say what it must?", file.letter_valid, LETTER, new)
    period = fourteen_days(law, file.letter)
    asked = "Are the fourteen days over?"
    if isinstance(period, Undecided):
        yield fact("days_over", asked, "unknown", LETTER, f"{period.reason} Decided by {period.decided_by}.")
    else:
        yield from_day("days_over", asked, day, period.costs_from, LETTER)
