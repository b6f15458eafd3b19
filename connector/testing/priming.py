"""The answers that most HTTP services give in the same words, for authors who prime with `responses`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from responses import RequestsMock

REFUSALS = {"unauthorised": 401, "expired_token": 401, "limited": 429, "flaky": 503}
RETRY_AFTER = {"Retry-After": "30"}


def prime_json(mock: "RequestsMock", url: str, scenario: str, answer: Any, *, method: str = "GET") -> None:
    """Let `url`, with any query, answer with `answer` as JSON, after what `scenario` puts before it.

    `unauthorised` is refused every time; `expired_token`, `limited` and `flaky` refuse the first call alone.
    """
    if scenario in REFUSALS:
        mock.add(method, url, status=REFUSALS[scenario], headers=RETRY_AFTER)
    if scenario != "unauthorised":
        mock.add(method, url, json=answer)
