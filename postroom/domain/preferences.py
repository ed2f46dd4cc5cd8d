"""What a person wants to hear of, and where; the most specific word counts, and of two such the newest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from postroom.domain.channels import ChannelName
from postroom.domain.routing import TEAM_CHATS, Needs, Rule, Slot, Stage

ANY = "*"
"""In place of a message type or a channel: all of them."""


class Choice(StrEnum):
    """What somebody wants of a message type on a channel."""

    ON = "on"
    OFF = "off"
    PREFERRED = "preferred"  # on, and before the other channels


@dataclass(frozen=True, slots=True)
class Preference:
    """One choice, as it was made."""

    message_type: str
    channel: str
    choice: Choice
    source: str
    """Where it was made: link, unsubscribe, cli, import, console."""
    at: datetime

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Preference":
        """As PostgreSQL writes a row as JSON."""
        return cls(
            kept["message_type"],
            kept["channel"],
            Choice(kept["choice"]),
            kept["source"],
            datetime.fromisoformat(kept["at"]),
        )


class NotMutable(ValueError):
    """Somebody tried to mute what must reach him."""

    def __init__(self, message_type: str) -> None:
        super().__init__(f"{message_type} cannot be muted: it must reach everybody whom it concerns")
        self.message_type = message_type


@dataclass(frozen=True, slots=True)
class Preferences:
    """All that one person has chosen, newest last."""

    rows: tuple[Preference, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Preference]) -> "Preferences":
        """From rows in any order."""
        return cls(tuple(sorted(rows, key=lambda row: row.at)))

    def speaking(self, message_type: str, channel: str) -> Preference | None:
        """The row that decides here; None: nothing was chosen."""
        for wanted in ((message_type, channel), (message_type, ANY), (ANY, channel), (ANY, ANY)):
            for row in reversed(self.rows):
                if (row.message_type, row.channel) == wanted:
                    return row
        return None

    def choice(self, message_type: str, channel: str) -> Choice:
        """What holds here; without a word, it is on."""
        row = self.speaking(message_type, channel)
        return row.choice if row else Choice.ON

    def muted(self, message_type: str, channel: str) -> bool:
        """Whether he does not want this message type here."""
        return self.choice(message_type, channel) is Choice.OFF

    def prefers(self, message_type: str, channel: str) -> bool:
        """Whether he would rather have it here than elsewhere."""
        return self.choice(message_type, channel) is Choice.PREFERRED

    def team_chat(self, message_type: str) -> ChannelName | None:
        """The chat that he chose over his company's, if he chose one."""
        chosen = [chat for chat in sorted(TEAM_CHATS) if self.prefers(message_type, chat)]
        return chosen[0] if len(chosen) == 1 else None


NONE = Preferences()
"""Nothing was ever chosen."""


def refuse_muting(rule: Rule | None, choice: Choice) -> None:
    """Raise NotMutable when this choice would mute what must reach everybody; no rule means every message type.

    A word for every type stands: it holds for those that may be muted, and is not heard by the others.
    """
    if choice is Choice.OFF and rule is not None and not rule.mutable:
        raise NotMutable(rule.message_type)


def preferring(rule: Rule, preferences: Preferences) -> Rule:
    """The rule with this person's preferred channels before the others, where one channel at a time is enough.

    Where all channels of a stage go out together there is nothing to prefer; those rules stay as they are.
    """
    wanted = [channel for channel in rule.channels if _is_preferred(rule.message_type, channel, preferences)]
    if rule.primary.needs is not Needs.ANY_OF or not wanted:
        return rule
    movable = {channel for stage in rule.stages if stage.needs is Needs.ANY_OF for channel in stage.channels}
    first = tuple(channel for channel in wanted if channel in movable)
    primary, *fallbacks = (_without(stage, first) for stage in rule.stages)
    primary = replace(primary, channels=first + primary.channels)
    return replace(rule, primary=primary, fallbacks=tuple(stage for stage in fallbacks if stage.channels))


def _is_preferred(message_type: str, channel: ChannelName | Slot, preferences: Preferences) -> bool:
    if channel is Slot.TEAM_CHAT:
        return preferences.team_chat(message_type) is not None
    return preferences.prefers(message_type, channel)


def _without(stage: Stage, moved: tuple[ChannelName | Slot, ...]) -> Stage:
    if stage.needs is not Needs.ANY_OF:
        return stage
    return replace(stage, channels=tuple(channel for channel in stage.channels if channel not in moved))
