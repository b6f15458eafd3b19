"""The rules of delivery, apart from store and network: what may become of a message, given what its receiver declares.

Source: reliability reference 3.2; the simulation in `tests/chaos/simulation.py` runs these very functions through
every fault. Whoever carries a `Move` out does so by compare-and-set on (state, attempt), so that a late writer
changes nothing.

A message is in doubt from the first attempt of which nobody knows whether it was processed (`doubtful_since`) until
the receiver's answer or a look-up settles it. While it is in doubt it never becomes READY: an attempt that surely
failed says nothing about the one before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from connector.model import Capabilities
from connector.store.outbox import Outgoing

# After its intent was committed an attempt may write to the wire this long, by a clock that also runs in sleep.
SEND_BY = timedelta(seconds=30)
# A key is trusted for this share of its declared life.
KEY_SHARE = 0.9
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)
# What stops a collection is tried again soon, for ever.
_LONGEST_PAUSE_OF_THE_FIRST = timedelta(minutes=5)

State = Literal["READY", "SENDING", "UNKNOWN", "DELIVERED", "REJECTED", "PARKED", "CANCELLED"]
Answer = Literal["arrived", "refused", "conflict", "not_processed", "unclear"]
Way = Literal["repeat", "look_up", "wait", "park"]


@dataclass(frozen=True)
class Move:
    """The next state of a message and the values that go with it."""

    state: State
    values: Mapping[str, Any] = field(default_factory=dict)


def intend(message: Outgoing, promise: Capabilities, *, now: datetime) -> Move:
    """The intent of an attempt, to be committed before the first byte leaves.

    `settle_until`: from then on a look-up sees whatever this attempt may have caused.
    """
    return Move(
        "SENDING",
        {
            "attempt": message.attempt + 1,
            "sent_at": now,
            "doubtful_since": message.doubtful_since or now,
            "settle_until": now + SEND_BY + promise.max_processing + promise.read_lag,
        },
    )


def answered(message: Outgoing, answer: Answer, promise: Capabilities, *, now: datetime) -> Move:
    """What an attempt's outcome makes of the message that is being sent.

    - `arrived`: the receiver named its reference. `refused`: it understood and said no.
    - `conflict`: it has something else under our reference; only a person can tell which is right.
    - `not_processed`: surely nothing happened in this attempt.
    - `unclear`: everything else, also the end of the process.
    """
    first_doubt = message.doubtful_since is None or message.doubtful_since == message.sent_at
    again = {"next_at": now + pause(message)}
    if answer == "arrived":
        return Move("DELIVERED", {"doubtful_since": None, "ended_at": now})
    if answer == "conflict":
        return Move("PARKED")
    if answer == "refused" and (first_doubt or _key_lives(message, promise, now=now)):
        return Move("REJECTED", {"doubtful_since": None, "ended_at": now})
    if answer == "not_processed" and first_doubt:
        return Move("READY", {"doubtful_since": None, **again})
    return Move("UNKNOWN", again)


def way_out(message: Outgoing, promise: Capabilities, *, now: datetime, prefer_look_up: bool = False) -> Way:
    """How a message in doubt goes on.

    The same key again while it lives; else a look-up once the settle time is over; with neither a person is asked.
    `prefer_look_up`: for a hand-over that should not arrive any more; a repeat would make it arrive.
    """
    by_key = _key_lives(message, promise, now=now)
    if promise.lookup and (prefer_look_up or not by_key):
        settled = message.settle_until is None or now >= message.settle_until
        return "look_up" if settled and now >= message.next_at else "wait"
    if by_key:
        return "repeat" if now >= message.next_at else "wait"
    return "park"


def looked_up(*, found: bool, now: datetime) -> Move:
    """What a look-up after the settle time proves: it is there, or it never arrived and is due again."""
    if found:
        return Move("DELIVERED", {"doubtful_since": None, "ended_at": now})
    return Move("READY", {"doubtful_since": None, "next_at": now})


def pause(message: Outgoing) -> timedelta:
    """The wait before the next attempt: doubling from a minute, with jitter from the key.

    The same message waits the same time, many messages do not wait together.
    """
    longest = _LONGEST_PAUSE_OF_THE_FIRST if message.priority == 0 else _LONGEST_PAUSE
    plain = min(_FIRST_PAUSE * (1 << min(max(message.attempt - 1, 0), 9)), longest)
    return plain * (1 + Random(f"{message.key}{message.attempt}").random() / 4)  # noqa: S311 - not a secret


def _key_lives(message: Outgoing, promise: Capabilities, *, now: datetime) -> bool:
    """Whether a repeat that begins now reaches the receiver while it still knows the key."""
    if not promise.idempotent:
        return False
    since = message.doubtful_since or now
    return now + SEND_BY < since + promise.key_life * KEY_SHARE
