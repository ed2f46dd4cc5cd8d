"""For whom a message is written: the reader's language and what his channel can carry."""

from dataclasses import dataclass

from postroom.domain.channels import Capabilities


@dataclass(frozen=True, slots=True)
class Reader:
    """What a writer must know besides the facts."""

    language: str
    """Whose numbers and dates."""
    capabilities: Capabilities
    reply_to: str | None = None
    """Our address for answers."""
    preferences_url: str | None = None
    """Where he chooses what he hears, if this is something that he may mute."""
