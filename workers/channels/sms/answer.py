"""From Twilio's answer to a receipt, or to the fault that says why not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from postroom.domain.channels import Receipt
from workers.channels.base import ChannelError
from workers.channels.http import json_object, retry_after, status_fault
from workers.channels.sms.errors import code_of, refusal
from workers.channels.sms.verdicts import TRANSPORT, transport_fault
from workers.channels.tokens import id_of


def read_answer(answer: requests.Response) -> Receipt:
    """The receipt of an accepted message. Raises ChannelError for everything else."""
    body = json_object(answer)
    taken = 200 <= answer.status_code < 300
    # A refusal has `code`; a message that was taken and failed at once has `error_code`.
    code = code_of(body.get("error_code" if taken else "code")) if body else ""
    if body and code:
        words = body.get("error_message" if taken else "message")
        raise ChannelError(refusal(code, words, retry_after(answer.headers)))
    if not taken:
        raise ChannelError(status_fault(answer, TRANSPORT))
    if body is None:
        raise ChannelError(transport_fault("not_json"))
    return _receipt(body)


def _receipt(body: Mapping[str, Any]) -> Receipt:
    provider_id = id_of(body.get("sid"))
    if not provider_id:
        raise ChannelError(transport_fault("no_message_id"))
    return Receipt(provider_id, datetime.now(UTC), segments=_segments(body.get("num_segments")))


def _segments(raw: object) -> int | None:
    """How many segments Twilio bills; a messaging service says 0 until it has chosen a sender."""
    digits = str(raw)
    return (int(digits) or None) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else None
