"""Slack's Web API, as far as the house asks: post, edit, open a conversation, look a member up."""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from sandbox.acting import Part, Taken, act_out, strike
from sandbox.channels import Channel, address_of
from sandbox.http1 import Request, Response, json_response, retry_header
from sandbox.messages import Button, Fact, Message, beside
from sandbox.rooms import Rooms
from sandbox.scripts import Script
from sandbox.slack.checks import MAX_TEXT, Body, faults
from sandbox.slack.faults import Step
from sandbox.slack.names import (
    BOT_ID,
    BOT_USER,
    TEAM_ID,
    Moments,
    address_in,
    conversation_with,
    member_at,
)
from sandbox.slack.striking import script_at
from sandbox.witness import Outcome, Seen

SCOPES = "chat:write,im:write,users:read,users:read.email"
JSON_IN_FORMS = frozenset({"blocks", "metadata"})
"""What Slack takes as JSON within a form's field."""


class Refused(Exception):
    """What Slack answers with `ok: false`."""

    def __init__(self, error: str, messages: tuple[str, ...] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages


async def call(rooms: Rooms, request: Request, method: str) -> Response:
    """POST /slack/api/<method>."""
    try:
        _authorise(rooms, request)
        body = _body(request)
        if method not in METHODS:
            raise Refused("unknown_method")
        return await METHODS[method](rooms, body)
    except Refused as refused:
        return _refusal(refused.error, refused.messages)


def _authorise(rooms: Rooms, request: Request) -> None:
    scheme, _, token = request.header("authorization").partition(" ")
    if scheme != "Bearer" or not token:
        raise Refused("not_authed")
    if not hmac.compare_digest(token.encode(), rooms.environment.secret.encode()):
        raise Refused("invalid_auth")


def _body(request: Request) -> Body:
    if request.is_form:
        form: Body = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        return {name: _json(value) if name in JSON_IN_FORMS else value for name, value in form.items()}
    body = _json(request.body or b"{}")
    if not isinstance(body, dict):
        raise Refused("json_not_object")
    return body


def _json(raw: str | bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("invalid_json") from error


def _refusal(error: str, messages: tuple[str, ...] = (), status: int = 200, wait: float | None = None) -> Response:
    body: dict[str, Any] = {"ok": False, "error": error}
    if messages:
        body |= {"errors": list(messages), "response_metadata": {"messages": list(messages)}}
    if error == "missing_scope":
        body |= {"needed": SCOPES, "provided": "identify"}
    return json_response(body, status, retry_header(wait))


def _demanded(script: Script) -> Response:
    """The refusal that a fault asks for."""
    return _refusal(str(script.error), status=429 if script.seconds else 200, wait=script.seconds)


# Methods ------------------------------------------------------------------------------------------------------------


async def test(_rooms: Rooms, _body: Body) -> Response:
    """auth.test."""
    told = {"ok": True, "url": "https://sandbox.slack.example/", "team": "Sandbox", "user": "postroom"}
    return json_response(
        {**told, "team_id": TEAM_ID, "user_id": BOT_USER, "bot_id": BOT_ID}, 200, {"X-OAuth-Scopes": SCOPES}
    )


async def look_up(rooms: Rooms, body: Body) -> Response:
    """users.lookupByEmail."""
    email = address_of(Channel.EMAIL, str(body.get("email", "")))
    if "@" not in email:
        raise Refused("users_not_found")
    _, script = script_at(rooms, Step.LOOK_UP, email)
    if script.refuses:
        return _demanded(script)
    member = member_at(rooms, email)
    profile = {"email": email, "real_name": (rooms.people.behind(email) or rooms.meet(Channel.SLACK, member)).title}
    marks = {"deleted": False, "is_bot": False, "is_restricted": False, "is_email_confirmed": True}
    return json_response({"ok": True, "user": {"id": member, "team_id": TEAM_ID, **marks, "profile": profile}})


async def open_conversation(_rooms: Rooms, body: Body) -> Response:
    """conversations.open."""
    users = str(body.get("users", ""))
    if users[:1] not in {"U", "W"} or not users.isalnum():
        raise Refused("user_not_found")
    return json_response({"ok": True, "channel": {"id": conversation_with(users)}})


async def post(rooms: Rooms, body: Body) -> Response:
    """chat.postMessage."""
    address = address_in(str(body.get("channel", "")))
    seen = rooms.witness.arrived(Channel.SLACK, _key(body), address, rooms.now())
    try:
        _check(address, body)
    except Refused as refused:
        rooms.witness.settle(seen, Outcome.REFUSED, status=200, code=refused.error, reasons=refused.messages)
        raise
    struck = script_at(rooms, Step.POST, seen.recipient)
    return await act_out(rooms, seen, Part(_demanded, partial(_accept, rooms, seen, body)), struck)


async def update(rooms: Rooms, body: Body) -> Response:
    """chat.update."""
    message = rooms.messages.get(f"{body.get('channel')}:{body.get('ts')}")
    if message is None:
        raise Refused("message_not_found")
    _check(message.address, body)
    _, script = script_at(rooms, Step.POST, message.address)
    return await strike(script, Part(_demanded, partial(_change, rooms, message, body)))


METHODS: Mapping[str, Callable[[Rooms, Body], Awaitable[Response]]] = MappingProxyType(
    {
        "auth.test": test,
        "users.lookupByEmail": look_up,
        "conversations.open": open_conversation,
        "chat.postMessage": post,
        "chat.update": update,
    }
)


def _key(body: Body) -> str:
    metadata = body.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return str(payload.get("attempt", "")) if isinstance(payload, dict) else ""


def _check(address: str, body: Body) -> None:
    if address[:1] not in {"U", "W", "C", "G"} or not address[1:].isalnum():
        raise Refused("channel_not_found")
    if not body.get("text") and not body.get("blocks"):
        raise Refused("no_text")
    if len(str(body.get("text", ""))) > MAX_TEXT:
        raise Refused("msg_too_long")
    if found := faults(body):
        raise Refused("invalid_blocks", tuple(found))


def _accept(rooms: Rooms, seen: Seen, body: Body, script: Script) -> Taken:
    rooms.meet(Channel.SLACK, seen.recipient)
    conversation, moment = conversation_with(seen.recipient), rooms.shelf(Moments).next(rooms.now())
    blank = Message(
        id=f"{conversation}:{moment}",
        channel=Channel.SLACK,
        address=seen.recipient,
        at=rooms.now(),
        text="",
        key=seen.key,
        receipts=False,
    )
    message = rooms.messages.put(_dressed(blank, body))
    if script.failure:
        return Taken(message, _refusal(str(script.failure)), told=False)
    told = {"ok": True, "channel": conversation, "ts": moment, "message": {"text": body.get("text")}}
    return Taken(message, json_response(told))


def _change(rooms: Rooms, message: Message, body: Body, _script: Script) -> Taken:
    changed = rooms.messages.put(_dressed(message.changed(rooms.now()), body))
    told = {"ok": True, "channel": body["channel"], "ts": body["ts"], "text": body.get("text", "")}
    return Taken(changed, json_response(told))


def _dressed(message: Message, body: Body) -> Message:
    """The message as its reader sees it: header, text, fields and buttons, gathered from the blocks."""
    blocks = [block for block in body.get("blocks", ()) if isinstance(block, dict)]
    texts = [block["text"]["text"] for block in blocks if block["type"] == "section" and block.get("text")]
    return replace(
        message,
        title=next((block["text"]["text"] for block in blocks if block["type"] == "header"), ""),
        text="\n\n".join(texts) or str(body.get("text", "")),
        fields=tuple(_fact(field["text"]) for block in blocks for field in block.get("fields", ())),
        buttons=tuple(_button(each, _label(blocks)) for block in blocks for each in block.get("elements", ())),
        raw=body,
    )


def _fact(text: str) -> Fact:
    label, _, value = text.partition("\n")
    return Fact(label.strip("*"), value)


def _label(blocks: Sequence[Body]) -> str | None:
    return next((str(block["label"]["text"]) for block in blocks if block["type"] == "input"), None)


def _button(element: Mapping[str, Any], label: str | None) -> Button:
    style = element.get("style")
    return Button(
        element["text"]["text"],
        url=element.get("url"),
        payload=element.get("value"),
        style=style,
        reason=beside(style, label),
    )
