"""What stands on the inbox page, as values ready to be printed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from markupsafe import Markup, escape

from sandbox.channels import Channel
from sandbox.messages import Message
from sandbox.people import Person
from sandbox.rooms import Rooms

MOST_CARDS = 200
MOST_MESSAGES = 200
COLOURS = 6

MARKS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"```(.+?)```", re.DOTALL), "code"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s"),
)
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
OPENABLE = re.compile(r"(https?://|tel:)")

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
    def initials(self) -> str:
        """Two letters, or the last two digits of a number."""
        words = re.findall(r"[^\W\d_]+", self.person.name or self.person.on(Channel.EMAIL).partition("@")[0])
        return "".join(word[0] for word in words[:2]).upper() or self.person.title[-2:]

    @property
    def preview(self) -> str:
        """The last message in one line."""
        if self.last is None:
            return ""
        text = self.last.mail.subject if self.last.mail else self.last.text
        return f"{'You: ' if self.last.from_person else ''}{' '.join(text.split())[:80]}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole page."""

    cards: list[Card]
    chosen: Card | None
    view: Channel
    days: list[tuple[date, list[Message]]]
    unread: dict[Channel, int]
    typing: bool
    window_open: bool


def sheet(rooms: Rooms, person_id: str, view: str) -> Sheet:
    """The page for one person, or for whoever had the newest message."""
    cards = _cards(rooms)
    person = rooms.people.get(person_id) if person_id else (cards[0].person if cards else None)
    if person is None:
        return Sheet(cards, None, Channel.WHATSAPP, [], {}, typing=False, window_open=False)
    thread = rooms.messages.with_addresses(person.reached_at)
    channel = _view(person, thread, view)
    shown = [message for message in thread if message.channel is channel and message.kind != "reaction"]
    return Sheet(
        cards=cards,
        chosen=_card(person, thread),
        view=channel,
        days=_by_day(shown[-MOST_MESSAGES:]),
        unread={channel: _unread([m for m in thread if m.channel is channel]) for channel in Channel},
        typing=rooms.messages.is_typing(person.reached_at, rooms.now()),
        window_open=rooms.messages.window_open(person.on(Channel.WHATSAPP), rooms.now()),
    )


def _cards(rooms: Rooms) -> list[Card]:
    threads: dict[str, list[Message]] = {person.id: [] for person in rooms.people.all()}
    for message in rooms.messages:
        if person := rooms.people.behind(message.address):
            threads[person.id].append(message)
    cards = [_card(person, threads[person.id]) for person in rooms.people.all()]
    cards.sort(key=lambda card: card.last.at.timestamp() if card.last else 0, reverse=True)
    return cards[:MOST_CARDS]


def _card(person: Person, thread: Sequence[Message]) -> Card:
    return Card(person, thread[-1] if thread else None, _unread(thread))


def _unread(thread: Sequence[Message]) -> int:
    return sum(not (m.opened or m.from_person) and m.failure is None and m.kind != "reaction" for m in thread)


def _view(person: Person, thread: Sequence[Message], view: str) -> Channel:
    """The channel that was asked for, else the one that the newest message came by."""
    if view in set(Channel):
        return Channel(view)
    if thread:
        return thread[-1].channel
    return Channel.WHATSAPP if person.on(Channel.WHATSAPP) else Channel.EMAIL


def _by_day(thread: Sequence[Message]) -> list[tuple[date, list[Message]]]:
    days: dict[date, list[Message]] = {}
    for message in thread:
        days.setdefault(message.at.astimezone().date(), []).append(message)
    return list(days.items())


def day_name(day: date, today: date) -> str:
    """Today, yesterday, or the date."""
    names = {0: "Today", 1: "Yesterday"}
    return names.get((today - day).days, f"{day.day} {day:%B %Y}")


def clock_time(moment: datetime) -> str:
    """The time on the wall of this machine, which is also the reader's."""
    return f"{moment.astimezone():%H:%M}"


def chat_markup(text: str) -> Markup:
    """A chat message's own marks and links; everything else is text."""
    parts, last = [], 0
    for found in LINK.finditer(text):
        parts += [_marked(text[last : found.start()]), _link(found.group())]
        last = found.end()
    return Markup("").join([*parts, _marked(text[last:])])


def _link(url: str) -> Markup:
    return Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(url)


def _marked(text: str) -> Markup:
    written = str(escape(text))
    for pattern, tag in MARKS:
        written = pattern.sub(rf"<{tag}>\1</{tag}>", written)
    return Markup(written)  # noqa: S704  (escaped above; only our own tags were added)


def openable(url: str) -> bool:
    """Whether a button's link may be followed: the web or the telephone, never a script."""
    return OPENABLE.match(url) is not None


def mail_token(message_id: str) -> str:
    """A mail's name in a path."""
    return sha256(message_id.encode()).hexdigest()[:32]
