"""CloudEvents over HTTP (binding 1.0.2): one request in any of the three modes, read into events in JSON form.

Own code, and not the `cloudevents` package: docs/decisions/0005-cloudevents-parsing.md says why.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from werkzeug.http import parse_options_header

from webhooks.envelope import JSON_TYPE
from webhooks.problem import Fault, Problem
from webhooks.strict_json import decode

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
READS = f"{STRUCTURED}, {BATCH}, application/json"
MAX_BATCH = 100

_IS_JSON = re.compile(JSON_TYPE)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPED_CHAR = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Sent:
    """One event as it was sent: where it stands in the body, its JSON form, and what its headers already got wrong."""

    at: str
    event: Any
    faults: tuple[Fault, ...] = ()


def events_in(headers: Mapping[str, str], text: str) -> list[Sent]:
    """Every event of a request (header names in lower case). Raises Problem for what is no CloudEvents request."""
    media_type, parameters = parse_options_header(headers.get("content-type"))
    if headers.get("content-encoding", "identity") != "identity":
        raise _unread("Content-Encoding is not read; send the body as it is", {"Accept-Encoding": "identity"})
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise _unread("JSON travels as UTF-8; leave the charset out")
    if media_type == STRUCTURED:
        return [Sent("", decode(text))]
    if media_type == BATCH:
        return _batch(decode(text))
    return [_binary(headers, media_type, text)]


def _batch(value: Any) -> list[Sent]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_BATCH:
        found = f"holds {len(value)} events" if isinstance(value, list) else "is not an array"
        remedy = f"Send a JSON array of 1 to {MAX_BATCH} events."
        raise Problem("invalid-event", "The batch was not read.", [Fault("", found, remedy)])
    return [Sent(f"/{index}", event) for index, event in enumerate(value)]


def _binary(headers: Mapping[str, str], media_type: str, text: str) -> Sent:
    attributes = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
    if media_type.startswith("application/cloudevents") or not attributes:
        raise _unread(f"'{media_type or 'none'}' is not one of: {READS} (the last with ce-* headers)")
    if not _IS_JSON.match(media_type):
        raise _unread(f"The data is '{media_type or 'none'}', and is read as application/json only")
    event, faults = _decoded(attributes)
    if text.strip():
        event["data"] = decode(text)
    return Sent("", event, (*faults, *_unbound(event, headers.get("webhook-id"))))


def _decoded(attributes: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    event: dict[str, Any] = {}
    faults = []
    for name, value in attributes.items():
        try:
            event[name] = header_text(value)
        except ValueError as error:
            faults.append(Fault(f"/{name}", f"The header ce-{name} {error}", "Percent-encode it as UTF-8."))
    return event, faults


def header_text(value: str) -> str:
    """An attribute out of its header: unquoted, then percent-decoded (HTTP binding, section 3.1.3.2)."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _ESCAPED_CHAR.sub(r"\1", value[1:-1])
    if not value.isascii():
        raise ValueError("holds characters outside ASCII")
    if _BARE_PERCENT.search(value):
        raise ValueError("holds a % that encodes nothing")
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 once decoded") from None


def _unbound(event: Mapping[str, Any], webhook_id: str | None) -> list[Fault]:
    # The signature covers webhook-id and the body, and no ce-* header: whoever saw one request could send it again
    # under another ce-id, and the customer would hear twice. The two ids are the same, so that the id is signed too.
    if event.get("id") == webhook_id:
        return []
    remedy = "Send the event's id in both headers, or use structured mode, where the signature covers everything."
    return [Fault("/id", "ce-id is not webhook-id, so the signature does not cover the event's id", remedy)]


def _unread(detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    return Problem("unsupported-media-type", f"{detail}.", headers={"Accept-Post": READS, **(headers or {})})
