"""The events that are posted: order confirmations as Odoo posts them, each to a person of its own."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

SIZE = 1024
"""Bytes of one event: what Odoo posts for an order of a few lines."""


def order(number: int) -> dict[str, Any]:
    """The event of one order; `B` and eight digits is the number that the stub looks for."""
    document = f"B{number:08}"
    return {
        "specversion": "1.0",
        "id": f"bench-{number}",
        "source": "/odoo/bench",
        "type": "odoo.sale.order_confirmed",
        "time": "2026-11-22T09:00:00Z",
        "data": {
            "company": {"id": 1, "name": "Acme Iberia SL", "language": "es_ES", "country": "ES"},
            "recipient": {
                "partner_id": number,
                "name": "Marta Ruiz",
                "language": "en_US",
                "phone": f"+346{number:08}",
                "email": f"marta{number}@example.com",
            },
            "order": {
                "id": number,
                "number": document,
                "amount_total": "310.00",
                "currency": "EUR",
                "expected_date": "2026-11-25",
                "portal_url": f"https://erp.example.com/my/orders/{number}?access_token=t",
            },
        },
    }


def body(number: int) -> bytes:
    """The event's bytes, as many as a full event has: the portal's token is as long as it must be."""
    event = order(number)
    missing = SIZE - len(_bytes(event))
    event["data"]["order"]["portal_url"] += "t" * missing
    return _bytes(event)


def signed(raw: bytes, event_id: str, secret: str) -> dict[str, str]:
    """The headers of a CloudEvent that Standard Webhooks signed (whsec_ and base64)."""
    at = str(int(time.time()))
    return {
        "content-type": "application/cloudevents+json",
        "webhook-id": event_id,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + signature(secret, event_id, at, raw),
    }


def signature(secret: str, event_id: str, at: str, raw: bytes) -> str:
    """Standard Webhooks' HMAC over id, time and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    words = f"{event_id}.{at}.".encode() + raw
    return base64.b64encode(hmac.new(key, words, hashlib.sha256).digest()).decode()


def _bytes(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()
