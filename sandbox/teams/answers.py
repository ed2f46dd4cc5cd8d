"""What a person does in Teams: writes, presses a button of a card."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.channels import Channel
from sandbox.courier import Answered
from sandbox.messages import Button, Message
from sandbox.people import Person
from sandbox.rooms import Rooms
from sandbox.teams.cards import action_of, inputs
from sandbox.teams.names import Directory, conversation_with
from sandbox.teams.webhooks import execute_activity, message_id, new_activity_id, text_activity, written

PAUSES = (1.0, 4.0)
"""Seconds between tries. Teams itself does not come back; a door that is just starting gets a second chance here."""
SHOWN = "application/vnd.microsoft.activity.message"


def reply(rooms: Rooms, person: Person, text: str, context: Message | None) -> Message:
    """Write to the bot; with `context`, quoting a message."""
    address = context.address if context else person.on(Channel.TEAMS)
    said = rooms.messages.put(_said(rooms, address, text, context.id if context else None))
    activity = text_activity(rooms.environment, said, rooms.shelf(Directory).id_of(address), person.title)
    rooms.note_taken(said, rooms.courier.post(lambda: written(rooms.environment, activity), PAUSES))
    return said


def press(rooms: Rooms, message: Message, button: Button) -> Message:
    """Press a button: an invoke, whose answer Teams shows to whoever pressed."""
    action = action_of(message.raw or {}, button.payload or "") or {}
    pressed = rooms.messages.put(replace(rooms.messages.get(message.id) or message, pressed=button.title))
    person = rooms.people.behind(message.address)
    user_id = rooms.shelf(Directory).id_of(message.address)
    about = replace(pressed, at=rooms.now(), context=None)
    typed = {str(each["id"]): button.written for each in inputs(message.raw or {})}
    activity = execute_activity(rooms.environment, about, user_id, person.title if person else "", action, typed)
    answered = rooms.courier.post(lambda: written(rooms.environment, activity), PAUSES)
    rooms.spawn(_show(rooms, pressed, answered))
    return pressed


async def _show(rooms: Rooms, pressed: Message, answer: "asyncio.Future[Answered]") -> None:
    """Teams shows what the bot answers: words to the person."""
    told = _told(await answer)
    if told.get("type") == SHOWN and isinstance(told.get("value"), str):
        rooms.messages.put(_from_bot(rooms, pressed, told["value"]))


def _told(answered: Answered) -> Mapping[str, Any]:
    try:
        told = json.loads(answered.body) if answered else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _said(rooms: Rooms, address: str, text: str, context: str | None) -> Message:
    now = rooms.now()
    return Message(
        id=message_id(conversation_with(address), new_activity_id(now)),
        channel=Channel.TEAMS,
        address=address,
        at=now,
        text=text,
        from_person=True,
        context=context,
    )


def _from_bot(rooms: Rooms, pressed: Message, text: str) -> Message:
    said = _said(rooms, pressed.address, text, pressed.id)
    return replace(said, from_person=False, kind="answer", receipts=False)
