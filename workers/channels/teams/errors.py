"""From a refusal of the Bot Connector to our verdict on it."""

from collections.abc import Iterator, Mapping
from typing import Any

import requests
import structlog

from postroom.domain.channels import Fault
from workers.channels.http import json_object, retry_after, status_row
from workers.channels.rulings import fault_of
from workers.channels.teams.verdicts import GENERIC, TRANSPORT, VERDICTS
from workers.channels.tokens import text_of

MAX_CODE = 64

_log = structlog.get_logger(__name__)


def refusal(answer: requests.Response) -> Fault:
    """What an answer that is no success means; its most particular code speaks, else its status."""
    error = _error(answer)
    codes = list(_codes(error))
    known = next((code for code in codes if code in VERDICTS), None)
    if known:
        words = text_of(error.get("message")) or VERDICTS[known].words
        return fault_of(VERDICTS[known], known, words, retry_after=retry_after(answer.headers))
    return _by_status(answer, next((code for code in codes if code not in GENERIC), ""), text_of(error.get("message")))


def code_of(answer: requests.Response) -> str:
    """The code of a refusal that has a row of its own, or an empty string."""
    return next((code for code in _codes(_error(answer)) if code in VERDICTS), "")


def _by_status(answer: requests.Response, unknown: str, said: str) -> Fault:
    """A code that no row foresees is logged (it wants a row); the status it came with still tells enough."""
    status, ruling = status_row(answer.status_code, TRANSPORT)
    if unknown:
        _log.warning("unknown_provider_code", channel="teams", code=unknown, status=answer.status_code)
    words = ": ".join(filter(None, (f"{ruling.words} (HTTP {answer.status_code})", unknown, said)))
    return fault_of(ruling, unknown or status, words, retry_after=retry_after(answer.headers))


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
