"""What Teams shows at once to whoever pressed a button: an invoke wants its answer in the HTTP response."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.channels.base import Malformed
from workers.channels.teams.webhook import EXECUTE, read_activity
from workers.channels.tokens import text_of

JSON = "application/json; charset=utf-8"

# Not "done": what becomes of the answer is decided later, and said in the conversation then.
RECEIVED: Mapping[str, str] = MappingProxyType(
    {
        "en": "Received, thank you.",
        "es": "Recibido, gracias.",
        "fr": "Bien reçu, merci.",
        "de": "Erhalten, danke.",
    }
)


def answer(raw: bytes) -> tuple[str, bytes] | None:
    """The content type and body for a pressed button; None where Teams wants a plain 200. Raises nothing."""
    try:
        activity = read_activity(raw)
    except Malformed:
        return None
    if activity["type"] != "invoke":
        return None
    return JSON, json.dumps(_invoke_response(activity), ensure_ascii=False).encode("utf-8", "replace")


def _invoke_response(activity: Mapping[str, Any]) -> dict[str, Any]:
    """Invokes that are not ours get an empty object: any other body would be shown to the person as a failure."""
    if text_of(activity.get("name")) != EXECUTE:
        return {}
    return {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": RECEIVED.get(text_of(activity.get("locale"))[:2].lower(), RECEIVED["en"]),
    }
