"""What an HTTP status means to the host, for plugin authors: `connector.api.raise_for_status`."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Response

from connector.api import Limits, raise_for_status
from connector.errors import AuthError, ConnectorError, QuotaError, TransientError
from connector.testing import BudgetRecorder, ManualClock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def make_answer(status: int, retry_after: str | None = None) -> Response:
    answer = Response()
    answer.status_code = status
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer


def raised(answer: Response) -> tuple[ConnectorError | None, BudgetRecorder]:
    clock = ManualClock(NOW)
    budget = BudgetRecorder(clock, Limits(per_minute=60, per_day=5000))
    try:
        raise_for_status(answer, budget=budget, clock=clock)
    except ConnectorError as error:
        return error, budget
    return None, budget


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, type(None)),
        (204, type(None)),
        (304, type(None)),
        (400, type(None)),
        (401, AuthError),
        (403, AuthError),
        (404, type(None)),
        (408, TransientError),
        (409, type(None)),
        (422, type(None)),
        (429, QuotaError),
        (500, TransientError),
        (503, TransientError),
    ],
)
def test_a_status_becomes_the_error_that_tells_what_happens_next(status: int, expected: type) -> None:
    assert type(raised(make_answer(status))[0]) is expected


@pytest.mark.parametrize(
    ("retry_after", "until"),
    [
        ("30", NOW + timedelta(seconds=30)),
        ("0", NOW),
        ("Mon, 02 Mar 2026 10:30:00 GMT", NOW + timedelta(minutes=90)),
        ("Mon, 02 Mar 2026 12:30:00 +0200", NOW + timedelta(minutes=90)),
        ("Mon, 02 Mar 2026 10:30:00 -0000", NOW + timedelta(minutes=90)),
        (None, NOW + timedelta(minutes=1)),
        ("soon", NOW + timedelta(minutes=1)),
        ("-5", NOW + timedelta(minutes=1)),
        ("9" * 30, NOW + timedelta(minutes=1)),
    ],
)
def test_the_end_of_a_limit_is_told_to_host_and_budget(retry_after: str | None, until: datetime) -> None:
    error, budget = raised(make_answer(429, retry_after))

    assert isinstance(error, QuotaError)
    assert error.until == until
    assert budget.refusals == [until]


@given(st.text(max_size=40))
def test_no_header_breaks_the_waiting(retry_after: str) -> None:
    error, budget = raised(make_answer(429, retry_after))

    assert isinstance(error, QuotaError)
    assert error.until.utcoffset() == timedelta(0)
    assert budget.refusals == [error.until]
