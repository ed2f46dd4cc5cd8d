"""What passes between a business and the people it writes to, as this sandbox remembers it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.channels import Channel

WINDOW = timedelta(hours=24)
TYPING = timedelta(seconds=25)
RANK = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3}
MOST_MESSAGES = 5_000


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message, as the person sees it."""

    title: str
    url: str | None = None
    payload: str | None = None
    """What comes back when it is pressed; None for a button that only opens its link."""
    style: str | None = None
    """primary or danger, where the channel can show that."""
    reason: str | None = None
    """The label of a field beside it."""
    written: str = ""
    """What a person has written there when he presses it."""


def beside(style: str | None, label: str | None) -> str | None:
    """The label of a message's field, for the button that it is shown beside: that of the graver answer."""
    return label if style == "danger" else None


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with its value, set apart from the text."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that came with a message."""

    name: str
    media_type: str
    url: str
    """Where it opens: `/files/...` for what this sandbox keeps, else the address that the sender gave."""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail has and a chat message has not."""

    subject: str
    sender: str
    envelope_from: str
    html: str
    headers: tuple[tuple[str, str], ...]
    reply_to: str
    references: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, to a person or from one."""

    id: str
    channel: Channel
    address: str
    """The person's address on that channel."""
    at: datetime
    text: str
    from_person: bool = False
    kind: str = "text"
    key: str = ""
    """The opaque key that the sender attached."""
    language: str = ""
    title: str = ""
    """What stands above the text: WhatsApp's and Slack's header, a card's title, Odoo's subject."""
    footer: str = ""
    fields: tuple[Fact, ...] = ()
    buttons: tuple[Button, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    segments: int = 0
    """How many SMS it takes."""
    category: str = "service"
    context: str | None = None
    """The message that this one answers."""
    told: str = "accepted"
    """The furthest status that the sender has acknowledged."""
    failure: int | str | None = None
    """The provider's code for what kept it from the person; such a message was never seen."""
    reason: str = ""
    """The provider's words for that."""
    bounced: str | None = None
    receipts: bool = True
    opened: bool = False
    pressed: str | None = None
    reaction: str = ""
    mail: Mail | None = None
    edited: datetime | None = None
    """When the sender last changed it."""
    before: "Message | None" = None
    """As it was first: whoever has not looked since still sees that, and may press its buttons."""
    raw: Mapping[str, Any] | None = None
    """What the provider got, for the developer's eye; never a header, so never a secret."""

    def changed(self, now: datetime) -> "Message":
        """The same message, about to be changed by its sender."""
        return replace(self, edited=now, before=self.before or self)

    @property
    def reached(self) -> bool:
        """Whether the person has it."""
        return self.failure is None and self.bounced is None


@dataclass(slots=True)
class MessageBook:
    """The newest messages, and when each person last wrote."""

    on_change: Callable[[Message], None]
    """Told of each message that was put; the journal and the open pages hang here."""
    _messages: dict[str, Message] = field(default_factory=dict)
    _wrote: dict[str, datetime] = field(default_factory=dict)
    _typing: dict[str, datetime] = field(default_factory=dict)

    def put(self, message: Message) -> Message:
        """Keep a message, new or changed; the oldest makes room."""
        self._messages[message.id] = message
        while len(self._messages) > MOST_MESSAGES:
            del self._messages[next(iter(self._messages))]
        if message.from_person:
            self._wrote[message.address] = max(message.at, self._wrote.get(message.address, message.at))
        elif message.channel is Channel.WHATSAPP:
            self._typing.pop(message.address, None)
        self.on_change(message)
        return message

    def get(self, message_id: str) -> Message | None:
        """The message, while it is remembered."""
        return self._messages.get(message_id)

    def tell(self, message_id: str, status: str) -> None:
        """Record that the sender has acknowledged this status; never backwards."""
        message = self._messages.get(message_id)
        if message and message.failure and status == "delivered":  # after all, on another device
            self.put(replace(message, told=status, failure=None))
        elif message and RANK.get(status, -1) > RANK.get(message.told, 3):
            self.put(replace(message, told=status))
        elif message and status == "failed":
            self.put(replace(message, told="failed"))

    def bounce(self, message_id: str, status: str) -> None:
        """Record that a mail came back, and that the sender knows."""
        if message := self._messages.get(message_id):
            self.put(replace(message, bounced=status, told="failed"))

    def __iter__(self) -> Iterator[Message]:
        """All that is remembered, oldest first."""
        return iter(tuple(self._messages.values()))

    def with_addresses(self, addresses: frozenset[str]) -> list[Message]:
        """A person's conversation, oldest first."""
        return [message for message in self._messages.values() if message.address in addresses]

    def window_open(self, address: str, now: datetime) -> bool:
        """Whether free text may be sent: the person wrote within 24 hours."""
        wrote = self._wrote.get(address)
        return wrote is not None and now - wrote < WINDOW

    def type_to(self, address: str, now: datetime) -> None:
        """Show that the business is typing."""
        self._typing[address] = now

    def is_typing(self, addresses: frozenset[str], now: datetime) -> bool:
        """Whether the business is shown as typing to this person."""
        return any(now - self._typing[a] < TYPING for a in addresses if a in self._typing)

    def clear(self) -> None:
        """Forget everything."""
        self._messages.clear()
        self._wrote.clear()
        self._typing.clear()
