"""How far a server's clock is from ours, by what its answers say and how long they took."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.http import Offset, Offsets
from connector.runtime.doctor import judge_clock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WRITTEN = "Mon, 02 Mar 2026 09:00:00 GMT"


def heard(headers: Mapping[str, str], *, before: datetime = NOW, after: datetime = NOW) -> tuple[Offset, ...]:
    offsets = Offsets()
    offsets.hear("books.example", headers, before=before, after=after)
    return offsets.rows()


def test_an_answer_of_this_second_may_be_right() -> None:
    (offset,) = heard({"Date": WRITTEN})
    assert (offset.least, offset.most, offset.sure) == (0, 1, 0)


@pytest.mark.parametrize(
    ("header", "sure", "likely"),
    [
        ("Mon, 02 Mar 2026 09:01:30 GMT", 90, 90),
        ("Mon, 02 Mar 2026 08:58:30 GMT", -89, -90),
        ("Mon, 02 Mar 2026 10:01:30 +0100", 90, 90),
        ("Mon, 02 Mar 2026 09:01:30 -0000", 90, 90),
    ],
)
def test_a_clock_that_is_off_is_off_by_that_much(header: str, sure: float, likely: int) -> None:
    (offset,) = heard({"Date": header})
    assert (offset.sure, offset.likely) == (sure, likely)


def test_what_a_cache_kept_was_written_as_much_earlier() -> None:
    (offset,) = heard({"Date": "Mon, 02 Mar 2026 08:50:00 GMT", "Age": "600"})
    assert offset.sure == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": ""},
        {"Date": "now"},
        {"Date": "Mon, 99 Mar 2026 09:00:00 GMT"},
        {"Date": WRITTEN, "Age": "long"},
        {"Date": WRITTEN, "Age": "9" * 30},
    ],
)
def test_a_date_that_cannot_be_read_tells_nothing(headers: Mapping[str, str]) -> None:
    assert heard(headers) == ()


def test_the_quickest_answer_is_believed() -> None:
    offsets = Offsets()
    for seconds in (30, 2, 30):
        offsets.hear("books.example", {"Date": WRITTEN}, before=NOW, after=NOW + timedelta(seconds=seconds))
    (offset,) = offsets.rows()
    assert (offset.least, offset.most) == (-2, 1)


@given(
    ahead=st.integers(-86_400_000, 86_400_000), wait=st.integers(0, 60_000), share=st.floats(0, 1)
)  # milliseconds: how far the server is ahead, how long the call took, when in it the answer was written
def test_the_truth_always_lies_within_what_is_sure(ahead: int, wait: int, share: float) -> None:
    after = NOW + timedelta(milliseconds=wait)
    theirs = NOW + timedelta(milliseconds=wait * share) + timedelta(milliseconds=ahead)
    (offset,) = heard({"Date": theirs.strftime("%a, %d %b %Y %H:%M:%S GMT")}, after=after)
    assert offset.least - 0.001 <= ahead / 1000 <= offset.most + 0.001
    assert abs(offset.sure) <= abs(ahead) / 1000 + 0.001


@pytest.mark.parametrize(
    ("least", "most", "verdict", "said"),
    [
        (-0.2, 0.9, "ok", "agree within 1 second"),
        (59.0, 61.5, "ok", "agree within 62 seconds"),
        (61.0, 62.0, "warn", "about 62 seconds behind books.example"),
        (-7201.0, -7199.0, "warn", "about 7,200 seconds ahead of books.example"),
    ],
)
def test_the_doctor_says_how_many_seconds_and_which_way(least: float, most: float, verdict: str, said: str) -> None:
    finding = judge_clock("books", Offset("books.example", least, most), tolerance=60)
    assert finding.verdict == verdict
    assert said in finding.said
    assert ("time synchronisation" in finding.mend) == (verdict == "warn")
