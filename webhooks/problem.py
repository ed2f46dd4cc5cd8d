"""Every way in which the door refuses, as problem details of RFC 9457."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response

MEDIA_TYPE = "application/problem+json"
MAX_FAULTS = 100
"""A batch of a hundred broken events must not be answered with a megabyte."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (a JSON pointer, RFC 6901), what, and what to do."""

    pointer: str
    detail: str
    remedy: str | None = None

    def as_json(self) -> dict[str, str]:
        words = {"pointer": self.pointer, "detail": self.detail}
        return {**words, "remedy": self.remedy} if self.remedy else words


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of refusal; its page under /problems/ says this."""

    status: int
    title: str
    meaning: str
    remedy: str
    headers: Mapping[str, str] = field(default_factory=dict)


RETRY = {"Retry-After": "5"}
CHALLENGE = {"WWW-Authenticate": 'StandardWebhooks realm="postroom"'}

KINDS: Mapping[str, Kind] = {
    "malformed": Kind(
        400,
        "The request cannot be read",
        "The body is not the JSON that its content type promises, or a parameter is missing. JSON is read strictly "
        "(RFC 7493): UTF-8, no member twice, no NaN, no NUL or half surrogates, at most 32 levels deep.",
        "Correct what the errors name and send it again. The same bytes will be refused again.",
    ),
    "not-signed": Kind(
        401,
        "The signature does not prove who sent this",
        "Every event and every webhook is signed over its raw bytes. Nothing is read before the signature holds.",
        "Sign the exact bytes that are sent, with a secret that is configured here, and with a right clock "
        "(five minutes are tolerated). How to sign: docs/events.md.",
        CHALLENGE,
    ),
    "foreign-database": Kind(
        403,
        "The event comes from a database that Postroom does not work for",
        "A copy of a database holds the same secret and the same customers. Events carry the UUID of their database, "
        "and only those that ODOO_DATABASE_UUIDS names are taken; nothing of this request was kept.",
        "For a copy: neutralise it, so that it is silent. For a database of ours: add its UUID to ODOO_DATABASE_UUIDS.",
    ),
    "not-found": Kind(
        404,
        "There is nothing at this address",
        "The path is none of ours.",
        "See /docs for the addresses that exist.",
    ),
    "method-not-allowed": Kind(
        405,
        "This address does not take that method",
        "The path exists; the Allow header names its methods.",
        "Use a method of the Allow header.",
    ),
    "event-id-reused": Kind(
        409,
        "An event's id was used before with other content",
        "CloudEvents promise that source and id name one event for ever; a repeat may only be the same event again. "
        "Neither version can be trusted to be meant, so nothing of this request was kept and the first stays.",
        "Give a new event a new id. To send an event again, send what was sent the first time.",
    ),
    "too-large": Kind(
        413,
        "The body is too large",
        "The body is over the limit of this address; it was not read and nothing was kept.",
        "Send fewer events in one batch. Limits: 1 MiB for events, 3 MiB for Meta, 10 MiB for mail.",
    ),
    "unsupported-media-type": Kind(
        415,
        "The content type is none that this address reads",
        "The Accept-Post header names the content types that it reads.",
        "Set Content-Type to the format that is sent, without Content-Encoding.",
    ),
    "invalid-event": Kind(
        422,
        "The event is well-formed, and says something that cannot be right",
        "The event was read and does not fit the schema of its type, or its source is not the signer's. "
        "Every fault is listed; of a batch, nothing was kept.",
        "Correct what the errors name and send it again, with the same id. The schemas are in /openapi.json.",
    ),
    "internal-error": Kind(
        500,
        "The door failed",
        "This is a fault of Postroom, and it is in its log under the instance that the answer names.",
        "Send the same again later: a repeat is never taken twice.",
        RETRY,
    ),
    "unavailable": Kind(
        503,
        "Postroom cannot keep anything at the moment",
        "PostgreSQL cannot be reached, so the event was not kept. Nothing is accepted that could be lost.",
        "Send the same again after the seconds of the Retry-After header: a repeat is never taken twice.",
        RETRY,
    ),
    "not-ready": Kind(
        503,
        "Postroom is not ready",
        "Something that Postroom needs does not answer; the errors name it.",
        "Follow the remedy of each error, or run: postroom doctor.",
        RETRY,
    ),
}

BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "unsupported-media-type"}
"""Refusals that Flask makes by itself; another client fault of its making is `malformed`."""


class Problem(Exception):
    """A refusal; raised anywhere in the door and answered as problem+json."""

    def __init__(
        self, name: str, detail: str, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.kind = KINDS[name]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = {**self.kind.headers, **(headers or {})}

    def as_json(self, instance: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": f"/problems/{self.name}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.faults:
            document["errors"] = [fault.as_json() for fault in self.faults[:MAX_FAULTS]]
        return document

    def response(self, instance: str) -> Response:
        """The answer; `instance` is the URN under which the log knows it."""
        body = json.dumps(self.as_json(instance)).encode()
        return Response(body, self.kind.status, self.headers, content_type=MEDIA_TYPE)


def count(faults: Sequence[Fault], of_what: str) -> str:
    """How many faults there are, in words, and how many are listed."""
    if len(faults) == 1:
        return f"One fault in {of_what}."
    listed = f"; the first {MAX_FAULTS} are listed" if len(faults) > MAX_FAULTS else ""
    return f"{len(faults)} faults in {of_what}{listed}."
