"""The sandbox's own API, under /_sandbox: the one way in for tests and for the page."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

from sandbox.answers import ANSWERS
from sandbox.channels import NAMES, Channel, address_of, any_address
from sandbox.faults import ENDINGS, KINDS, Fault, fault_from
from sandbox.http1 import Request, Response, json_response
from sandbox.messages import Button, Message
from sandbox.odoo import deeds as odoo
from sandbox.odoo.servers import adopt
from sandbox.people import Person
from sandbox.rooms import Rooms
from sandbox.unfit import Unfit
from sandbox.witness import tally

Fields = Mapping[str, Any]
Deed = Callable[[Rooms, Fields], Awaitable[Any]]
LONGEST_REPLY = 4096


def fields_of(request: Request) -> dict[str, Any]:
    """The fields of a form or of a JSON body; raises Unfit."""
    if request.is_form or not request.body:
        return dict(request.form())
    try:
        fields = json.loads(request.body)
    except ValueError as error:
        raise Unfit([f"/: the body is not JSON: {error}"], 400) from error
    if not isinstance(fields, dict):
        raise Unfit(["/: the body is not a JSON object"], 400)
    return fields


def way_back(fields: Fields) -> str:
    """Where a form without JavaScript wants to return to: a path of ours and nothing else."""
    path = str(fields.get("next") or "/")
    parts = urlsplit(path)
    return path if path.startswith("/") and not parts.netloc and "\\" not in path and path.isprintable() else "/"


async def health(_rooms: Rooms, _fields: Fields) -> Any:
    """That the process answers."""
    return {"status": "ok"}


async def requests(rooms: Rooms, fields: Fields) -> Any:
    """The witness: every request that asked for a message, by key and recipient."""
    found = rooms.witness.find(str(fields.get("key", "")), any_address(str(fields.get("recipient", ""))))
    rows = [{**asdict(seen), "at": seen.at.isoformat()} for seen in found]
    return {"count": len(rows), "keys": tally(found), "requests": rows}


async def messages(rooms: Rooms, fields: Fields) -> Any:
    """Everything that was taken, as the people have it."""
    wanted = any_address(str(fields.get("recipient", "")))
    rows = [_message_row(m) for m in rooms.messages if not wanted or m.address == wanted]
    return {
        "count": len(rows),
        "messages": rows,
        "people": [asdict(person) for person in rooms.people.all()],
        "webhooks": {
            "posted": rooms.courier.posted,
            "waiting": rooms.courier.waiting,
            "given_up": rooms.courier.given_up,
            "trouble": rooms.courier.last_trouble,
        },
    }


async def kinds(rooms: Rooms, _fields: Fields) -> Any:
    """Which faults can be armed, which are, and which recipients bring one about."""
    return {
        "kinds": {channel: {kind: script.title for kind, script in table.items()} for channel, table in KINDS.items()},
        "endings": {channel: dict(endings) for channel, endings in ENDINGS.items()},
        "armed": [asdict(fault) for fault in rooms.faults.armed],
    }


async def arm(rooms: Rooms, fields: Fields) -> Any:
    """Make the next requests fail in a chosen way."""
    fault, reasons = fault_from(fields)
    if fault is None:
        raise Unfit(reasons)
    armed: Fault = rooms.faults.arm(fault)
    rooms.bell.ring()
    return asdict(armed)


async def disarm(rooms: Rooms, fields: Fields) -> Any:
    """Forget one armed fault, or all."""
    number = str(fields.get("number") or "")
    rooms.faults.disarm(int(number) if number.isdecimal() else None)
    rooms.bell.ring()
    return {"armed": [asdict(fault) for fault in rooms.faults.armed]}


async def introduce(rooms: Rooms, fields: Fields) -> Any:
    """Tell the sandbox which addresses are one person's, and what that person is called."""
    addresses = {channel: str(fields.get(channel) or "") for channel in Channel}
    if not any(addresses.values()):
        raise Unfit([f"/{', /'.join(Channel)}: give at least one of them"])
    person = rooms.introduce(rooms.people.introduce(str(fields.get("name") or ""), addresses))
    adopt(rooms, person)
    return asdict(person)


async def reply(rooms: Rooms, fields: Fields) -> Any:
    """Write back as the person: to a message (message_id), or to the business (person or recipient, and channel)."""
    text = str(fields.get("text") or "").strip()
    reasons = [] if text else ["/text: is empty; write something"]
    reasons += [f"/text: has {len(text)} characters; {LONGEST_REPLY} are allowed"] if len(text) > LONGEST_REPLY else []
    target = _target(rooms, fields)
    channel = target.channel if target else _channel(fields, reasons)
    person = _writer(rooms, fields, channel, target)
    if person is None:
        reasons.append("/message_id, /person or /recipient: one must say who writes")
    write = ANSWERS[channel].reply
    if write is None:
        reasons.append(f"/channel: nobody can write back on {NAMES[channel]}")
    if ANSWERS[channel].needs_message and target is None:
        target = _newest(rooms, person, channel)
        reasons += [] if target else [f"/message_id: on {NAMES[channel]} a message must be there to be answered"]
    if reasons or write is None or person is None:
        raise Unfit(reasons)
    return _message_row(write(rooms, person, text, target))


async def press(rooms: Rooms, fields: Fields) -> Any:
    """Press a button under a message as the person: by its place (button) or its payload."""
    target = _target(rooms, fields)
    if target is None:
        raise Unfit(["/message_id: give the id of the message that has the button"])
    choice = str(fields.get("payload") or fields.get("button") or "0")
    seen = next((each for each in (target, target.before) if each and _chosen_button(each, choice)), target)
    found = _chosen_button(seen, choice)
    if found is None:
        answers = [button for button in target.buttons if button.payload is not None]
        known = ", ".join(f"{b.title!r} ({b.payload})" for b in answers) or "none"
        raise Unfit([f"/button: {choice!r} is not a reply button of this message. It has: {known}."])
    do_press = ANSWERS[target.channel].press
    if do_press is None:
        raise Unfit([f"/message_id: on {NAMES[target.channel]} no button answers"])
    return _message_row(do_press(rooms, seen, replace(found, written=str(fields.get("reason") or ""))))


def _chosen_button(message: Message, choice: str) -> Button | None:
    """The reply button that is meant by its place, payload or title."""
    numbered = ((number, button) for number, button in enumerate(message.buttons) if button.payload is not None)
    return next((b for number, b in numbered if choice in {str(number), b.payload, b.title}), None)


async def read(rooms: Rooms, fields: Fields) -> Any:
    """Open a person's messages: all (person, recipient), those of one channel, or one (message_id)."""
    channel = str(fields.get("channel") or "")
    unopened = [message for message in _chosen(rooms, fields) if not message.opened and not message.from_person]
    opened = [message for message in unopened if not channel or message.channel == channel]
    for message in opened:
        rooms.messages.put(replace(message, opened=True))
        tell_read = ANSWERS[message.channel].read
        if tell_read and message.receipts and message.reached and message.told != "read":
            tell_read(rooms, message)
    return {"opened": [message.id for message in opened]}


async def reset(rooms: Rooms, _fields: Fields) -> Any:
    """Forget everything but the approved templates."""
    rooms.reset()
    return {"status": "ok"}


def _chosen(rooms: Rooms, fields: Fields) -> list[Message]:
    if fields.get("message_id"):
        target = _target(rooms, fields)
        return [target] if target else []
    person = rooms.people.get(str(fields.get("person") or ""))
    if person is None:
        person = rooms.people.behind(any_address(str(fields.get("recipient") or "")))
    if person is None:
        raise Unfit(["/person, /recipient or /message_id: one must name somebody who has messages"], 404)
    return rooms.messages.with_addresses(person.reached_at)


def _target(rooms: Rooms, fields: Fields) -> Message | None:
    message_id = str(fields.get("message_id") or "")
    target = rooms.messages.get(message_id)
    if message_id and target is None:
        raise Unfit([f"/message_id: there is no message {message_id!r}"], 404)
    return target


def _channel(fields: Fields, reasons: list[str]) -> Channel:
    named = str(fields.get("channel") or "")
    if not named:
        return Channel.EMAIL if "@" in str(fields.get("recipient") or "") else Channel.WHATSAPP
    try:
        return Channel(named)
    except ValueError:
        reasons.append(f"/channel: {named!r} is not a channel. Known are {', '.join(Channel)}.")
        return Channel.WHATSAPP


def _writer(rooms: Rooms, fields: Fields, channel: Channel, target: Message | None) -> Person | None:
    """Who writes: whoever got the message, or the person who is named, or a stranger with an address of his own."""
    if target is not None:
        return rooms.meet(channel, target.address)
    if person := rooms.people.get(str(fields.get("person") or "")):
        return person if person.on(channel) else None
    address = address_of(channel, str(fields.get("recipient") or ""))
    return rooms.meet(channel, address) if address else None


def _newest(rooms: Rooms, person: Person | None, channel: Channel) -> Message | None:
    """The last message that this person got on a channel."""
    thread = rooms.messages.with_addresses(person.reached_at) if person else []
    return next((m for m in reversed(thread) if m.channel is channel and not m.from_person), None)


def _message_row(message: Message) -> dict[str, Any]:
    edited = message.edited and message.edited.isoformat()
    return {**asdict(replace(message, before=None)), "at": message.at.isoformat(), "edited": edited}


DEEDS: Mapping[tuple[str, str], Deed] = {
    ("GET", "healthz"): health,
    ("GET", "requests"): requests,
    ("GET", "messages"): messages,
    ("GET", "faults"): kinds,
    ("POST", "faults"): arm,
    ("DELETE", "faults"): disarm,
    ("POST", "disarm"): disarm,
    ("POST", "people"): introduce,
    ("POST", "reply"): reply,
    ("POST", "press"): press,
    ("POST", "read"): read,
    ("POST", "reset"): reset,
    **odoo.DEEDS,
}
CREATED = frozenset({arm, introduce, reply, press})


async def control(rooms: Rooms, request: Request, name: str) -> Response:
    """Carry out one of the deeds. A form is answered with the way back, JSON with JSON."""
    deed = DEEDS.get((request.method, name))
    if deed is None:
        known = ", ".join(f"{method} /_sandbox/{deed}" for method, deed in DEEDS)
        return json_response({"errors": [f"{request.method} /_sandbox/{name}: not known. Known are {known}."]}, 404)
    try:
        fields = dict(request.query) if request.method in {"GET", "DELETE"} else fields_of(request)
        told = await deed(rooms, fields)
    except Unfit as unfit:
        return json_response({"errors": unfit.reasons}, unfit.status)
    if request.is_form:
        return Response(303, headers={"Location": way_back(fields)})
    return json_response(told, 201 if deed in CREATED else 200)
