"""What of people's answers a company wants in its Odoo."""

from dataclasses import dataclass
from enum import StrEnum


class Replies(StrEnum):
    """How a reply is told on the document that it is about."""

    COMMENT = "comment"  # in his name; the document's followers are told
    NOTE = "note"  # in his name, for colleagues only
    NONE = "none"


@dataclass(frozen=True, slots=True)
class IntoOdoo:
    """What is written into a company's Odoo."""

    replies: Replies = Replies.COMMENT
    contact_requests: bool = True
    """Somebody who asks to be contacted makes an activity for who is responsible."""
    opt_outs: bool = True
    """STOP and START change Odoo's own blacklists, too."""
    project: str = ""
    """Where what belongs to no document becomes a task; with neither project nor team it stays with us."""
    team: str = ""
    """Where it becomes a ticket instead, if Odoo has a helpdesk."""
    status: bool = False
    """How each message fares is told on its document."""

    @property
    def takes_tickets(self) -> bool:
        """Whether there is a place for what belongs to no document."""
        return bool(self.project or self.team)
