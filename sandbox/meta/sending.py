"""Takes a message or refuses it, then lets the receipts follow."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from sandbox.acting import Part, Taken, act_out, pause
from sandbox.channels import Channel
from sandbox.http1 import Request, Response, json_response
from sandbox.messages import Button, Message
from sandbox.meta.access import authorise, check_number
from sandbox.meta.checks import check_message, read_json
from sandbox.meta.errors import ERRORS, Refused, answer
from sandbox.meta.media import enclosed
from sandbox.meta.numbers import wa_id
from sandbox.meta.templates import MEDIA, fill
from sandbox.meta.webhooks import new_wamid, status_change
from sandbox.rooms import Rooms
from sandbox.scripts import USUAL, Script
from sandbox.witness import Outcome, Seen


async def send(rooms: Rooms, request: Request, phone_number_id: str) -> Response:
    """POST /{version}/{phone_number_id}/messages."""
    seen: Seen | None = None
    try:
        body = read_json(request.body)
        if "status" not in body:
            seen = _note_arrival(rooms, body)
        authorise(rooms, request)
        check_number(rooms, phone_number_id)
        check_message(body)
        if seen is None:
            return _mark_read(rooms, body)
        message = written(rooms, body)
    except Refused as refused:
        return _refuse(rooms, seen, refused)
    part = Part(_refusal, partial(_accept, rooms, message, body["to"]), partial(follow, rooms))
    return await act_out(rooms, seen, part)


def _note_arrival(rooms: Rooms, body: Mapping[str, Any]) -> Seen:
    key, to = str(body.get("biz_opaque_callback_data", "")), str(body.get("to", ""))
    return rooms.witness.arrived(Channel.WHATSAPP, key, wa_id(to), rooms.now())


def _mark_read(rooms: Rooms, body: Mapping[str, Any]) -> Response:
    """The business has read what the person wrote, and may be typing."""
    message = rooms.messages.get(body["message_id"])
    if message is None or not message.from_person:
        return answer(Refused(100, f"/message_id: no message from a person has the id {body['message_id']}"))
    if "typing_indicator" in body:
        rooms.messages.type_to(message.address, rooms.now())
    rooms.messages.put(replace(message, told="read"))
    return json_response({"success": True})


def _refuse(rooms: Rooms, seen: Seen | None, refused: Refused) -> Response:
    if seen is not None:
        reasons = refused.reasons or (refused.details,)
        rooms.witness.settle(seen, Outcome.REFUSED, status=refused.status, code=str(refused.code), reasons=reasons)
    return answer(refused)


def written(rooms: Rooms, body: Mapping[str, Any]) -> Message:
    """The message as the person will see it; raises Refused for what cannot be sent."""
    address, now = wa_id(body["to"]), rooms.now()
    if address == rooms.environment.display_phone_number:
        raise Refused(131021, "The recipient is the sender's own number.")
    blank = Message(
        id=new_wamid(address),
        channel=Channel.WHATSAPP,
        address=address,
        at=now,
        text="",
        key=body.get("biz_opaque_callback_data", ""),
        kind=body.get("type", "text"),
        context=body.get("context", {}).get("message_id"),
        raw=body,
    )
    if blank.kind == "template":
        return _from_template(rooms, blank, body["template"])
    if not rooms.messages.window_open(address, now):
        raise Refused(131047)
    return WRITERS[blank.kind](rooms, blank, body[blank.kind])


def _from_template(rooms: Rooms, blank: Message, wanted: Mapping[str, Any]) -> Message:
    template = rooms.templates.find(wanted["name"], wanted["language"]["code"])
    filled = fill(template, wanted.get("components", ()), partial(enclosed, rooms))
    return replace(
        blank,
        text=filled.text,
        title=filled.header,
        footer=filled.footer,
        buttons=filled.buttons,
        attachments=filled.attachments,
        category=filled.category,
        language=template.language,
    )


def _from_text(_rooms: Rooms, blank: Message, text: Mapping[str, Any]) -> Message:
    return replace(blank, text=text["body"])


def _from_reaction(_rooms: Rooms, blank: Message, reaction: Mapping[str, Any]) -> Message:
    return replace(blank, text=reaction["emoji"], context=reaction["message_id"])


def _from_interactive(rooms: Rooms, blank: Message, interactive: Mapping[str, Any]) -> Message:
    header = interactive.get("header", {})
    return replace(
        blank,
        text=interactive["body"]["text"],
        title=header.get("text", ""),
        attachments=(enclosed(rooms, kind, header[kind]),) if (kind := header.get("type")) in MEDIA else (),
        footer=interactive.get("footer", {}).get("text", ""),
        buttons=tuple(_buttons(interactive["action"])),
    )


def _buttons(action: Mapping[str, Any]) -> list[Button]:
    if "parameters" in action:
        return [Button(action["parameters"]["display_text"], url=action["parameters"]["url"])]
    replies = [button["reply"] for button in action["buttons"]]
    return [Button(reply["title"], payload=reply["id"]) for reply in replies]


def _from_document(rooms: Rooms, blank: Message, document: Mapping[str, Any]) -> Message:
    return replace(blank, text=document.get("caption", ""), attachments=(enclosed(rooms, "document", document),))


WRITERS = {
    "text": _from_text,
    "reaction": _from_reaction,
    "interactive": _from_interactive,
    "document": _from_document,
}


def _refusal(script: Script) -> Response:
    return answer(Refused(int(script.error or 0)), script.seconds)


def _accept(rooms: Rooms, message: Message, dialled: str, script: Script) -> Taken:
    rooms.meet(Channel.WHATSAPP, message.address)
    if message.kind == "reaction" and (target := rooms.messages.get(message.context or "")):
        rooms.messages.put(replace(target, reaction=message.text))
    reason = ERRORS[int(script.failure)][1] if script.failure else ""
    fate = replace(message, failure=script.failure, reason=reason, receipts=bool(script.receipts))
    return Taken(rooms.messages.put(fate), _accepted(dialled, message))


def _accepted(dialled: str, message: Message) -> Response:
    return json_response(
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": dialled, "wa_id": message.address}],
            "messages": [{"id": message.id, "message_status": "accepted"}],
        }
    )


async def follow(rooms: Rooms, message: Message, script: Script) -> None:
    """Send the receipts, one after the other, each after a pause."""
    statuses = ("failed",) if script.failure and "failed" not in script.receipts else script.receipts
    if rooms.environment.auto_read and statuses == USUAL.receipts:
        statuses = (*statuses, "read")
    for status in statuses:
        await pause(rooms, script)
        await tell(rooms, message, status)


async def tell(rooms: Rooms, message: Message, status: str) -> None:
    """Send one receipt and remember that the sender has it."""
    change = status_change(rooms.environment, message, status, rooms.now())
    if await rooms.courier.post_change(change):
        rooms.messages.tell(message.id, status)
