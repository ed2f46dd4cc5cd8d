"""What a person does with a mail: answers it."""

from email.utils import make_msgid

from sandbox.channels import Channel
from sandbox.mail.letters import reply as letter
from sandbox.messages import Message
from sandbox.people import Person
from sandbox.rooms import Rooms


def reply(rooms: Rooms, person: Person, text: str, context: Message | None) -> Message:
    """Answer a mail, to the address that it asks answers for."""
    assert context is not None, "the control API finds the mail that is answered"
    raw, to = letter(context, text, person.name, rooms.now())
    written = rooms.messages.put(
        Message(
            id=make_msgid(domain="sandbox.invalid"),
            channel=Channel.EMAIL,
            address=context.address,
            at=rooms.now(),
            text=text,
            from_person=True,
            context=context.id,
        )
    )
    rooms.note_taken(written, rooms.courier.post_mail(raw, to))
    return written
