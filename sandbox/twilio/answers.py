"""What a person does with an SMS: writes back."""

from sandbox.channels import Channel
from sandbox.messages import Message
from sandbox.people import Person
from sandbox.rooms import Rooms
from sandbox.twilio.consent import Stopped
from sandbox.twilio.segments import count
from sandbox.twilio.webhooks import INBOUND, inbound_form, new_sid, written


def reply(rooms: Rooms, person: Person, text: str, context: Message | None) -> Message:
    """Write to our number. An SMS does not say which message it answers; Twilio hears STOP before we do."""
    address = context.address if context else person.on(Channel.SMS)
    message = rooms.messages.put(_text(rooms, address, text, from_person=True))
    form, url = inbound_form(message), rooms.environment.webhook_url + INBOUND
    # One try: Twilio does not come back with a message that the door did not take.
    rooms.note_taken(message, rooms.courier.post(lambda: written(rooms.environment.secret, url, form), pauses=()))
    if automatic := rooms.shelf(Stopped).hear(address, text):
        rooms.messages.put(_text(rooms, address, automatic))
    return message


def _text(rooms: Rooms, address: str, text: str, *, from_person: bool = False) -> Message:
    return Message(
        id=new_sid(),
        channel=Channel.SMS,
        address=address,
        at=rooms.now(),
        text=text,
        from_person=from_person,
        segments=count(text),
        receipts=False,
    )
