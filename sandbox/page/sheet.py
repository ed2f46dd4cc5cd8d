"""What stands on the inbox page, as values ready to be printed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from itertools import pairwise
from types import MappingProxyType

from sandbox.answers import ANSWERS
from sandbox.channels import Channel
from sandbox.faults import ENDINGS, KINDS
from sandbox.messages import Message
from sandbox.page.markup import dressed
from sandbox.people import Person
from sandbox.rooms import Rooms

MOST_CARDS = 200
MOST_MESSAGES = 200
COLOURS = 6

TICKS = {
    "accepted": ("clock", "taken; the sender has no receipt yet"),
    "sent": ("one", "the sender knows: sent"),
    "delivered": ("two", "the sender knows: delivered"),
    "read": ("two", "the sender knows: read"),
    "failed": ("cross", "the sender knows: failed"),
}
OWN_TICKS = {
    "accepted": ("clock", "not taken by the business yet"),
    "delivered": ("two", "the business has it"),
    "read": ("two", "the business has read it"),
    "failed": ("cross", "the business did not take it"),
}
SEEN: Mapping[Channel, Mapping[str, str]] = MappingProxyType(
    {
        Channel.SMS: {"accepted": "Sending", "sent": "Sent", "delivered": "Delivered", "failed": "Not delivered"},
        Channel.TEAMS: {"read": "Seen"},
    }
)
"""Receipts in words, on the channels that tell them so; WhatsApp has its ticks, and the others tell nothing."""


@dataclass(frozen=True, slots=True)
class Card:
    """One person in the list."""

    person: Person
    last: Message | None
    unread: int

    @property
    def colour(self) -> int:
        """One of a few colours, always the same for the same person."""
        return int(self.person.id[:4], 16) % COLOURS

    @property
    def machine(self) -> bool:
        """Whether nobody sits there."""
        return set(self.person.addresses) == {Channel.CALLBACK}

    @property
    def initials(self) -> str:
        """Two letters, or the last two digits of a number."""
        words = re.findall(r"[^\W\d_]+", self.person.name or self.person.on(Channel.EMAIL).partition("@")[0])
        return "".join(word[0] for word in words[:2]).upper() or self.person.title[-2:]

    @property
    def preview(self) -> str:
        """The last message in one line."""
        if self.last is None:
            return ""
        words = " ".join(dressed(gist(self.last), self.last.channel).striptags().split())
        return f"{'You: ' if self.last.from_person else ''}{words[:80]}"

    @property
    def rank(self) -> tuple[bool, float]:
        """People before machines, then whoever had the newest message."""
        return self.machine, -self.last.at.timestamp() if self.last else 0


@dataclass(frozen=True, slots=True)
class Line:
    """One message where it stands: `leads` is the first of several in a row by the same channel."""

    message: Message
    leads: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole page."""

    cards: list[Card]
    chosen: Card | None
    view: Channel | None = None
    """The one channel that is shown; None for all."""
    channels: Sequence[Channel] = ()
    """Those that reach this person."""
    days: Sequence[tuple[date, list[Line]]] = ()
    unread: Mapping[Channel, int] = field(default_factory=dict)
    writable: Sequence[Channel] = ()
    """Those that this person can write back by."""
    writes_by: Channel | None = None
    typing: bool = False
    window_open: bool = False

    @property
    def here(self) -> str:
        """Where a form returns to."""
        if self.chosen is None:
            return "/"
        return f"/people/{self.chosen.person.id}{f'?view={self.view}' if self.view else ''}"

    @property
    def unread_here(self) -> int:
        """What is shown and was not opened."""
        return self.unread.get(self.view, 0) if self.view else sum(self.unread.values())


def sheet(rooms: Rooms, person_id: str, view: str) -> Sheet:
    """The page for one person, or for whoever had the newest message."""
    cards = _cards(rooms)
    person = rooms.people.get(person_id) if person_id else (cards[0].person if cards else None)
    if person is None:
        return Sheet(cards, None)
    thread = rooms.messages.with_addresses(person.reached_at)
    channel = Channel(view) if view in set(Channel) else None
    wanted = [m for m in thread if m.kind != "reaction" and channel in (None, m.channel)]
    writable = [c for c in person.addresses if _can_write(c, thread) and channel in (None, c)]
    return Sheet(
        cards=cards,
        chosen=_card(person, thread),
        view=channel,
        channels=tuple(person.addresses),
        days=_by_day(wanted[-MOST_MESSAGES:]),
        unread={c: _unread([m for m in thread if m.channel is c]) for c in person.addresses},
        writable=writable,
        writes_by=_writes_by(writable, wanted),
        typing=rooms.messages.is_typing(person.reached_at, rooms.now()),
        window_open=rooms.messages.window_open(person.on(Channel.WHATSAPP), rooms.now()),
    )


def _can_write(channel: Channel, thread: Sequence[Message]) -> bool:
    answers = ANSWERS[channel]
    return answers.reply is not None and (not answers.needs_message or any(m.channel is channel for m in thread))


def _writes_by(writable: Sequence[Channel], shown: Sequence[Message]) -> Channel | None:
    """The channel of the newest message that can be answered."""
    recent = (message.channel for message in reversed(shown) if message.channel in writable)
    return next(recent, writable[0] if writable else None)


def _cards(rooms: Rooms) -> list[Card]:
    threads: dict[str, list[Message]] = {person.id: [] for person in rooms.people.all()}
    for message in rooms.messages:
        if person := rooms.people.behind(message.address):
            threads[person.id].append(message)
    cards = [_card(person, threads[person.id]) for person in rooms.people.all()]
    return sorted(cards, key=lambda card: card.rank)[:MOST_CARDS]


def _card(person: Person, thread: Sequence[Message]) -> Card:
    return Card(person, thread[-1] if thread else None, _unread(thread))


def _unread(thread: Sequence[Message]) -> int:
    return sum(map(_is_unread, thread))


def _is_unread(message: Message) -> bool:
    """Nobody reads a machine's log, a reaction, or what never arrived."""
    by_nobody = message.channel is Channel.CALLBACK or message.kind == "reaction"
    return not (message.opened or message.from_person or by_nobody) and message.failure is None


def _by_day(thread: Sequence[Message]) -> list[tuple[date, list[Line]]]:
    days: dict[date, list[Line]] = {}
    for before, message in pairwise([None, *thread]):
        assert message is not None
        lines = days.setdefault(message.at.astimezone().date(), [])
        leads = before is None or not lines or before.channel is not message.channel
        lines.append(Line(message, leads))
    return list(days.items())


def gist(message: Message) -> str:
    """What a message is about, in as few words as it has for that."""
    about = (message.mail.subject if message.mail else "", message.title, message.text)
    return next(filter(None, about), str((message.raw or {}).get("type", "")))


def recipients_that_fail() -> dict[Channel, list[tuple[str, str]]]:
    """For each channel, how a recipient is written that always brings a fault about, and what then happens."""
    return {
        channel: [
            (_written(channel, kind), f"{script.title}{'; every second request passes' if script.passes else ''}")
            for kind, script in kinds.items()
        ]
        for channel, kinds in KINDS.items()
        if kinds
    }


def _written(channel: Channel, kind: str) -> str:
    endings = {kind: ending for ending, kind in ENDINGS.get(channel, {}).items()}
    word = kind.replace("_", "-")
    return endings.get(kind) or (f"…/{word}" if channel is Channel.CALLBACK else f"{word}@")


def day_name(day: date, today: date) -> str:
    """Today, yesterday, or the date."""
    names = {0: "Today", 1: "Yesterday"}
    return names.get((today - day).days, f"{day.day} {day:%B %Y}")


def clock_time(moment: datetime) -> str:
    """The time on the wall of this machine, which is also the reader's."""
    return f"{moment.astimezone():%H:%M}"


def mail_token(message_id: str) -> str:
    """A message's name in a path or in the page."""
    return sha256(message_id.encode()).hexdigest()[:32]
