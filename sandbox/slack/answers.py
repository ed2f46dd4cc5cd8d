"""What a person does in Slack: writes to the bot, presses a button."""

from dataclasses import replace

from sandbox.channels import Channel
from sandbox.messages import Button, Message
from sandbox.people import Person
from sandbox.rooms import Rooms
from sandbox.slack.names import Moments, conversation_with
from sandbox.slack.webhooks import action_written, event_written, message_event, press_action

PAUSES = (1.0, 60.0)
"""Seconds between tries; Slack gives up after three retries within the hour."""


def reply(rooms: Rooms, person: Person, text: str, context: Message | None) -> Message:
    """Write to the bot; with `context`, in the thread of a message."""
    address = context.address if context else person.on(Channel.SLACK)
    moment = rooms.shelf(Moments).next(rooms.now())
    said = rooms.messages.put(
        Message(
            id=f"{conversation_with(address)}:{moment}",
            channel=Channel.SLACK,
            address=address,
            at=rooms.now(),
            text=text,
            from_person=True,
            context=context.id if context else None,
        )
    )
    event = message_event(said, context.id.partition(":")[2] if context else None)
    rooms.note_taken(said, rooms.courier.post(lambda: event_written(rooms.environment.secret, event), PAUSES))
    return said


def press(rooms: Rooms, message: Message, button: Button) -> Message:
    """Press a button. Slack tells the bot once; what it shows then is for the bot to say."""
    pressed = rooms.messages.put(replace(rooms.messages.get(message.id) or message, pressed=button.title))
    action = press_action(message, button, rooms.shelf(Moments).next(rooms.now()))
    rooms.courier.post(lambda: action_written(rooms.environment.secret, action), pauses=())
    return pressed
