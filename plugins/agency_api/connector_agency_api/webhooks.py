"""Signed webhooks: HMAC-SHA256 over id, timestamp and raw body (Standard Webhooks), five-minute window."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from connector.errors import ConfigError, RejectedError

WINDOW = timedelta(minutes=5)


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: datetime) -> None:
    """Refuse a call that was not signed with one of the secrets, or not within five minutes of `now`.

    Raises RejectedError; ConfigError for a secret that is not `whsec_` and base64.
    """
    given = {name.lower(): value for name, value in headers.items()}
    call_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not call_id or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise RejectedError("The webhook call is not signed.")
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise RejectedError("The webhook call is too old, or a clock is wrong.")
    content = f"{call_id}.{timestamp}.".encode() + body
    wanted = [_signature(secret, content) for secret in secrets]
    shown = [part.encode("utf-8") for part in given.get("webhook-signature", "").split()]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in shown):
        raise RejectedError("The webhook call has a wrong signature.")


def _signature(secret: str, content: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        mend = "Copy it as the agency showed it: whsec_ and base64."
        raise ConfigError("a webhook secret cannot be read.", key="webhook_secrets", mend=mend) from error
    return b"v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())
