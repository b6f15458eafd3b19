"""Webhooks: subscription with handshake, signed calls, retries at 2^n minutes (reference 4.11)."""

import asyncio
import hashlib
import hmac
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette

from connector_exact.sandbox.division import Change, Division
from connector_exact.sandbox.oauth import LOOPBACK, Access, App
from connector_exact.sandbox.refusal import Refusal, bad_request
from connector_exact.sandbox.store import Row
from connector_exact.sandbox.views_system import Person
from connector_exact.sandbox.world import World

TOPICS = {
    "Accounts": "crm/Accounts", "Contacts": "crm/Contacts", "BankAccounts": "crm/BankAccounts",
    "Documents": "documents/Documents", "DocumentAttachments": "documents/DocumentAttachments",
    "SalesInvoices": "salesinvoice/SalesInvoices", "SalesEntries": "salesentry/SalesEntries",
    "BankEntries": "financialtransaction/BankEntryLines",
}  # fmt: skip
RETRIES = 10
_PATIENCE = 10.0


@dataclass(slots=True)
class Delivery:
    """One call to be made: `body` exactly as sent, `tries` so far, `due` on the stand-in's clock."""

    url: str
    body: bytes
    due: datetime
    tries: int = 0


@dataclass(slots=True)
class Post:
    """Calls waiting, and what became of those made."""

    world: World
    waiting: deque[Delivery] = field(default_factory=deque)
    delivered: int = 0
    given_up: int = 0

    def announce(self, change: Change) -> None:
        """Queue a call for every subscription on the change's topic."""
        division = self.world.divisions[change.division]
        for row in division.rows["subscriptions"]:
            if row.values["Topic"] == change.topic:
                app = self.world.desk.apps[row.values["ClientID"]]
                body = self._body(change, app, row)
                due = self.world.clock.now
                self.waiting.append(Delivery(url=row.values["CallbackURL"], body=body, due=due))

    async def deliver(self) -> int:
        """Make the calls that are due; returns how many were answered 200 or 201."""
        now = self.world.clock.tick()
        answered = 0
        for _ in range(len(self.waiting)):
            delivery = self.waiting.popleft()
            if delivery.due > now:
                self.waiting.append(delivery)
            elif await call(delivery.url, delivery.body) in (200, 201):
                answered += 1
            else:
                self._postpone(delivery, now)
        self.delivered += answered
        return answered

    def _postpone(self, delivery: Delivery, now: datetime) -> None:
        delivery.tries += 1
        if delivery.tries > RETRIES:
            self.given_up += 1
            return
        delivery.due = now + timedelta(minutes=2**delivery.tries)
        self.waiting.append(delivery)

    def _body(self, change: Change, app: App, row: Row) -> bytes:
        action = change.action
        if action == "Create":
            action = self.world.toggles.webhook_create_action
        content = {
            "Topic": change.topic,
            "ClientId": app.client_id,
            "Division": change.division,
            "Action": action,
            "Key": change.key,
            "ExactOnlineEndpoint": (
                f"{row.values['Base']}/api/v1/{change.division}/{TOPICS[change.topic]}(guid'{change.key}')"
            ),
            "EventCreatedOn": self.world.clock.now.replace(tzinfo=None).isoformat(timespec="milliseconds"),
        }
        return sign(json.dumps(content, separators=(",", ":")), app.webhook_secret)


def install_world(app: Starlette, world: World) -> None:
    """Put `world` behind the application, with a carrier for its webhooks."""
    app.state.world = world
    app.state.post = Post(world)
    world.announce = app.state.post.announce


def sign(content: str, secret: str) -> bytes:
    """The body of a webhook call: HashCode is the HMAC-SHA256 of the content's characters as sent."""
    digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest().upper()
    return f'{{"Content":{content},"HashCode":"{digest}"}}'.encode()


async def subscribe(world: World, division: Division, access: Access, values: dict[str, Any], *, base: str) -> Row:
    """A new subscription, after an empty POST to the callback was answered 200 or 201.

    Raises Refusal: 400 for an unknown topic or a callback elsewhere, 500 "Data already exists" for a second
    subscription on a topic, 500 quoting the callback's status when the handshake fails.
    """
    app = access.chain.app
    topic, url = str(values["Topic"]), str(values["CallbackURL"])
    if topic not in TOPICS:
        raise bad_request(f"Topic '{topic}' is not known")
    check_callback(world, app, url)
    _check_unique(division, app, topic)
    status = await call(url, b"")
    if status not in (200, 201):
        raise Refusal(500, f"The callback answered {status} to the validation request")
    # Another call may have subscribed while the callback was asked.
    _check_unique(division, app, topic)
    stored = {
        "Topic": topic,
        "CallbackURL": url,
        "ClientID": app.client_id,
        "Description": topic,
        "UserID": Person(access.chain.user).id,
        "IsInstant": False,
        "Base": base,
    }
    return division.add_row("subscriptions", stored)


def _check_unique(division: Division, app: App, topic: str) -> None:
    rows = division.rows["subscriptions"]
    if any(row.values["Topic"] == topic and row.values["ClientID"] == app.client_id for row in rows):
        raise Refusal(500, "Data already exists")


def check_callback(world: World, app: App, url: str) -> None:
    """Strict: https on the domain of the registered redirect address. Loose: that, or loopback http."""
    parts = urlsplit(url)
    strict = parts.scheme == "https" and parts.hostname == urlsplit(app.redirect_uri).hostname
    loose = world.toggles.redirect_mode == "loose" and parts.scheme == "http" and parts.hostname in LOOPBACK
    if not strict and not loose:
        raise bad_request("The callback must be https and in the domain of the redirect address")


async def call(url: str, body: bytes) -> int:
    """POST `body` and return the status; 0 when nothing answered."""
    return await asyncio.to_thread(_post, url, body)


def _post(url: str, body: bytes) -> int:
    import requests

    try:
        answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=_PATIENCE)
    except requests.RequestException:
        return 0
    return answer.status_code
