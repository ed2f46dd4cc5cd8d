"""A message's legs and the only ways in which a leg's state may move."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where one leg (one message on one channel) stands."""

    QUEUED = "queued"  # due at next_at
    HELD = "held"  # waits for an operator, a ceiling or an hour; nothing has left
    CLAIMED = "claimed"  # a dispatcher holds it; nothing has left
    SENDING = "sending"  # the request may be on the wire
    UNKNOWN = "unknown"  # the request left and nobody knows what became of it
    SENT = "sent"  # the provider took it
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    EXPIRED = "expired"  # stale before it could leave
    CANCELLED = "cancelled"  # no longer needed before it could leave
    SUPPRESSED = "suppressed"  # must not leave: opted out, shadow mode, not on the allow-list


class Role(StrEnum):
    """Why a leg exists: it was the first choice, or it stands in for a failed one."""

    PRIMARY = "primary"
    FALLBACK = "fallback"


class Urgency(StrEnum):
    """How soon a message must leave; each has a lane (a Celery queue per channel) of its own."""

    URGENT = "urgent"
    NORMAL = "normal"
    BULK = "bulk"


EDGES: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.QUEUED: frozenset(
            {State.CLAIMED, State.HELD, State.EXPIRED, State.CANCELLED, State.SUPPRESSED, State.FAILED}
        ),
        State.HELD: frozenset({State.QUEUED, State.EXPIRED, State.CANCELLED, State.SUPPRESSED}),
        # An expired claim goes back to queued: nothing had left.
        State.CLAIMED: frozenset(
            {State.SENDING, State.QUEUED, State.HELD, State.EXPIRED, State.CANCELLED, State.SUPPRESSED}
        ),
        # A receipt can overtake the provider's own answer, so sending leads straight to delivered or read.
        State.SENDING: frozenset(
            {
                State.SENT,
                State.DELIVERED,
                State.READ,
                State.UNKNOWN,
                State.FAILED,
                State.QUEUED,
                State.EXPIRED,
                State.SUPPRESSED,
            }
        ),
        # Never back to queued. Sending again is the one stated repeat, of urgent messages only.
        State.UNKNOWN: frozenset({State.SENT, State.DELIVERED, State.READ, State.FAILED, State.SENDING}),
        State.SENT: frozenset({State.DELIVERED, State.READ, State.FAILED}),
        State.DELIVERED: frozenset({State.READ}),
        State.READ: frozenset(),
        # A multi-device recipient: `delivered` may follow `failed`. Back to queued only by an operator's hand.
        State.FAILED: frozenset({State.DELIVERED, State.READ, State.QUEUED}),
        State.EXPIRED: frozenset(),
        State.CANCELLED: frozenset(),
        State.SUPPRESSED: frozenset(),
    }
)

FINAL = frozenset({State.DELIVERED, State.READ, State.FAILED, State.EXPIRED, State.CANCELLED, State.SUPPRESSED})
"""States that no sweeper needs to look at. `sent` is good until a receipt or a bounce says otherwise."""

NOT_LEFT = frozenset({State.QUEUED, State.HELD, State.CLAIMED})
"""States in which no byte has left, so that the leg can still be cancelled."""

WITHHELD = frozenset({"shadow", "allowlist"})
"""Reasons of a suppressed leg that its mode kept back: it counts as sent, and no fallback stands in for it."""

MISSED = frozenset({State.FAILED, State.EXPIRED, State.SUPPRESSED})
"""States that count as 'this leg did not reach anybody' when a fallback is weighed."""


def may_move(old: State, new: State) -> bool:
    """Whether the table of edges allows the step."""
    return new in EDGES[old]


def origins(new: State) -> tuple[State, ...]:
    """The states that a leg may come from: the WHERE of each update."""
    return tuple(old for old, targets in EDGES.items() if new in targets)
