"""What became of a document while somebody was to decide it: whether it still needs him, by its state in Odoo."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from postroom.domain.approvals import Refusal, Result, Way
from postroom.domain.runs import RunStatus

FRESH = timedelta(minutes=1)
"""Real time: what Odoo said so lately is believed."""
LOOK_EVERY = timedelta(minutes=10)
"""Real time: how often it is asked while a run is under way."""
LOOK_AGAIN = timedelta(seconds=30)
"""Real time: after Odoo did not answer."""
SOON = timedelta(seconds=2)
"""Real time: a step that waits for Odoo's word is looked at again."""
PATIENCE = timedelta(minutes=10)
"""Real time: a step waits no longer for an Odoo that does not answer. People rather hear once too often."""


class Fate(StrEnum):
    """What became of a document."""

    OPEN = "open"
    APPROVED = "approved_in_odoo"
    REJECTED = "rejected_in_odoo"
    WITHDRAWN = "withdrawn_in_odoo"  # back in a draft: nobody can decide it now
    GONE = "gone"


def fate_of(way: Way, state: str | None) -> Fate:
    """What a state says; None: Odoo has no such document."""
    if state is None:
        return Fate.GONE
    if state in way.approved:
        return Fate.APPROVED
    if state in way.rejected:
        return Fate.REJECTED
    return Fate.OPEN if state in way.approve or state in way.reject else Fate.WITHDRAWN


def look_first(
    looked_at: datetime | None, wanted_at: datetime | None, now: datetime, passing_in: Callable[[timedelta], timedelta]
) -> datetime | None:
    """Until when a step waits for Odoo to say that its document still needs it; None: it does not wait.

    Times are business time; `passing_in` tells how much of it passes in a stretch of real time.
    """
    if looked_at is not None and now - looked_at <= passing_in(FRESH):
        return None
    if wanted_at is not None and now - wanted_at > passing_in(PATIENCE):
        return None
    return now + passing_in(SOON)


TOO_LATE: Mapping[str, Result] = MappingProxyType(
    {
        "changed": Result.CHANGED,
        Fate.APPROVED: Result.ALREADY_APPROVED,
        Fate.REJECTED: Result.ALREADY_REJECTED,
        Fate.WITHDRAWN: Result.NOT_OPEN,
        Fate.GONE: Result.GONE,
    }
)


def answer_after(status: RunStatus, why: str | None) -> Result | Refusal | None:
    """What somebody hears who answers when nobody waits any more; None: it was decided, and he hears by whom."""
    if status is RunStatus.DECIDED:
        return None
    return TOO_LATE.get(why or "", Refusal.TOO_LATE)
