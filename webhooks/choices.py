"""What a person may choose on his page, and what saving it changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from postroom.domain.channels import ChannelName
from postroom.domain.digests import Digest, Section
from postroom.domain.links import Holder
from postroom.domain.preferences import Choice
from postroom.domain.routing import Rule
from postroom.store.consents import Consent, record_consents
from postroom.store.digests import digests_read, mute_section, muted_sections, reader_keys, unmute_section
from postroom.store.engine import Connection, Engine
from postroom.store.inbox import reaching
from postroom.store.preferences import NewChoice, Standing, choose, standing

Box = tuple[str, ChannelName]
"""A message type on a channel."""
Choosable = Box | ChannelName | Section


@dataclass(frozen=True, slots=True)
class Sheet:
    """The boxes of one person's page, and whether each is ticked."""

    kinds: Mapping[Box, bool]
    ways: Mapping[ChannelName, bool]
    sections: Mapping[Section, bool] = field(default_factory=dict)
    """Of the digests that he reads."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was shown to him, and what of it he left ticked."""

    shown: frozenset[Choosable]
    ticked: frozenset[Choosable]


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
    digests: Sequence[Digest] = ()

    def sheet(self, holder: Holder) -> Sheet:
        """The boxes of a person's page."""
        with reaching(), self.engine.connect() as connection:
            known = standing(connection, holder.company, holder.recipient)
            return sheet_of(holder, self.rules, known, self._sections(connection, holder))

    def save(self, holder: Holder, wish: Wish, source: str = "link") -> Sheet:
        """Keep what he changed; what he was not shown stays as it is. Returns what is different now."""
        with reaching(), self.engine.begin() as connection:
            now = standing(connection, holder.company, holder.recipient)
            changed = changes(sheet_of(holder, self.rules, now, self._sections(connection, holder)), wish)
            choose(connection, holder.company, holder.recipient, _new_choices(changed), source=source)
            record_consents(connection, list(_consents(holder, now, changed)))
            for section, on in changed.sections.items():
                for reader in reader_keys(connection, holder.company, holder.recipient):
                    _turn(connection, holder.company, reader, section, on=on)
        return changed

    def _sections(self, connection: Connection, holder: Holder) -> dict[Section, bool]:
        """What stands in the digests that he has had, in their order, and whether he reads it."""
        readers = reader_keys(connection, holder.company, holder.recipient)
        names = digests_read(connection, readers)
        muted = frozenset().union(*muted_sections(connection, readers).values()) if names else frozenset()
        told = {section for digest in self.digests if digest.name in names for section in digest.sections}
        return {section: section.value not in muted for section in Section if section in told}

    def mute(self, holder: Holder, channel: ChannelName) -> Sheet:
        """Mute the message type that carried the link, if it may be muted. Returns what is different now."""
        box = (holder.message_type, channel)
        return self.save(holder, Wish(shown=frozenset({box}), ticked=frozenset()), "unsubscribe")


def _turn(connection: Connection, company: str, reader: str, section: Section, *, on: bool) -> None:
    if on:
        unmute_section(connection, reader, section)
    else:
        mute_section(connection, company, reader, section)


def sheet_of(
    holder: Holder, rules: Sequence[Rule], known: Standing, sections: Mapping[Section, bool] = MappingProxyType({})
) -> Sheet:
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
    return Sheet(kinds, known.channels, sections)


def changes(sheet: Sheet, wish: Wish) -> Sheet:
    """The boxes that a wish turns, as it leaves them."""
    kinds = {box: box in wish.ticked for box, on in sheet.kinds.items() if box in wish.shown}
    ways = {way: way in wish.ticked for way, on in sheet.ways.items() if way in wish.shown}
    sections = {each: each in wish.ticked for each in sheet.sections if each in wish.shown}
    return Sheet(
        {box: on for box, on in kinds.items() if on is not sheet.kinds[box]},
        {way: on for way, on in ways.items() if on is not sheet.ways[way]},
        {each: on for each, on in sections.items() if on is not sheet.sections[each]},
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
