"""A sender that signs as Odoo does, and a door built of real parts."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webhooks.catalogue import Catalogue, open_catalogue
from webhooks.door import Door, Providers
from webhooks.opening import EVENTS
from webhooks.signatures import open_senders
from workers.channels.email import EmailConfig
from workers.channels.email.channel import Email
from workers.channels.whatsapp import WhatsAppConfig
from workers.channels.whatsapp.channel import WhatsApp


def whsec(letter: str) -> str:
    """A secret for tests, plain to see as one."""
    return "whsec_" + base64.b64encode(letter.encode() * 32).decode()


ODOO, ODOO_OLD, AI = whsec("o"), whsec("p"), whsec("a")
META_SECRET = "meta-app-secret-for-tests"
VERIFY_TOKEN = "verify-token-for-tests"
EMAIL_SECRET = whsec("e")


@dataclass
class Recorder:
    """Hints, noted."""

    given: list[str] = field(default_factory=list)

    def route(self) -> None:
        self.given.append("route")

    def observe(self) -> None:
        self.given.append("observe")


@dataclass
class Sender:
    """Posts as a source does."""

    client: FlaskClient
    secret: str = ODOO
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def post(
        self,
        body: Any,
        *,
        content_type: str = "application/cloudevents+json",
        headers: Mapping[str, str] | None = None,
        secret: str | None = None,
        message_id: str | None = None,
        path: str = "/v1/events",
    ) -> TestResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = signature(raw, secret or self.secret, message_id or f"msg_{next(self.numbers)}")
        return self.client.post(path, data=raw, headers={**signed, **(headers or {})}, content_type=content_type)

    def binary(self, event: Mapping[str, Any], **headers: str) -> TestResponse:
        attributes = {f"ce-{name}": value for name, value in event.items() if name != "data"}
        return self.post(
            event["data"],
            content_type="application/json",
            headers={**attributes, **headers},
            message_id=event["id"],
        )


def signature(raw: bytes, secret: str, message_id: str, when: datetime | None = None) -> dict[str, str]:
    """Signed as the package signs, over bytes that need not be UTF-8."""
    seconds = int((when or datetime.now(UTC)).timestamp())
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{seconds}.".encode() + raw, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


@cache
def catalogue() -> Catalogue:
    """What config/events holds, read once."""
    return open_catalogue(EVENTS)


def door_over(inbox: Any, hints: Any, counted: Any) -> Door:
    """The door with its real collaborators, but for what is given."""
    whatsapp = WhatsApp(
        WhatsAppConfig(
            api_url="http://127.0.0.1:9",
            api_version="v23.0",
            phone_number_id="1",
            access_token="t",
            app_secret=META_SECRET,
            verify_token=VERIFY_TOKEN,
        )
    )
    email = Email(
        EmailConfig.from_url(
            "smtp://127.0.0.1:9?starttls=off",
            sender="Postroom <post@example.com>",
            bounce_domain="example.com",
            inbound_secrets=(EMAIL_SECRET,),
        )
    )
    return Door(
        inbox=inbox,
        hints=hints,
        senders=open_senders(f"odoo={ODOO} {ODOO_OLD}; ai={AI}"),
        catalogue=catalogue(),
        providers=Providers(
            verifiers={"meta": (whatsapp,), "email": (email,)}, stand_ins=(email,), verify_tokens=(VERIFY_TOKEN,)
        ),
        checks={},
        survey=counted,
    )


def example(name: str) -> dict[str, Any]:
    """A whole event of a type, from the example in its published schema."""
    schema = json.loads((EVENTS / f"{name}.json").read_text())
    return {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "/odoo/acme-prod",
        "type": name,
        "time": "2026-11-22T09:00:00Z",
        "subject": "account.move:88",
        "data": schema["examples"][0],
    }
