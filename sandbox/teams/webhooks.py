"""What the Bot Framework posts to the door: activities, each with a token."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sandbox.courier import Written
from sandbox.environment import Environment
from sandbox.messages import Message
from sandbox.teams.names import BOT, TENANT_ID, account_of, conversation_with
from sandbox.teams.tokens import framework_token

PATH = "/webhooks/teams"

Json = dict[str, Any]


def service_url(environment: Environment) -> str:
    """Where this stand-in answers for the Bot Connector."""
    host = f"[{environment.host}]" if ":" in environment.host else environment.host
    return f"http://{host}:{environment.port}/teams"


def new_activity_id(now: datetime) -> str:
    """Teams counts milliseconds; a few digits more, since two messages may share one."""
    return f"{int(now.timestamp() * 1000)}{secrets.randbelow(1000):03d}"


def message_id(conversation: str, activity_id: str) -> str:
    """What a message is called here: an activity's id means something within its conversation alone."""
    return f"{conversation};{activity_id}"


def text_activity(environment: Environment, written: Message, user_id: str, name: str) -> Json:
    """Words of a person's; a quoted message is named."""
    said = {"type": "message", "text": written.text, "textFormat": "plain"}
    return {**_activity(environment, written, user_id, name), **said}


def execute_activity(
    environment: Environment, pressed: Message, user_id: str, name: str, action: Mapping[str, Any], typed: Json
) -> Json:
    """A pressed button of a card; what was typed into its fields goes with its data."""
    told = {key: action[key] for key in ("type", "title", "verb", "data") if key in action}
    told["data"] = {**told.get("data", {}), **typed}
    about = _activity(environment, pressed, user_id, name)
    invoke = {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": told, "trigger": "manual"}}
    return {**about, **invoke, "id": f"f:{uuid4()}", "replyToId": pressed.id.rpartition(";")[2]}


def written(environment: Environment, activity: Json) -> Written:
    """An activity as it is posted; the token is a new one for each try."""
    token = framework_token(service_url(environment))
    headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {token}"}
    return PATH, headers, json.dumps(activity, ensure_ascii=False, separators=(",", ":")).encode()


def _activity(environment: Environment, message: Message, user_id: str, name: str) -> Json:
    conversation = conversation_with(message.address)
    personal = conversation.startswith("a:")
    quoted = {"replyToId": message.context.rpartition(";")[2]} if message.context else {}
    return {
        "id": message.id.rpartition(";")[2],
        "timestamp": message.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "serviceUrl": service_url(environment),
        "channelId": "msteams",
        "from": {"id": account_of(user_id), "name": name, "aadObjectId": user_id},
        "conversation": {
            "id": conversation,
            "conversationType": "personal" if personal else "channel",
            "tenantId": TENANT_ID,
            **({} if personal else {"isGroup": True}),
        },
        "recipient": {"id": BOT, "name": "Postroom"},
        "channelData": {"tenant": {"id": TENANT_ID}},
        "locale": message.language or "en-US",
        **quoted,
    }
