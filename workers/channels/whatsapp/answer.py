"""From Meta's answer to a receipt, or to the fault that says why not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from postroom.domain.channels import Receipt
from workers.channels.base import ChannelError
from workers.channels.http import json_object, retry_after, status_fault
from workers.channels.tokens import id_of
from workers.channels.whatsapp.errors import read_error
from workers.channels.whatsapp.verdicts import TRANSPORT, transport_fault

ACCEPTED = "accepted"


def read_answer(answer: requests.Response, to: str) -> Receipt:
    """The receipt of an accepted message. Raises ChannelError for everything else."""
    return _receipt(_accepted(answer), to)


def read_media_id(answer: requests.Response) -> str:
    """Meta's id for a document that it took. Raises ChannelError for everything else."""
    media_id = id_of(_accepted(answer).get("id"))
    if not media_id:
        raise ChannelError(transport_fault("no_message_id"))
    return media_id


def _accepted(answer: requests.Response) -> Mapping[str, Any]:
    body = json_object(answer)
    error = read_error(body.get("error")) if body else None
    if error:
        raise ChannelError(error.fault(retry_after(answer.headers)))
    if not 200 <= answer.status_code < 300:
        raise ChannelError(status_fault(answer, TRANSPORT))
    if body is None:
        raise ChannelError(transport_fault("not_json"))
    return body


def _receipt(body: Mapping[str, Any], to: str) -> Receipt:
    message = _first(body, "messages")
    provider_id = message.get("id")
    if not isinstance(provider_id, str) or not provider_id:
        raise ChannelError(transport_fault("no_message_id"))
    status = message.get("message_status", ACCEPTED)
    held = status if isinstance(status, str) and status != ACCEPTED else None
    return Receipt(provider_id, datetime.now(UTC), _other_address(body, to), held)


def _other_address(body: Mapping[str, Any], to: str) -> str | None:
    """Meta's wa_id where it differs: numbers of Brazil, Mexico and Argentina gain or lose digits."""
    spelled = _first(body, "contacts").get("wa_id")
    if not isinstance(spelled, str) or not spelled.isdecimal() or spelled == to.lstrip("+"):
        return None
    return f"+{spelled}"


def _first(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    listed = body.get(name)
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}
