"""How each company writes to people: its hours, its chat, what it may spend, and who looks after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from postroom.domain.channels import ChannelName
from postroom.domain.into_odoo import IntoOdoo
from postroom.domain.quiet_hours import Hours


class DocumentLinks(StrEnum):
    """Where the links to documents in a company's messages lead."""

    RESOLVED = "resolved"  # to us: Odoo is asked when somebody opens one
    DIRECT = "direct"  # where the event says


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who hears when Postroom itself is in trouble."""

    name: str
    email: str | None = None
    phone: str | None = None
    slack: str | None = None
    teams: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Practice:
    """How one company writes to people."""

    hours: Hours
    name: str | None = None
    """As its people know it; shown where they set their preferences."""
    domain: str | None = None
    """The host of its own that its links begin with, and that leads to our door; None: PUBLIC_URL."""
    links: DocumentLinks = DocumentLinks.RESOLVED
    team_chat: ChannelName = ChannelName.SLACK
    """Slack or Teams: where its own people work."""
    opt_in_required: frozenset[ChannelName] = frozenset({ChannelName.WHATSAPP})
    """Channels on which nobody real is written to before he agreed."""
    sms_segments_per_day: int = 200
    operators: tuple[Operator, ...] = ()
    odoo: IntoOdoo = field(default_factory=IntoOdoo)
    """What of people's answers is written into its Odoo."""
    hours_in_sandbox: bool = False
    """Whether messages to the stand-in keep the hours, too; nobody is woken there."""

    @property
    def address(self) -> str | None:
        """What its links begin with."""
        return f"https://{self.domain}" if self.domain else None


@dataclass(frozen=True, slots=True)
class Companies:
    """The practice of every company; one that is not named follows the default."""

    default: Practice
    named: Mapping[str, Practice] = field(default_factory=dict)

    def of(self, company: str) -> Practice:
        """The practice of a company, by its id in Odoo."""
        return self.named.get(company, self.default)
