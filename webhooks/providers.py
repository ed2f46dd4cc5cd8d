"""What providers send back: receipts, replies and bounces, verified and kept raw; `observe` reads them later."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from flask import Blueprint, Response, request
from redis import RedisError

from postroom.store.inbox import Unavailable
from webhooks import metrics
from webhooks.body import raw_body
from webhooks.door import Door, Providers, Refuge
from webhooks.headers import URL_HEADER, kept_headers, lowered
from webhooks.problem import Fault, Problem
from workers.channels.base import Answering
from workers.channels.headers import WIRE
from workers.refuge import Full

MAX_META = 3 * 1024 * 1024  # Meta's own bound for a webhook
MAX_MAIL = 10 * 1024 * 1024
MAX_CHAT = 1024 * 1024
MAX_CHALLENGE = 256
PLAIN = ("application/json", b'{"status": "kept"}')

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """One address where a provider's webhooks come in."""

    path: str
    source: str
    """Whose signatures are believed there, and what the request is kept under."""
    limit: int
    once: bool = False
    """Its sender does not try again for long: while PostgreSQL is away it waits in the refuge."""
    media: str | None = None
    """What the body must be; None where the signature says enough."""


WAYS: Sequence[Way] = (
    Way("/webhooks/meta", "meta", MAX_META),
    Way("/webhooks/slack/events", "slack", MAX_CHAT),
    Way("/webhooks/slack/actions", "slack", MAX_CHAT, once=True),
    Way("/webhooks/slack/commands", "slack", MAX_CHAT, once=True),
    Way("/webhooks/teams", "teams", MAX_CHAT, once=True),
    Way("/webhooks/twilio/status", "twilio", MAX_CHAT, once=True),
    Way("/webhooks/twilio/inbound", "twilio", MAX_CHAT, once=True),
    Way("/webhooks/email", "email", MAX_MAIL, media="message/rfc822"),
)
"""Every webhook of a provider; adding one is adding a row."""


def providers(door: Door) -> Blueprint:
    """The rooms where providers' webhooks come in."""
    room = Blueprint("providers", __name__)

    @room.get("/webhooks/meta")
    def shake_hands() -> Response:
        return Response(_challenge(door.providers), content_type="text/plain; charset=utf-8")

    for way in WAYS:
        room.add_url_rule(way.path, way.path, partial(_take, door, way), methods=["POST"])
    return room


def _challenge(known: Providers) -> str:
    asked = {name: request.args.get(f"hub.{name}", "") for name in ("mode", "verify_token", "challenge")}
    missing = [Fault("", f"hub.{name} is missing from the query") for name, value in asked.items() if not value]
    if missing:
        raise Problem("malformed", "Meta's handshake has three parameters: mode, verify_token, challenge.", missing)
    if asked["mode"] != "subscribe" or len(asked["challenge"]) > MAX_CHALLENGE:
        raise Problem("malformed", "hub.mode must be 'subscribe', and hub.challenge a short text.")
    token = asked["verify_token"].encode("utf-8", "replace")
    if not any(hmac.compare_digest(token, ours.encode()) for ours in known.verify_tokens):
        raise Problem("not-signed", "hub.verify_token is not the one that is configured (WHATSAPP_VERIFY_TOKEN).")
    return asked["challenge"]


def _take(door: Door, way: Way) -> Response:
    if way.media and request.mimetype != way.media:
        detail = f"'{request.mimetype or 'none'}' is not {way.media}."
        raise Problem("unsupported-media-type", detail, headers={"Accept-Post": way.media})
    raw = raw_body(way.limit)
    headers = {**lowered(request.headers), URL_HEADER: _public_url(door)}
    signer = next((each for each in door.providers.of(way.source) if each.verify(headers, raw)), None)
    if signer is None:
        raise Problem("not-signed", f"None of our {way.source} accounts has the secret that signed these bytes.")
    headers[WIRE] = door.providers.wire_of(signer)
    outcome = _keep(door, way, kept_headers(headers), raw)
    metrics.WEBHOOKS.labels(source=way.source, outcome=outcome).inc()
    log.info(f"webhook_{outcome}", source=way.source, size=len(raw))
    # Always 200, understood or not: a provider that is refused sends the same again for days.
    content_type, body = (signer.answer(raw) if isinstance(signer, Answering) else None) or PLAIN
    return Response(body, content_type=content_type)


def _public_url(door: Door) -> str:
    """The address that the provider called: a proxy may have changed what we see of it."""
    query = request.query_string.decode("latin-1")
    return f"{door.public_url.rstrip('/')}{request.path}{'?' + query if query else ''}"


def _keep(door: Door, way: Way, headers: dict[str, str], raw: bytes) -> str:
    try:
        with door.outage.watched():
            new = door.inbox.keep_request(source=way.source, headers=headers, body=raw)
    except Unavailable:
        if not way.once or door.refuge is None:
            raise
        return _take_refuge(door.refuge, way, headers, raw)
    if new:
        door.hints.observe()
    return "kept" if new else "repeated"


def _take_refuge(refuge: Refuge, way: Way, headers: dict[str, str], raw: bytes) -> str:
    try:
        refuge.take_in(way.source, headers, raw)
    except (Full, RedisError) as error:
        raise Unavailable(f"PostgreSQL is away, and so is its refuge ({type(error).__name__})") from error
    return "sheltered"
