"""Storms: many alerts of one kind for one person, which are told together. Pure: no clock, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.domain.alerts import Alert

MOST = 3
"""So many of a kind are told one by one; those that follow within the window are told together."""
WINDOW = timedelta(minutes=10)
GATHER = timedelta(minutes=2)
"""How long those that follow are gathered, before the one message about them goes out."""
TITLES = 5
"""So many are named in that message; the others are counted."""


@dataclass(frozen=True, slots=True)
class StormKind:
    """What is told together. A critical alert never waits behind lesser ones, nor one type behind another."""

    company: str
    type: str
    severity: str


def kind_of(alert: Alert) -> StormKind:
    """The kind that an alert counts towards."""
    return StormKind(alert.company, alert.type, alert.severity)


def storm_since(arrivals: Sequence[datetime], now: datetime) -> datetime | None:
    """Since when one more of a kind is one too many for this person; None: it is told by itself.

    `arrivals`: when he was to hear of others of this kind, those included that were told together.
    """
    recent = [at for at in arrivals if at > now - WINDOW]
    return min(recent) if len(recent) >= MOST else None


def named_titles(titles: Sequence[str]) -> str:
    """What some alerts are about: the first few by name, each once."""
    several = list(dict.fromkeys(titles))
    more = f" (+{len(several) - TITLES})" if len(several) > TITLES else ""
    return "; ".join(several[:TITLES]) + more
