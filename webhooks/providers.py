"""What providers send back: receipts, replies and bounces, verified and kept raw; `observe` reads them later."""

import hmac
from collections.abc import Sequence

import structlog
from flask import Blueprint, Response, request

from webhooks import metrics
from webhooks.body import raw_body
from webhooks.door import Door, Providers, Verifier
from webhooks.headers import kept_headers, lowered
from webhooks.problem import Fault, Problem

MAX_META = 3 * 1024 * 1024  # Meta's own bound for a webhook
MAX_MAIL = 10 * 1024 * 1024
MAX_CHALLENGE = 256

log = structlog.get_logger(__name__)


def providers(door: Door) -> Blueprint:
    """The rooms where providers' webhooks come in."""
    room = Blueprint("providers", __name__)

    @room.get("/webhooks/meta")
    def shake_hands() -> Response:
        return Response(_challenge(door.providers), content_type="text/plain; charset=utf-8")

    @room.post("/webhooks/meta")
    def take_receipts() -> Response:
        return _keep(door, "meta", door.providers.whatsapp, MAX_META)

    @room.post("/webhooks/email")
    def take_mail() -> Response:
        if request.mimetype != "message/rfc822":
            raise Problem(
                "unsupported-media-type",
                f"'{request.mimetype or 'none'}' is not message/rfc822, a raw mail.",
                headers={"Accept-Post": "message/rfc822"},
            )
        return _keep(door, "email", door.providers.email, MAX_MAIL)

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


def _keep(door: Door, source: str, verifiers: Sequence[Verifier], limit: int) -> Response:
    raw = raw_body(limit)
    headers = lowered(request.headers)
    if not any(verifier.verify(headers, raw) for verifier in verifiers):
        raise Problem("not-signed", f"None of our {source} accounts has the secret that signed these bytes.")
    with door.outage.watched():
        new = door.inbox.keep_request(source=source, headers=kept_headers(headers), body=raw)
    if new:
        door.hints.observe()
    metrics.WEBHOOKS.labels(source=source, outcome="kept" if new else "repeated").inc()
    log.info("webhook_kept" if new else "webhook_repeated", source=source, size=len(raw))
    # Always 200, understood or not: a provider that is refused sends the same again for days.
    return Response('{"status": "kept"}', content_type="application/json")
