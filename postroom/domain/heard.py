"""What a person said to us, as it is told in Odoo."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from postroom.domain.channels import ChannelName

MOST_WORDS = 20_000
"""Characters; the rest of a longer mail stays with us."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply or a pressed button, with all that a writer needs to find its place in Odoo."""

    inbox_id: str
    conversation: str
    """Whose words they are among those of others: the contact point's id, or a stranger's fingerprint."""
    channel: ChannelName
    at: datetime
    words: str
    pressed: bool = False
    address: str = ""
    """As the provider says who wrote; empty where it did not."""
    name: str = ""
    partner: str = ""
    """The partner's id in Odoo, where the words came from an address that we wrote to."""
    company: str = ""
    internal: bool = False
    """To be noted for colleagues only, instead of as a comment that followers are told of."""
    project: str = ""
    """Where words go that belong to no document; empty: nowhere."""
    team: str = ""
    left_out: str = ""
    """What came with the words and cannot be had here."""

    @property
    def reference(self) -> str:
        """How Odoo knows these words again."""
        return f"<postroom-{self.inbox_id}@postroom>"

    def to_json(self) -> dict[str, Any]:
        """As the outbox keeps it."""
        return {**asdict(self), "at": self.at.isoformat(), "words": self.words[:MOST_WORDS]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Heard":
        """As the outbox kept it."""
        return cls(**{**kept, "channel": ChannelName(kept["channel"]), "at": datetime.fromisoformat(kept["at"])})
