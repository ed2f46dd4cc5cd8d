"""The door in OpenAPI 3.1: built from the schemas that validate and the table of refusals, so that it cannot differ."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postroom.domain.proof import HOUSE
from postroom.domain.proof import PATH as PROOF
from webhooks.catalogue import Catalogue
from webhooks.cloudevents import BATCH, MAX_BATCH, STRUCTURED
from webhooks.envelope import ATTRIBUTES, JSON_TYPE, envelope
from webhooks.event_schemas import Schema
from webhooks.problem import KINDS, MEDIA_TYPE

Json = dict[str, Any]

DEFS = "#/$defs/"
SCHEMAS = "#/components/schemas/"

HEADER = {"in": "header", "required": True}

SECURITY: Json = {
    "webhook-id": "An id of this message, the same when it is sent again; in binary mode the event's id",
    "webhook-timestamp": "Seconds since 1970; at most five minutes off",
    "webhook-signature": "v1, and the base64 of HMAC-SHA256 over webhook-id.webhook-timestamp.body (Standard Webhooks)",
    "X-Hub-Signature-256": "sha256= and the hex of HMAC-SHA256 over the body with the app secret (Meta)",
    "X-Slack-Signature": "v0= and the hex of HMAC-SHA256 over v0:timestamp:body with the signing secret (Slack)",
    "X-Slack-Request-Timestamp": "Seconds since 1970; at most five minutes off (Slack)",
    "X-Twilio-Signature": "The base64 of HMAC-SHA1 over the public address and the sorted form (Twilio)",
    "Authorization": "Bearer and a token of the Bot Framework for our app (Teams)",
}
STANDARD_WEBHOOKS: list[Json] = [{"webhook-id": [], "webhook-timestamp": [], "webhook-signature": []}]


JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook of a provider, in the document's words."""

    operation: str
    summary: str
    signed_by: tuple[str, ...]
    media: str = JSON
    answer: str = JSON


SLACK = ("X-Slack-Signature", "X-Slack-Request-Timestamp")
TWILIO = ("X-Twilio-Signature",)

POSTS: Mapping[str, Post] = {
    "/webhooks/meta": Post("takeReceipts", "Receipts and replies from WhatsApp", ("X-Hub-Signature-256",)),
    "/webhooks/slack/events": Post("takeSlackEvents", "Messages from Slack", SLACK),
    "/webhooks/slack/actions": Post("takeSlackActions", "Pressed buttons from Slack", SLACK, FORM),
    "/webhooks/slack/commands": Post("takeSlackCommands", "Slash commands from Slack", SLACK, FORM),
    "/webhooks/teams": Post("takeTeamsActivities", "Messages and pressed buttons from Teams", ("Authorization",)),
    "/webhooks/twilio/status": Post("takeSmsStatus", "What became of an SMS", TWILIO, FORM),
    "/webhooks/twilio/inbound": Post("takeSms", "Replies by SMS", TWILIO, FORM, answer="text/xml"),
}
"""The webhooks that are kept raw, whoever signed them; `providers.WAYS` opens them."""


def describe(catalogue: Catalogue, version: str, url: str) -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Postroom, the door",
            "version": version,
            "summary": "Events in; receipts and replies back.",
            "description": "An event that was answered with 202 is kept; send it again as often as you like, it is "
            "taken once. Refusals are problem details (RFC 9457) that list every fault.",
        },
        "servers": [{"url": url}],
        "tags": [
            {"name": "events", "description": "For Odoo and other sources of events"},
            {"name": "webhooks", "description": "For the providers that carry messages"},
            {"name": "operation", "description": "For supervisors and Prometheus"},
        ],
        "paths": _paths(catalogue),
        "components": {
            "schemas": _schemas(catalogue),
            "responses": {name: _refusal(name) for name in KINDS},
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name, "description": words}
                for name, words in SECURITY.items()
            },
        },
    }


def _paths(catalogue: Catalogue) -> Json:
    return {
        "/v1/events": {"post": _take_events(catalogue)},
        "/webhooks/meta": {"get": _shake_hands(), "post": _take_webhook(POSTS["/webhooks/meta"])},
        **{path: {"post": _take_webhook(post)} for path, post in POSTS.items() if path != "/webhooks/meta"},
        "/webhooks/email": {"post": _take_mail()},
        "/healthz": {"get": _operation("Is the process up?", "operation", "The process is up.", "Health")},
        "/readyz": {
            "get": _operation("Is everything there?", "operation", "Everything is there.", "Ready", ["not-ready"])
        },
        "/metrics": {"get": _plain("Counters and gauges for Prometheus", "operation", "text/plain")},
        f"{PROOF}/{{nonce}}": {"get": _prove()},
        "/openapi.json": {"get": _operation("This document", "operation", "This document.", "Document")},
    }


# Operations ---------------------------------------------------------------------------------------------------------


def _take_events(catalogue: Catalogue) -> Json:
    return {
        "operationId": "takeEvents",
        "summary": "Send one event or a batch",
        "description": "CloudEvents 1.0 in any of the three modes of its HTTP binding. A batch is taken whole or not "
        "at all. The signer is known by the secret; each event's source must begin with the signer's name.",
        "tags": ["events"],
        "security": STANDARD_WEBHOOKS,
        "parameters": [*_binary_headers()],
        "requestBody": {
            "required": True,
            "content": {
                STRUCTURED: {"schema": {"$ref": f"{SCHEMAS}Event"}, "examples": _examples(catalogue)},
                BATCH: {"schema": {"$ref": f"{SCHEMAS}Batch"}},
                "application/json": {"schema": {"$ref": f"{SCHEMAS}Data"}},
            },
        },
        "responses": {
            "202": _answer("Kept. A repeat gets the same answer.", "Accepted"),
            **_refusals(
                "malformed",
                "not-signed",
                "foreign-database",
                "event-id-reused",
                "too-large",
                "unsupported-media-type",
                "invalid-event",
                "unavailable",
            ),
        },
    }


def _binary_headers() -> list[Json]:
    """Optional, since OpenAPI cannot say that they belong to one content type only."""
    return [
        {
            "name": f"ce-{name}",
            "in": "header",
            "description": f"Binary mode (application/json) only: {ATTRIBUTES[name]['description']}",
            "schema": {"type": "string"},
        }
        for name in ("specversion", "id", "source", "type", "time", "subject")
    ]


def _shake_hands() -> Json:
    return {
        "operationId": "shakeHands",
        "summary": "Meta checks that this address is ours",
        "tags": ["webhooks"],
        "parameters": [
            _query("hub.mode", {"const": "subscribe"}),
            _query("hub.verify_token", {"type": "string", "minLength": 1}),
            _query("hub.challenge", {"type": "string", "minLength": 1, "maxLength": 256}),
        ],
        "responses": {"200": _text("The challenge, sent back.", "text/plain"), **_refusals("malformed", "not-signed")},
    }


def _take_webhook(post: Post) -> Json:
    return {
        "operationId": post.operation,
        "summary": post.summary,
        "description": "Verified over the raw bytes and kept as they are; a body that is not understood is kept too.",
        "tags": ["webhooks"],
        "security": [{name: [] for name in post.signed_by}],
        "requestBody": {"required": False, "content": {post.media: {"schema": True}}},
        "responses": {
            "200": {"description": "Kept.", "content": {post.answer: {}}},
            **_refusals("not-signed", "too-large", "unavailable"),
        },
    }


def _take_mail() -> Json:
    return {
        "operationId": "takeMail",
        "summary": "Replies and bounces, as raw mail",
        "tags": ["webhooks"],
        "security": STANDARD_WEBHOOKS,
        "parameters": [
            {
                "name": "X-Envelope-To",
                "in": "header",
                "description": "The envelope's recipient, as in bounce+<id>@example.com",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {"required": False, "content": {"message/rfc822": {}}},
        "responses": {
            "200": _answer("Kept.", "Status"),
            **_refusals("not-signed", "too-large", "unsupported-media-type", "unavailable"),
        },
    }


def _prove() -> Json:
    nonce = {"in": "path", "name": "nonce", "required": True, "schema": {"type": "string"}}
    told = _operation("Whose house is this?", "operation", "Signed by it.", "Proof", ["not-found"])
    return {**told, "parameters": [nonce]}


def _operation(summary: str, tag: str, meaning: str, schema: str, refusals: Sequence[str] = ()) -> Json:
    return {"summary": summary, "tags": [tag], "responses": {"200": _answer(meaning, schema), **_refusals(*refusals)}}


def _plain(summary: str, tag: str, media_type: str) -> Json:
    return {"summary": summary, "tags": [tag], "responses": {"200": _text(f"{summary}.", media_type)}}


def _query(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": True, "schema": schema}


def _answer(meaning: str, schema: str) -> Json:
    return {"description": meaning, "content": {"application/json": {"schema": {"$ref": SCHEMAS + schema}}}}


def _text(meaning: str, media_type: str) -> Json:
    return {"description": meaning, "content": {media_type: {"schema": {"type": "string"}}}}


# Refusals -----------------------------------------------------------------------------------------------------------


def _refusals(*names: str) -> Json:
    return {str(KINDS[name].status): {"$ref": f"#/components/responses/{name}"} for name in names}


def _refusal(name: str) -> Json:
    kind = KINDS[name]
    headers = {header: {"schema": {"type": "string"}, "required": True} for header in kind.headers}
    return {
        "description": f"{kind.title}. {kind.remedy}",
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
    }


# Schemas ------------------------------------------------------------------------------------------------------------


def _schemas(catalogue: Catalogue) -> Json:
    parts = {name: _lifted(part) for schema in catalogue.schemas.values() for name, part in schema["$defs"].items()}
    data = {name: _lifted(schema) for name, schema in catalogue.schemas.items()}
    whole = {f"{name}.event": envelope([name], {"$ref": SCHEMAS + name}) for name in catalogue.schemas}
    events = {"Event": {"oneOf": [{"$ref": SCHEMAS + name} for name in whole]}}
    return {
        **events,
        "Batch": {"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": {"$ref": f"{SCHEMAS}Event"}},
        "Data": {"oneOf": [{"$ref": SCHEMAS + name} for name in data], "description": f"Content types: {JSON_TYPE}"},
        **whole,
        **data,
        **parts,
        **ANSWERS,
    }


def _lifted(schema: Schema) -> Schema:
    """The schema with its parts referred to among the components."""
    inner = {name: value for name, value in schema.items() if name not in {"$schema", "$id", "$defs"}}
    lifted: Schema = json.loads(json.dumps(inner).replace(f'"{DEFS}', f'"{SCHEMAS}'))
    return lifted


def _examples(catalogue: Catalogue) -> Json:
    return {
        name: {"summary": schema["title"], "value": example_event(name, schema)}
        for name, schema in catalogue.schemas.items()
    }


def example_event(name: str, schema: Schema) -> Json:
    """A whole event, as its source would send it."""
    return {
        "specversion": "1.0",
        "id": "0199a1b2-example",
        "source": "/odoo/production",
        "type": name,
        "time": "2026-11-22T09:00:00Z",
        "data": schema["examples"][0],
    }


_UUID = {"type": "string", "format": "uuid"}
_TEXT = {"type": "string"}


def _closed(**properties: Json) -> Json:
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


ANSWERS: Json = {
    "Accepted": {
        **_closed(
            id={**_UUID, "description": "Our id of the event; of a batch, of its first event"},
            events={
                "type": "array",
                "minItems": 1,
                "description": "One entry for each event, in the order sent",
                "items": _closed(
                    id={**_UUID, "description": "Our id of the event; logs and commands know it by this"},
                    source={**_TEXT, "description": "The event's own source"},
                    cloudevent_id={**_TEXT, "description": "The event's own id"},
                ),
            },
        ),
        "description": "What was kept",
    },
    "Status": _closed(status={"const": "kept"}),
    "Health": _closed(status={"const": "ok"}),
    "Ready": _closed(status={"const": "ready"}, checks={"type": "object", "additionalProperties": {"const": "ok"}}),
    "Proof": _closed(house={"const": HOUSE}, proof={**_TEXT, "description": "The hex of HMAC-SHA256 over the nonce"}),
    "Document": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Fault": {
        "type": "object",
        "additionalProperties": False,
        "required": ["pointer", "detail"],
        "properties": {
            "pointer": {"type": "string", "description": "Where: a JSON pointer (RFC 6901) into the event or batch"},
            "detail": {"type": "string", "description": "What is wrong"},
            "remedy": {"type": "string", "description": "What to do"},
        },
    },
    "Problem": {
        "type": "object",
        "description": "Problem details of RFC 9457",
        "additionalProperties": False,
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "Leads to a page that explains it"},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What is wrong with this very request"},
            "instance": {"type": "string", "description": "The URN under which our log knows this request"},
            "errors": {
                "type": "array",
                "minItems": 1,
                "maxItems": 100,
                "items": {"$ref": f"{SCHEMAS}Fault"},
                "description": "Every fault",
            },
        },
    },
}
