"""From a refusal of the Bot Connector to our verdict on it."""

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from postroom.domain.channels import ChannelName, Fault
from postroom.outside.rulings import code_fault
from workers.channels.http import json_object, retry_after, status_fault, status_row
from workers.channels.teams.verdicts import GENERIC, TRANSPORT, VERDICTS
from workers.channels.tokens import text_of

MAX_CODE = 64


def refusal(answer: requests.Response) -> Fault:
    """What an answer that is no success means; its most particular code speaks, else its status."""
    error = _error(answer)
    said = text_of(error.get("message"))
    code = code_of(answer) or next((code for code in _codes(error) if code not in GENERIC), "")
    if not code:
        return status_fault(answer, TRANSPORT, said)
    # The status that an unforeseen code came with still tells enough.
    unforeseen, wait = status_row(answer.status_code, TRANSPORT)[1], retry_after(answer.headers)
    return code_fault(ChannelName.TEAMS, code, VERDICTS.get(code), said, retry_after=wait, unforeseen=unforeseen)


def code_of(answer: requests.Response) -> str:
    """The code of a refusal that has a row of its own, or an empty string."""
    return next((code for code in _codes(_error(answer)) if code in VERDICTS), "")


def _error(answer: requests.Response) -> Mapping[str, Any]:
    error = (json_object(answer) or {}).get("error")
    return error if isinstance(error, dict) else {}


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    """From particular to general: Teams hides why a write is blocked in `subCode`, at either of two depths."""
    inner = error.get("innerHttpError")
    body = inner.get("body") if isinstance(inner, dict) else None
    for place in (body, error):
        for name in ("subCode", "code"):
            code = text_of(place.get(name)).strip() if isinstance(place, dict) else ""
            if 0 < len(code) <= MAX_CODE:
                yield code
