"""Runs: something waits for people, from when it is put to them until it is decided or nobody waits any more."""

from enum import StrEnum


class RunStatus(StrEnum):
    """How a run stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    DECIDED = "decided"
    OBSOLETE = "obsolete"  # the document was decided elsewhere, changed, or is gone
    CANCELLED = "cancelled"  # by an operator
    GIVEN_UP = "given_up"


OPEN = frozenset({RunStatus.ACTIVE, RunStatus.PAUSED})
DESK = "/postroom/desk"
"""The source of an event by which an operator asks somebody else: it joins a run that is open, and begins none."""
