"""Signed webhooks of the stand-in: subscriptions, deliveries, repeats with back-off."""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Literal
from urllib.parse import urlsplit

from connector_agency_api.sandbox.feed import Feed, instant
from connector_agency_api.sandbox.problem import Problem

_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Payload = Literal["thin", "full"]


@dataclass
class Subscription:
    """Who is called. `told` is how many events of the feed it was told of."""

    webhook_id: str
    url: str
    payload: Payload
    secret: str
    told: int

    def view(self) -> dict[str, Any]:
        """The subscription without its secret."""
        return {"webhook_id": self.webhook_id, "url": self.url, "payload": self.payload}


@dataclass
class Ring:
    """One delivery and its attempts. `due` None: it was taken, or given up."""

    ring_id: str
    subscription: Subscription
    body: bytes
    due: datetime | None
    attempts: list[dict[str, Any]] = field(default_factory=list)


def _is_loopback(url: str) -> bool:
    try:
        target = urlsplit(url)
        port = target.port
    except ValueError:
        return False
    return target.scheme == "http" and target.hostname in _LOOPBACK and port != 0


def sign(secret: str, ring_id: str, timestamp: int, body: bytes) -> str:
    """The Standard Webhooks signature `v1,<base64>` over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{ring_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


class Bells:
    """All subscriptions and what is on its way to them."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._numbers = count(1)
        self.subscriptions: dict[str, Subscription] = {}
        self.rings: list[Ring] = []

    def subscribe(self, url: str, payload: Payload, secret: str = "") -> Subscription:
        """Add a subscription to what happens from now on. Raises Problem (409, 422)."""
        if not _is_loopback(url):
            raise Problem("business", "url_not_allowed", "The stand-in calls loopback addresses only.", field="url")
        if any(known.url == url for known in self.subscriptions.values()):
            raise Problem("conflict", "url_subscribed", "This URL is subscribed already.", field="url")
        secret = secret or "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        subscription = Subscription(f"whk_{next(self._numbers)}", url, payload, secret, len(self._feed.events))
        self.subscriptions[subscription.webhook_id] = subscription
        return subscription

    def unsubscribe(self, webhook_id: str) -> None:
        """End a subscription; what is on its way is dropped. Raises Problem (404)."""
        if self.subscriptions.pop(webhook_id, None) is None:
            raise Problem("not_found", "webhook_unknown", "There is no such subscription.", field="webhook_id")
        self.rings = [ring for ring in self.rings if ring.subscription.webhook_id != webhook_id]

    def due(self, now: datetime) -> list[Ring]:
        """The deliveries to be tried now, new events included."""
        for subscription in self.subscriptions.values():
            news = self._feed.events[subscription.told :]
            if news:
                subscription.told = len(self._feed.events)
                self.rings.append(self._ring(subscription, news, now))
        return [ring for ring in self.rings if ring.due and ring.due <= now]

    def tried(self, ring: Ring, outcome: str, now: datetime) -> None:
        """Write an attempt down and plan the next one, if there is one to come."""
        ring.attempts.append({"at": instant(now), "outcome": outcome})
        taken = outcome.startswith("2")
        over = len(ring.attempts) > len(_PAUSES)
        ring.due = None if taken or over else now + _PAUSES[len(ring.attempts) - 1]

    def _ring(self, subscription: Subscription, news: list[dict[str, Any]], now: datetime) -> Ring:
        body: dict[str, Any] = {"type": "changes.available", "timestamp": instant(now)}
        if subscription.payload == "full":
            body["events"] = news
        return Ring(f"msg_{len(self.rings) + 1:08}", subscription, json.dumps(body).encode(), now)


def deliver(ring: Ring, now: datetime) -> str:
    """Send once. Returns the HTTP status as text, or the name of the error."""
    target = urlsplit(ring.subscription.url)
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": ring.ring_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(ring.subscription.secret, ring.ring_id, timestamp, ring.body),
    }
    line = http.client.HTTPConnection(str(target.hostname), target.port or 80, timeout=30)
    try:
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        line.request("POST", path, ring.body, headers)
        return str(line.getresponse().status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return type(error).__name__
    finally:
        line.close()
