"""Who is who in the workspace: members, their conversations, and the moments by which Slack names messages."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sandbox.channels import Channel
from sandbox.rooms import Rooms

TEAM_ID = "T00SANDBOX"
BOT_ID = "B00POSTROOM"
BOT_USER = "U00POSTROOM"


def member_at(rooms: Rooms, email: str) -> str:
    """The member with this address. Everybody with a mailbox is one; his id follows from the address."""
    person = rooms.people.behind(email)
    if person and person.on(Channel.SLACK):
        return person.on(Channel.SLACK)
    made = "U" + sha256(email.encode()).hexdigest()[:10].upper()
    rooms.introduce(rooms.people.introduce("", {Channel.EMAIL: email, Channel.SLACK: made}))
    return made


def conversation_with(address: str) -> str:
    """Where a message to this address appears: a member's own conversation with the bot, or the channel itself."""
    return f"D{address[1:]}" if address[:1] in "UW" else address


def address_in(conversation: str) -> str:
    """Whom a conversation is with."""
    return f"U{conversation[1:]}" if conversation[:1] == "D" else conversation


@dataclass(slots=True)
class Moments:
    """Slack's timestamps, which are also the ids of messages within a conversation: no two are the same."""

    last: int = 0

    def next(self, now: datetime) -> str:
        """The timestamp of a message of now."""
        self.last = max(self.last + 1, int(now.timestamp() * 1_000_000))
        return f"{self.last // 1_000_000}.{self.last % 1_000_000:06}"
