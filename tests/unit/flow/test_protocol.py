"""The rules of delivery, one by one; `tests/chaos` runs them through every fault."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.flow.protocol import KEY_SHARE, SEND_BY, Answer, Move, answered, intend, looked_up, pause, way_out
from connector.model import Capabilities
from connector.store.outbox import Outgoing

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = Capabilities(idempotent=True, key_life=HOUR, lookup=False)
LOOK_UP = Capabilities(idempotent=False, lookup=True, max_processing=timedelta(minutes=5))
BOTH = Capabilities(idempotent=True, key_life=HOUR, lookup=True)
NEITHER = Capabilities(idempotent=False, lookup=False)
READY = Outgoing(
    id=1, ledger="acme", connection="agency", kind="case.open", case_ref="r", seq=1, priority=5, payload=b"",
    payload_sha256="", key="k", state="READY", attempt=0, created_at=NOW, sent_at=None, doubtful_since=None,
    settle_until=None, next_at=NOW, reference="", last_error="", ended_at=None,
)  # fmt: skip


def made(message: Outgoing, move: Move) -> Outgoing:
    return replace(message, state=move.state, **move.values)


def sending(promise: Capabilities = BOTH, *, message: Outgoing = READY, at: datetime = NOW) -> Outgoing:
    return made(message, intend(message, promise, now=at))


def doubtful(promise: Capabilities, *, at: datetime = NOW) -> Outgoing:
    message = sending(promise, at=at)
    return made(message, answered(message, "unclear", promise, now=at))


def test_the_intent_says_until_when_its_effects_may_show() -> None:
    first = sending(LOOK_UP)
    assert (first.state, first.attempt, first.sent_at, first.doubtful_since) == ("SENDING", 1, NOW, NOW)
    assert first.settle_until == NOW + SEND_BY + LOOK_UP.max_processing + LOOK_UP.read_lag


def test_a_second_attempt_keeps_the_first_doubt() -> None:
    again = sending(message=doubtful(BOTH), at=NOW + timedelta(minutes=2))
    assert (again.attempt, again.doubtful_since) == (2, NOW)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("arrived", "DELIVERED"),
        ("refused", "REJECTED"),
        ("conflict", "PARKED"),
        ("not_processed", "READY"),
        ("unclear", "UNKNOWN"),
    ],
)
def test_the_first_attempt_is_taken_at_its_word(answer: Answer, state: str) -> None:
    assert answered(sending(), answer, NEITHER, now=NOW).state == state


@pytest.mark.parametrize("answer", ["arrived", "refused"])
def test_an_answer_ends_the_doubt_and_the_message(answer: Answer) -> None:
    later = NOW + timedelta(seconds=7)
    after = made(sending(), answered(sending(), answer, NEITHER, now=later))
    assert (after.doubtful_since, after.ended_at) == (None, later)


def test_what_surely_was_not_processed_is_ready_again_without_a_doubt() -> None:
    later = NOW + timedelta(seconds=7)
    after = made(sending(), answered(sending(), "not_processed", NEITHER, now=later))
    assert (after.doubtful_since, after.next_at) == (None, later + pause(sending()))


def test_a_look_up_waits_for_the_very_end_of_the_pause() -> None:
    message = replace(doubtful(LOOK_UP), next_at=NOW + HOUR)
    assert way_out(message, LOOK_UP, now=NOW + HOUR) == "look_up"
    assert way_out(message, LOOK_UP, now=NOW + HOUR - timedelta(microseconds=1)) == "wait"


def test_a_repeat_is_made_from_the_very_end_of_the_pause() -> None:
    message = doubtful(KEYS)
    assert way_out(message, KEYS, now=message.next_at) == "repeat"
    assert way_out(message, KEYS, now=message.next_at - timedelta(microseconds=1)) == "wait"


def test_a_conflict_leaves_the_doubt_to_the_person_who_is_asked() -> None:
    assert answered(sending(), "conflict", BOTH, now=NOW) == Move("PARKED")


def test_a_look_up_is_made_from_the_very_end_of_the_settle_time() -> None:
    message = replace(doubtful(LOOK_UP), next_at=NOW)
    assert message.settle_until is not None
    assert way_out(message, LOOK_UP, now=message.settle_until) == "look_up"
    assert way_out(message, LOOK_UP, now=message.settle_until - timedelta(microseconds=1)) == "wait"


@pytest.mark.parametrize("promise", [KEYS, LOOK_UP, BOTH, NEITHER])
def test_a_failure_that_did_nothing_leaves_the_doubt_before_it(promise: Capabilities) -> None:
    again = sending(promise, message=doubtful(promise), at=NOW + timedelta(minutes=2))
    after = made(again, answered(again, "not_processed", promise, now=NOW + timedelta(minutes=2)))
    assert (after.state, after.doubtful_since) == ("UNKNOWN", NOW)


def test_a_refusal_after_a_doubt_counts_only_from_a_receiver_that_knows_the_key() -> None:
    for promise, state in ((KEYS, "REJECTED"), (LOOK_UP, "UNKNOWN")):
        again = sending(promise, message=doubtful(promise), at=NOW + timedelta(minutes=2))
        assert answered(again, "refused", promise, now=NOW + timedelta(minutes=2)).state == state


@pytest.mark.parametrize(
    ("promise", "after", "way"),
    [
        (KEYS, timedelta(seconds=1), "wait"),
        (KEYS, timedelta(minutes=2), "repeat"),
        (KEYS, HOUR * KEY_SHARE - SEND_BY, "park"),
        (BOTH, timedelta(minutes=2), "repeat"),
        (BOTH, HOUR * KEY_SHARE, "look_up"),
        (LOOK_UP, timedelta(minutes=5), "wait"),
        (LOOK_UP, timedelta(minutes=6), "look_up"),
        (NEITHER, timedelta(0), "park"),
    ],
)
def test_the_way_out_of_a_doubt(promise: Capabilities, after: timedelta, way: str) -> None:
    assert way_out(doubtful(promise), promise, now=NOW + after) == way


def test_what_should_not_arrive_any_more_is_asked_for_and_not_repeated() -> None:
    soon, late = NOW + timedelta(minutes=1.3), NOW + timedelta(minutes=3)
    assert way_out(doubtful(BOTH), BOTH, now=soon, prefer_look_up=True) == "wait"
    assert way_out(doubtful(BOTH), BOTH, now=late, prefer_look_up=True) == "look_up"
    # One that cannot be asked gets it again: then it surely arrived, and what changed follows.
    assert way_out(doubtful(KEYS), KEYS, now=late, prefer_look_up=True) == "repeat"


def test_a_look_up_ends_the_doubt() -> None:
    absent = made(doubtful(LOOK_UP), looked_up(found=False, now=NOW + HOUR))
    assert (absent.state, absent.doubtful_since, absent.next_at) == ("READY", None, NOW + HOUR)
    there = made(doubtful(LOOK_UP), looked_up(found=True, now=NOW + HOUR))
    assert (there.state, there.doubtful_since, there.ended_at) == ("DELIVERED", None, NOW + HOUR)


def test_what_stops_a_collection_is_tried_again_soon_and_for_ever() -> None:
    waits = [pause(replace(READY, attempt=attempt)) for attempt in range(1, 15)]
    urgent = [pause(replace(READY, attempt=attempt, priority=0)) for attempt in range(1, 500, 50)]
    assert waits[0] < timedelta(minutes=1.5)
    assert max(waits) > HOUR
    assert max(urgent) < timedelta(minutes=7)


@pytest.mark.parametrize("attempt", range(10))
def test_the_pause_doubles_from_a_minute_with_a_quarter_of_jitter(attempt: int) -> None:
    plain = min(timedelta(minutes=2 ** max(attempt - 1, 0)), timedelta(hours=6))
    waits = [pause(replace(READY, attempt=attempt, key=f"k{n}")) / plain for n in range(200)]
    assert (1 <= min(waits) < 1.01, 1.24 < max(waits) <= 1.25) == (True, True)


def test_one_message_waits_the_same_time_and_many_do_not_wait_together() -> None:
    assert pause(replace(READY, attempt=3)) == pause(replace(READY, attempt=3))
    assert len({pause(replace(READY, attempt=3, key=f"k{n}")) for n in range(20)}) > 15
