"""What a person can do with a message, for each channel: write back, press a button, read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.channels import Channel
from sandbox.mail import answers as mail
from sandbox.messages import Button, Message
from sandbox.meta import answers as meta
from sandbox.people import Person
from sandbox.rooms import Rooms
from sandbox.slack import answers as slack
from sandbox.teams import answers as teams
from sandbox.twilio import answers as twilio


@dataclass(frozen=True, slots=True)
class Answers:
    """One channel's ways; None for what nobody can do there. Each posts its webhook in the background."""

    reply: Callable[[Rooms, Person, str, Message | None], Message] | None = None
    """Write as the person: the text, and the message that it answers. The message that the person wrote."""
    press: Callable[[Rooms, Message, Button], Message] | None = None
    """Press a button that has a payload. What the page shows for it: a message of the person's, or the pressed one."""
    read: Callable[[Rooms, Message], None] | None = None
    """Tell the sender that the message was read."""
    needs_message: bool = False
    """A person can only answer, not write first."""


NOBODY = Answers()

ANSWERS: Mapping[Channel, Answers] = MappingProxyType(
    {
        Channel.WHATSAPP: Answers(meta.reply, meta.press, meta.read),
        Channel.SMS: Answers(twilio.reply),
        Channel.SLACK: Answers(slack.reply, slack.press),
        Channel.TEAMS: Answers(teams.reply, teams.press),
        Channel.EMAIL: Answers(mail.reply, needs_message=True),
        Channel.ODOO: NOBODY,
        Channel.CALLBACK: NOBODY,
    }
)
"""Each provider's own functions, from `sandbox/<provider>/answers.py`."""
