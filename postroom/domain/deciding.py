"""How a question stands for whoever opens its link, and what keeps him from deciding it there."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from postroom.domain.approvals import Refusal
from postroom.domain.channels import ChannelName
from postroom.domain.runs import OPEN, RunStatus

CODE_CHANNELS = (ChannelName.SLACK, ChannelName.TEAMS)
"""Where a code may be sent: chats whose accounts somebody vouches for, in the order in which they are offered."""


class Standing(StrEnum):
    """How a question stands."""

    OPEN = "open"
    ANSWERED = "answered"  # he has answered; others have not yet
    PASSED = "passed"  # others of his level have, and the next is asked
    EXPIRED = "expired"
    DECIDED = "decided"
    CHANGED = "changed"  # the document is another since, and is asked about anew
    OVER = "over"  # nobody waits for an answer any more


GONE = frozenset({Standing.EXPIRED, Standing.CHANGED, Standing.OVER})
"""There is nothing here to decide or to learn any more."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of a question."""

    status: RunStatus
    why: str | None
    answered: bool
    """By him."""
    awaited: bool
    """Its level is the one that is asked now."""
    expired: bool


def standing_of(matter: Matter) -> Standing:
    """How a question stands for one of those who were asked."""
    if matter.status not in OPEN:
        over = Standing.CHANGED if matter.why == "changed" else Standing.OVER
        return Standing.DECIDED if matter.status is RunStatus.DECIDED else over
    if matter.answered:
        return Standing.ANSWERED
    if not matter.awaited:
        return Standing.PASSED
    return Standing.EXPIRED if matter.expired else Standing.OPEN


class Bar(StrEnum):
    """What keeps somebody from deciding by his link."""

    STRANGER = "stranger"
    OWN_REQUEST = "own_request"
    OTHER_COMPANY = "other_company"
    NO_CHANNEL = "no_channel"  # we know no other account of his that a code could go to


_BARS = {Refusal.OWN_REQUEST: Bar.OWN_REQUEST, Refusal.OTHER_COMPANY: Bar.OTHER_COMPANY}


def bar_of(refusal: Refusal | None, ways: Iterable[ChannelName]) -> Bar | None:
    """What keeps him from it; None: he may ask for a code, by one of these ways. Too late is how a question stands."""
    if refusal is None or refusal is Refusal.TOO_LATE:
        return None if any(ways) else Bar.NO_CHANNEL
    return _BARS.get(refusal, Bar.STRANGER)
