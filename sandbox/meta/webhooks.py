"""What Meta tells the door: receipts, replies, pressed buttons, approved templates; one `change` each."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.environment import Environment
from sandbox.messages import Message
from sandbox.meta.errors import receipt_error
from sandbox.meta.templates import Template

Change = dict[str, Any]


def new_wamid(address: str) -> str:
    """An id in the form of Meta's."""
    inner = b"\x1c\x18" + bytes([len(address)]) + address.encode() + b"\x15\x02\x00\x11\x18\x12"
    return "wamid." + base64.b64encode(inner + secrets.token_hex(9).upper().encode() + b"\x00").decode()


def status_change(environment: Environment, message: Message, status: str, now: datetime) -> Change:
    """One receipt."""
    receipt: dict[str, Any] = {
        "id": message.id,
        "status": status,
        "timestamp": _timestamp(now),
        "recipient_id": message.address,
    }
    if status == "failed":
        receipt["errors"] = [receipt_error(int(message.failure or 131000))]
    else:
        receipt["pricing"] = _pricing(message)
    if message.key:
        receipt["biz_opaque_callback_data"] = message.key
    return _messages_change(environment, message.address, "", {"statuses": [receipt]})


def reply_change(environment: Environment, reply: Message, name: str) -> Change:
    """A text that the person wrote."""
    return _inbound(environment, reply, name, {"type": "text", "text": {"body": reply.text}})


def press_change(environment: Environment, press: Message, pressed: Message, name: str, payload: str) -> Change:
    """A button that the person pressed: `button` under a template, `interactive` under free text."""
    if pressed.kind == "template":
        content: dict[str, Any] = {"type": "button", "button": {"payload": payload, "text": press.text}}
    else:
        reply = {"type": "button_reply", "button_reply": {"id": payload, "title": press.text}}
        content = {"type": "interactive", "interactive": reply}
    return _inbound(environment, press, name, content)


def template_change(template: Template) -> Change:
    """Meta's decision about a template."""
    value = {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "reason": "NONE",
        "message_template_category": template.category,
    }
    return {"value": value, "field": "message_template_status_update"}


def _inbound(environment: Environment, message: Message, name: str, content: Mapping[str, Any]) -> Change:
    context = {"context": {"from": environment.display_phone_number, "id": message.context}} if message.context else {}
    about = {"from": message.address, "id": message.id, "timestamp": _timestamp(message.at)}
    return _messages_change(environment, message.address, name, {"messages": [{**context, **about, **content}]})


def _messages_change(environment: Environment, address: str, name: str, content: Mapping[str, Any]) -> Change:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": environment.display_phone_number,
            "phone_number_id": environment.phone_number_id,
        },
        "contacts": [{"profile": {"name": name or f"+{address}"}, "wa_id": address}],
        **content,
    }
    return {"value": value, "field": "messages"}


def _pricing(message: Message) -> dict[str, Any]:
    """Since July 2025 Meta bills per message; what answers a person within 24 hours is free."""
    free = message.category == "service"
    kind = "free_customer_service" if free else "regular"
    return {"billable": not free, "pricing_model": "PMP", "type": kind, "category": message.category}


def _timestamp(moment: datetime) -> str:
    return str(int(moment.timestamp()))
