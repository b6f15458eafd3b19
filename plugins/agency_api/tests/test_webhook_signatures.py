"""Signatures of webhooks: the published example, the window, several secrets, and everything forged."""

import base64
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigError, RejectedError
from connector_agency_api.sandbox.bells import sign
from connector_agency_api.webhooks import verify

README = Path(__file__).parents[1] / "README.md"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = "whsec_aW5jYXNzby1leGFtcGxlLXNlY3JldA=="
OTHER = "whsec_" + base64.b64encode(b"another").decode()
BODY = b'{"type":"changes.available","timestamp":"2026-11-22T09:00:00Z"}'


def _headers(body: bytes = BODY, *, at: datetime = NOW, secret: str = SECRET) -> dict[str, str]:
    stamp = int(at.timestamp())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(secret, "msg_1", stamp, body),
    }


def test_the_example_in_the_readme_is_right() -> None:
    text = README.read_text(encoding="utf-8")
    headers = dict(re.findall(r"^(webhook-[a-z]+): (.+)$", text, re.MULTILINE))
    assert SECRET in text
    assert BODY.decode() in text
    verify(headers, BODY, [SECRET], now=NOW)
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code
    names: dict[str, object] = {}
    exec(code[1], names)
    made = names["signature"](SECRET, "msg_1", int(NOW.timestamp()), BODY)  # type: ignore[operator]
    assert made == headers["webhook-signature"]


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_five_minutes_are_allowed_either_way(minutes: int) -> None:
    verify(_headers(at=NOW + timedelta(minutes=minutes)), BODY, [SECRET], now=NOW)


@pytest.mark.parametrize("minutes", [-5.1, 5.1, 60 * 24])
def test_more_is_too_old_or_too_new(minutes: float) -> None:
    with pytest.raises(RejectedError, match="too old"):
        verify(_headers(at=NOW + timedelta(minutes=minutes)), BODY, [SECRET], now=NOW)


def test_one_right_signature_among_several_is_enough() -> None:
    headers = _headers()
    headers["Webhook-Signature"] = f"v1,bm90aGluZw== v2,x {headers.pop('webhook-signature')}"
    verify(headers, BODY, [OTHER, SECRET], now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_2"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1795338001"},
        {"webhook-timestamp": "today"},
        {"webhook-timestamp": "-1795338000"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,"},
    ],
)
def test_a_header_that_was_changed_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(RejectedError):
        verify(_headers() | changes, BODY, [SECRET], now=NOW)


@given(st.binary(max_size=200))
def test_a_body_that_was_changed_is_refused(body: bytes) -> None:
    if body == BODY:
        return
    with pytest.raises(RejectedError, match="wrong signature"):
        verify(_headers(), body, [SECRET], now=NOW)


def test_a_signature_with_another_secret_is_refused() -> None:
    with pytest.raises(RejectedError, match="wrong signature"):
        verify(_headers(secret=OTHER), BODY, [SECRET], now=NOW)


def test_a_secret_that_is_none_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigError, match="webhook_secrets"):
        verify(_headers(), BODY, ["whsec_not base64!"], now=NOW)
