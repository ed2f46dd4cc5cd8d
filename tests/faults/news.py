"""What a scenario sends: events for people of their own, and receipts as Meta writes them."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.builders import order, reminder

NUMBER_ID, WABA_ID = "100000000000001", "200000000000001"

_numbers = (number for number in itertools.count(10_000_000) if not 9900 < number % 10_000 < 9999)
_tens_of_thousands = itertools.count(2_000)


@dataclass(frozen=True, slots=True)
class News:
    """An event for somebody of its own, so that requests to that address are requests for this message."""

    event: dict[str, Any]

    @property
    def phone(self) -> str:
        """As WhatsApp spells it."""
        return str(self.event["data"]["recipient"]["phone"]).removeprefix("+")

    @property
    def email(self) -> str:
        return str(self.event["data"]["recipient"]["email"])

    @property
    def key(self) -> str:
        return str(self.event["id"])


def payment_reminder(ending: str = "", **recipient: Any) -> News:
    """A bulk message; `ending` gives somebody whose number makes the sandbox misbehave (docs/sandbox.md)."""
    return News(reminder(_number(ending), **recipient))


def order_confirmation(ending: str = "", **recipient: Any) -> News:
    """A normal message."""
    return News(order(_number(ending), **recipient))


def _number(ending: str) -> int:
    return next(_tens_of_thousands) * 10_000 + int(ending) if ending else next(_numbers)


def receipt(
    status: str, provider_id: str, recipient: str, attempt_id: UUID | None = None, **more: Any
) -> dict[str, Any]:
    """One status as Meta writes it; `attempt_id` is our id, where Meta carries it back."""
    named = {"biz_opaque_callback_data": str(attempt_id)} if attempt_id else {}
    moment = str(int(datetime.now(UTC).timestamp()))
    return {"id": provider_id, "status": status, "timestamp": moment, "recipient_id": recipient, **named, **more}


UNDELIVERABLE = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}


def webhook_body(*receipts: Mapping[str, Any]) -> bytes:
    """Receipts in Meta's envelope."""
    return _envelope(statuses=list(receipts))


def said(news: News, words: str) -> bytes:
    """What somebody writes to us, as Meta posts it."""
    moment = str(int(datetime.now(UTC).timestamp()))
    message = {"from": news.phone, "id": f"wamid.{news.phone}.{words}", "timestamp": moment, "type": "text"}
    contacts = [{"profile": {"name": "Marta"}, "wa_id": news.phone}]
    return _envelope(contacts=contacts, messages=[{**message, "text": {"body": words}}])


def _envelope(**what: Any) -> bytes:
    sender = {"display_phone_number": "15550001111", "phone_number_id": NUMBER_ID}
    value = {"messaging_product": "whatsapp", "metadata": sender, **what}
    entry = {"id": WABA_ID, "changes": [{"value": value, "field": "messages"}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
