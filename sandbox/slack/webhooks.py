"""What Slack posts to the door: an event, or what was pressed; signed over its bytes and the time."""

import hmac
import json
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from sandbox.courier import Written
from sandbox.messages import Button, Message
from sandbox.slack.names import TEAM_ID, conversation_with

EVENTS, ACTIONS = "/webhooks/slack/events", "/webhooks/slack/actions"


def message_event(message: Message, thread: str | None) -> dict[str, Any]:
    """Somebody wrote to the bot."""
    moment = message.id.partition(":")[2]
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": conversation_with(message.address),
        "user": message.address,
        "text": message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "ts": moment,
        "event_ts": moment,
        **({"thread_ts": thread} if thread else {}),
    }
    return {
        "token": "unused",
        "team_id": TEAM_ID,
        "api_app_id": "A00SANDBOX",
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(6).upper()}",
        "event_time": int(float(moment)),
        "event": event,
    }


def press_action(message: Message, button: Button, moment: str) -> dict[str, Any]:
    """Somebody pressed a button."""
    conversation, _, posted = message.id.partition(":")
    block_id, element = pressed_element(message.raw or {}, button)
    return {
        "type": "block_actions",
        "team": {"id": TEAM_ID, "domain": "sandbox"},
        "user": {"id": message.address, "team_id": TEAM_ID},
        "api_app_id": "A00SANDBOX",
        "token": "unused",
        "container": {"type": "message", "message_ts": posted, "channel_id": conversation, "is_ephemeral": False},
        "trigger_id": f"{moment}.{secrets.token_hex(8)}",
        "channel": {"id": conversation, "name": "directmessage"},
        "response_url": f"https://hooks.slack.example/actions/{TEAM_ID}/{secrets.token_hex(8)}",
        "state": {"values": typed(message.raw or {}, button.written)},
        "actions": [{**element, "block_id": block_id, "action_ts": moment}],
    }


def typed(raw: Mapping[str, Any], words: str) -> dict[str, Any]:
    """What stands in a message's fields, by block and action; Slack says null of an empty one."""
    fields = [block for block in raw.get("blocks", ()) if block["type"] == "input"]
    value = {"type": "plain_text_input", "value": words or None}
    return {block["block_id"]: {block["element"]["action_id"]: value} for block in fields}


def pressed_element(raw: Mapping[str, Any], button: Button) -> tuple[str, dict[str, Any]]:
    """The block and the element behind a button, as they were posted."""
    for block in raw.get("blocks", ()):
        for element in block.get("elements", ()):
            if element.get("value") == button.payload and element["text"]["text"] == button.title:
                return str(block.get("block_id", "")), element
    return "", {"type": "button", "value": button.payload, "text": {"type": "plain_text", "text": button.title}}


def event_written(secret: str, event: Mapping[str, Any]) -> Written:
    """An event for the courier."""
    return _signed(secret, EVENTS, json.dumps(event, ensure_ascii=False).encode(), "application/json")


def action_written(secret: str, action: Mapping[str, Any]) -> Written:
    """An action for the courier: JSON in a form's field."""
    body = urlencode({"payload": json.dumps(action, ensure_ascii=False)}).encode()
    return _signed(secret, ACTIONS, body, "application/x-www-form-urlencoded")


def _signed(secret: str, path: str, body: bytes, content_type: str) -> Written:
    stamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
    headers = {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }
    return path, headers, body
