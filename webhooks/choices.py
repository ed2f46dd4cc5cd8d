"""What a person may choose on his page, and what saving it changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from postroom.domain.channels import ChannelName
from postroom.domain.links import Holder
from postroom.domain.preferences import Choice
from postroom.domain.routing import Rule
from postroom.store.consents import Consent, record_consents
from postroom.store.engine import Engine
from postroom.store.inbox import reaching
from postroom.store.preferences import NewChoice, Standing, choose, standing

Box = tuple[str, ChannelName]
"""A message type on a channel."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The boxes of one person's page, and whether each is ticked."""

    kinds: Mapping[Box, bool]
    ways: Mapping[ChannelName, bool]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was shown to him, and what of it he left ticked."""

    shown: frozenset[Box | ChannelName]
    ticked: frozenset[Box | ChannelName]


class Choices(Protocol):
    """Where people's choices are kept. All raise Unavailable."""

    def sheet(self, holder: Holder) -> Sheet: ...

    def save(self, holder: Holder, wish: Wish) -> Sheet:
        """Keep a wish. Returns what it changed, as it is now."""

    def mute(self, holder: Holder, channel: ChannelName) -> Sheet: ...


@dataclass(frozen=True, slots=True)
class StoreChoices:
    """The store, as the page knows it."""

    engine: Engine
    rules: Sequence[Rule]

    def sheet(self, holder: Holder) -> Sheet:
        """The boxes of a person's page."""
        with reaching(), self.engine.connect() as connection:
            return sheet_of(holder, self.rules, standing(connection, holder.company, holder.recipient))

    def save(self, holder: Holder, wish: Wish, source: str = "link") -> Sheet:
        """Keep what he changed; what he was not shown stays as it is. Returns what is different now."""
        with reaching(), self.engine.begin() as connection:
            now = standing(connection, holder.company, holder.recipient)
            changed = changes(sheet_of(holder, self.rules, now), wish)
            choose(connection, holder.company, holder.recipient, _new_choices(changed), source=source)
            record_consents(connection, list(_consents(holder, now, changed)))
        return changed

    def mute(self, holder: Holder, channel: ChannelName) -> Sheet:
        """Mute the message type that carried the link, if it may be muted. Returns what is different now."""
        box = (holder.message_type, channel)
        return self.save(holder, Wish(shown=frozenset({box}), ticked=frozenset()), "unsubscribe")


def sheet_of(holder: Holder, rules: Sequence[Rule], known: Standing) -> Sheet:
    """What he may mute of all that he was sent, wherever he is reached, and the ways themselves."""
    reached = {ChannelName.EMAIL: True} | known.channels
    told = known.received | {holder.message_type} | {row.message_type for row in known.preferences.rows}
    kinds = {
        (rule.message_type, channel): not known.preferences.muted(rule.message_type, channel)
        for rule in rules
        if rule.mutable and rule.message_type in told
        for channel in rule.written_for()
        if channel in reached
    }
    return Sheet(kinds, known.channels)


def changes(sheet: Sheet, wish: Wish) -> Sheet:
    """The boxes that a wish turns, as it leaves them."""
    kinds = {box: box in wish.ticked for box, on in sheet.kinds.items() if box in wish.shown}
    ways = {way: way in wish.ticked for way, on in sheet.ways.items() if way in wish.shown}
    return Sheet(
        {box: on for box, on in kinds.items() if on is not sheet.kinds[box]},
        {way: on for way, on in ways.items() if on is not sheet.ways[way]},
    )


def _new_choices(changed: Sheet) -> list[NewChoice]:
    return [
        NewChoice(message_type, channel.value, Choice.ON if on else Choice.OFF)
        for (message_type, channel), on in changed.kinds.items()
    ]


def _consents(holder: Holder, now: Standing, changed: Sheet) -> Iterator[Consent]:
    for channel, blind, heard in now.points:
        if channel in changed.ways and heard is not changed.ways[channel]:
            wording = "ticked on the preference page" if changed.ways[channel] else "unticked on the preference page"
            yield Consent(holder.company, channel, blind, changed.ways[channel], "link", wording)
