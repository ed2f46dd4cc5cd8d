"""What we post to the Bot Connector: an activity with a card, and the opening of a conversation."""

from typing import Any
from uuid import UUID

from postroom.domain.channels import Rendered
from workers.channels.teams.card import card_of
from workers.channels.teams.config import TeamsConfig

CARD_TYPE = "application/vnd.microsoft.card.adaptive"

Json = dict[str, Any]


def activity(rendered: Rendered, key: UUID) -> Json:
    """The message: a card alone. Beside a text Teams may split it in two, and then it names neither.

    `summary` is what a phone's lock screen shows in place of "sent a card". Raises ChannelError for what cannot be
    sent.
    """
    return {
        "type": "message",
        "summary": rendered.subject or rendered.text.split("\n", 1)[0][:150],
        "attachments": [{"contentType": CARD_TYPE, "content": card_of(rendered, key)}],
        "channelData": {"notification": {"alert": True}},
    }


def edited(rendered: Rendered, key: UUID) -> Json:
    """The message that takes another's place; nobody is called to it once more."""
    return {name: part for name, part in activity(rendered, key).items() if name != "channelData"}


def opening(config: TeamsConfig, user_id: str) -> Json:
    """The conversation between our bot and one user; Teams gives the one that exists, or opens it."""
    return {
        "bot": {"id": f"28:{config.app_id}"},
        "members": [{"id": user_id}],
        "isGroup": False,
        "tenantId": config.tenant_id,
        "channelData": {"tenant": {"id": config.tenant_id}},
    }
