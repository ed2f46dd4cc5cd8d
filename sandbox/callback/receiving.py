"""Takes status callbacks in the place of every receiver, and believes only what is signed for that one."""

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sandbox.channels import Channel
from sandbox.http1 import Dropped, Request, Response, json_response
from sandbox.messages import Fact, Message
from sandbox.rooms import Rooms
from sandbox.scripts import Cut, Script
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
    return await _perform(rooms, seen, body)


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


async def _perform(rooms: Rooms, seen: Seen, body: Mapping[str, Any]) -> Response:
    """Act out the script that a fault asks for, or the usual one."""
    kind, script = rooms.faults.script_for(Channel.CALLBACK, seen.recipient)
    if script.refuses:
        rooms.witness.settle(seen, Outcome.FAULTED, fault=kind, status=int(script.error or 0))
        return _refusal(script)
    if script.cut is Cut.BEFORE:
        rooms.witness.settle(seen, Outcome.FAULTED, fault=kind)
        await asyncio.sleep(script.seconds or 0)
        raise Dropped
    message = _accept(rooms, seen, body)
    outcome = Outcome.DROPPED if script.cut else Outcome.ACCEPTED
    rooms.witness.settle(seen, outcome, status=0 if script.cut else 204, fault=kind, message_id=message.id)
    await asyncio.sleep(script.seconds or 0)
    if script.cut:
        raise Dropped
    return Response(204)


def _refusal(script: Script) -> Response:
    headers = {} if script.seconds is None else {"Retry-After": f"{script.seconds:g}"}
    status = int(script.error or 500)
    if 300 <= status < 400:
        headers["Location"] = "http://127.0.0.1:1/elsewhere"
    return Response(status, script.text.encode(), "text/plain", headers)


def _accept(rooms: Rooms, seen: Seen, body: Mapping[str, Any]) -> Message:
    """Keep it; a repeat is known by its id, as every receiver should know it, and changes nothing."""
    known = rooms.messages.get(str(body["id"]))
    if known is not None and known.address == seen.recipient:
        return known
    rooms.meet(Channel.CALLBACK, seen.recipient, urlsplit(seen.recipient).netloc)
    return rooms.messages.put(_message(rooms, seen, body))


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
