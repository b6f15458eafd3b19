"""The earliest lawful day on which a Belgian file goes to an agency, lawyer or bailiff out of court."""

from collections.abc import Iterator
from datetime import date

from connector.law.agency import Registration, belgian_registration
from connector.law.answers import Answer
from connector.law.belgium.consumer_indemnity import ARTICLE as CAPS
from connector.law.belgium.first_reminder import ARTICLE as REMINDER
from connector.law.belgium.first_reminder import Channel, first_reminder_readings
from connector.law.debtor import Debtor
from connector.law.hand_over import Condition, HandOver, fact, from_day, not_barred, not_stopped, opposite
from connector.law.insolvency import RegimeEffect
from connector.law.law import Law
from connector.law.limitation import Limitation
from connector.model.record import Record

DUE = "arts. 4-5 law of 2 August 2002; art. XIX.2 Code of Economic Law"


class BelgianFile(Record):
    """What is known of a file.

    - `late_since`: the first day after the term.
    - `limitation`: what `limitation` says; None: undecided.
    - `disputed`: whether the debtor disputes the claim.
    - `reminder_sent_on`, `reminder_channel`: the first reminder; None: none was sent.
    - `reminder_complete`: on a durable medium, with the four things that art. XIX.2 §3 asks for, and free of charge.
    - `sending_proven`: proof of sending is kept: the enterprise has to give it (art. XIX.2 §5).
    - `amounts_lawful`: what is claimed is no more than `consumer_indemnity` and `consumer_interest` give.
    - `receiver`, `regimes`, `registers_read`: see `netherlands.hand_over.DutchFile`.
    """

    debtor: Debtor
    late_since: date
    limitation: Limitation | None
    disputed: Answer = "unknown"
    reminder_sent_on: date | None = None
    reminder_channel: Channel = "unknown"
    reminder_complete: Answer = "unknown"
    sending_proven: Answer = "unknown"
    amounts_lawful: Answer = "unknown"
    receiver: Registration = "unknown"
    regimes: tuple[RegimeEffect, ...] = ()
    registers_read: Answer = "unknown"


def belgian_hand_over(law: Law, file: BelgianFile, day: date) -> HandOver:
    """Whether a Belgian file may go on `day`, and the first day on which waiting alone makes it so.

    Everybody: a late, undisputed, enforceable claim, and no regime that stops it. Who may be a consumer: also a first
    reminder whose days are over, amounts within the caps, and a registered receiver (Book XIX). For the recovery
    without a court see `belgium.ios`. Raises CoverageError where the tables do not tell.
    """
    conditions = [
        from_day("late", "Is the debtor late?", day, file.late_since, DUE),
        fact(
            "undisputed",
            "Is the claim undisputed?",
            opposite(file.disputed),
            "art. XIX.9 §§2-5 Code of Economic Law",
            "Settle the dispute first.",
        ),
        not_barred(
            day, file.limitation.barred_from if file.limitation else None, "arts. 2262bis-2277bis old Civil Code"
        ),
        *(_consumer(law, file, day) if file.debtor.consumer else ()),
        not_stopped(file.regimes, file.registers_read),
        belgian_registration(file.debtor, file.receiver),
    ]
    return HandOver(day=day, conditions=tuple(conditions))


def _consumer(law: Law, file: BelgianFile, day: date) -> Iterator[Condition]:
    again = "Send a first reminder, free of charge, with the four things that art. XIX.2 §3 asks for."
    asked = "Was a first reminder sent?"
    if file.reminder_sent_on is None:
        yield fact("reminder_sent", asked, "no", REMINDER, again)
        return
    yield fact("reminder_sent", asked, file.sending_proven, REMINDER, "Find the proof of sending, or send it again.")
    yield fact("reminder_complete", "Does the reminder say what it must?", file.reminder_complete, REMINDER, again)
    yield _days_over(law, file.reminder_sent_on, file.reminder_channel, day)
    yield fact(
        "amounts", "Are indemnity and interest within the caps?", file.amounts_lawful, CAPS, "Lower the amounts."
    )


def _days_over(law: Law, sent_on: date, channel: Channel, day: date) -> Condition:
    """Between the readings of Saturday it is not known; from the later one on it is sure."""
    free = sorted(period.free_on for period in first_reminder_readings(law, sent_on, channel).values())
    verdict: Answer = "yes" if day >= free[-1] else "unknown" if day >= free[0] else "no"
    seen = (
        f"from {free[-1]}" if free[0] == free[-1] else f"from {free[0]} or {free[-1]}: the setting be_saturday decides"
    )
    return Condition(
        name="days_over", asked="Are the fourteen days over?", verdict=verdict, seen=seen, article=REMINDER,
        holds_from=free[-1],
    )  # fmt: skip
