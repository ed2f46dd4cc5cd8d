"""From the Bot Connector's answer to a receipt, or to the fault that says why not."""

from datetime import UTC, datetime

import requests

from postroom.domain.channels import Receipt
from workers.channels.base import ChannelError
from workers.channels.http import json_object
from workers.channels.teams.conversations import Place
from workers.channels.teams.errors import refusal
from workers.channels.teams.verdicts import transport_fault
from workers.channels.tokens import id_of


def read_answer(answer: requests.Response, place: Place) -> Receipt:
    """The receipt of a posted card. Raises ChannelError for everything else."""
    if not 200 <= answer.status_code < 300:
        raise ChannelError(refusal(answer))
    body = json_object(answer)
    if body is None:
        raise ChannelError(transport_fault("not_json"))
    activity_id = id_of(body.get("id"))
    if not activity_id:
        raise ChannelError(transport_fault("no_message_id"))
    return Receipt(message_id(place.conversation, activity_id), datetime.now(UTC), place.user_id)


def read_edited(answer: requests.Response, provider_id: str) -> Receipt:
    """The receipt of a card that was changed; it keeps its name, whatever the answer says besides."""
    if not 200 <= answer.status_code < 300:
        raise ChannelError(refusal(answer))
    return Receipt(provider_id, datetime.now(UTC))


def message_id(conversation: str, activity_id: str) -> str:
    """Our name for a message: an activity's id means something within its conversation alone.

    A thread of a channel is its conversation with ';messageid=' and the thread's root; the root itself was posted
    without.
    """
    return f"{conversation.partition(';messageid=')[0]};{activity_id}"
