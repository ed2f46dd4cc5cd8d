"""What a person does on WhatsApp: writes, presses, reads."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from sandbox.channels import Channel
from sandbox.messages import Button, Message
from sandbox.meta.sending import tell
from sandbox.meta.webhooks import new_wamid, press_change, reply_change
from sandbox.people import Person
from sandbox.rooms import Rooms

PATIENCE = 50
PAUSE = timedelta(milliseconds=100)


def reply(rooms: Rooms, person: Person, text: str, context: Message | None) -> Message:
    """Write to the business."""
    address = context.address if context else person.on(Channel.WHATSAPP)
    written = rooms.messages.put(_from_person(rooms, address, text, context))
    rooms.note_taken(written, rooms.courier.post_change(reply_change(rooms.environment, written, person.name)))
    return written


def press(rooms: Rooms, message: Message, button: Button) -> Message:
    """Press a button under a message; WhatsApp shows that as a message of the person's."""
    pressed = rooms.messages.put(replace(message, pressed=button.title))
    written = rooms.messages.put(_from_person(rooms, message.address, button.title, message, kind="press"))
    person = rooms.people.behind(message.address)
    name = person.name if person else ""
    change = press_change(rooms.environment, written, pressed, name, button.payload or "")
    rooms.note_taken(written, rooms.courier.post_change(change))
    return written


def read(rooms: Rooms, message: Message) -> None:
    """Tell the business that the message was read."""
    rooms.spawn(_tell_read(rooms, message))


def _from_person(rooms: Rooms, address: str, text: str, context: Message | None, kind: str = "text") -> Message:
    return Message(
        id=new_wamid(address),
        channel=Channel.WHATSAPP,
        address=address,
        at=rooms.now(),
        text=text,
        from_person=True,
        kind=kind,
        context=context.id if context else None,
    )


async def _tell_read(rooms: Rooms, message: Message) -> None:
    """A phone that is looked at reports delivered first; wait for that, within bounds."""
    for _ in range(PATIENCE):
        current = rooms.messages.get(message.id)
        if current is None or current.told in {"delivered", "read", "failed"}:
            break
        await asyncio.sleep(PAUSE.total_seconds())
    if current is not None and current.told not in {"read", "failed"}:
        await tell(rooms, message, "read")
