"""Takes status callbacks in the place of every receiver, and believes only what is signed for that one."""

import base64
import binascii
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sandbox.acting import Part, Taken, act_out
from sandbox.channels import Channel
from sandbox.http1 import Request, Response, json_response, retry_header
from sandbox.messages import Fact, Message
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.witness import Outcome, Seen

TOLERANCE = timedelta(minutes=5)


async def receive(rooms: Rooms, request: Request) -> Response:
    """POST /callback?to=<the receiver's own URL>."""
    url = request.query.get("to") or f"http://{request.header('host')}{request.path}"
    key = request.header("x-postroom-attempt") or request.header("webhook-id")
    seen = rooms.witness.arrived(Channel.CALLBACK, key, url, rooms.now())
    body, reasons = _read(request.body)
    reasons += list(_unsigned(rooms, request, url))
    if reasons or body is None:
        rooms.witness.settle(seen, Outcome.REFUSED, status=401, reasons=tuple(reasons))
        return json_response({"errors": reasons}, 401)
    return await act_out(rooms, seen, Part(_refusal, partial(_accept, rooms, seen, body)))


def secret_of(master: str, url: str) -> bytes:
    """What a receiver's signatures are made with: each URL has its own."""
    return hmac.new(master.encode(), url.encode(), sha256).digest()


def _read(raw: bytes) -> tuple[Mapping[str, Any] | None, list[str]]:
    try:
        body = json.loads(raw)
    except ValueError as error:
        return None, [f"/: the body is not JSON: {error}"]
    if not isinstance(body, dict):
        return None, ["/: the body is not a JSON object"]
    missing = [name for name in ("id", "source", "type", "time", "sequence", "data") if name not in body]
    return body, [f"/{name}: is missing" for name in missing]


def _unsigned(rooms: Rooms, request: Request, url: str) -> Iterator[str]:
    """Everything that keeps a receiver from believing this (Standard Webhooks)."""
    sent_id, stamp = request.header("webhook-id"), request.header("webhook-timestamp")
    if not sent_id:
        yield "webhook-id: is missing"
    if not stamp.isdecimal() or not _is_fresh(int(stamp), rooms.now()):
        yield f"webhook-timestamp: {stamp!r} is not within five minutes of now"
    signed = f"{sent_id}.{stamp}.".encode() + request.body
    expected = hmac.new(secret_of(rooms.environment.secret, url), signed, sha256).digest()
    given = [_decoded(word) for word in request.header("webhook-signature").split()]
    if not any(hmac.compare_digest(expected, one) for one in given):
        yield "webhook-signature: none is made with this receiver's secret"


def _is_fresh(stamp: int, now: datetime) -> bool:
    return abs(now.timestamp() - stamp) <= TOLERANCE.total_seconds()


def _decoded(word: str) -> bytes:
    version, _, encoded = word.partition(",")
    try:
        return base64.b64decode(encoded, validate=True) if version == "v1" else b""
    except binascii.Error:
        return b""


def _refusal(script: Script) -> Response:
    headers = retry_header(script.seconds)
    status = int(script.error or 500)
    if 300 <= status < 400:
        headers["Location"] = "http://127.0.0.1:1/elsewhere"
    return Response(status, script.text.encode(), "text/plain", headers)


def _accept(rooms: Rooms, seen: Seen, body: Mapping[str, Any], _script: Script) -> Taken:
    """Keep it; a repeat is known by its id, as every receiver should know it, and changes nothing."""
    known = rooms.messages.get(str(body["id"]))
    if known is not None and known.address == seen.recipient:
        return Taken(known, Response(204))
    rooms.meet(Channel.CALLBACK, seen.recipient, urlsplit(seen.recipient).netloc)
    return Taken(rooms.messages.put(_message(rooms, seen, body)), Response(204))


def _message(rooms: Rooms, seen: Seen, body: Mapping[str, Any]) -> Message:
    said = body["data"] if isinstance(body["data"], dict) else {}
    facts = {"sequence": body["sequence"], **{name: said.get(name) for name in ("channel", "about", "reason")}}
    return Message(
        id=str(body["id"]),
        channel=Channel.CALLBACK,
        address=seen.recipient,
        at=rooms.now(),
        text=f"{said.get('message_type', '')}: {said.get('state', '')}".removeprefix(": "),
        kind="callback",
        key=seen.key,
        title=str(body["type"]),
        fields=tuple(Fact(name, str(value)) for name, value in facts.items() if value is not None),
        receipts=False,
        raw=body,
    )
