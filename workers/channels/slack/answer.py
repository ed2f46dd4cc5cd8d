"""From an answer of Slack's Web API to what it says, or to the fault that says why not."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from postroom.domain.channels import ChannelName, Fault, Receipt
from postroom.outside.rulings import UNKNOWN_CODE, code_fault
from workers.channels.base import ChannelError
from workers.channels.http import json_object, retry_after, status_fault, status_row
from workers.channels.slack.verdicts import TRANSPORT, VERDICTS, transport_fault
from workers.channels.tokens import id_of, text_of


def read_receipt(answer: requests.Response) -> Receipt:
    """The receipt of a posted message: its conversation and timestamp name it. Raises ChannelError."""
    body = read_answer(answer)
    conversation, moment = id_of(body.get("channel")), id_of(body.get("ts"))
    if not conversation or not moment:
        raise ChannelError(transport_fault("no_message_id"))
    return Receipt(f"{conversation}:{moment}", datetime.now(UTC))


def read_answer(answer: requests.Response) -> Mapping[str, Any]:
    """The body of an answer that says ok. Raises ChannelError for everything else."""
    body = json_object(answer)
    error = text_of(body.get("error")) if body else ""
    if body and not body.get("ok") and error:
        raise ChannelError(_refusal(error, body, answer))
    if not 200 <= answer.status_code < 300:
        raise ChannelError(status_fault(answer, TRANSPORT))
    if body is None:
        raise ChannelError(transport_fault("not_json"))
    if not body.get("ok"):
        raise ChannelError(transport_fault("no_message_id"))
    return body


def _refusal(error: str, body: Mapping[str, Any], answer: requests.Response) -> Fault:
    """Our verdict on an error, with Slack's own words."""
    code = id_of(error)[:80]
    # The status says more than a word that we do not know: after a 5xx the message may have been taken.
    unforeseen = UNKNOWN_CODE if 200 <= answer.status_code < 300 else status_row(answer.status_code, TRANSPORT)[1]
    ruling = VERDICTS.get(code)
    said = "; ".join(((ruling or unforeseen).words, *_words(body)))
    wait = retry_after(answer.headers)
    return code_fault(ChannelName.SLACK, code, ruling, said, retry_after=wait, unforeseen=unforeseen)


def _words(body: Mapping[str, Any]) -> list[str]:
    """What Slack adds to an error: which block, which scope."""
    metadata = body.get("response_metadata")
    listed = metadata.get("messages") if isinstance(metadata, Mapping) else None
    needed = body.get("needed")
    words = [word for word in listed if isinstance(word, str)] if isinstance(listed, list) else []
    return [*words[:5], *([f"needed: {needed}"] if isinstance(needed, str) else [])]
